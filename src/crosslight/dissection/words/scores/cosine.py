"""Cosine of a unit's activations and a concept's similarities, over all images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ..probe import Form, Probe, Scorer
from ..registry import text_score

_TINY = 1e-12
_ROWS = 2048
_UNITS = 256


@text_score("cosine", title="cosine", reference="arXiv:2204.10965, section 3")
def cosine(probe: Probe, form: Form) -> Scorer:
    """Cosine of the vector of a unit's activations and that of a concept's similarities to the images.

    A similarity is a product, so the product of a unit's activations with all of a concept's similarities is that of
    a weighted sum of images with the concept: images times concepts are never needed. A unit's scores never depend on
    other units.

    Args:
        probe: images, concepts and units.
        form: the published one takes activations and similarities as they are, and finds the concept that is like all
            images for most units. Our own takes their means off first, and the ranks of a unit's activations in place
            of the activations, of which a few large ones decide otherwise.

    Source:
        Oikarinen and Weng, CLIP-Dissect, 2023.
    """
    count, dimensions = probe.images.shape
    middle = probe.images.mean(axis=0, dtype=np.float64).astype(np.float32) if form == "own" else np.float32(0)
    squares = np.zeros((dimensions, dimensions))
    for start in range(0, count, _ROWS):
        images = probe.images[start : start + _ROWS] - middle
        squares += images.T @ images
    towards = np.empty((probe.activations.shape[1], dimensions))
    for start in range(0, len(towards), _UNITS):
        answers = probe.activations[:, start : start + _UNITS]
        if form == "own":
            answers = (rankdata(answers, axis=0) - (count + 1) / 2).astype(np.float32) / np.float32(count)
        length = np.sqrt(np.einsum("nu,nu->u", answers, answers, dtype=np.float64))
        own = sum(
            (answers[at : at + _ROWS].T @ (probe.images[at : at + _ROWS] - middle)).astype(np.float64)
            for at in range(0, count, _ROWS)
        )
        towards[start : start + _UNITS] = own / np.maximum(length, _TINY)[:, None]

    def score(part: slice) -> NDArray[np.float32]:
        texts = probe.concepts[part].astype(np.float64)
        length = np.sqrt(np.maximum(((texts @ squares) * texts).sum(axis=1), 0))
        return ((towards @ texts.T) / np.maximum(length, _TINY)).astype(np.float32)

    return score
