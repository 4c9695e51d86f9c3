"""Cosine: the angle between two maps, whatever their scale."""

from __future__ import annotations

import numpy as np

from .base import Array, Cells, products
from .registry import measure

#: cells scaled at a time, so many that they stay in the cache
_CELLS = 2**17


def unit(values: Array) -> Array:
    """Vectors of length 1.

    Args:
        values: ``[..., k]``, floating, finite or not.

    Returns:
        ``[..., k]`` of the same type; all NaN where the vector is zero or not finite, because it has no direction.
    """
    found = np.empty(values.shape, values.dtype)
    rows, into = values.reshape(-1, values.shape[-1]), found.reshape(-1, values.shape[-1])
    step = max(1, _CELLS // max(values.shape[-1], 1))
    for start in range(0, len(rows), step):
        part, scaled = rows[start : start + step], into[start : start + step]
        # Scaled by the largest magnitude first: squares of tiny gradients would underflow.
        largest = np.abs(part).max(axis=-1, keepdims=True, initial=0)
        known = np.isfinite(largest) & (largest > 0)
        np.divide(part, np.where(known, largest, np.nan), out=scaled)
        scaled /= np.sqrt((scaled * scaled).sum(axis=-1, keepdims=True))
    return found


def dot(first: Array, second: Array) -> Array:
    """Products of unit vectors, kept inside [-1, 1]."""
    return np.clip(products(first, second), -1, 1)


@measure("cosine", compare=dot, linear=True, title="cosine", reference="the angle between two vectors")
def cosine(cells: Cells) -> Array:
    """Each map as a vector of length 1."""
    return unit(cells.values)
