"""Intersection over union of the most important cells of two maps."""

from __future__ import annotations

import numpy as np

from ...core.errors import InputError
from .base import Array, Cells, Kept
from .grids import minmax, on_grid
from .registry import measure
from .tops import in_both, pack, sizes, top_share


def intersection_over_union(first: Array, second: Array, kept: Kept | None = None) -> Array:
    """``|A and B| / |A or B|`` of all pairs of masks, as `tops.pack` keeps them: float64 ``[image, a, b]``."""
    both = in_both(first, second, kept)
    return np.asarray(both / (sizes(first)[:, :, None] + sizes(second)[:, None, :] - both))


@measure(
    "iou",
    compare=intersection_over_union,
    low=0.0,
    title="IoU of the top {share:.1%}",
    reference="Jaccard 1912",
)
def iou(cells: Cells, *, share: float = 0.1) -> Array:
    """The mask of the top `share` of each map's cells, see `tops.top_share`.

    Independent masks of a share q have an IoU of about ``q / (2 - q)``.
    """
    return top_share(cells, share, "iou")


@measure(
    "iou-above",
    compare=intersection_over_union,
    low=0.0,
    title="IoU above {threshold:g}",
    reference="Jaccard 1912",
)
def iou_above(cells: Cells, *, threshold: float = 0.5) -> Array:
    """The mask of cells strictly above `threshold`, in [0, 1), with each map's range stretched to [0, 1]."""
    on_grid(cells, "iou-above")
    if not 0 <= threshold < 1:
        raise InputError(f"iou-above: threshold must lie in [0, 1), not {threshold}")
    stretched = minmax(cells.values)
    return pack(stretched > threshold, ~np.isnan(stretched[..., 0]), stretched.shape[-1])
