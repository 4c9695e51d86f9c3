"""Where the pixels of a label map lie in a unit's map, and which cells each of them lies between."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

#: a map is worked on in at most so many pieces along each axis
PIECES = 8


@dataclass(frozen=True)
class Piece:
    """Some pixels along one axis, and the cells that they lie between.

    Attributes:
        number: of the piece, below `PIECES`.
        pixels: which ones, of the label map.
        cells: which ones, of the unit's map.
        weights: float64 ``[pixels, cells]``: of bilinear interpolation; each row has at most two that are not 0.
    """

    number: int
    pixels: slice
    cells: slice
    weights: NDArray[np.float64]


@lru_cache(maxsize=512)
def pieces_of(pixels: int, cells: int, near: float, far: float) -> tuple[Piece, ...]:
    """One axis of a label map that is laid over a unit's map.

    Args:
        pixels: of the label map.
        cells: of the unit's map.
        near: where the map begins, as a share of the picture's side; 0 where the classifier saw all of it.
        far: where it ends; 1 likewise.

    Returns:
        Pieces that hold every pixel once whose middle lies within the map.

    Source:
        Bau et al., Network Dissection, 2017, section 2.2.2: bilinear interpolation, anchored at the centre of each
        cell, so what `torch.nn.functional.interpolate` does with ``align_corners=False`` where all is seen. A
        classifier that crops has looked at a part of the picture only, and only that part is compared.
    """
    middles = (np.arange(pixels) + 0.5) / pixels
    seen = np.flatnonzero((middles >= near) & (middles < far))
    at = (middles[seen] - near) / (far - near) * cells - 0.5
    below = np.floor(at).astype(int)
    share = at - below
    length = -(-(cells + 1) // PIECES)  # of the cells + 1 gaps, those before the first and behind the last included
    number = (below + 1) // length
    made = []
    for one in range(PIECES):
        inside = np.flatnonzero(number == one)
        if not len(inside):
            continue
        first, last = max(one * length - 1, 0), min((one + 1) * length - 1, cells - 1)
        weights = np.zeros((len(inside), last - first + 1))
        lower, upper = np.clip(below[inside], 0, cells - 1), np.clip(below[inside] + 1, 0, cells - 1)
        np.add.at(weights, (np.arange(len(inside)), lower - first), 1 - share[inside])
        np.add.at(weights, (np.arange(len(inside)), upper - first), share[inside])
        made.append(Piece(one, slice(int(seen[inside[0]]), int(seen[inside[-1]]) + 1), slice(first, last + 1), weights))
    return tuple(made)


def above(maps: NDArray[np.float32], levels: NDArray[np.float64], rows: Piece, columns: Piece) -> NDArray[np.bool_]:
    """Which pixels of a piece are above each unit's level.

    Args:
        maps: float32 ``[units, rows, columns]``: the cells of the piece.
        levels: float64 ``[units]``; see `levels_of`.
        rows: of the piece.
        columns: of the piece.

    Returns:
        bool ``[units, pixels]``, pixels row by row.
    """
    across = maps.astype(np.float64) @ columns.weights.T
    return ((rows.weights @ across) > levels[:, None, None]).reshape(len(maps), -1)


def levels_of(thresholds: NDArray[np.float32]) -> NDArray[np.float64]:
    """What an interpolated value must exceed to be above a threshold once it is rounded to float32.

    A pixel in the middle of the very cell that the threshold was taken from is not above it, whatever the last digit of
    the interpolation says.
    """
    wide = thresholds.astype(np.float64)
    return (wide + np.nextafter(thresholds, np.float32(np.inf)).astype(np.float64)) / 2
