"""Means of what is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def known_mean(values: NDArray[np.floating], axis: int) -> NDArray[np.float64]:
    """Mean along an axis over the values that are finite; NaN where none is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis, dtype=np.float64)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
