"""From maps to a small number of features, whose importance can be ranked: superpixels, or cells of a coarse grid."""

from __future__ import annotations

import numpy as np

from ...core.errors import InputError
from .base import Array, Cells
from .grids import known_rows, on_grid, varies

#: digits of a feature's importance that count
DECIMALS = 9


def feature_values(cells: Cells, side: int, name: str) -> Array:
    """Importances of features, with their signs.

    Args:
        cells: maps on a grid. A grid of one row, or of one column, is a list of features and stays as it is, such as
            the values of superpixels with ``grid=(1, n)``.
        side: every axis of another grid that is longer than this is pooled to so many features, by means over
            equal lengths of it; a cell on a border counts in both with its parts.
        name: what the measure is called in an error.

    Returns:
        float64 ``[set, image, feature]``, in parts of the map's largest magnitude and rounded to billionths of it,
        because sums of the same numbers in another order must tie. NaN where the magnitudes do not differ, so that
        no feature is more important than another, or are not finite.

    Raises:
        InputError: native coordinates, or a side below 2.
    """
    rows, columns = on_grid(cells, name)
    if side < 2:
        raise InputError(f"{name}: side must be at least 2 features, not {side}")
    values = cells.values.astype(np.float64)
    if min(rows, columns) > 1 and max(rows, columns) > side:
        grid = values.reshape(*values.shape[:2], rows, columns)
        with np.errstate(invalid="ignore"):  # infinite maps become unknown
            grid = pooling(rows, side) @ grid @ pooling(columns, side).T
        values = grid.reshape(*values.shape[:2], -1)
    known = varies(np.abs(values))
    largest = np.where(known, np.abs(values).max(axis=-1), 1)[..., None]
    return known_rows(np.round(np.where(known[..., None], values, 0) / largest, DECIMALS), known)


def pooling(length: int, side: int) -> Array:
    """Weights of means over `side` equal parts of an axis, ``[part, length]``; the identity if it is not longer."""
    if length <= side:
        return np.eye(length)
    edges = np.arange(side + 1) * length / side
    cell = np.arange(length)
    covered = np.minimum(edges[1:, None], cell + 1) - np.maximum(edges[:-1, None], cell)
    return np.maximum(covered, 0) * side / length


def checked_count(values: Array, count: int, name: str) -> int:
    """The number of top features.

    Raises:
        InputError: it is below one, or above the number of features.
    """
    if not 1 <= count <= values.shape[-1]:
        raise InputError(f"{name}: count must lie between 1 and the {values.shape[-1]} features, not {count}")
    return count
