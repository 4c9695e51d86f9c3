"""Textures: tiles of noise that are made once and then only cut from.

The bytes behind them come from Python's Mersenne Twister and the arithmetic on pixels is restricted to what IEEE 754
fixes to the last bit, so a texture is the same on every machine.
"""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]

#: side of a tile in pixels; a tile continues itself at its edges
TILE = 256

#: texture -> height and width of its largest cells in pixels, octaves
_KINDS = {
    "grain": (1, 1, 1),
    "fine": (2, 2, 2),
    "soft": (16, 16, 4),
    "cloud": (64, 64, 6),
    "streak": (4, 32, 3),  # lies: water, planks
    "strand": (32, 4, 3),  # stands: bark, grass
    "leaf": (8, 8, 3),
}
_NAMES = (*_KINDS, "panes")


@cache
def tile(kind: str) -> Field:
    """A texture ``[256, 256]`` of mean 0 in about [-1, 1], which continues itself at its edges."""
    tall, wide, octaves = _KINDS[kind]
    rng = Random(f"texture {kind}")
    total = np.zeros((TILE, TILE), np.float32)
    weight = 1.0
    for _ in range(octaves):
        rows, columns = TILE // tall, TILE // wide
        bytes_ = np.frombuffer(rng.randbytes(rows * columns), np.uint8).reshape(rows, columns)
        coarse = bytes_.astype(np.float32) * np.float32(2 / 255) - np.float32(1)
        total += np.float32(weight) * _stretch(_stretch(coarse, tall).T, wide).T
        weight *= 0.55
        tall, wide = max(tall // 2, 1), max(wide // 2, 1)
    total -= np.float32(np.float64(total).mean().round(4))
    total /= np.abs(total).max()
    total.setflags(write=False)
    return total


def _stretch(values: Field, factor: int) -> Field:
    """Rows between rows, smoothly, around the edge."""
    if factor == 1:
        return values
    t = (np.arange(factor, dtype=np.float32) + np.float32(0.5)) / np.float32(factor)
    t = (t * t * (np.float32(3) - np.float32(2) * t))[None, :, None]
    after = np.roll(values, -1, axis=0)[:, None]
    return (values[:, None] + t * (after - values[:, None])).reshape(-1, values.shape[1])


@cache
def textures() -> Field:
    """All textures one after the other, ``[kinds * 256 * 256]``; see `texture_at`."""
    return np.concatenate([*(tile(kind).reshape(-1) for kind in _KINDS), _panes().reshape(-1)])


def texture_at(kind: str) -> int:
    """Where a texture begins in `textures`."""
    return _NAMES.index(kind) * TILE * TILE


def _panes() -> Field:
    """Rows of windows, 4 x 4 pixels apart, most of them dark and some lit."""
    rng = Random("texture panes")
    cells = np.array([[rng.choice((-1.0, -0.8, -0.6, 0.9)) for _ in range(TILE // 4)] for _ in range(TILE // 4)])
    wide = np.kron(cells, np.ones((4, 4))).astype(np.float32)
    wide[::4] = wide[1::4] = 0
    wide[:, ::4] = wide[:, 1::4] = 0
    return wide


def cut(kind: str, height: int, width: int, rng: Random) -> Field:
    """A piece ``[height, width]`` of a texture, from anywhere in its tile."""
    top, left = int(rng.random() * TILE), int(rng.random() * TILE)
    whole = tile(kind)
    if top + height <= TILE and left + width <= TILE:
        return whole[top : top + height, left : left + width]
    rows = np.arange(top, top + height) % TILE
    return whole[rows[:, None], np.arange(left, left + width) % TILE]


def line(count: int, cells: float, rng: Random) -> Field:
    """A smooth random curve ``[count]`` in about [-1, 1] with `cells` bumps along it."""
    row = tile("soft")[int(rng.random() * TILE)]
    at = np.linspace(0, cells * 16, count, dtype=np.float32) + np.float32(rng.random() * TILE)
    low = at.astype(np.int64)
    part = at - low
    return row[low % TILE] * (1 - part) + row[(low + 1) % TILE] * part
