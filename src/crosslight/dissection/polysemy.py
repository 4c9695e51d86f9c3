"""Units that answer in the same way as another, and units whose best images show several things."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .records import NONE

#: correlation from which on two units are twins
ALIKE = 0.95
#: a unit's best images that are looked at, and how many of them make a group
IMAGES, GROUP = 20, 4
#: groups are further apart than this share of the usual distance of two images
APART = 0.75
_BLOCK = 256
_PAIRS = 10_000


def twins_of(activations: NDArray[np.float32], alike: float = ALIKE) -> NDArray[np.int32]:
    """For each unit the one whose activations correlate with its own most, if they do enough.

    Args:
        activations: ``[images, units]``, finite.
        alike: the least correlation of twins, in (0, 1].

    Returns:
        int32 ``[units]``: -1 where no other unit is alike; of equal ones the first.

    Raises:
        InputError: `alike` is outside (0, 1].
    """
    if not 0 < alike <= 1:
        raise InputError(f"twins correlate by a number in (0, 1], not {alike}")
    units = activations.shape[1]
    best, twin = np.full(units, -np.inf, np.float32), np.full(units, NONE, np.int32)
    for first in range(0, units, _BLOCK):
        ours = _standard(activations[:, first : first + _BLOCK])
        for second in range(0, first + _BLOCK, _BLOCK):
            if second >= units:
                break
            theirs = ours if second == first else _standard(activations[:, second : second + _BLOCK])
            both = ours.T @ theirs
            if second == first:
                np.fill_diagonal(both, -np.inf)
            _keep(both, best, twin, first, second)
            if second != first:
                _keep(both.T, best, twin, second, first)
    return np.where(best >= np.float32(alike - 1e-6), twin, NONE).astype(np.int32)


def _keep(
    both: NDArray[np.float32], best: NDArray[np.float32], twin: NDArray[np.int32], start: int, others: int
) -> None:
    """Remember better partners of the units from `start` on."""
    partner = both.argmax(axis=1)
    value = both[np.arange(len(both)), partner]
    own = slice(start, start + len(both))
    better = (value > best[own]) | ((value == best[own]) & (partner + others < twin[own]))
    best[own] = np.where(better, value, best[own])
    twin[own] = np.where(better, partner + others, twin[own])


def _standard(activations: NDArray[np.float32]) -> NDArray[np.float32]:
    """Columns of mean 0 and length 1; of zeros where a unit is dead."""
    made = activations.astype(np.float64)
    made -= made.mean(axis=0)
    length = np.sqrt(np.einsum("nu,nu->u", made, made))
    made /= np.where(length > 0, length, np.inf)
    return made.astype(np.float32)


def clusters_of(images: NDArray[np.float32], activations: NDArray[np.float32]) -> NDArray[np.int32]:
    """How many things a unit's best images show.

    The best `IMAGES` images are joined by average linkage of their cosine distances in the encoder's space, up to
    `APART` of the median distance of two images of the set. Groups of at least `GROUP` images count.

    Args:
        images: ``[images, dimensions]`` of length 1.
        activations: ``[images, units]``, finite.

    Returns:
        int32 ``[units]``: at least 1; 0 where there are too few images.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    from .words.probe import top_rows

    count, units = len(images), activations.shape[1]
    if count < 2 * IMAGES:
        return np.zeros(units, np.int32)
    usual = usual_distance(images)
    found = np.ones(units, np.int32)
    for unit, rows in enumerate(top_rows(activations, IMAGES)):
        own = images[rows].astype(np.float64)
        distances = 1 - (own @ own.T)[np.triu_indices(IMAGES, 1)]
        groups = fcluster(linkage(np.maximum(distances, 0), "average"), APART * usual, "distance")
        found[unit] = max(1, int((np.bincount(groups) >= GROUP).sum()))
    return found


def usual_distance(images: NDArray[np.float32]) -> float:
    """The median cosine distance of two images, from at most 10,000 pairs that the number of images decides on."""
    chosen = np.random.default_rng(len(images)).integers(0, len(images), (2, _PAIRS))
    chosen = chosen[:, chosen[0] != chosen[1]]
    return float(np.median(1 - np.einsum("nd,nd->n", images[chosen[0]], images[chosen[1]])))
