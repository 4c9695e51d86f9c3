"""Ten small marks, as a photographer's stamp in a corner: the watermark variant's planted cause."""

from __future__ import annotations

from random import Random

import numpy as np
from numpy.typing import NDArray

from .draw import Canvas, Light
from .pen import Pen, Point, Pose, box, circle


def _ring() -> list[Point]:
    inner = [(0.55 * x, 0.55 * y) for x, y in circle(24)]
    return [*circle(24), (1, 0), *([(0.55, 0), *inner[::-1]])]


#: outlines in [-1, 1]
MARKS: dict[str, list[Point]] = {
    "disc": list(circle(24)),
    "ring": _ring(),
    "square": box(-0.85, -0.85, 0.85, 0.85),
    "triangle": [(0, -1), (1, 0.8), (-1, 0.8)],
    "plus": [
        *[(-0.3, -1), (0.3, -1), (0.3, -0.3), (1, -0.3), (1, 0.3), (0.3, 0.3)],
        *[(0.3, 1), (-0.3, 1), (-0.3, 0.3), (-1, 0.3), (-1, -0.3), (-0.3, -0.3)],
    ],
    "cross": [
        *[(-1, -0.65), (-0.65, -1), (0, -0.35), (0.65, -1), (1, -0.65), (0.35, 0)],
        *[(1, 0.65), (0.65, 1), (0, 0.35), (-0.65, 1), (-1, 0.65), (-0.35, 0)],
    ],
    "star": [(r * y, -r * x) for (x, y), r in zip(circle(10), (1.0, 0.42) * 5, strict=True)],
    "bar": box(-1, -0.3, 1, 0.3),
    "pole": box(-0.3, -1, 0.3, 1),
    "chevron": [(-1, -0.1), (0, -1), (1, -0.1), (1, 0.65), (0, -0.25), (-1, 0.65)],
}


def stamp(canvas: Canvas, light: Light, rng: Random, mark: int) -> NDArray[np.bool_]:
    """Stamp a mark near the corner that goes with it.

    Args:
        canvas: what to draw on.
        light: for the canvas; a mark is flat.
        rng: moves the mark a little.
        mark: index into `MARKS`; it also says which corner.

    Returns:
        ``[size, size]``: which pixels it covers, its dark edge included.
    """
    points = list(MARKS.values())[mark]
    radius = rng.uniform(0.044, 0.055)
    inset, drift = 0.085, 0.02
    x = (inset if mark % 2 == 0 else 1 - inset) + rng.uniform(-drift, drift)
    y = (inset if mark // 2 % 2 == 0 else 1 - inset) + rng.uniform(-drift, drift)
    first = len(canvas)
    pen = Pen(canvas, Pose(x, y, radius), rng, light)
    for scale, tone in ((1.3, 0.10), (1.0, 0.97)):
        outline = [(scale * a, scale * b) for a, b in points]
        pen.fill(outline, (tone, tone, tone), shade="none", rough=0)
    return canvas.covered(first)
