"""Laplace's equation on part of a lattice: its operator, the same on coarser lattices, and a start.

Pixels are linked with their eight neighbours, side by side with weight 2 and across corners with weight 1. Unknown
pixels are solved for; known ones hold their values. A coarser lattice has one cell for every 4 x 4 pixels, linked as
its pixels are (Galerkin with piecewise constant functions: aggregation), so that it is symmetric and positive,
whatever shape the unknown pixels have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

#: pixels along a side of a cell of the next coarser lattice
SIDE = 4

#: below this a cell has nothing unknown in it; links are whole numbers
_NOTHING = 0.5


@dataclass(frozen=True)
class Lattice:
    """Links between unknown cells, and what each has in all.

    Attributes:
        east: ``[h, w - 1]``: of each cell with the next one to its right.
        south: ``[h - 1, w]``: with the one below.
        southeast: ``[h - 1, w - 1]``: with the one below to the right.
        southwest: ``[h - 1, w - 1]``: of the cell to the right with the one below to the left.
        degree: ``[h, w]``: links in all, those with known cells too; 0 where nothing is unknown.
        inverse: 1 / `degree`, 0 where that is 0.
    """

    east: Array
    south: Array
    southeast: Array
    southwest: Array
    degree: Array
    inverse: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.degree.shape[0], self.degree.shape[1]

    def linked(self, values: Array) -> Array:
        """``[c, h, w]``: the sum of each cell's unknown neighbours, weighted by their links."""
        out = np.zeros_like(values)
        out[:, :, :-1] += self.east * values[:, :, 1:]
        out[:, :, 1:] += self.east * values[:, :, :-1]
        out[:, :-1] += self.south * values[:, 1:]
        out[:, 1:] += self.south * values[:, :-1]
        out[:, :-1, :-1] += self.southeast * values[:, 1:, 1:]
        out[:, 1:, 1:] += self.southeast * values[:, :-1, :-1]
        out[:, :-1, 1:] += self.southwest * values[:, 1:, :-1]
        out[:, 1:, :-1] += self.southwest * values[:, :-1, 1:]
        return out

    def matrix(self) -> Array:
        """The operator as a dense matrix; cells without anything unknown stand alone."""
        height, width = self.shape
        at = np.arange(height * width).reshape(height, width)
        found = np.zeros((at.size, at.size))
        pairs = (
            (self.east, at[:, :-1], at[:, 1:]),
            (self.south, at[:-1], at[1:]),
            (self.southeast, at[:-1, :-1], at[1:, 1:]),
            (self.southwest, at[:-1, 1:], at[1:, :-1]),
        )
        for weights, one, other in pairs:
            found[one.ravel(), other.ravel()] = found[other.ravel(), one.ravel()] = -weights.ravel()
        np.fill_diagonal(found, np.where(self.degree > 0, self.degree, 1).ravel())
        return found


def lattice(free: Array) -> Lattice:
    """The lattice of pixels ``[h, w]``, 1 where they are unknown and else 0; outside of the picture are no links."""
    degree = np.full_like(free, 12)
    for edge in (degree[0], degree[-1], degree[:, 0], degree[:, -1]):
        edge -= 4
    for row in (0, -1):
        for column in (0, -1):
            degree[row, column] += 1  # the link across the corner was taken off twice
    return _lattice(
        2 * free[:, :-1] * free[:, 1:],
        2 * free[:-1] * free[1:],
        free[:-1, :-1] * free[1:, 1:],
        free[:-1, 1:] * free[1:, :-1],
        degree * free,
    )


def _lattice(east: Array, south: Array, southeast: Array, southwest: Array, degree: Array) -> Lattice:
    there = degree > _NOTHING
    inverse = there / np.where(there, degree, 1)
    return Lattice(east, south, southeast, southwest, degree * there, inverse.astype(degree.dtype))


def coarser(fine: Lattice) -> Lattice:
    """The lattice of the cells of `SIDE` x `SIDE` pixels each."""
    height, width = fine.shape
    rows, columns = -(-height // SIDE), -(-width // SIDE)

    def blocks(values: Array, shift: int = 0) -> Array:
        whole = np.zeros((rows * SIDE, columns * SIDE), values.dtype)
        whole[: values.shape[0], shift : shift + values.shape[1]] = values
        return whole.reshape(rows, SIDE, columns, SIDE)

    # Each link stands at the pixel that it begins at: above, or to the left.
    east, south, southeast = blocks(fine.east), blocks(fine.south), blocks(fine.southeast)
    southwest = blocks(fine.southwest, shift=1)
    leaves_east = east[:, :, :, -1].sum(1) + southeast[:, :-1, :, -1].sum(1)
    leaves_west = southwest[:, :-1, :, 0].sum(1)
    leaves_south = south[:, -1].sum(2) + southeast[:, -1, :, :-1].sum(2) + southwest[:, -1, :, 1:].sum(2)
    corner_east, corner_west = southeast[:, -1, :, -1], southwest[:, -1, :, 0]
    begins = (east + south + southeast + southwest).sum((1, 3))
    inner = begins - leaves_east - leaves_west - leaves_south - corner_east - corner_west
    return _lattice(
        leaves_east[:, :-1] + leaves_west[:, 1:],
        leaves_south[:-1],
        corner_east[:-1, :-1],
        corner_west[:-1, 1:],
        blocks(fine.degree).sum((1, 3)) - 2 * inner,
    )


def summed(values: Array, side: int = SIDE) -> Array:
    """``[c, h, w]`` summed over the cells of the coarser lattice."""
    channels, height, width = values.shape
    rows, columns = -(-height // side), -(-width // side)
    if (height, width) != (rows * side, columns * side):
        whole = np.zeros((channels, rows * side, columns * side), values.dtype)
        whole[:, :height, :width] = values
        values = whole
    return np.asarray(values.reshape(channels, rows, side, columns, side).sum((2, 4)))


def spread(values: Array, shape: tuple[int, int], side: int = SIDE) -> Array:
    """Every pixel gets the value of its cell."""
    return np.asarray(values.repeat(side, 1).repeat(side, 2)[:, : shape[0], : shape[1]])


def surroundings(picture: Array, unknown: NDArray[np.bool_]) -> Array:
    """A start for unknown pixels: the mean of the known ones in the smallest cell of 2, 4, 8, ... pixels around each.

    Args:
        picture: ``[c, h, w]``.
        unknown: ``[h, w]``, not all of them.
    """
    known = (~unknown).astype(picture.dtype)[None]
    sums: list[Array] = [picture * known]
    counts: list[Array] = [known]
    while max(sums[-1].shape[1:]) > 1:
        sums.append(summed(sums[-1], 2))
        counts.append(summed(counts[-1], 2))
    found = sums[-1] / counts[-1]
    for total, count in zip(sums[-2::-1], counts[-2::-1], strict=True):
        wider = spread(found, (total.shape[1], total.shape[2]), 2)
        found = np.where(count > 0, total / np.where(count > 0, count, 1), wider)
    return found
