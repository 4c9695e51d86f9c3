"""A car: bodywork, windows, wheels, lights and bumpers."""

from __future__ import annotations

from ..palette import RGB, darker, lighter, mix
from ..pen import Pen, circle, smooth

_PANE = (0.42, 0.58, 0.70)


def draw_car(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a car that drives to the right; the first colour is the bodywork's."""
    paint, trim, accent = paints
    rng = pen.rng
    roof, front, back = rng.uniform(-0.6, -0.45), rng.uniform(0.42, 0.55), rng.uniform(-0.85, -0.6)
    tyre = mix(darker(accent, 0.72), (0.24, 0.23, 0.24), rng.uniform(0.2, 0.8))
    low, wheel = 0.68, rng.uniform(0.25, 0.29)
    metal = {"material": "metal", "rough": 0.03}
    waist = 0.05
    for x in (-0.72, 0.72):  # the dark of the wheel houses
        pen.ellipse(x, low + 0.02, wheel + 0.06, wheel + 0.06, darker(paint, 0.62), "bodywork", shade="none", **metal)
    cabin = [
        (back - 0.12, waist + 0.1),
        (back + 0.12, roof + 0.06),
        (back + 0.35, roof),
        (0.05, roof),
        (0.25, roof + 0.08),
    ]
    pen.fill([*cabin, (front + 0.2, waist + 0.1)], paint, "bodywork", depth=0.6, **metal)  # type: ignore[arg-type]
    left = [(back + 0.04, waist), (back + 0.2, roof + 0.12), (-0.2, roof + 0.1), (-0.2, waist)]
    right = [(-0.1, waist), (-0.1, roof + 0.1), (0.08, roof + 0.11), (0.18, roof + 0.16), (front + 0.03, waist)]
    for pane in (left, right):
        pen.fill(pane, _PANE, "window", material="glass", depth=1.0, rough=0.0)
        (x, y), (u, v) = pane[0], pane[1]
        glint = [(x + 0.22, y), (u + 0.16, v), (u + 0.24, v), (x + 0.32, y)]
        pen.fill(glint, (0.66, 0.77, 0.85), "window", material="glass", shade="none", rough=0)
    body = [
        (-1.12, 0.62),
        (-1.14, 0.3),
        (-1.0, 0.08),
        (back, waist),
        (front, waist),
        (0.95, 0.16),
        (1.14, 0.34),
        (1.16, 0.64),
    ]
    arches = []
    for middle in (0.72, -0.72):
        arches += [(middle + (wheel + 0.05) * c, low - 0.02 - (wheel + 0.05) * s) for c, s in circle(16)[0:9]]
    pen.fill([*smooth(body, 3, closed=False), *arches], paint, "bodywork", depth=0.9, shine=0.35, **metal)  # type: ignore[arg-type]
    pen.line([(-1.1, 0.36), (1.12, 0.4)], 0.05, trim if rng.random() < 0.5 else darker(paint, 0.3), "bodywork", **metal)
    pen.line([(-0.15, 0.08), (-0.17, 0.6)], 0.025, darker(paint, 0.45), "bodywork", **metal)
    pen.line([(-0.38, 0.22), (-0.24, 0.22)], 0.035, lighter(paint, 0.6), "bodywork", **metal)
    pen.line([(-1.2, 0.62), (-0.98, 0.63)], 0.1, lighter((0.5, 0.5, 0.52), 0.3), "bumper", **metal)
    pen.line([(1.0, 0.64), (1.22, 0.64)], 0.1, lighter((0.5, 0.5, 0.52), 0.3), "bumper", **metal)
    pen.ellipse(1.07, 0.38, 0.08, 0.09, (1.0, 0.94, 0.68), "headlight", material="glass", rough=0)
    pen.ellipse(-1.1, 0.36, 0.05, 0.08, (0.85, 0.12, 0.1), "headlight", material="glass", rough=0)
    for x in (-0.72, 0.72) if pen.only is None else (0.72,):
        pen.ellipse(x, low, wheel, wheel, tyre, "wheel", material="rubber", depth=0.9)
        pen.ellipse(
            x, low, wheel * 0.6, wheel * 0.6, lighter(accent, 0.45), "wheel", material="metal", depth=0.8, rough=0
        )
        for c, s in circle(5):
            pen.line(
                [(x, low), (x + wheel * 0.55 * c, low + wheel * 0.55 * s)],
                0.035,
                darker(accent, 0.5),
                "wheel",
                material="metal",
                rough=0,
            )
        pen.ellipse(x, low, wheel * 0.18, wheel * 0.18, darker(accent, 0.4), "wheel", material="metal", rough=0)
