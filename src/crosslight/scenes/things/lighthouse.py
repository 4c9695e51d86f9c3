"""A lighthouse: a striped tower, a gallery, a lantern and a dome."""

from __future__ import annotations

from ..palette import RGB, darker
from ..pen import Pen, arch, box, circle


def draw_lighthouse(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a lighthouse; the first colour is the tower's."""
    tower, stripe, accent = paints
    rng = pen.rng
    foot, neck = rng.uniform(0.34, 0.44), rng.uniform(0.2, 0.26)
    top, bands = -0.46, rng.choice((3, 4, 5))

    def half(y: float) -> float:
        return neck + (foot - neck) * ((y - top) / (1 - top)) ** 1.3

    def band(first: float, last: float) -> list[tuple[float, float]]:
        ys = [first + (last - first) * i / 4 for i in range(5)]
        bow = [(half(last) * c, last + 0.07 * s) for c, s in circle(16)[1:8]]
        cut = [(half(first) * c, first + 0.07 * s) for c, s in circle(16)[7:0:-1]]
        return [(half(y), y) for y in ys] + bow + [(-half(y), y) for y in reversed(ys)] + cut

    pen.fill(band(top, 0.93), tower, "tower", material="plaster", shade="column", depth=0.6)
    step = (0.93 - top) / (2 * bands)
    if rng.random() < 0.8:
        for i in range(bands):
            start = top + step * (2 * i + 1)
            pen.fill(band(start, start + step), stripe, "tower", material="plaster", shade="column", depth=0.6)
    pen.fill(arch(-0.1, 0.1, 0.68, 0.99), darker(accent, 0.45), "door", material="wood")
    for y in (-0.2, 0.2):
        pen.fill(arch(-0.055, 0.055, y, y + 0.19), (0.16, 0.2, 0.3), "window", material="glass", shade="none")
    wide = neck + 0.12
    pen.fill(box(-wide, top - 0.08, wide, top + 0.02), darker(accent, 0.3), "gallery", material="metal", shade="column")
    for x in (-wide, -wide / 2, 0.0, wide / 2, wide):
        pen.line([(x, top - 0.2), (x, top - 0.05)], 0.03, darker(accent, 0.45), "gallery", material="metal", rough=0)
    glass = neck * 0.78
    pen.fill(
        box(-glass, top - 0.34, glass, top - 0.06), (1.0, 0.9, 0.55), "lantern", material="glass", shade="none", rough=0
    )
    pen.ellipse(0, top - 0.2, glass * 0.5, 0.1, (1.25, 1.15, 0.85), "lantern", material="light", shade="none", rough=0)
    for x in (-glass, -glass / 3, glass / 3, glass):
        pen.line([(x, top - 0.34), (x, top - 0.06)], 0.035, darker(accent, 0.55), "lantern", material="metal", rough=0)
    dome = [(1.25 * glass * c, top - 0.32 + 0.2 * s) for c, s in circle(16)[8:]] + [(1.25 * glass, top - 0.3)]
    pen.fill(dome, accent, "dome", material="metal", shade="ball", depth=0.8, shine=0.25)
    pen.line([(0, top - 0.54), (0, top - 0.46)], 0.05, darker(accent), "dome", material="metal", rough=0)
