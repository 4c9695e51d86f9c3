"""A canvas that knows what is drawn on it: anti-aliased shapes with light and texture, and the label of each pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .noise import Field, cut
from .palette import RGB

#: subpixels along each side of a pixel; odd, so that no pixel is covered by just one half
SUBPIXELS = 5

#: how light falls: on a plane, a ball, an upright column; ``none`` for what shines or lies in shadow
Shade = Literal["plane", "ball", "column", "none"]


@dataclass(frozen=True)
class Light:
    """Where light comes from and what colour it has.

    Attributes:
        x: towards the light, from -1 (left) to 1 (right).
        y: towards the light; negative is up.
        tint: what the picture is multiplied with in the end.
    """

    x: float
    y: float
    tint: RGB


@dataclass(frozen=True)
class Shape:
    """A shape in pixels.

    Attributes:
        rows: the rows of the picture it lies in.
        columns: the columns.
        cover: float32 ``[rows, columns]``, how much of each pixel it covers, in [0, 1].
        bounds: left, top, right and bottom of the whole shape, which may reach out of the picture.
    """

    rows: slice
    columns: slice
    cover: Field
    bounds: tuple[float, float, float, float]


@dataclass(frozen=True)
class Finish:
    """How a surface looks.

    Attributes:
        shade: how light falls on it.
        depth: how strongly.
        texture: the name of its texture, see `noise.tile`.
        rough: the texture's strength.
        shine: the strength of a highlight.
    """

    shade: Shade = "plane"
    depth: float = 0.45
    texture: str = "fine"
    rough: float = 0.06
    shine: float = 0.0


def polygon(points: Sequence[tuple[float, float]], size: int) -> Shape | None:
    """The shape of a polygon, by sampling `SUBPIXELS` squared points of each pixel.

    Args:
        points: corners ``(x, y)`` in pixels.
        size: height and width of the picture in pixels.

    Returns:
        The shape, or None where nothing of it lies in the picture.
    """
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    bounds = (min(xs), min(ys), max(xs), max(ys))
    left, top = max(floor(bounds[0]), 0), max(floor(bounds[1]), 0)
    right, bottom = min(ceil(bounds[2]), size), min(ceil(bounds[3]), size)
    if right <= left or bottom <= top:
        return None
    fine = Image.new("L", ((right - left) * SUBPIXELS, (bottom - top) * SUBPIXELS))
    # Rounded, so that the last bits of a cosine do not decide which subpixels are in.
    corners = [
        (round((x - left) * SUBPIXELS - 0.5, 2), round((y - top) * SUBPIXELS - 0.5, 2))
        for x, y in zip(xs, ys, strict=True)
    ]
    ImageDraw.Draw(fine).polygon(corners, fill=255)
    cover = np.asarray(fine.reduce(SUBPIXELS)) * np.float32(1 / 255)
    return Shape(slice(top, bottom), slice(left, right), cover, bounds)


class Canvas:
    """A picture in the making.

    Attributes:
        size: height and width in pixels.
        image: float32 ``[size, size, 3]`` in about [0, 1].
        object: uint16 ``[size, size]``, numbers of concepts; likewise `part` and `material`.
        thing: float32 ``[size, size]``, how much of each pixel the picture's thing covers.
    """

    def __init__(self, size: int):
        self.size = size
        self.image = np.zeros((size, size, 3), np.float32)
        self.object = np.zeros((size, size), np.uint16)
        self.part = np.zeros((size, size), np.uint16)
        self.material = np.zeros((size, size), np.uint16)
        self.thing = np.zeros((size, size), np.float32)
        self.centres = np.arange(size, dtype=np.float32) + np.float32(0.5)

    def paint(
        self,
        shape: Shape | None,
        colour: RGB,
        finish: Finish,
        light: Light,
        rng: Random,
        numbers: tuple[int, int, int] | None,
        *,
        is_thing: bool = False,
        opacity: float = 1.0,
    ) -> None:
        """Paint a shape over what is there, and label the pixels of which it covers more than half.

        Args:
            shape: where; None paints nothing.
            colour: the surface's own colour.
            finish: how the surface looks.
            light: what falls on it.
            rng: where its texture is cut from.
            numbers: object, part and material; None leaves the labels as they are.
            is_thing: whether it belongs to the picture's thing.
            opacity: 1 hides what is below.
        """
        if shape is None:
            return
        rows, columns, cover = shape.rows, shape.columns, shape.cover
        if opacity < 1:
            cover = cover * np.float32(opacity)
        paint = self._surface(shape, colour, finish, light, rng)
        below = self.image[rows, columns]
        paint -= below
        paint *= cover[:, :, None]
        below += paint
        covered = self.thing[rows, columns]
        if is_thing:
            covered += cover * (1 - covered)
        else:
            covered *= 1 - cover
        if numbers is not None:
            inside = cover > 0.5
            for plane, number in zip((self.object, self.part, self.material), numbers, strict=True):
                np.copyto(plane[rows, columns], np.uint16(number), where=inside)

    def _surface(self, shape: Shape, colour: RGB, finish: Finish, light: Light, rng: Random) -> Field:
        """The colours of a surface ``[rows, columns, 3]``."""
        left, top, right, bottom = shape.bounds
        u = (self.centres[shape.columns] - np.float32((left + right) / 2)) * np.float32(2 / max(right - left, 1))
        v = (self.centres[shape.rows] - np.float32((top + bottom) / 2)) * np.float32(2 / max(bottom - top, 1))
        depth = np.float32(finish.depth)
        if finish.shade == "plane":
            level = 1 + (depth * np.float32(0.5 * light.y)) * v[:, None] + (depth * np.float32(0.5 * light.x)) * u
        elif finish.shade == "ball":
            across, down = u - np.float32(0.45 * light.x), v - np.float32(0.45 * light.y)
            level = (1 + depth * (np.float32(0.35) - np.float32(0.5) * down * down))[:, None]
            level = level - depth * np.float32(0.5) * across * across
        elif finish.shade == "column":
            across = u - np.float32(0.4 * light.x)
            level = np.repeat((1 + depth * (np.float32(0.25) - np.float32(0.6) * across * across))[None], len(v), 0)
        else:
            level = np.ones(shape.cover.shape, np.float32)
        if finish.rough:
            level = level + np.float32(finish.rough) * cut(finish.texture, *level.shape, rng)
        # Shadows lose less blue than red, as under an open sky.
        base = np.array(colour, np.float32)
        fall = base * np.array([1.08, 1.0, 0.86], np.float32)
        surface = fall * (level - 1)[:, :, None] + base
        if finish.shine:
            du, dv = u - np.float32(0.42 * light.x), v - np.float32(0.5 * light.y)
            spot = np.maximum(1 - (9 * dv * dv)[:, None] - 9 * du * du, 0)
            surface += (np.float32(finish.shine) * spot * spot)[:, :, None]
        return surface

    def shadow(self, x: float, y: float, half_width: float, half_height: float, strength: float) -> None:
        """Darken an ellipse with soft edges; all in pixels."""
        down = ((self.centres - np.float32(y)) / np.float32(half_height)) ** 2
        across = ((self.centres - np.float32(x)) / np.float32(half_width)) ** 2
        soft = np.maximum(1 - down[:, None] - across, 0)
        self.image *= (1 - np.float32(strength) * soft)[:, :, None]

    def glow(self, x: float, y: float, radius: float, colour: RGB, strength: float) -> None:
        """Add light around a point; all in pixels."""
        far = ((self.centres - np.float32(y)) ** 2)[:, None] + (self.centres - np.float32(x)) ** 2
        soft = np.maximum(1 - far * np.float32(1 / radius**2), 0)
        self.image += (np.float32(strength) * soft * soft)[:, :, None] * np.array(colour, np.float32)

    def finished(self, light: Light, rng: Random) -> NDArray[np.uint8]:
        """The picture in 8 bits, under its light, with a little grain and darker corners."""
        middle = (self.centres * np.float32(2 / self.size) - 1) ** 2
        level = (1 - np.float32(0.07) * middle)[:, None] - np.float32(0.07) * middle
        level += np.float32(0.035) * cut("grain", self.size, self.size, rng)
        image = self.image * level[:, :, None]
        image *= np.array(light.tint, np.float32) * 255
        image += np.float32(0.5)
        return np.clip(image, 0, 255).astype(np.uint8)
