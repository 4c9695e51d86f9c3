"""Maps read on other grids than their own: over part of what they cover, and at other resolutions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sampling_matrices(
    size: int, span: NDArray[np.float64], target: NDArray[np.float64], grid: int
) -> NDArray[np.float64]:
    """Weights that read one axis of a map at the cells of a grid over part of it.

    Where the grid is finer than the map the map is interpolated between the centres of its cells, and held
    beyond the outermost ones. Where it is coarser, each of its cells is the mean of the map over that cell, so
    that no part of the map is skipped.

    Args:
        size: cells of the map along this axis.
        span: ``[image, 2]``: where the map begins and ends, in pixels of the picture.
        target: ``[image, 2]``: where the grid begins and ends, inside `span`.
        grid: cells of the grid along this axis.

    Returns:
        ``[image, grid, size]``, non-negative, each row summing to 1.
    """
    length = (span[:, 1] - span[:, 0])[:, None]
    ends = (target - span[:, :1]) / length * size  # in cells of the map, from its edge
    edges = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * np.arange(grid + 1) / grid
    cells = np.arange(size)

    centres = np.clip((edges[:, :-1] + edges[:, 1:]) / 2 - 0.5, 0, size - 1)
    points = np.clip(1 - np.abs(centres[:, :, None] - cells), 0, None)

    low, high = edges[:, :-1, None], edges[:, 1:, None]
    areas = np.clip(np.minimum(high, cells + 1) - np.maximum(low, cells), 0, None)
    total = areas.sum(axis=2, keepdims=True)
    areas = areas / np.where(total > 0, total, 1)

    coarser = (ends[:, 1] - ends[:, 0]) / grid > 1 + 1e-9
    return np.where(coarser[:, None, None], areas, points)


def sample(
    values: NDArray[np.float64],
    boxes: NDArray[np.float64],
    common: NDArray[np.float64],
    grid: int | tuple[int, int],
) -> NDArray[np.float64]:
    """Maps read on a grid over part of what they cover; linear in the maps.

    Args:
        values: ``[image, y, x]``, finite.
        boxes: ``[image, 4]``: what each map covers.
        common: ``[image, 4]``: what the grid covers, inside `boxes`.
        grid: cells along each axis, or along y and along x.

    Returns:
        ``[image, grid, grid]``, or ``[image, *grid]``.
    """
    height, width = (grid, grid) if isinstance(grid, int) else grid
    # Pictures of one size share their matrices, which are larger than the maps themselves.
    kinds, which = np.unique(np.concatenate([boxes, common], axis=1), axis=0, return_inverse=True)
    spans, targets = kinds[:, :4], kinds[:, 4:]
    rows = sampling_matrices(values.shape[1], spans[:, 1::2], targets[:, 1::2], height)
    columns = sampling_matrices(values.shape[2], spans[:, 0::2], targets[:, 0::2], width)
    out = np.empty((len(values), height, width))
    for kind, image in enumerate(np.split(np.argsort(which.ravel(), kind="stable"), _ends(which, len(kinds)))):
        out[image] = rows[kind] @ values[image] @ columns[kind].T
    return out


def _ends(which: NDArray[np.intp], kinds: int) -> NDArray[np.intp]:
    return np.cumsum(np.bincount(which.ravel(), minlength=kinds))[:-1]
