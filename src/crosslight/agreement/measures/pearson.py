"""Pearson's correlation: the cosine after each map's own mean is taken away."""

from __future__ import annotations

import numpy as np

from .base import Array, Cells
from .cosine import dot, unit
from .registry import measure

#: a map whose spread is below this share of its magnitude is constant but for rounding
FLAT = 1e-6


def centred(cells: Cells) -> Array:
    """Each map less its mean over the cells; NaN where a map is constant.

    Args:
        cells: maps; where they are coordinates, the mean is the projection onto the constant map.
    """
    values, one = cells.values, cells.one.astype(cells.values.dtype)
    with np.errstate(invalid="ignore"):  # infinite maps become unknown
        rest = values - (values @ one / (one @ one))[..., None] * one
    spread, size = (np.abs(part).max(axis=-1, keepdims=True, initial=0) for part in (rest, values))
    flat = spread <= FLAT * size
    return np.where(flat, np.nan, rest)


@measure("pearson", compare=dot, linear=True, title="Pearson correlation", reference="Pearson 1896")
def pearson(cells: Cells) -> Array:
    """Each map, centred, as a vector of length 1."""
    return unit(centred(cells))
