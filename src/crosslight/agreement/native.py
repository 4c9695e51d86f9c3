"""Coordinates of maps in which products cost little, and are those of the pixels that the maps are read at.

Reading a map on a grid is linear, so the maps of one image fill a small part of all images on that grid. In an
orthonormal basis of this part, products of maps with one another and with the constant map are the same numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .measures import Cells

Array = NDArray[np.floating]
Matrix = NDArray[np.float64]

#: directions below this share of the strongest are rounding
_RANK = 1e-12
#: a map whose spread is below this share of its length is constant but for rounding
FLAT = 1e-6
#: cells whose products are summed in one go; the sums of the pieces are added in float64
_PIECE = 4096
#: lengths whose squares a float32 keeps
_SMALL, _LARGE = 1e-12, 1e12


@dataclass(frozen=True)
class Basis:
    """An orthonormal basis of everything that some sets can show on a grid.

    Attributes:
        rows: ``[grid, ry]``, orthonormal columns.
        columns: ``[grid, rx]``, the same for the other axis.
    """

    rows: Matrix
    columns: Matrix

    @property
    def one(self) -> Matrix:
        """``[ry * rx]``: coordinates of the map that is 1 everywhere."""
        return np.outer(self.rows.sum(axis=0), self.columns.sum(axis=0)).ravel()

    def read(self, values: Array, rows: Matrix, columns: Matrix) -> Array:
        """Coordinates of maps.

        Args:
            values: ``[image, y, x]``: maps at their own resolution.
            rows: ``[grid, y]``: how they are read along y, see `crosslight.core.sampling.sampling_matrices`.
            columns: ``[grid, x]``: the same along x.

        Returns:
            ``[image, ry * rx]`` in the type of `values`.
        """
        left, right = (self.rows.T @ rows).astype(values.dtype), (columns.T @ self.columns).astype(values.dtype)
        return (left @ values @ right).reshape(len(values), -1)

    def cells(self, coordinates: Array) -> Array:
        """Maps on the grid from their coordinates: ``[..., ry * rx]`` to ``[..., grid * grid]``."""
        shape = coordinates.shape[:-1]
        apart = coordinates.reshape(*shape, self.rows.shape[1], self.columns.shape[1])
        return (self.rows.astype(apart.dtype) @ apart @ self.columns.T.astype(apart.dtype)).reshape(*shape, -1)

    def on_grid(self, coordinates: Cells) -> Cells:
        """The same for all sets and images at once."""
        grid = len(self.rows), len(self.columns)
        return Cells(self.cells(coordinates.values), np.ones(grid[0] * grid[1]), grid)


def basis(rows: Sequence[Matrix], columns: Sequence[Matrix]) -> Basis | None:
    """The basis for sets that are read by these matrices.

    Args:
        rows: ``[grid, y]`` of each set.
        columns: ``[grid, x]`` of each set.

    Returns:
        None where it would have as many coordinates as the grid has cells, or more.
    """
    both = [_span(np.concatenate(_distinct(matrices), axis=1)) for matrices in (rows, columns)]
    small = both[0].shape[1] * both[1].shape[1] < both[0].shape[0] * both[1].shape[0]
    return Basis(*both) if small else None


def _distinct(matrices: Sequence[Matrix]) -> list[Matrix]:
    return list({(matrix.shape, matrix.tobytes()): matrix for matrix in matrices}.values())


def _span(matrix: Matrix) -> Matrix:
    left, strength, _ = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(left[:, strength > _RANK * strength[0]])


@dataclass(frozen=True)
class Products:
    """Maps of several sets over some images, with the products of those of one image.

    A map is ``scale * (values + mean * one)`` where `centred`, and ``scale * values`` where not.

    Attributes:
        values: ``[set, image, k]``, finite; 0 where there is no usable map.
        one: ``[k]``: the constant map.
        usable: bool ``[set, image]``.
        mean: ``[set, image]``: means over the cells, before `scale`.
        scale: ``[set, image]``.
        own: ``[image, set, set]``: products of the maps less their means, before `scale`.
        centred: whether the means are taken off `values`.
    """

    values: Array
    one: Matrix
    usable: NDArray[np.bool_]
    mean: Matrix
    scale: Matrix
    own: Matrix
    centred: bool

    def cells(self) -> Cells:
        """The maps themselves, NaN where there is none."""
        values = self.values + (self.mean[..., None] * self.one if self.centred else 0)
        values = np.where(self.usable[..., None], values * self.scale[..., None], np.nan)
        return Cells(values.astype(self.values.dtype), self.one, None)


def products(cells: Cells) -> Products:
    """Multiply the maps of each image.

    Args:
        cells: maps on a grid, or their coordinates; NaN where a set has no usable map.

    Returns:
        The products, whose rounding is that of float64, or for values in float32 about 1e-7 of the maps' lengths.
    """
    values, one = cells.values, cells.one.astype(np.float64)
    usable = np.isfinite(values[..., 0])
    if not usable.all():
        values = np.where(usable[..., None], values, 0).astype(values.dtype)
    scale = np.ones(usable.shape)
    exact = values.dtype == np.float64
    raw, dots = _own(values, one)
    squares = np.diagonal(raw, axis1=1, axis2=2).T
    if not _safe(squares[usable]):  # squares of tiny gradients underflow
        largest = np.maximum(values.max(axis=2), -values.min(axis=2)).astype(np.float64)
        scale = np.where(largest > 0, largest, 1)
        values = (values / scale[..., None]).astype(values.dtype)
        raw, dots = _own(values, one)
        squares = np.diagonal(raw, axis1=1, axis2=2).T
    mean = dots / (one @ one)
    constant = (one @ one) * mean**2
    centred = bool(exact or (squares - constant < 0.1 * squares)[usable].any())
    if centred:  # where maps are almost constant, little is left of their squares
        mean = _dots(values, one) / (one @ one)
        values = (values - (mean[..., None] * one).astype(values.dtype)).astype(values.dtype)
        own = _own(values, one)[0]
    else:
        own = raw - (one @ one) * mean.T[:, :, None] * mean.T[:, None, :]
    spread = np.diagonal(own, axis1=1, axis2=2).T
    flat = np.asarray(spread <= FLAT**2 * squares)
    own = np.where(flat.T[:, :, None] | flat.T[:, None, :], 0, own)
    return Products(values, one, usable, mean, scale, own, centred)


def across(first: Products, i: int, second: Products, j: int) -> Matrix:
    """Products of one image's maps, less their means, with another's: ``[set, set]``, before `scale`."""
    found = _gram(first.values[:, i], second.values[:, j])
    if first.centred or second.centred:  # what has no mean does not see the other's
        return found
    return found - (first.one @ first.one) * np.outer(first.mean[:, i], second.mean[:, j])


def condensed(first: Products, second: Products | None = None, pairs: Sequence[tuple[int, int]] = ()) -> Cells:
    """Coordinates of maps made from their products: as many as there are maps, and one for the mean.

    Args:
        first: maps of some images.
        second: maps of others, to be comparable with those of `first`; no others if None.
        pairs: which image of `first` with which of `second`; every image of `first` by itself where there is none.

    Returns:
        float64 ``[set, image, set + 1]``, or ``[2 set, pair, 2 set + 1]`` with the sets of `first` before those of
        `second`. The coordinates of one image, or pair, have nothing to do with those of the next.
    """
    if second is None:
        own, parts = first.own, [(first, np.arange(first.own.shape[0]))]
    else:
        left, right = (np.array(side, np.intp) for side in zip(*pairs, strict=True))
        cross = np.stack([across(first, i, second, j) for i, j in pairs])
        own = np.block([[first.own[left], cross], [cross.transpose(0, 2, 1), second.own[right]]])
        parts = [(first, left), (second, right)]
    mean = np.concatenate([part.mean[:, rows] for part, rows in parts]).T
    scale = np.concatenate([part.scale[:, rows] for part, rows in parts]).T
    usable = np.concatenate([part.usable[:, rows] for part, rows in parts]).T
    root = np.sqrt(first.one @ first.one)
    flat = np.diagonal(own, axis1=1, axis2=2) == 0
    length = np.sqrt(np.maximum(np.diagonal(own, axis1=1, axis2=2), 0) + (root * mean) ** 2)
    length = np.where(length > 0, length, 1)
    scaled = np.where(flat[:, :, None] | flat[:, None, :], 0, own) / (length[:, :, None] * length[:, None, :])
    strength, directions = np.linalg.eigh(scaled)
    rest = directions * np.sqrt(np.maximum(strength, 0))[:, None, :]
    rest = np.where(flat[..., None], 0, rest) * length[..., None]
    values = np.concatenate([(root * mean)[..., None], rest], axis=2) * scale[..., None]
    values = np.where(usable[..., None], values, np.nan)
    one = np.zeros(values.shape[2])
    one[0] = root
    return Cells(values.transpose(1, 0, 2), one, None)


def add_sums(total: Array, maps: Products, representations: Array, coordinates: Cells) -> Matrix:
    """Add up, over images, what linear measures make of maps: multiples of the map and of the constant map.

    Args:
        total: ``[measure, set, k]``, to which the sums are added, but for their parts along the constant map.
        maps: the maps.
        representations: ``[measure, set, image, r]``: what each measure made of `coordinates`; NaN where nothing.
        coordinates: of the maps, ``[set, image, r]``.

    Returns:
        float64 ``[measure, set]``: how often the constant map comes on top.
    """
    one, values = coordinates.one, np.where(maps.usable[..., None], coordinates.values, 0)
    known = np.asarray(np.isfinite(representations).all(axis=-1))
    made = np.where(known[..., None], representations, 0)
    size = one @ one
    rest = values - (values @ one / size)[..., None] * one
    squares = (rest * rest).sum(axis=-1)
    flat = np.asarray(squares <= FLAT**2 * (values * values).sum(axis=-1))
    times = np.where(flat, 0, (made * rest).sum(axis=-1) / np.where(flat, 1, squares))
    plus = (made @ one - times * (values @ one)) / size
    times = times * maps.scale
    if maps.centred:
        plus = plus + times * maps.mean
    for number, own in enumerate(maps.values):
        total[:, number] += times[:, number].astype(own.dtype) @ own
    return np.asarray(plus.sum(axis=-1))


def _dots(values: Array, one: Matrix) -> Matrix:
    """``[set, image, k]`` and ``[k]`` to ``[set, image]`` in float64, as near as can be."""
    if (one == 1).all():
        return values.mean(axis=2).astype(np.float64) * values.shape[2]  # pairwise, and no product to keep
    return np.stack([_gram(rows, one[None].astype(rows.dtype))[:, 0] for rows in values])


def _gram(first: Array, second: Array) -> Matrix:
    """``[a, k]`` and ``[b, k]`` to ``[a, b]`` in float64, at the speed of the values' own type."""
    total = np.zeros((len(first), len(second)))
    for start in range(0, first.shape[1], _PIECE):
        piece = slice(start, start + _PIECE)
        total += first[:, piece] @ second[:, piece].T
    return total


def _own(values: Array, one: Matrix) -> tuple[Matrix, Matrix]:
    """Products of the maps of each image, ``[image, set, set]``, and with the constant map, ``[set, image]``."""
    sets, images, length = values.shape
    products, dots, weights = np.zeros((images, sets, sets)), np.zeros((sets, images)), one.astype(values.dtype)
    for image in range(images):
        for start in range(0, length, _PIECE):
            piece = values[:, image, start : start + _PIECE]
            products[image] += piece @ piece.T
            dots[:, image] += piece @ weights[start : start + _PIECE]  # while the piece is in the cache
    return products, dots


def _safe(squares: Array) -> bool:
    return not squares.size or bool(squares.min() > _SMALL**2 and squares.max() < _LARGE**2)
