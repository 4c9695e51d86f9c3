"""Cosine: the angle between two maps, whatever their scale."""

from __future__ import annotations

import numpy as np

from .base import Array, Cells, products
from .registry import measure


def unit(values: Array) -> Array:
    """Vectors of length 1.

    Args:
        values: ``[..., k]``, floating, finite or not.

    Returns:
        ``[..., k]`` of the same type; all NaN where the vector is zero or not finite, because it has no direction.
    """
    # Scaled by the largest magnitude first: squares of tiny gradients would underflow.
    largest = np.abs(values).max(axis=-1, keepdims=True, initial=0)
    known = np.isfinite(largest) & (largest > 0)
    scaled = np.where(known, values, 0) / np.where(known, largest, 1)
    length = np.sqrt((scaled * scaled).sum(axis=-1, keepdims=True))
    return np.where(known, scaled / np.where(known, length, 1), np.nan).astype(values.dtype, copy=False)


def dot(first: Array, second: Array) -> Array:
    """Products of unit vectors, kept inside [-1, 1]."""
    return np.clip(products(first, second), -1, 1)


@measure("cosine", compare=dot, linear=True, title="cosine", reference="the angle between two vectors")
def cosine(cells: Cells) -> Array:
    """Each map as a vector of length 1."""
    return unit(cells.values)
