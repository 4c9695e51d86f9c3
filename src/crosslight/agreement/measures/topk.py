"""Overlap of the few largest cells of two maps."""

from __future__ import annotations

import numpy as np

from ...core.errors import InputError
from .base import Array, Cells, Kept
from .grids import on_grid
from .registry import measure
from .tops import in_both, sizes, top_bits


def overlap(first: Array, second: Array, kept: Kept | None = None) -> Array:
    """``|A and B| / max(|A|, |B|)`` of all pairs of masks, as `tops.pack` keeps them: float64 ``[image, a, b]``."""
    larger = np.maximum(sizes(first)[:, :, None], sizes(second)[:, None, :])
    return np.asarray(in_both(first, second, kept) / larger)


@measure("topk", compare=overlap, low=0.0, title="overlap of the top {count} cells", reference="share in common")
def topk(cells: Cells, *, count: int = 10) -> Array:
    """The mask of the `count` largest cells.

    Without ties the similarity is the number of common cells over `count`. With ties a map may have fewer or more such
    cells, see `tops.top_mask`, and the larger of the two numbers takes the place of `count`.
    Independent maps of P cells have ``count / P`` in common.
    """
    on_grid(cells, "topk")
    if not 0 < count < cells.values.shape[-1]:
        raise InputError(f"topk: count must be at least 1 and below the {cells.values.shape[-1]} cells, not {count}")
    return top_bits(cells, count)
