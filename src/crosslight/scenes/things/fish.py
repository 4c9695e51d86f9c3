"""A fish: body, tail, fins, an eye and a mouth."""

from __future__ import annotations

from ..palette import RGB, darker, lighter, mix
from ..pen import Pen, circle, smooth


def draw_fish(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a fish that swims to the right; the first colour is the body's."""
    skin, second, fins = paints
    rng = pen.rng
    fat, fork = rng.uniform(0.44, 0.6), rng.uniform(0.15, 0.4)
    tail = [(-0.55, 0), (-0.85, -0.3), (-1.12, -0.56), (-1.1 + fork, 0), (-1.12, 0.56), (-0.85, 0.3)]
    pen.fill(smooth(tail, 4), fins, "tail", depth=0.5, texture="streak", rough=0.2)
    dorsal = [(-0.45, -fat * 0.6), (-0.35, -fat - 0.3), (0.0, -fat - 0.22), (0.35, -fat * 0.75), (0, -fat * 0.5)]
    pen.fill(smooth(dorsal, 4), fins, "fin", depth=0.6, texture="strand", rough=0.22)
    belly = [(-0.3, fat * 0.6), (-0.42, fat + 0.24), (-0.1, fat + 0.12), (0.1, fat * 0.8)]
    pen.fill(smooth(belly, 4), fins, "fin", depth=0.5, texture="strand", rough=0.22)

    def edge(x: float) -> float:
        """Half the body's height at x."""
        t = (x + 0.75) / 1.72
        return fat * 2.42 * max(t, 0) ** 0.8 * max(1 - t, 0) ** 0.55

    xs = [-0.75 + 1.72 * (i / 12) for i in range(13)]
    body = [(x, -max(edge(x), 0.1 if x < -0.6 else 0)) for x in xs]
    body += [(x, max(edge(x), 0.1 if x < -0.6 else 0)) for x in reversed(xs)]
    pen.fill(body, skin, "body", shade="ball", depth=0.7, texture="leaf", rough=0.1, shine=0.15)
    under = [(x, edge(x) * 0.45) for x in xs[1:]] + [(x, edge(x) * 0.96) for x in reversed(xs[1:])]
    pen.fill(under, lighter(mix(skin, second, 0.15), 0.25), "body", shade="plane", texture="leaf")
    kind = rng.random()
    if kind < 0.45:
        for x in (-0.4, -0.05, 0.28)[: rng.choice((2, 3))]:
            stripe = [(x + 0.08 * (1 - (k / 3) ** 2), edge(x) * 0.97 * k / 3) for k in range(-3, 4)]
            pen.line(stripe, 0.15, second, "body", shade="plane")
    elif kind < 0.75:
        for _ in range(6):
            x, y = rng.uniform(-0.5, 0.35), rng.uniform(-0.65, 0.6)
            pen.ellipse(x, edge(x) * y, 0.07, 0.07, second, "body", rough=0)
    gill = [(0.5 - 0.09 * c, 0.3 * s) for c, s in ((c, s) for c, s in circle(16)[12:] + circle(16)[:5])]
    pen.line(gill, 0.04, darker(skin, 0.4), "body", rough=0)
    pectoral = [(0.3, 0.1), (0.02, 0.0), (-0.12, 0.2), (0.1, 0.3)]
    pen.fill(smooth(pectoral, 4), lighter(fins, 0.15), "fin", depth=0.6, texture="streak", rough=0.2)
    pen.ellipse(0.66, -0.1, 0.12, 0.12, (0.96, 0.95, 0.9), "eye", rough=0)
    pen.ellipse(0.68, -0.1, 0.065, 0.065, (0.05, 0.05, 0.08), "eye", rough=0, shade="none")
    pen.line([(0.98, 0.1), (0.88, 0.13), (0.8, 0.1)], 0.05, darker(skin, 0.55), "mouth", rough=0)
