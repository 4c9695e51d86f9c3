"""Where the pixels of a label map lie in a unit's map, and which of them are above the unit's threshold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

#: a map is told apart into at most so many pieces along each axis
PIECES = 8
#: pixel rows that are looked at in one go
_TOGETHER = 1 << 15
#: of double precision, relative to a map's greatest value
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Axis:
    """One axis of a label map that is laid over a unit's map of some cells.

    A map of n cells has n + 1 gaps: before the middle of the first cell, between the middles of neighbours, and behind
    that of the last. Pixels of one gap are interpolated between the same two cells.

    Attributes:
        first: intp ``[gaps]``: the first pixel whose middle lies in the gap.
        count: intp ``[gaps]``: how many there are.
        piece: intp ``[gaps]``: of the map, below `PIECES`.
        share: float64 ``[pixels]``: how far into its gap a pixel lies, in [0, 1); of use where it is in one.
        step: from one pixel to the next, as a share of a gap.
    """

    first: NDArray[np.intp]
    count: NDArray[np.intp]
    piece: NDArray[np.intp]
    share: NDArray[np.float64]
    step: float

    @property
    def seen(self) -> slice:
        """The pixels that lie in any gap."""
        start = int(self.first[np.argmax(self.count > 0)])
        return slice(start, start + int(self.count.sum()))


@dataclass(frozen=True)
class Spans:
    """Pixels above units' levels: pieces of pixel rows, in the order of the units.

    Attributes:
        unit: intp ``[n]``: the number of the map.
        tile: intp ``[n]``: of `PIECES` by `PIECES`, row by row.
        row: intp ``[n]``: of the label map.
        start: intp ``[n]``: the first pixel in that row.
        stop: intp ``[n]``: the one after the last; above `start`.
    """

    unit: NDArray[np.intp]
    tile: NDArray[np.intp]
    row: NDArray[np.intp]
    start: NDArray[np.intp]
    stop: NDArray[np.intp]


@lru_cache(maxsize=512)
def axis_of(pixels: int, cells: int, near: float, far: float) -> Axis:
    """One axis of a label map that is laid over a unit's map.

    Args:
        pixels: of the label map.
        cells: of the unit's map.
        near: where the map begins, as a share of the picture's side; 0 where the classifier saw all of it.
        far: where it ends; 1 likewise.

    Returns:
        Gaps that hold every pixel once whose middle lies within the map.

    Source:
        Bau et al., Network Dissection, 2017, section 2.2.2: bilinear interpolation, anchored at the centre of each
        cell, so what `torch.nn.functional.interpolate` does with ``align_corners=False`` where all is seen. A
        classifier that crops has looked at a part of the picture only, and only that part is compared.
    """
    middles = (np.arange(pixels) + 0.5) / pixels
    at = (middles - near) / (far - near) * cells - 0.5
    below = np.floor(at).astype(np.intp)
    seen = np.flatnonzero((middles >= near) & (middles < far))
    gap = np.clip(below[seen] + 1, 0, cells)
    count = np.bincount(gap, minlength=cells + 1)
    first = (seen[0] if len(seen) else 0) + np.cumsum(count) - count
    length = -(-(cells + 1) // PIECES)
    return Axis(first, count, np.arange(cells + 1) // length, at - below, cells / (pixels * (far - near)))


def spans_above(
    maps: NDArray[np.float32], thresholds: NDArray[np.float32], down: Axis, across: Axis
) -> Iterator[Spans]:
    """The pixels that are above each unit's threshold.

    Along a row of pixels within a gap the interpolated map is a straight line, so what is above is a span that begins
    or ends where the line crosses the level. That place is rounded to a pixel, and this pixel's value decides.

    Args:
        maps: float32 ``[units, rows, columns]``.
        thresholds: float32 ``[units]``.
        down: the rows.
        across: the columns.

    Yields:
        Spans, those of one unit after those of the one before.
    """
    rows, columns = (np.clip(np.arange(-1, size + 1), 0, size - 1) for size in maps.shape[1:])
    wide = maps[:, rows][:, :, columns]
    strong = wide > thresholds[:, None, None]
    strong = strong[:, 1:] | strong[:, :-1]
    strong = strong[:, :, 1:] | strong[:, :, :-1]
    unit, i, j = np.nonzero(strong & ((down.count > 0)[:, None] & (across.count > 0)))
    # What is above by rounding alone is not: where the threshold is 0, the last digit would decide on many pixels.
    levels = np.maximum(levels_of(thresholds), thresholds + _ROUNDING * np.abs(wide).max(axis=(1, 2)).astype(float))
    some = max(1, _TOGETHER // max(1, int(down.count.max())))
    for at in range(0, len(unit), some):
        yield _spans(wide, levels, down, across, unit[at : at + some], i[at : at + some], j[at : at + some])


def _spans(
    wide: NDArray[np.float32],
    levels: NDArray[np.float64],
    down: Axis,
    across: Axis,
    unit: NDArray[np.intp],
    i: NDArray[np.intp],
    j: NDArray[np.intp],
) -> Spans:
    """Spans within patches, each between four cells: gap `i` of the rows and gap `j` of the columns."""
    level, counts = levels[unit], down.count[i]
    patch = np.repeat(np.arange(len(unit)), counts)
    row = np.arange(len(patch)) + np.repeat(down.first[i] - np.cumsum(counts) + counts, counts)
    share = down.share[row]
    rest = 1 - share
    left, right = (
        (wide[unit, i, j + side] - level)[patch] * rest + (wide[unit, i + 1, j + side] - level)[patch] * share
        for side in (0, 1)
    )
    kept = np.flatnonzero((left > 0) | (right > 0))
    patch, row, left, right = patch[kept], row[kept], left[kept], right[kept]
    first = across.first[j][patch]
    start, stop = first.copy(), first + across.count[j][patch]
    crossed = np.flatnonzero((left > 0) != (right > 0))
    ours, theirs, begin, last = left[crossed], right[crossed], first[crossed], stop[crossed] - 1
    crossing = (ours / (ours - theirs) - across.share[begin]) / across.step
    pixel = np.clip(begin + np.rint(crossing).astype(np.intp), begin, last)
    along = across.share[pixel]
    inside = ours * (1 - along) + theirs * along > 0
    start[crossed] = np.where(ours > 0, begin, pixel + ~inside)
    stop[crossed] = np.where(ours > 0, pixel + inside, last + 1)
    held = np.flatnonzero(stop > start)
    patch, tile = patch[held], down.piece[i] * PIECES + across.piece[j]
    return Spans(unit[patch], tile[patch], row[held], start[held], stop[held])


def levels_of(thresholds: NDArray[np.float32]) -> NDArray[np.float64]:
    """What an interpolated value must exceed to be above a threshold once it is rounded to float32.

    A pixel in the middle of the very cell that the threshold was taken from is not above it, whatever the last digit of
    the interpolation says.
    """
    wide = thresholds.astype(np.float64)
    return (wide + np.nextafter(thresholds, np.float32(np.inf)).astype(np.float64)) / 2
