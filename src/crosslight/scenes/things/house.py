"""A house: two walls, a roof, a chimney, a door and windows."""

from __future__ import annotations

from ..palette import RGB, darker, lighter
from ..pen import Pen, box

_PANE = (0.30, 0.42, 0.55)
_LIT = (1.0, 0.86, 0.5)


def draw_house(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a house from its corner; the first colour is the walls'."""
    wall, roof, accent = paints
    rng = pen.rng
    corner = rng.uniform(-0.3, -0.1)  # where gable and side meet
    eaves, ridge = rng.uniform(-0.18, 0.0), rng.uniform(-0.95, -0.8)
    lift = 0.06
    middle = (corner - 0.95) / 2
    brick = rng.random() < 0.4
    stuff = {"material": "tile" if brick else "plaster", "texture": "streak" if brick else "fine", "rough": 0.12}
    glass = _LIT if rng.random() < 0.4 else _PANE
    chimney = rng.uniform(0.25, 0.65)
    pen.fill(
        box(chimney, ridge - 0.18, chimney + 0.2, ridge + 0.4),
        darker(accent, 0.2),
        "chimney",
        material="tile",
        shade="column",
    )
    pen.fill(
        box(chimney - 0.03, ridge - 0.22, chimney + 0.23, ridge - 0.13), darker(accent, 0.5), "chimney", material="tile"
    )
    side = [(corner, eaves), (0.95, eaves), (0.95, 1 - lift), (corner, 1.0)]
    pen.fill(side, wall, "wall", depth=0.35, **stuff)  # type: ignore[arg-type]
    gable = [(-0.95, eaves), (middle, ridge + 0.05), (corner, eaves), (corner, 1.0), (-0.95, 1 - lift)]
    pen.fill(gable, darker(wall, 0.22), "wall", depth=0.35, **stuff)  # type: ignore[arg-type]
    shingles = {"material": "tile", "texture": "streak", "rough": 0.28}
    slope = [(middle - 0.03, ridge), (0.9, ridge + 0.04), (1.08, eaves + 0.1), (corner + 0.06, eaves + 0.1)]
    pen.fill(slope, roof, "roof", depth=0.5, **shingles)  # type: ignore[arg-type]
    board = [(-1.06, eaves + 0.12), (middle, ridge - 0.03), (corner + 0.1, eaves + 0.12)]
    pen.line(board, 0.12, darker(roof, 0.3), "roof", material="wood", rough=0.05)
    door = middle - 0.13
    pen.fill(box(door, 0.36, door + 0.26, 0.98), accent, "door", material="wood", texture="strand", rough=0.15)
    pen.ellipse(door + 0.2, 0.7, 0.03, 0.03, lighter(accent, 0.6), "door", rough=0)
    pen.fill(box(middle - 0.09, -0.3, middle + 0.09, -0.1), glass, "window", material="glass", depth=0.8)
    span = 0.95 - corner
    for i in range(2):
        left = corner + span * (0.14 + 0.44 * i)
        frame = box(left - 0.035, 0.24, left + 0.28 * span + 0.035, 0.68)
        pen.fill(frame, lighter(wall, 0.65), "window", material="wood", rough=0)
        pen.fill(box(left, 0.28, left + 0.28 * span, 0.64), glass, "window", material="glass", depth=0.9, rough=0.02)
        pen.line([(left + 0.14 * span, 0.28), (left + 0.14 * span, 0.64)], 0.03, lighter(wall, 0.65), "window", rough=0)
        pen.line([(left, 0.46), (left + 0.28 * span, 0.46)], 0.03, lighter(wall, 0.65), "window", rough=0)
