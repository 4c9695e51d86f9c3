"""What measures that look at single cells ask of maps: a grid, and values that differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from .base import Array, Cells
from .pearson import FLAT


def on_grid(cells: Cells, name: str) -> tuple[int, int]:
    """Rows and columns of the grid.

    Args:
        cells: maps.
        name: what the measure is called in an error.

    Raises:
        InputError: the maps are coordinates, in which single cells are not known.
    """
    if cells.grid is None:
        raise InputError(f"{name} needs the cells of a grid; native coordinates serve linear measures alone")
    rows, columns = cells.grid
    if rows * columns != cells.values.shape[-1]:
        raise InputError(f"a grid of {rows} x {columns} cells does not hold {cells.values.shape[-1]} values")
    return cells.grid


def varies(values: Array) -> NDArray[np.bool_]:
    """Whether each map is finite and more than a constant with rounding: only then it has an order of cells.

    Args:
        values: ``[..., cell]``.

    Returns:
        bool ``[...]``; the border is that of Pearson's correlation, a spread of one millionth of the magnitude.
    """
    low, high = values.min(axis=-1), values.max(axis=-1)
    with np.errstate(invalid="ignore", over="ignore"):  # infinite or unknown maps do not vary
        spread, size = high - low, np.maximum(np.abs(low), np.abs(high))
        return np.asarray(np.isfinite(spread) & (spread > FLAT * size))


def known_rows(values: Array, known: NDArray[np.bool_]) -> Array:
    """The same maps, NaN throughout where they are not known; changes `values` in place."""
    values[~known] = np.nan
    return values


def minmax(values: Array) -> Array:
    """Each map with its smallest value at 0 and its largest at 1; NaN where it does not vary."""
    known = varies(values)
    low = np.where(known, values.min(axis=-1), 0).astype(values.dtype)[..., None]
    high = np.where(known, values.max(axis=-1), 1).astype(values.dtype)[..., None]
    return known_rows((values - low) / (high - low), known)
