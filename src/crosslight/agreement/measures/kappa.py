"""Cohen's kappa: agreement of two maps about which cells matter, beyond what their shares give by chance."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ...core.errors import InputError
from .base import Array, Cells, products
from .grids import known_rows, minmax, on_grid
from .registry import measure
from .tops import top_share


def chance_corrected(first: Array, second: Array, *, cuts: tuple[float, ...] = ()) -> Array:
    """``(p_o - p_e) / (1 - p_e)`` of all pairs: p_o the share of cells in the same class, p_e that by chance."""
    upper = max(len(cuts), 1)  # classes above the lowest one, whose cells are those that no other class has
    left, right = (part.reshape(*part.shape[:2], upper, -1) for part in (first, second))
    number = left.shape[-1]
    same = np.stack([products(left[:, :, i], right[:, :, i]) for i in range(upper)]).sum(axis=0)
    # Either map's cells above the lowest class give those that both have in the lowest class.
    above = same if upper == 1 else products(left.sum(axis=2), right.sum(axis=2))
    one, other = (np.moveaxis(part.sum(axis=-1).astype(np.float64), 0, 1) for part in (left, right))
    one, other = (np.concatenate([number - each.sum(axis=-1, keepdims=True), each], axis=-1) for each in (one, other))
    lowest = number - (number - one[:, :, None, 0]) - (number - other[:, None, :, 0]) + above
    observed, expected = (same + lowest) / number, one @ other.transpose(0, 2, 1) / number**2
    return np.asarray((observed - expected) / (1 - expected)).astype(first.dtype)


@measure("kappa", compare=chance_corrected, title="Cohen's kappa", reference="Cohen 1960")
def kappa(cells: Cells, *, share: float = 0.1, cuts: tuple[float, ...] = ()) -> Array:
    """Each cell's class: in the top `share` or not; with `cuts`, between which fixed thresholds.

    Args:
        cells: maps, on a grid.
        share: size of the important class, in (0, 1), see `tops.top_share`. Not read where there are cuts.
        cuts: rising thresholds in [0, 1) on maps whose own range is stretched to [0, 1]; a cell is above a cut if its
            value is larger. ``kappa:cuts=0.5`` has two classes, ``kappa:cuts=0.4/0.7`` three.

    Returns:
        ``[set, image, classes - 1 times cells]``: one mask after the other, of every class but the lowest.

    Source:
        Cohen, A coefficient of agreement for nominal scales, 1960; per image, unweighted.
    """
    on_grid(cells, "kappa")
    if not cuts:
        return top_share(cells, share, "kappa")
    edges = (*cuts, np.inf)
    if not all(0 <= cut < 1 for cut in cuts) or any(a >= b for a, b in pairwise(edges)):
        raise InputError(f"kappa: cuts must rise and lie in [0, 1), not {cuts}")
    values = minmax(cells.values)
    masks = [(values > low) & (values <= high) for low, high in pairwise(edges)]
    return known_rows(np.concatenate(masks, axis=-1).astype(values.dtype), ~np.isnan(values[..., 0]))
