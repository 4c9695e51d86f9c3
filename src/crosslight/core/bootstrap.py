"""The spread of means: percentile bootstrap intervals over images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: weights held at a time: a few megabytes
_WEIGHTS = 250_000


def mean_interval(
    values: NDArray[np.floating], *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile bootstrap interval of each column's mean; the same images are drawn for all columns.

    Args:
        values: ``[image, column]``, NaN where unknown.
        level: coverage in (0, 1).
        resamples: number of resamples of the images.
        seed: of the resampling.

    Returns:
        ``(low, high)``, each ``[column]``; NaN for columns with fewer than two known values.
    """
    images = len(values)
    known = np.isfinite(values).astype(np.float64)
    enough = known.sum(axis=0) > 1
    bounds = np.full((2, values.shape[1]), np.nan)
    if enough.any():
        values, known = np.where(known > 0, values, 0)[:, enough], known[:, enough]
        random = np.random.default_rng(seed)
        means = np.empty((resamples, values.shape[1]))
        step = max(1, _WEIGHTS // images)
        for start in range(0, resamples, step):
            size = min(step, resamples - start)
            weights = _resample(random, size, images)
            total = weights @ known
            means[start : start + size] = np.where(total > 0, weights @ values / np.maximum(total, 1), np.nan)
        tail = (1 - level) / 2
        bounds[:, enough] = np.nanquantile(means, [tail, 1 - tail], axis=0)
    return bounds[0], bounds[1]


def _resample(random: np.random.Generator, resamples: int, images: int) -> NDArray[np.float64]:
    """How often each image is drawn in each resample, ``[resample, image]``."""
    drawn = random.integers(images, size=(resamples, images))
    drawn += np.arange(resamples)[:, None] * images
    return np.bincount(drawn.ravel(), minlength=resamples * images).reshape(resamples, images).astype(np.float64)
