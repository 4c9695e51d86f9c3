"""Which part of a picture is kept: the top share of a map, exactly, on a grid over what all models see."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...core.errors import InputError
from ...core.geometry import Box
from ...core.maps import Maps, take
from ...core.sampling import sample
from ...core.seeds import seed_for
from ...core.selection import kth_largest
from ...evidence.frames import coverage, pixel_edges

Matrix = NDArray[np.float64]

#: cells along each side of the grid on which regions are chosen
GRID = 224
#: cells along each side of the random map: as coarse as the last features of most networks
COARSE = 7
#: regions that know nothing of any model
BASELINES = ("random", "centre")
#: values that differ by less than this share of the largest magnitude are equal: they differ by rounding
_DIGITS = 9


def cells_kept(share: float, grid: int = GRID) -> int:
    """How many cells of the grid a share is.

    Args:
        share: of the area, in (0, 1).
        grid: cells along each side.

    Raises:
        InputError: the share is out of range.
    """
    if not 0 < share < 1:
        raise InputError(f"share must lie between 0 and 1, not {share}")
    return min(max(1, round(share * grid * grid)), grid * grid - 1)


def top_region(rankings: Sequence[Matrix], count: int, draw: Matrix) -> NDArray[np.bool_]:
    """The cells with the largest values: exactly so many, whatever is tied.

    Args:
        rankings: each ``[y, x]``, finite; where cells are equal in the first, the next one decides.
        count: how many cells.
        draw: ``[y, x]``, no two equal: decides where cells are equal in all rankings.

    Returns:
        bool ``[y, x]`` with `count` cells.
    """
    first, *rest = (_rounded(values).ravel() for values in rankings)
    least = kth_largest(first[None], count)[0]
    kept = first > least
    tied = np.flatnonzero(first == least)
    order = np.lexsort([draw.ravel()[tied], *(values[tied] for values in reversed(rest))])
    kept[tied[order[len(tied) - (count - kept.sum()) :]]] = True
    return kept.reshape(draw.shape)


def _rounded(values: Matrix) -> Matrix:
    largest = np.abs(values).max()
    return np.round(values / largest, _DIGITS) if largest > 0 else values


def common_box(boxes: Matrix, width: int, height: int) -> Box | None:
    """The part of a picture that all maps cover.

    Args:
        boxes: ``[map, 4]``: left, top, right and bottom in pixels of the picture.
        width: of the picture.
        height: of the picture.

    Returns:
        None where they have nothing in common.
    """
    box: Box | None = Box(0, 0, width, height)
    for left, top, right, bottom in boxes.tolist():
        box = box.intersect(Box(left, top, right, bottom)) if box is not None else None
    return box


def regions(maps: Sequence[Maps], row: int, box: Box, count: int, *, seed: int, grid: int = GRID) -> NDArray[np.bool_]:
    """What each map of one image keeps, and after them what the baselines keep.

    A map is ranked after its published final step. Where that leaves values equal, as a ReLU leaves zeros, the map
    before the step decides; what is still equal is drawn at random, alike for all models.

    Args:
        maps: of each model, over the same images; the one asked for is usable.
        row: position of the image.
        box: over which the grid lies, inside the boxes of all maps.
        count: cells to keep.
        seed: of the random map and of the draw.
        grid: cells along each side.

    Returns:
        bool ``[model + baseline, grid, grid]``, each with `count` cells; the baselines are those of `BASELINES`.
    """
    identity = maps[0].images[row]
    draw = _noise((grid, grid), seed, identity, "ties")
    frame = np.array([box.as_tuple()])
    found = []
    for one in maps:
        raw = take(one, slice(row, row + 1))
        rankings = [
            sample(values.astype(np.float64), raw.boxes, frame, grid)[0]
            for values in (raw.finished().values, raw.values)
        ]
        found.append(top_region(rankings, count, draw))
    unit = np.array([[0.0, 0.0, 1.0, 1.0]])
    noise = sample(_noise((1, COARSE, COARSE), seed, identity, "random map"), unit, unit, grid)[0]
    from_middle = (np.arange(grid) + 0.5) / grid - 0.5
    centre = -(from_middle[:, None] ** 2 + from_middle**2)
    return np.stack([*found, *(top_region([values], count, draw) for values in (noise, centre))])


def _noise(shape: tuple[int, ...], seed: int, identity: str, what: str) -> Matrix:
    return np.random.default_rng(seed_for(seed, identity, "cross-testing", what)).random(shape)


def as_seen(kept: Tensor, box: Box, frame: Box, size: tuple[int, int]) -> Tensor:
    """How much of each pixel of an input regions keep.

    Args:
        kept: ``[n, grid, grid]``, 1 where a cell is kept, 0 where it is hidden.
        box: over which the grid lies, in pixels of the picture.
        frame: what the input covers, likewise.
        size: height and width of the input.

    Returns:
        ``[n, h, w]`` in [0, 1], in the type of `kept`; 0 beyond the grid.
    """
    rows, columns = pixel_edges(frame, size)
    grid = kept.shape[-1]
    steps = torch.arange(grid + 1, dtype=torch.float64) / grid
    down, along = box.top + box.height * steps, box.left + box.width * steps
    over_rows = coverage(rows, down[:-1], down[1:]).to(kept)
    over_columns = coverage(columns, along[:-1], along[1:]).to(kept)
    return (over_rows.T @ kept @ over_columns).clamp(0, 1)
