"""Cohen's kappa: agreement of two maps about which cells matter, beyond what their shares give by chance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from ...core.errors import InputError
from .base import Array, Cells, Kept
from .grids import minmax, on_grid
from .registry import measure
from .tops import in_both, pack, sizes, top_share


def chance_corrected(first: Array, second: Array, kept: Kept | None = None, *, cuts: tuple[float, ...] = ()) -> Array:
    """``(p_o - p_e) / (1 - p_e)`` of all pairs: p_o the share of cells in the same class, p_e that by chance.

    Args:
        first: ``[a, image, classes - 1 times packed mask]``, see `tops.pack`: of every class but the lowest, whose
            cells are those that no other class has.
        second: the same for b maps.
        kept: see `tops.in_both`.
        cuts: between which the classes lie.

    Returns:
        float64 ``[image, a, b]``.
    """
    upper = max(len(cuts), 1)
    left = np.split(first, upper, axis=-1)
    right = left if second is first else np.split(second, upper, axis=-1)
    same = np.sum([in_both(one, other, kept) for one, other in zip(left, right, strict=True)], axis=0)
    # Either map's cells above the lowest class give those that both have in the lowest class.
    above = same if upper == 1 else in_both(_joined(left), _joined(right))
    number = np.fmax(first[..., 0].T[:, :, None], second[..., 0].T[:, None, :])
    one = np.stack([sizes(mask) for mask in left], axis=-1)
    other = one if right is left else np.stack([sizes(mask) for mask in right], axis=-1)
    lowest = number - one.sum(axis=-1)[:, :, None] - other.sum(axis=-1)[:, None, :] + above
    expected = one @ other.transpose(0, 2, 1)
    expected += (number - one.sum(axis=-1)[:, :, None]) * (number - other.sum(axis=-1)[:, None, :])
    observed, expected = (same + lowest) / number, expected / number**2
    return np.asarray((observed - expected) / (1 - expected))


def _joined(masks: Sequence[Array]) -> Array:
    """Masks of the cells that are in any of several."""
    return np.asarray(np.bitwise_or.reduce([mask.view(np.uint64) for mask in masks]).view(np.float64))


@measure("kappa", compare=chance_corrected, title="Cohen's kappa", reference="Cohen 1960")
def kappa(cells: Cells, *, share: float = 0.1, cuts: tuple[float, ...] = ()) -> Array:
    """Each cell's class: in the top `share` or not; with `cuts`, between which fixed thresholds.

    Args:
        cells: maps, on a grid.
        share: size of the important class, in (0, 1), see `tops.top_share`. Not read where there are cuts.
        cuts: rising thresholds in [0, 1) on maps whose own range is stretched to [0, 1]; a cell is above a cut if its
            value is larger. ``kappa:cuts=0.5`` has two classes, ``kappa:cuts=0.4/0.7`` three.

    Returns:
        ``[set, image, classes - 1 times packed mask]``: one mask after the other, of every class but the lowest.

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
    known = ~np.isnan(values[..., 0])
    masks = [pack((values > low) & (values <= high), known, values.shape[-1]) for low, high in pairwise(edges)]
    return np.concatenate(masks, axis=-1)
