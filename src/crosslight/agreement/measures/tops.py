"""The most important cells of a map: its largest, with ties at the border never broken by accident."""

from __future__ import annotations

import numpy as np

from ...core.errors import InputError
from ...core.selection import kth_largest
from .base import Array, Cells
from .grids import known_rows, on_grid, varies


def top_mask(values: Array, count: int) -> Array:
    """The largest cells of each map.

    Args:
        values: ``[..., cell]``, floating.
        count: how many; with all of them or more, every cell is taken.

    Returns:
        ``[..., cell]`` of the same type, 1 in cells strictly above the largest value that has no place, 0 elsewhere.
        Where cells tie for the last place none of them is taken, so there may be fewer than `count`; where that would
        leave none, all cells equal to the largest are taken, so there may be more. NaN where a map is constant or
        not finite.
    """
    known, cells = varies(values), values.shape[-1]
    if count >= cells:
        return known_rows(np.ones_like(values), known)
    largest = values.max(axis=-1)
    border = kth_largest(values, count + 1)
    border = np.where(border < largest, border, np.nextafter(largest, values.dtype.type(-np.inf)))
    return known_rows((values > border[..., None]).astype(values.dtype), known)


def top_share(cells: Cells, share: float, name: str) -> Array:
    """`top_mask` of a share of the cells: ``max(1, round(share * cells))`` of them, but never all.

    Args:
        cells: maps, on a grid.
        share: in (0, 1).
        name: what the measure is called in an error.

    Raises:
        InputError: the share is outside (0, 1), or the maps have no cells.
    """
    on_grid(cells, name)
    if not 0 < share < 1:
        raise InputError(f"{name}: share must lie between 0 and 1, not {share}")
    number = cells.values.shape[-1]
    count = min(max(1, round(share * number)), max(number - 1, 1))
    if ("top", count) not in cells.kept:
        cells.kept["top", count] = top_mask(cells.values, count)
    return cells.kept["top", count]


def sizes(masks: Array) -> Array:
    """Number of cells in each mask: ``[set, image, cell]`` to float64 ``[image, set]``."""
    return masks.sum(axis=-1).T.astype(np.float64)
