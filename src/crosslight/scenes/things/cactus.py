"""A cactus: a ribbed stem, arms and a blossom."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Any

from ..palette import RGB, darker, lighter
from ..pen import Pen, smooth


def draw_cactus(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a cactus; the first colour is its skin's."""
    skin, second, bloom = paints
    rng = pen.rng
    thick = rng.uniform(0.21, 0.28)
    sides = rng.choice(((-1,), (1,), (-1, 1), (-1, 1), (-1, 1)))
    look: dict[str, Any] = {"depth": 0.75, "texture": "strand", "rough": 0.12}
    rib, spine = darker(skin, 0.35), lighter(second, 0.5)
    for side in sides if pen.only is None else sides[:1]:
        y, out, up = rng.uniform(-0.05, 0.4), rng.uniform(0.58, 0.72), rng.uniform(0.4, 0.65)
        elbow = [(0, y), (out * 0.6, y), (out * 0.9, y - 0.06), (out, y - 0.24), (out, y - up)]
        path = smooth([(side * x, v) for x, v in elbow], 4, closed=False)
        arm = thick * 1.45
        pen.line(path, arm, skin, "arm", **look)
        pen.ellipse(side * out, y - up, arm / 2, arm / 2, skin, "arm", shade="plane", texture="strand", rough=0.12)
        pen.line(path[2:], 0.04, rib, "arm", rough=0)
        for x, v in path[6::3]:
            pen.ellipse(x + side * 0.08, v, 0.022, 0.022, spine, "arm", rough=0, shade="none")
        if rng.random() < 0.4:
            _blossom(pen, side * out, y - up - arm / 2, bloom)
    column = [(-thick, 1.0), (-thick * 1.08, 0.3), (-thick, -0.6)]
    column += [(-thick * cos(pi * i / 8), -0.68 - 0.26 * sin(pi * i / 8)) for i in range(9)]
    column += [(thick, -0.6), (thick * 1.08, 0.3), (thick, 1.0)]
    pen.fill(column, skin, "stem", shade="column", **look)
    for share in (-0.5, 0.0, 0.5):
        line = [(share * thick, 0.98), (share * thick * 1.1, 0.2), (share * thick, -0.7 - 0.12 * (share == 0))]
        pen.line(line, 0.045, rib, "stem", rough=0)
    for i in range(6):
        for share in (-0.75, -0.25, 0.25, 0.75):
            y = -0.62 + 0.28 * i + (0.1 if share in (-0.25, 0.75) else 0)
            pen.ellipse(share * thick, y, 0.022, 0.022, spine, "stem", rough=0, shade="none")
    if rng.random() < 0.8:
        _blossom(pen, 0, -0.92, bloom)


def _blossom(pen: Pen, x: float, y: float, colour: RGB) -> None:
    for dx, dy in ((-0.11, 0.0), (0.11, 0.0), (-0.06, -0.1), (0.06, -0.1)):
        pen.ellipse(x + dx, y + dy, 0.085, 0.085, colour, "blossom", material="foliage", rough=0)
    pen.ellipse(x, y - 0.02, 0.06, 0.06, lighter(colour, 0.5), "blossom", material="foliage", rough=0)
