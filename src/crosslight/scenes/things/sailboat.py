"""A sailboat: hull, mast, two sails and a pennant."""

from __future__ import annotations

from ..palette import RGB, darker, lighter
from ..pen import Pen, smooth

_WOOD = (0.45, 0.29, 0.16)


def draw_sailboat(pen: Pen, paints: tuple[RGB, RGB, RGB]) -> None:
    """Draw a sailboat; the first colour is the sails'."""
    sail, hull, accent = paints
    rng = pen.rng
    top, bow = rng.uniform(-1.0, -0.85), rng.uniform(0.9, 1.05)
    belly = rng.uniform(0.08, 0.2)
    pen.line([(0, 0.62), (0, top)], 0.06, _WOOD, "mast", material="wood", shade="column")
    pen.fill([(0, top), (0.32, top + 0.07), (0, top + 0.15)], accent, "pennant", material="cloth")
    # the mainsail, full of wind, in panels
    boom = rng.uniform(0.34, 0.44)
    main = [
        (-0.04, top + 0.1),
        (-0.3, top + 0.55),
        (-0.55 - belly, boom - 0.25),
        (-0.78, boom),
        (-0.35, boom + 0.03),
        (-0.04, boom),
    ]
    pen.fill(smooth(main, 4), sail, "sail", material="cloth", depth=0.4, texture="soft", rough=0.10)
    if rng.random() < 0.5:
        pen.fill(
            [(-0.045, boom - 0.18), (-0.045, boom - 0.36), (-0.56 - belly * 0.5, boom - 0.36), (-0.66, boom - 0.18)],
            hull,
            "sail",
            material="cloth",
            rough=0.08,
        )
    else:
        for down in (0.3, 0.55, 0.8):
            y = top + 0.1 + (boom - top) * down
            pen.line(
                [(-0.05, y), (-0.62 * down, y - 0.04)], 0.02, darker(sail, 0.25), "sail", material="cloth", rough=0
            )
    jib = [
        (0.05, top + 0.22),
        (0.3, boom - 0.45),
        (0.48 + belly, boom - 0.18),
        (0.74, boom + 0.08),
        (0.05, boom + 0.02),
    ]
    pen.fill(smooth(jib, 4), lighter(sail, 0.25), "sail", material="cloth", depth=0.5, texture="soft", rough=0.10)
    pen.line([(-0.8, boom + 0.03), (0, boom + 0.03)], 0.045, _WOOD, "mast", material="wood", rough=0)
    body = [(-0.92, 0.55), (bow, 0.5), (bow - 0.22, 0.82), (bow - 0.4, 0.97), (-0.55, 1.0), (-0.8, 0.9)]
    pen.fill(smooth(body, 3), hull, "hull", material="wood", depth=0.6, texture="streak", rough=0.1)
    pen.fill([(-0.92, 0.55), (bow + 0.02, 0.49), (bow - 0.05, 0.6), (-0.91, 0.64)], accent, "hull", material="wood")
    pen.fill(
        [(-0.84, 0.86), (bow - 0.27, 0.85), (bow - 0.4, 0.96), (-0.62, 0.98)],
        darker(hull, 0.4),
        "hull",
        material="wood",
    )
