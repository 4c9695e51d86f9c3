"""The scores of dissection by words as one would write them down: images times concepts, and one unit after the other.

For comparison of results, time and memory. Definitions: Oikarinen and Weng, CLIP-Dissect, 2023; the company-independent
form of soft-WPMI and WPMI puts the mean over all images in place of the mean over all units.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from scipy.stats import rankdata

Array = NDArray[np.float32]


def similarities(images: Array, concepts: Array) -> Array:
    """Cosines of all images and concepts."""
    images = images / np.linalg.norm(images, axis=1, keepdims=True)
    concepts = concepts / np.linalg.norm(concepts, axis=1, keepdims=True)
    return images @ concepts.T


def soft_wpmi(similarity: Array, activations: Array, form: str, top: int) -> Array:
    weights = 0.998 - np.arange(top, dtype=np.float32) / top * np.float32(0.028)
    return weighted(similarity, activations, form, weights, 10.0, 1.0)


def wpmi(similarity: Array, activations: Array, form: str, top: int) -> Array:
    return weighted(similarity, activations, form, np.ones(top, np.float32), 2.0, 0.6)


def weighted(similarity: Array, activations: Array, form: str, weights: Array, sharpness: float, prior: float) -> Array:
    share = softmax(np.float32(sharpness) * similarity, axis=1)
    order = np.argsort(-activations, axis=0, kind="stable")[: len(weights)]
    mean = share.mean(axis=0)
    found = np.empty((activations.shape[1], similarity.shape[1]), share.dtype)
    anyway = np.empty_like(found)
    for unit, rows in enumerate(order.T):
        own = weights
        if form == "own":  # images on which the unit is at its lowest say nothing
            count = max(int((activations[rows, unit] > activations[:, unit].min()).sum()), 1)
            rows, own = rows[:count], weights[:count]
        found[unit] = np.log(1 + own[:, None] * (share[rows] - 1) + np.float32(1e-7)).sum(axis=0)
        if form == "own":
            anyway[unit] = np.log(1 + own[:, None] * (mean - 1) + np.float32(1e-7)).sum(axis=0)
    if form == "published":
        anyway[:] = logsumexp(found, axis=0, keepdims=True) - np.log(np.float32(len(found)))
    return found - np.float32(prior) * anyway


def rank_reorder(similarity: Array, activations: Array, form: str, top: int) -> Array:
    found = np.empty((activations.shape[1], similarity.shape[1]), similarity.dtype)
    for unit in range(len(found)):
        rows = np.argsort(-activations[:, unit], kind="stable")[:top]
        falling = activations[rows, unit]
        ranks = np.argsort(np.argsort(similarity[rows], axis=0), axis=0)
        moved = (np.abs(falling[:, None] - falling[::-1][ranks]) ** 3).mean(axis=0)
        usual = np.mean([(np.abs(falling - value) ** 3).mean() for value in falling])
        found[unit] = -moved / usual / np.maximum(similarity[rows].mean(axis=0), 1e-4) ** 0.5
    return found


def cosine(similarity: Array, activations: Array, form: str, top: int) -> Array:
    if form == "own":
        similarity = similarity - similarity.mean(axis=0)
        activations = rankdata(activations, axis=0).astype(similarity.dtype)
        activations -= activations.mean(axis=0)
    similarity = similarity / np.linalg.norm(similarity, axis=0)
    return (activations / np.linalg.norm(activations, axis=0)).T @ similarity


def cosine_cubed(similarity: Array, activations: Array, form: str, top: int) -> Array:
    similarity = (similarity - similarity.mean(axis=0)) ** 3
    activations = (activations - activations.mean(axis=0)) ** 3
    shortest = 1e-3 if form == "published" else 0
    similarity = similarity / np.maximum(np.linalg.norm(similarity, axis=0), shortest)
    return (activations / np.maximum(np.linalg.norm(activations, axis=0), shortest)).T @ similarity


#: the scores, and how many top images of how many they look at
REFERENCE: dict[str, Callable[[Array, Array, str, int], Array]] = {
    "soft-wpmi": soft_wpmi,
    "wpmi": wpmi,
    "rank-reorder": rank_reorder,
    "cosine": cosine,
    "cosine-cubed": cosine_cubed,
}


def top_images(score: str, images: int) -> int:
    """How many images of a unit a score looks at, by CLIP-Dissect's settings."""
    return {"soft-wpmi": min(100, images), "wpmi": min(28, images), "rank-reorder": int(0.05 * images)}.get(score, 0)
