"""The most important cells of a map: its largest, with ties at the border never broken by accident; as packed bits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.selection import kth_largest
from .base import EXTREMES, Array, Cells, Kept
from .grids import known_rows, on_grid, varies

Matrix = NDArray[np.float64]

#: cells in a word: bytes that all lie within the digits of a float64
_BITS = 48
#: the bits of the float64 1.0
_ONE = np.uint64(0x3FF << 52)
#: words that are looked at in one go, so few that they stay in the cache
_PIECE = 2**16


def top_mask(values: Array, count: int) -> Array:
    """The largest cells of each map.

    Args:
        values: ``[..., cell]``, floating.
        count: how many; with all of them or more, every cell is taken.

    Returns:
        ``[..., cell]`` of the same type, 1 in cells strictly above the largest value that has no place, 0 elsewhere.
        Where cells tie for the last place none of them is taken, so there may be fewer than `count`; where that would
        leave none, all cells equal to the largest are taken, so there may be more. NaN where a map is constant or
        not finite.
    """
    border, known = _border(values, count, _extremes(values))
    return known_rows((values > border[..., None]).astype(values.dtype), known)


def top_bits(cells: Cells, count: int) -> Matrix:
    """`top_mask` of all maps as `pack` keeps masks, made once for all measures of the same cells."""
    if ("top", count) not in cells.kept:
        extremes = cells.kept.get(EXTREMES)
        border, known = _border(cells.values, count, _extremes(cells.values) if extremes is None else extremes)
        masks = (values > edge[:, None] for values, edge in zip(cells.values, border, strict=True))
        cells.kept["top", count] = pack(masks, known, cells.values.shape[-1])
    return cells.kept["top", count]


def _border(values: Array, count: int, extremes: Array) -> tuple[Array, NDArray[np.bool_]]:
    """The value that top cells are above, and whether a map has such cells; ``[...]`` each."""
    known, largest = varies(extremes), extremes[..., 1]
    if count >= values.shape[-1]:
        return np.full(known.shape, -np.inf, values.dtype), known
    border = kth_largest(values, count + 1)
    return np.where(border < largest, border, np.nextafter(largest, values.dtype.type(-np.inf))), known


def _extremes(values: Array) -> Array:
    return np.stack([values.min(axis=-1), values.max(axis=-1)], axis=-1)


def top_share(cells: Cells, share: float, name: str) -> Matrix:
    """`top_bits` of a share of the cells: ``max(1, round(share * cells))`` of them, but never all.

    Args:
        cells: maps, on a grid.
        share: in (0, 1).
        name: what the measure is called in an error.

    Raises:
        InputError: the share is outside (0, 1), or the maps have no cells.
    """
    on_grid(cells, name)
    if not 0 < share < 1:
        raise InputError(f"{name}: share must lie between 0 and 1, not {share}")
    number = cells.values.shape[-1]
    return top_bits(cells, min(max(1, round(share * number)), max(number - 1, 1)))


# --- masks as bits: what two of them have in common is one instruction for a word of cells


def pack(masks: Iterable[NDArray[np.bool_]], known: NDArray[np.bool_], cells: int) -> Matrix:
    """Masks of all maps as bits, in the shape of numbers.

    Args:
        masks: bool ``[image, cell]`` of each set in turn.
        known: bool ``[set, image]``: which maps have a mask at all.
        cells: how many a map has.

    Returns:
        float64 ``[set, image, 1 + word]``, NaN where a map has no mask: the number of cells; then 48 cells in the
        lowest bits of each word, the last one filled up with zeros. The upper bits of a word are those of 1, so that it
        is a finite number and never mistaken for an unknown one.
    """
    bits = np.zeros((*known.shape, -(-cells // _BITS), _BITS // 8), np.uint8)
    flat = bits.reshape(*known.shape, -1)[..., : -(-cells // 8)]
    for own, into in zip(masks, flat, strict=True):
        into[:] = np.packbits(own, axis=-1)
    words = np.zeros((*bits.shape[:-1], 8), np.uint8)
    words[..., : _BITS // 8] = bits
    found = np.empty((*known.shape, 1 + bits.shape[-2]))
    found[..., 0] = cells
    found[..., 1:].view(np.uint64)[:] = words.view("<u8")[..., 0] | _ONE
    return known_rows(found, known)


def sizes(packed: Matrix) -> Matrix:
    """Number of cells in each mask: ``[set, image, 1 + word]`` to ``[image, set]``, NaN where there is no mask."""
    return np.where(np.isnan(packed[..., 0]), np.nan, _count(_words(packed))).T


def in_both(first: Matrix, second: Matrix, kept: Kept | None = None) -> Matrix:
    """Number of cells that two masks have in common, for all pairs of masks of one image.

    Args:
        first: ``[a, image, 1 + word]``.
        second: ``[b, image, 1 + word]``.
        kept: what was made of these two before, under any measure.

    Returns:
        ``[image, a, b]``; any number with a map that has no mask.
    """
    kept = {} if kept is None else kept
    key = ("in both", *_place(first), *_place(second))
    if key not in kept:
        kept[key] = _in_both(_words(first), _words(second), _place(first) == _place(second))
    return kept[key]


def _in_both(first: NDArray[np.uint64], second: NDArray[np.uint64], same: bool) -> Matrix:
    found = np.empty((first.shape[1], len(first), len(second)))
    step = max(1, _PIECE // max(len(second) * second.shape[2], 1))
    for start in range(0, len(found), step):
        images = slice(start, start + step)
        left, right = (np.ascontiguousarray(side[:, images]) for side in (first, second))
        both = np.empty_like(right)
        for number, own in enumerate(left):
            begin = number if same else 0  # what two have in common does not depend on their order
            counts = _count(np.bitwise_and(own, right[begin:], out=both[begin:])).T
            found[images, number, begin:] = counts
            if same:
                found[images, begin:, number] = counts
    return found


def _words(packed: Matrix) -> NDArray[np.uint64]:
    return packed[..., 1:].view(np.uint64)


def _place(array: Array) -> tuple[Any, ...]:
    """Where an array lies, and how: of those in use, only arrays with the same content have the same."""
    return array.__array_interface__["data"][0], array.shape, array.strides


def _count(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Number of cells in masks: ``[..., word]`` to ``[...]``."""
    if hasattr(np, "bitwise_count"):
        ones = np.bitwise_count(words)
    else:  # before NumPy 2
        ones = np.unpackbits(np.ascontiguousarray(words)[..., None].view(np.uint8), axis=-1)
        ones = ones.reshape(*words.shape[:-1], -1)
    above = int(_ONE).bit_count()
    dtype = np.uint16 if (_BITS + above) * words.shape[-1] < 2**16 else np.uint32  # the smaller, the faster
    return ones.sum(axis=-1, dtype=dtype).astype(np.int64) - above * words.shape[-1]
