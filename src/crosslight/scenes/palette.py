"""Colours that things are painted in, and the eleven basic colour names of pixels."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray

RGB = tuple[float, float, float]

#: the basic colour terms, in Broden's spelling
COLOUR_NAMES = ("black", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "white", "yellow")

#: examples of each name; a colour has the name of the nearest example in CIELAB
_EXAMPLES = {
    "black": "000000 1a1a1a 10141c 0d1710 1c1414",
    "blue": "0000ff 1f4e9e 4a90d9 7fb2e5 0b2a5b 5bc0de 00a9c8 2e6f8e a9cdf0 16325c",
    "brown": "8b4513 5c3a1e a0673a 3d2616 b98d5c 8a6a44 6b4a2e c4955f",
    "green": "008000 2e8b57 6b8e23 7ccd5b 1e4d1e 9acd32 4f6b2a a8d08d 14a085 3c5a44 b9dca0 123016",
    "grey": "808080 555555 aaaaaa 6d7580 9aa0a6 7c7468 c2c4c6 3a3d42",
    "orange": "ff8c00 f07820 ffb060 e0681c f59a4a d9822b",
    "pink": "ffc0cb ff69b4 f4a6b8 e88aa0 f7c9d4 d95c8c",
    "purple": "800080 5b2a86 9b59b6 b39ddb 3d1a5b 7a5ca8 c9a6d8",
    "red": "ff0000 c62828 8b0000 e53935 d84a44 5e1414",
    "white": "ffffff f4f4f4 e6ebf0 f5efe4 dfe5ea",
    "yellow": "ffff00 ffd700 f7dc6f e6c229 fff59d e0c878 f0e0a0",
}

#: what any thing may be painted in: all classes share these, so that none is told by its colour
PAINTS: dict[str, RGB] = {
    "red": (0.80, 0.16, 0.15),
    "crimson": (0.62, 0.10, 0.20),
    "orange": (0.93, 0.48, 0.13),
    "amber": (0.93, 0.69, 0.20),
    "yellow": (0.96, 0.84, 0.30),
    "lime": (0.60, 0.74, 0.25),
    "green": (0.23, 0.55, 0.26),
    "pine": (0.13, 0.40, 0.29),
    "teal": (0.13, 0.55, 0.55),
    "sky": (0.35, 0.65, 0.86),
    "blue": (0.17, 0.33, 0.68),
    "navy": (0.14, 0.19, 0.42),
    "purple": (0.47, 0.25, 0.62),
    "lilac": (0.70, 0.56, 0.82),
    "pink": (0.92, 0.52, 0.65),
    "rose": (0.85, 0.30, 0.47),
    "brown": (0.48, 0.30, 0.17),
    "sand": (0.80, 0.66, 0.45),
    "grey": (0.52, 0.54, 0.57),
    "white": (0.93, 0.92, 0.89),
    "black": (0.17, 0.16, 0.18),
}
_PALE = ("white", "sand", "yellow", "sky", "lilac", "pink", "lime")
_DEEP = ("navy", "crimson", "pine", "brown", "purple", "blue", "red", "teal", "green", "black")


def jitter(colour: RGB, rng: Random, amount: float = 0.06) -> RGB:
    """A colour near another one: a little lighter or darker, warmer or colder."""
    light = 1 + rng.uniform(-2 * amount, 1.5 * amount)
    r, g, b = (min(max(c * light + rng.uniform(-amount, amount), 0.02), 0.98) for c in colour)
    return r, g, b


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """`share` of the second colour in the first."""
    return (
        first[0] + (second[0] - first[0]) * share,
        first[1] + (second[1] - first[1]) * share,
        first[2] + (second[2] - first[2]) * share,
    )


def darker(colour: RGB, share: float = 0.35) -> RGB:
    """A colour with some black in it."""
    return mix(colour, (0.05, 0.05, 0.10), share)


def lighter(colour: RGB, share: float = 0.35) -> RGB:
    """A colour with some white in it."""
    return mix(colour, (1.0, 0.98, 0.94), share)


def choose_paints(rng: Random) -> tuple[RGB, RGB, RGB]:
    """A main colour, a second one that stands out from it, and an accent; the same for every class of thing."""
    main = rng.choice(tuple(PAINTS))
    others = [name for name in (_DEEP if main in _PALE else _PALE) if name != main]
    second = rng.choice(others)
    accent = rng.choice([name for name in PAINTS if name not in (main, second)])
    return jitter(PAINTS[main], rng), jitter(PAINTS[second], rng), jitter(PAINTS[accent], rng)


def name_colours(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The basic colour name of every pixel.

    Args:
        image: ``[..., 3]``, sRGB.

    Returns:
        ``[...]``: indices into `COLOUR_NAMES`.
    """
    coarse = (image >> 3).astype(np.uint16)
    return _table()[(coarse[..., 0] << 10) | (coarse[..., 1] << 5) | coarse[..., 2]]


@cache
def _table() -> NDArray[np.uint8]:
    """The name of each of 32 x 32 x 32 colours."""
    pairs = [(at, code) for at, name in enumerate(COLOUR_NAMES) for code in _EXAMPLES[name].split()]
    examples = np.array([[int(code[i : i + 2], 16) for i in (0, 2, 4)] for _, code in pairs], np.float64)
    levels = np.arange(32) * 8 + 4.0
    grid = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    known, asked = _lab(examples), _lab(grid)
    distance = ((asked[:, None] - known) ** 2).sum(axis=-1)
    return np.array([at for at, _ in pairs], np.uint8)[distance.argmin(axis=1)]


def _lab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D65) of sRGB colours in [0, 255]."""
    c = rgb / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    weights = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.stack([sum(w * c[:, i] for i, w in enumerate(row)) for row in weights], axis=1)
    t = xyz / np.array([0.9505, 1.0, 1.089])
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1)
