"""A pen that draws in a thing's own coordinates, wherever and however the thing stands in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import cos, hypot, pi, sin
from random import Random
from typing import Any

from .concepts import number_of
from .draw import SUBPIXELS, Canvas, Light
from .palette import RGB

Point = tuple[float, float]


@dataclass(frozen=True)
class Pose:
    """How a thing stands in the picture. Its own coordinates run from -1 to 1, and down; it stands at y = 1.

    Attributes:
        x: its middle, from 0 (left edge of the picture) to 1.
        y: its middle, from 0 (top edge) to 1.
        size: half its height, as a share of the picture's.
        angle: radians it is turned by, clockwise.
        flip: whether left and right are exchanged.
        stretch: how much wider it is than usual.
    """

    x: float
    y: float
    size: float
    angle: float = 0.0
    flip: bool = False
    stretch: float = 1.0


class Pen:
    """Draws the parts of one object on a canvas.

    Args:
        canvas: what to draw on.
        pose: where the object's own coordinates lie in the picture.
        rng: for textures and for what the drawing itself leaves to chance.
        light: what falls on it.
        of: the name of the object.
        material: what it is made of where nothing else is said.
        only: draw this part alone, where given.
    """

    def __init__(
        self,
        canvas: Canvas,
        pose: Pose,
        rng: Random,
        light: Light,
        of: str = "",
        material: str = "",
        *,
        only: str | None = None,
    ):
        self.canvas, self.pose, self.rng, self.light = canvas, pose, rng, light
        self.material, self.only = material, only
        self.scale = canvas.size * pose.size
        fine = self.scale * SUBPIXELS
        wide = fine * pose.stretch * (-1 if pose.flip else 1)
        turn, lean = cos(pose.angle), sin(pose.angle)
        self._x = (wide * turn, -fine * lean, canvas.size * SUBPIXELS * pose.x - 0.5)
        self._y = (wide * lean, fine * turn, canvas.size * SUBPIXELS * pose.y - 0.5)
        self._object = number_of("object", of)

    def draws(self, part: str) -> bool:
        """Whether a part is to be drawn."""
        return self.only is None or part == self.only

    def fill(
        self, points: Sequence[Point], colour: RGB, part: str = "", *, material: str | None = None, **surface: Any
    ) -> None:
        """Fill a polygon. `part` names the part it belongs to; see `Canvas.fill` for the surface."""
        if self.only is not None and part != self.only:
            return
        made_of = self.material if material is None else material
        numbers = (self._object, number_of("part", part), number_of("material", made_of))
        (a, b, c), (d, e, f) = self._x, self._y
        xs, ys = [a * x + b * y + c for x, y in points], [d * x + e * y + f for x, y in points]
        self.canvas.fill(xs, ys, colour, self.light, self.rng, numbers, **surface)

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: RGB, part: str = "", **surface: Any) -> None:
        """Fill an ellipse; the surface is as in `fill`, a ball where nothing is said."""
        if not self.draws(part):
            return
        radius = max(rx, ry) * self.scale
        points = [(x + rx * c, y + ry * s) for c, s in circle(32 if radius > 8 else 16 if radius > 2 else 8)]
        self.fill(points, colour, part, **({"shade": "ball"} | surface))

    def line(
        self, points: Sequence[Point], width: float | Sequence[float], colour: RGB, part: str = "", **surface: Any
    ) -> None:
        """A line with a width, or one at each point."""
        if self.draws(part):
            self.fill(ribbon(points, width), colour, part, **surface)


@cache
def circle(count: int) -> tuple[Point, ...]:
    """Points of the unit circle."""
    return tuple((cos(2 * pi * i / count), sin(2 * pi * i / count)) for i in range(count))


def smooth(points: Sequence[Point], steps: int = 5, closed: bool = True) -> list[Point]:
    """A smooth curve through points (Catmull-Rom)."""
    count = len(points)
    curve: list[Point] = []
    weights = _weights(steps)
    for i in range(count if closed else count - 1):
        if closed:
            a, b, c, d = points[i - 1], points[i], points[(i + 1) % count], points[(i + 2) % count]
        else:
            a, b, c, d = points[max(i - 1, 0)], points[i], points[i + 1], points[min(i + 2, count - 1)]
        for wa, wb, wc, wd in weights:
            curve.append((wa * a[0] + wb * b[0] + wc * c[0] + wd * d[0], wa * a[1] + wb * b[1] + wc * c[1] + wd * d[1]))
    if not closed:
        curve.append(points[-1])
    return curve


@cache
def _weights(steps: int) -> tuple[tuple[float, float, float, float], ...]:
    found = []
    for i in range(steps):
        t = i / steps
        found.append(
            (
                -0.5 * t + t * t - 0.5 * t**3,
                1 - 2.5 * t * t + 1.5 * t**3,
                0.5 * t + 2 * t * t - 1.5 * t**3,
                -0.5 * t * t + 0.5 * t**3,
            )
        )
    return tuple(found)


def ribbon(points: Sequence[Point], width: float | Sequence[float]) -> list[Point]:
    """The outline of a line with a width, or with one at each point."""
    widths = [width] * len(points) if isinstance(width, int | float) else list(width)
    left: list[Point] = []
    right: list[Point] = []
    for i, (x, y) in enumerate(points):
        before, after = points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        half = widths[i] / 2 / (hypot(dx, dy) or 1)
        left.append((x - dy * half, y + dx * half))
        right.append((x + dy * half, y - dx * half))
    return left + right[::-1]


def arch(left: float, right: float, top: float, bottom: float) -> list[Point]:
    """A door or window with a round top."""
    middle, radius = (left + right) / 2, (right - left) / 2
    bow = [(middle - radius * cos(pi * i / 8), top + radius - radius * sin(pi * i / 8)) for i in range(9)]
    return [(left, bottom), *bow, (right, bottom)]


def box(left: float, top: float, right: float, bottom: float) -> list[Point]:
    """A rectangle."""
    return [(left, top), (right, top), (right, bottom), (left, bottom)]
