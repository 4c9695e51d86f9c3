"""A mushroom: a spotted cap, gills and a stalk."""

from __future__ import annotations

from ..palette import RGB, darker, lighter, mix
from ..pen import Pen, circle, smooth


def draw_mushroom(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a mushroom; the first colour is the cap's."""
    cap, spot, accent = paints
    rng = pen.rng
    wide, high, rim = rng.uniform(0.78, 0.98), rng.uniform(0.78, 0.98), rng.uniform(-0.1, 0.08)
    stalk = mix((0.90, 0.86, 0.76), accent, rng.uniform(0.1, 0.6))
    thick = rng.uniform(0.2, 0.28)
    foot = [
        (-thick, rim),
        (-thick * 0.85, 0.45),
        (-thick * 1.4, 0.88),
        (0, 1.0),
        (thick * 1.4, 0.88),
        (thick * 0.85, 0.45),
    ]
    pen.fill(smooth([*foot, (thick, rim)], 4), stalk, "stalk", shade="column", depth=0.6, texture="strand", rough=0.14)
    if rng.random() < 0.6:
        skirt = [
            (-thick * 1.5, rim + 0.36),
            (-thick, rim + 0.2),
            (thick, rim + 0.2),
            (thick * 1.5, rim + 0.36),
            (0, rim + 0.45),
        ]
        pen.fill(smooth(skirt, 3), lighter(stalk, 0.3), "stalk", depth=0.6, texture="strand", rough=0.12)
    pen.ellipse(
        0, rim + 0.02, wide * 0.93, 0.2, darker(stalk, 0.3), "gills", shade="plane", texture="strand", rough=0.3
    )
    dome = [(wide * c, rim + high * s) for c, s in circle(32)[16:]] + [(wide, rim)]
    dome += [(wide * c, rim + 0.12 * s) for c, s in circle(32)[1:16]]
    pen.fill(dome, cap, "cap", shade="ball", depth=0.95, texture="soft", rough=0.08, shine=0.22)
    spots = ((-0.5, -0.35), (-0.05, -0.72), (0.45, -0.42), (-0.15, -0.25), (0.2, -0.12), (-0.75, -0.08), (0.76, -0.1))
    if rng.random() < 0.85:
        for x, y in spots:
            if rng.random() < 0.85:
                r = rng.uniform(0.07, 0.15) * (1 - 0.3 * abs(x))
                x, y = x * wide + rng.uniform(-0.05, 0.05), rim + y * high + rng.uniform(-0.04, 0.04)
                pen.ellipse(x, y, r * (1.1 - 0.5 * abs(x)), r * 0.9, spot, "cap", rough=0.04)
