"""A butterfly: four wings, a body and two antennae."""

from __future__ import annotations

from ..palette import RGB, darker, lighter
from ..pen import Pen, Point, smooth


def draw_butterfly(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a butterfly from above; the first colour is the wings'."""
    wing, second, spots = paints
    rng = pen.rng
    dark = darker(second, rng.uniform(0.55, 0.75))
    reach, lift, near = rng.uniform(0.92, 1.08), rng.uniform(0.72, 0.9), rng.uniform(0.7, 1.0)
    upper = [(0.05, -0.08), (0.3, -0.62), (0.78, -lift), (reach, -0.6), (0.86, -0.14), (0.45, 0.1)]
    lower = [(0.06, 0.0), (0.5, 0.02), (0.82, 0.3), (0.72, 0.72), (0.42, 0.9), (0.2, 0.55)]
    rim = darker(wing, rng.uniform(0.35, 0.65))
    dots = rng.choice((2, 3, 4))

    def toward(points: list[Point], centre: Point, share: float) -> list[Point]:
        return [(centre[0] + (x - centre[0]) * share, centre[1] + (y - centre[1]) * share) for x, y in points]

    for side in (-1.0, 1.0):
        wide = side * (near if side < 0 else 1.0)  # seen a little from the side

        def mirrored(points: list[Point], wide: float = wide) -> list[Point]:
            return smooth([(x * wide, y) for x, y in points], 4)

        for outline, centre, inner in ((lower, (0.36, 0.36), second), (upper, (0.46, -0.38), lighter(second, 0.2))):
            pen.fill(mirrored(outline), rim, "wing", depth=0.3)
            pen.fill(mirrored(toward(outline, centre, 0.82)), wing, "wing", depth=0.5, texture="strand", rough=0.16)
            pen.fill(mirrored(toward(outline, centre, 0.42)), inner, "wing", depth=0.4, texture="strand", rough=0.1)
        for i in range(dots):
            y = -0.62 + 0.42 * i / dots
            pen.ellipse((reach - 0.1 + 0.03 * i) * wide * 0.92, y, 0.05, 0.05, lighter(spots), "wing", rough=0)
        pen.ellipse(0.52 * wide, 0.5, 0.09, 0.09, spots, "wing", rough=0)
        pen.ellipse(0.52 * wide, 0.5, 0.045, 0.045, dark, "wing", rough=0)
        feeler = smooth([(0.03 * side, -0.42), (0.1 * wide, -0.7), (0.3 * wide, -0.98)], 3, closed=False)
        pen.line(feeler, 0.035, dark, "antenna", rough=0)
        pen.ellipse(0.3 * wide, -0.98, 0.05, 0.05, dark, "antenna", rough=0)
    body = [(0, -0.3), (0.075, -0.1), (0.08, 0.2), (0.04, 0.56), (0, 0.64), (-0.04, 0.56), (-0.08, 0.2), (-0.075, -0.1)]
    pen.fill(smooth(body, 3), lighter(dark, 0.12), "abdomen", shade="column", depth=0.8, texture="streak", rough=0.25)
    pen.ellipse(0, -0.36, 0.1, 0.1, dark, "abdomen")
