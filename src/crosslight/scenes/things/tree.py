"""A tree: a trunk with branches, a crown of several clumps, and fruit."""

from __future__ import annotations

from math import cos, pi, sin

from ..palette import RGB, darker, jitter, lighter
from ..pen import Pen, Point

_BARKS = ((0.38, 0.26, 0.17), (0.52, 0.48, 0.44), (0.24, 0.18, 0.15), (0.55, 0.38, 0.24), (0.80, 0.78, 0.72))


def draw_tree(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a tree, broad-leaved or a fir; the first colour is the crown's."""
    crown, _, fruit = paints
    rng = pen.rng
    look = {"material": "bark", "texture": "strand", "rough": 0.25}
    lean = rng.uniform(-0.1, 0.1)
    bark = jitter(rng.choice(_BARKS), rng)
    fir = rng.random() < 0.3
    trunk = [(-0.2, 1.0), (-0.1, 0.75), (-0.09 + lean, 0.0), (0.09 + lean, 0.0), (0.1, 0.75), (0.2, 1.0)]
    pen.fill(trunk, bark, "trunk", shade="column", depth=0.8, **look)  # type: ignore[arg-type]
    if fir:
        for i in range(4):
            _tier(pen, crown, -1.0 + 0.36 * (3 - i), 0.34 + 0.15 * (3 - i), 0.62)
        return
    for side in (-1, 1):
        pen.line([(lean, 0.45), (lean + side * 0.38, 0.02)], (0.12, 0.05), bark, "trunk", **look)
    clumps: list[tuple[float, float, float]] = []
    count = rng.choice((5, 6, 7))
    turn = rng.random()
    for i in range(count):
        angle = 2 * pi * (i / count + turn)
        x, y = 0.48 * cos(angle) * rng.uniform(0.85, 1.2), -0.4 + 0.34 * sin(angle)
        clumps.append((x, y, rng.uniform(0.32, 0.44)))
    clumps.sort(key=lambda clump: -clump[1])
    clumps.append((lean, -0.45, 0.42))
    for i, (x, y, r) in enumerate(clumps):
        colour = darker(crown, 0.3 - 0.3 * i / len(clumps)) if i < len(clumps) - 2 else crown
        pen.fill(_clump(pen, x, y, r), colour, "crown", shade="ball", depth=0.75, texture="leaf", rough=0.3)
    for _ in range(14):
        x, y, r = rng.choice(clumps)
        x, y = x + rng.uniform(-0.7, 0.7) * r, y + rng.uniform(-0.8, 0.5) * r
        tone = lighter(crown, 0.22) if y < -0.4 else darker(crown, 0.3)
        pen.ellipse(x, y, 0.055, 0.04, tone, "crown", rough=0)
    if rng.random() < 0.5:
        for _ in range(7):
            x, y, r = rng.choice(clumps)
            x, y = x + rng.uniform(-0.6, 0.6) * r, y + rng.uniform(-0.6, 0.6) * r
            pen.ellipse(x, y, 0.065, 0.065, fruit, "fruit", material="skin", depth=0.9, rough=0)


def _clump(pen: Pen, x: float, y: float, r: float) -> list[Point]:
    """A leafy outline: a circle with a ragged edge."""
    points = []
    for i in range(22):
        angle = 2 * pi * i / 22
        far = r * (1 + 0.11 * (i % 2) + pen.rng.uniform(-0.05, 0.05))
        points.append((x + far * cos(angle), y + 0.88 * far * sin(angle)))
    return points


def _tier(pen: Pen, colour: RGB, top: float, wide: float, high: float) -> None:
    """One storey of a fir, with a ragged lower edge."""
    edge = []
    for i in range(9):
        x = wide * (1 - i / 4)
        edge.append((x, top + high * (1 - 0.12 * (x / wide) ** 2) + (0.08 if i % 2 else -0.02)))
    pen.fill([(0, top), *edge], darker(colour, 0.1), "crown", depth=0.75, texture="leaf", rough=0.3)
    left = [
        (0, top),
        (wide * 0.15, top + high * 0.5),
        (-wide * 0.25, top + high * 0.85),
        (-wide * 0.8, top + high * 0.9),
    ]
    pen.fill(left, lighter(colour, 0.12), "crown", depth=0.5, texture="leaf", rough=0.25)
