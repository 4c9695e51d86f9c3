"""Means over images of similarities, with their spread and their intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.bootstrap import RESAMPLES, mean_interval

Matrix = NDArray[np.float64]


def moments(per_image: Matrix) -> tuple[NDArray[np.int64], Matrix, Matrix]:
    """Number of images, mean and standard deviation (N - 1) for each pair, over the images that have a value.

    Args:
        per_image: ``[image, set, set]``, NaN where unknown.

    Returns:
        ``(count, mean, sd)``, each ``[set, set]``; the mean is NaN for no image, sd for fewer than two.
    """
    known = np.isfinite(per_image)
    count = known.sum(axis=0)
    mean = np.where(count > 0, np.where(known, per_image, 0).sum(axis=0) / np.maximum(count, 1), np.nan)
    squares = np.where(known, (per_image - mean) ** 2, 0).sum(axis=0)
    sd = np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
    return count, mean, sd


def median(per_image: Matrix) -> Matrix:
    """``[image, set, set]`` to ``[set, set]``, over the images that have a value; NaN where none has."""
    flat = per_image.reshape(len(per_image), per_image.shape[1] ** 2)
    found = np.full(flat.shape[1], np.nan)
    known = np.isfinite(flat).any(axis=0)
    if known.any():
        found[known] = np.nanmedian(flat[:, known], axis=0)
    return found.reshape(per_image.shape[1:])


def thesis_dissimilarity(mean: Matrix, sd: Matrix) -> Matrix:
    """One distance per pair: far apart on average, or unsteady over images.

    Args:
        mean: mean similarity.
        sd: its standard deviation over images (N - 1); NaN counts as 0.

    Returns:
        ``sqrt((1 - mean)^2 + sd^2)``.

    Source:
        The reference thesis on CNN against transformer explanations. Deviation: one image, for which the thesis'
        variance is not defined, gives ``1 - mean``.
    """
    return np.sqrt((1 - mean) ** 2 + np.nan_to_num(sd, nan=0.0) ** 2)


def bootstrap_interval(
    per_image: Matrix,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
    strata: ArrayLike | Sequence[object] | None = None,
    clusters: ArrayLike | Sequence[object] | None = None,
) -> tuple[Matrix, Matrix]:
    """Percentile bootstrap interval of every pair's mean; images are resampled, the same ones for all pairs.

    Args:
        per_image: ``[image, set, set]``, NaN where unknown.
        level: coverage in (0, 1).
        resamples: number of resamples.
        seed: of the resampling.
        strata: labels of the images, see `crosslight.core.bootstrap.mean_interval`.
        clusters: the same.

    Returns:
        ``(low, high)``, each ``[set, set]``; NaN for pairs with fewer than two images.
    """
    number = per_image.shape[1]
    rows, columns = np.triu_indices(number)
    bounds = mean_interval(
        per_image[:, rows, columns], level=level, resamples=resamples, seed=seed, strata=strata, clusters=clusters
    )
    low, high = np.full((2, number, number), np.nan)
    low[rows, columns] = low[columns, rows] = bounds[0]
    high[rows, columns] = high[columns, rows] = bounds[1]
    return low, high
