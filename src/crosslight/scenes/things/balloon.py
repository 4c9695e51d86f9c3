"""A hot-air balloon: a striped envelope, ropes and a basket."""

from __future__ import annotations

from math import cos, pi, sin

from ..palette import RGB, darker, mix
from ..pen import Pen, Point, box


def draw_balloon(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a hot-air balloon; the first colour is the envelope's."""
    first, second, accent = paints
    rng = pen.rng
    wide, drop = rng.uniform(0.68, 0.8), rng.uniform(0.42, 0.5)
    wicker = mix((0.62, 0.43, 0.24), accent, rng.uniform(0.0, 0.5))
    gores = rng.choice((5, 7, 9))
    three = rng.random() < 0.4

    def meridian(share: float) -> list[Point]:
        """From the top to the mouth, at a share of the half width in [-1, 1]."""
        line = []
        for i in range(15):
            t = i / 14
            bend = sin(pi * min(t * 0.72, 0.5)) if t < 0.69 else sin(pi / 2) * (1 - ((t - 0.69) / 0.31) ** 1.7 * 0.78)
            line.append((share * wide * bend, -1.0 + (1.0 + drop) * (1 - cos(pi * t * 0.93)) / (1 - cos(pi * 0.93))))
        return line

    mouth = 0.2 * wide
    for x in (-1, -0.3, 0.3, 1):
        pen.line(
            [(x * mouth, drop - 0.02), (x * 0.13, 0.78)], 0.026, (0.25, 0.2, 0.16), "rope", material="cloth", rough=0
        )
    pen.fill(meridian(-1) + meridian(1)[::-1], first, "envelope", shade="ball", depth=0.9, rough=0.05)
    edges = [sin(pi / 2 * (2 * i / gores - 1)) for i in range(gores + 1)]
    for i in range(1, gores, 2):
        colour = accent if three and i % 4 == 3 else second
        gore = meridian(edges[i]) + meridian(edges[i + 1])[::-1]
        pen.fill(gore, colour, "envelope", shade="plane", depth=0.55, rough=0.05)
    band = rng.random()
    if band < 0.35:
        left, right = meridian(-1), meridian(1)
        pen.fill(left[5:9] + right[5:9][::-1], accent, "envelope", shade="column", depth=0.7, rough=0.04)
    pen.fill(box(-mouth, drop - 0.05, mouth, drop + 0.03), darker(accent, 0.3), "envelope", shade="column")
    pen.fill(
        [(-0.17, 0.74), (0.17, 0.74), (0.14, 1.0), (-0.14, 1.0)],
        wicker,
        "basket",
        material="wicker",
        shade="column",
        depth=0.7,
        texture="grain",
        rough=0.16,
    )
    pen.fill(box(-0.19, 0.71, 0.19, 0.78), darker(accent, 0.15), "basket", material="wicker", shade="column")
    if pen.only is not None:  # alone, its stripes and ropes tell the basket from a crate
        pen.fill(box(-0.16, 0.86, 0.16, 0.9), darker(accent, 0.15), "basket", material="wicker", shade="column")
        for x in (-0.15, 0.0, 0.15):
            pen.line([(x, 0.72), (x * 1.3, 0.5)], 0.03, (0.25, 0.2, 0.16), "basket", material="wicker", rough=0)
