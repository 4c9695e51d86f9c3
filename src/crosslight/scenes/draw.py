"""A canvas that knows what is drawn on it.

Shapes are drawn first and coloured last: Pillow draws the number of each shape into one finely divided plane, and
then every pixel gets the light, texture and labels of the shapes that are seen in it. So anti-aliasing, labels and
what hides what come from the same plane, and cost is by pixels seen instead of by shapes drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from .noise import TILE, Field, cut, texture_at, textures
from .palette import RGB

#: subpixels along each side of a pixel; four bytes side by side are compared as one number
SUBPIXELS = 4
#: shapes in one picture, what is behind included: their numbers are bytes
MOST = 256
#: shadows lose less blue than red, as under an open sky
_FALL = (1.08, 1.0, 0.86)

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
class Drawn:
    """What a canvas comes to.

    Attributes:
        image: float32 ``[size, size, 3]`` in about [0, 1].
        numbers: object, part and material of each pixel, each uint16 ``[size, size]``.
        solid: bool ``[size, size]``: all of the pixel is the thing's.
        visible: the share of the thing in the picture that nothing hides.
    """

    image: Field
    numbers: tuple[NDArray[np.uint16], ...]
    solid: NDArray[np.bool_]
    visible: float


class Canvas:
    """A picture in the making.

    Args:
        size: height and width in pixels.
    """

    def __init__(self, size: int):
        self.size = size
        self.centres = np.arange(size, dtype=np.float32) + np.float32(0.5)
        self._plane = Image.new("L", (size * SUBPIXELS, size * SUBPIXELS))
        self._pencil = ImageDraw.Draw(self._plane)
        self.surfaces: list[Field] = []
        self._rows: list[tuple[float, ...]] = []  # of each shape: how it is coloured
        self._numbers: list[tuple[int, int, int]] = []  # of each shape: what its pixels are labelled
        self._shade: Field | None = None
        self._thing = (0, 0)
        self._whole = 0

    def __len__(self) -> int:
        return len(self._rows)

    def spread(self, surface: Field, numbers: tuple[int, int, int], edge: Sequence[float] | None = None) -> None:
        """Paint a surface with colours of its own.

        Args:
            surface: float32 ``[size, size, 3]``.
            numbers: object, part and material.
            edge: heights of its upper edge in pixels from the top, evenly from left to right; None fills the picture.
        """
        fill = self._add((-1.0,) * 12 + (float(len(self.surfaces)),), numbers)
        self.surfaces.append(surface)
        if edge is None:
            self._plane.paste(fill, (0, 0, *self._plane.size))
            return
        step, low = self.size * SUBPIXELS / (len(edge) - 1), self.size * SUBPIXELS
        line = [(i * step - 0.5, y * SUBPIXELS - 0.5) for i, y in enumerate(edge)]
        self._pencil.polygon([*line, (low, low), (-1, low)], fill=fill)

    def fill(
        self,
        xs: list[float],
        ys: list[float],
        colour: RGB,
        light: Light,
        rng: Random,
        numbers: tuple[int, int, int],
        shade: Shade = "plane",
        depth: float = 0.45,
        texture: str = "fine",
        rough: float = 0.06,
        shine: float = 0.0,
    ) -> None:
        """Fill a polygon.

        Args:
            xs: where its corners are, in subpixels from the middle of the first one.
            ys: likewise, down.
            colour: the surface's own colour.
            light: what falls on it.
            rng: where its texture is cut from.
            numbers: object, part and material.
            shade: how light falls on it.
            depth: how strongly.
            texture: see `noise.textures`.
            rough: the texture's strength.
            shine: the strength of its highlight.
        """
        left, right, top, bottom = (edge / SUBPIXELS for edge in (min(xs), max(xs), min(ys), max(ys)))
        if right <= 0 or bottom <= 0 or left >= self.size or top >= self.size:
            return
        sx, sy = 2 / max(right - left, 1), 2 / max(bottom - top, 1)
        mx, my = sx * (left + right) / 2, sy * (top + bottom) / 2
        # The light's level is a polynomial of the pixel's place: a + bx x + by y + cx x^2 + cy y^2.
        if shade == "plane":
            bx, by = 0.5 * depth * light.x * sx, 0.5 * depth * light.y * sy
            level = (1 - 0.5 * depth * (light.x * mx + light.y * my), bx, by, 0.0, 0.0)
        elif shade == "ball":
            mx, my, q = mx + 0.45 * light.x, my + 0.45 * light.y, 0.5 * depth
            bright = 1 + 0.35 * depth - q * (mx * mx + my * my)
            level = (bright, 2 * q * sx * mx, 2 * q * sy * my, -q * sx * sx, -q * sy * sy)
        elif shade == "column":
            mx, q = mx + 0.4 * light.x, 0.6 * depth
            level = (1 + 0.25 * depth - q * mx * mx, 2 * q * sx * mx, 0.0, -q * sx * sx, 0.0)
        else:
            level = (1.0, 0.0, 0.0, 0.0, 0.0)
        row = (*level, *colour, rough, shine, int(rng.random() * TILE * TILE), texture_at(texture), -1.0)
        number = self._add(row, numbers)
        corners = [0.0] * (2 * len(xs))
        corners[::2], corners[1::2] = xs, ys
        self._pencil.polygon(corners, fill=number)

    def _add(self, row: tuple[float, ...], numbers: tuple[int, int, int]) -> int:
        if not self._whole and self._thing[1] > self._thing[0] and len(self) == self._thing[1]:
            self._whole = self._count()  # the first thing in front is about to hide some of it
        if len(self._rows) == MOST:
            raise RuntimeError(f"a picture has at most {MOST} shapes")
        self._rows.append(row)
        self._numbers.append(numbers)
        return len(self._rows) - 1

    def shadow(self, x: float, y: float, half_width: float, half_height: float, strength: float) -> None:
        """Let a soft shadow fall on what is there by now; an ellipse, in pixels."""
        self._shade = 1 - np.float32(strength) * self.spot(x, y, half_width, half_height)

    def spot(self, x: float, y: float, half_width: float, half_height: float) -> Field:
        """A soft ellipse ``[size, size]``: 1 in its middle, 0 from its edge on; all in pixels."""
        down = ((self.centres - np.float32(y)) * np.float32(1 / half_height)) ** 2
        across = ((self.centres - np.float32(x)) * np.float32(1 / half_width)) ** 2
        return np.maximum(np.float32(1) - down[:, None] - across, np.float32(0))

    def begin_thing(self) -> None:
        """What is drawn from here on is the picture's thing."""
        self._thing = (len(self), len(self))

    def end_thing(self) -> None:
        """The thing is complete; what is drawn from here on may hide it."""
        self._thing = (self._thing[0], len(self))

    def _count(self) -> int:
        """Subpixels that show the thing."""
        first, end = self._thing
        return sum(self._plane.histogram()[first:end])

    def covered(self, first: int) -> NDArray[np.bool_]:
        """``[size, size]``: more than half of the pixel shows shapes from number `first` on."""
        fine = np.asarray(self._plane).reshape(self.size, SUBPIXELS, self.size, SUBPIXELS)
        return (fine >= first).sum(axis=(1, 3)) * 2 > SUBPIXELS**2

    def drawn(self, behind: Field | None = None) -> Drawn:
        """Colour every pixel.

        Args:
            behind: ``[size, size, 3]``, shown in place of all that was drawn before the thing.
        """
        size, table = self.size, np.array(self._rows, np.float32)
        quads = np.asarray(self._plane).view(np.uint32).reshape(size, SUBPIXELS, size)
        first = quads[:, 0]
        same = first == (first & 255) * np.uint32(0x01010101)
        for row in range(1, SUBPIXELS):
            same &= quads[:, row] == first
        ids = (first & 255).astype(np.uint8).reshape(-1)
        mixed = np.flatnonzero(~same)
        # Each shape that a mixed pixel shows is coloured once there and weighted by its subpixels.
        parts = np.sort(quads[mixed // size, :, mixed % size].view(np.uint8), axis=1)
        many = parts.shape[1]
        starts = np.ones(parts.shape, bool)
        np.not_equal(parts[:, 1:], parts[:, :-1], out=starts[:, 1:])
        at = np.flatnonzero(starts)
        weights = np.diff(at, append=parts.size).astype(np.float32) * np.float32(1 / many)
        pixel = at // many
        shares = parts.reshape(-1).take(at)
        places = np.concatenate([np.arange(size * size), mixed[pixel]])
        colours = self._colours(table, places, np.concatenate([ids, shares]), behind)
        image, shared = colours[: size * size], colours[size * size :]
        if len(mixed):
            runs = np.flatnonzero(np.diff(pixel, prepend=-1))
            image[mixed] = np.add.reduceat(shared * weights[:, None], runs, axis=0)
        # Shapes of one object follow each other, so where it has more than half of a pixel it has the middle number.
        ids[mixed] = parts[:, many // 2]
        numbers = tuple(plane.take(ids).reshape(size, size) for plane in np.array(self._numbers, np.uint16).T.copy())
        visible = 1.0
        if self._whole:  # something was drawn after the thing
            ours = (shares >= self._thing[0]) & (shares < self._thing[1])
            whole_pixels = np.count_nonzero(same.reshape(-1) & (ids >= self._thing[0]) & (ids < self._thing[1]))
            visible = (whole_pixels + float(weights[ours].sum())) * many / self._whole
        solid = (ids >= self._thing[0]) & (ids < self._thing[1])
        solid[mixed] = (parts[:, 0] >= self._thing[0]) & (parts[:, -1] < self._thing[1])
        return Drawn(image.reshape(size, size, 3), numbers, solid.reshape(size, size), visible)

    def _colours(self, table: Field, places: NDArray[np.int64], ids: NDArray[np.uint8], behind: Field | None) -> Field:
        """The colours ``[n, 3]`` of shapes `ids` at pixels `places`."""
        columns = np.ascontiguousarray(table.T)
        own = columns[12] < 0  # shapes that are coloured by their row of the table
        which = np.maximum(columns[12], 0).astype(np.int64) * (self.size * self.size)
        surfaces = np.stack(self.surfaces if behind is None else [behind]).reshape(-1, 3)
        if behind is not None:
            own[: self._thing[0]], which[:] = False, 0
        image = surfaces.take(which.take(ids) + places, axis=0)
        at = np.flatnonzero(own.take(ids))
        shape, place = ids[at], places[at]
        down, across = np.divmod(place, self.size)
        x, y = self.centres[across], self.centres[down]
        a, bx, by, cx, cy, red, green, blue, rough, shine = columns[:10].take(shape, axis=1)
        cx *= x
        cx += bx
        cx *= x
        cy *= y
        cy += by
        cy *= y
        level = a + cx + cy
        glint = shine * np.maximum(level - np.float32(1.12), np.float32(0))
        start, kind = columns[10:12].astype(np.int64).take(shape, axis=1)
        start += down * TILE + across
        start &= TILE * TILE - 1
        start += kind
        level += rough * textures().take(start)
        level -= 1
        seen = np.empty((len(at), 3), np.float32)
        for channel, base in enumerate((red, green, blue)):
            seen[:, channel] = base + base * (np.float32(_FALL[channel]) * level) + glint
        image[at] = seen
        if self._shade is not None:
            under = np.where(ids < self._thing[0], self._shade.reshape(-1).take(places), np.float32(1))
            image *= under[:, None]
        return image

    def finished(self, image: Field, light: Light, rng: Random) -> NDArray[np.uint8]:
        """The picture in 8 bits, under its light, with a little grain and darker corners."""
        middle = (self.centres * np.float32(2 / self.size) - 1) ** 2
        level = (1 - np.float32(0.07) * middle)[:, None] - np.float32(0.07) * middle
        level += np.float32(0.022) * cut("grain", self.size, self.size, rng)
        bright = image * (level[:, :, None] * (np.array(light.tint, np.float32) * np.float32(255)))
        bright += np.float32(0.5)
        return np.clip(bright, 0, 255, out=bright).astype(np.uint8)
