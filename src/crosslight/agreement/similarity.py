"""How alike two maps of one image are, for all pairs of sets at once, and how alike maps are by chance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .measures.cosine import unit

__all__ = ["cosine", "cosine_of_units", "mismatched", "unit"]


def cosine(prepared: NDArray[Any]) -> NDArray[np.float64]:
    """Cosine between the maps of every two sets, image by image.

    Args:
        prepared: ``[set, image, cell]``.

    Returns:
        float64 ``[image, set, set]`` in [-1, 1], symmetric; NaN in the row and column of a map that is all
        zero or not finite, the diagonal included.
    """
    return cosine_of_units(unit(prepared))


def cosine_of_units(units: NDArray[Any]) -> NDArray[np.float64]:
    """`cosine` for vectors that `unit` made: ``[set, image, cell]`` to ``[image, set, set]``."""
    by_image = units.transpose(1, 0, 2)
    values = (by_image @ by_image.transpose(0, 2, 1)).astype(np.float64)
    values = np.clip((values + values.transpose(0, 2, 1)) / 2, -1, 1)
    number = np.arange(values.shape[1])
    values[:, number, number] = np.where(np.isnan(values[:, number, number]), np.nan, 1.0)
    return values


def mismatched(
    sums: NDArray[np.float64], count: NDArray[np.integer], per_image: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The mean similarity of maps of two *different* images, over all of them: what chance gives.

    Sets whose maps always light up the centre, or that have no negative values, are alike whatever the image
    shows; agreement is what lies above this floor. Because cosine and correlations are products of unit vectors, the
    mean over all ordered pairs of different images needs only each set's sum of unit vectors.

    Args:
        sums: ``[set, cell]``: sum of the unit vectors over a set's usable images.
        count: ``[set]``: number of a set's usable images.
        per_image: ``[image, set, set]``: similarities on the same image, NaN where a map is unusable.

    Returns:
        ``[set, set]``; NaN where there are no two different images.
    """
    together = np.isfinite(per_image).sum(axis=0)
    pairs = np.outer(count, count) - together
    total = sums @ sums.T - np.nansum(per_image, axis=0)
    return np.where(pairs > 0, np.clip(total / np.where(pairs > 0, pairs, 1), -1, 1), np.nan)
