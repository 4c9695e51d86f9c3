"""Six places under an open sky."""

from __future__ import annotations

import numpy as np

from .backgrounds import View, backdrop, ground, ridge
from .palette import darker, jitter, lighter, mix
from .pen import Pen, Pose
from .props import disc, put
from .skies import sky, strew


def draw_sea(view: View) -> None:
    """Open water under a wide sky."""
    sky(view, (0.36, 0.60, 0.86), (0.80, 0.88, 0.93))
    rng = view.rng
    if rng.random() < 0.5:
        far = jitter((0.48, 0.58, 0.66), rng)
        ridge(view, view.horizon - 0.02, 0.05, 1.2, far, far, "hill", "rock")
    deep = jitter((0.08, 0.30, 0.46), rng, 0.04)
    water = ground(view, jitter((0.42, 0.62, 0.70), rng, 0.04), deep, "streak", 0.55, "water surface", "water")
    size = view.canvas.size
    glitter = view.canvas.spot(rng.uniform(0.1, 0.9) * size, (view.horizon + 0.1) * size, 0.2 * size, 0.4 * size)
    water *= (1 + np.float32(0.25) * glitter)[:, :, None]


def draw_meadow(view: View) -> None:
    """Grass with flowers before gentle hills."""
    sky(view, (0.40, 0.64, 0.88), (0.82, 0.90, 0.92))
    rng = view.rng
    green = jitter((0.44, 0.60, 0.26), rng)
    haze = mix(green, (0.62, 0.74, 0.82), 0.5)
    ridge(view, view.horizon - 0.06, 0.06, 1.5, haze, lighter(haze, 0.15), "hill", "grass", rough=0.04)
    ridge(view, view.horizon, 0.03, 2.0, darker(green, 0.1), green, "hill", "grass", texture="leaf", rough=0.08)
    ground(view, lighter(green, 0.1), darker(green, 0.2), "strand", 0.32)
    strew(view, ("flower", "grass tuft", "grass tuft", "flower", "stone", "bush"), 7)


def draw_desert(view: View) -> None:
    """Dunes."""
    sky(view, (0.38, 0.60, 0.82), (0.95, 0.84, 0.66))
    rng = view.rng
    sand = jitter((0.86, 0.67, 0.42), rng)
    if rng.random() < 0.5:
        red = jitter((0.68, 0.42, 0.30), rng)
        ridge(
            view,
            view.horizon - 0.06,
            0.05,
            1.0,
            red,
            lighter(red, 0.3),
            "hill",
            "rock",
            texture="streak",
            rough=0.1,
            sharp=0.02,
        )
    ridge(view, view.horizon - 0.01, 0.05, 1.2, lighter(sand, 0.1), darker(sand, 0.1), "hill", "sand")
    ground(view, lighter(sand, 0.1), darker(sand, 0.12), "streak", 0.22, material="sand")
    ridge(
        view,
        view.horizon + 0.16,
        0.08,
        0.8,
        lighter(sand, 0.14),
        sand,
        "ground",
        "sand",
        texture="streak",
        rough=0.08,
        near=True,
    )
    strew(view, ("stone", "stone", "grass tuft"), 5)


def draw_night(view: View) -> None:
    """Hills under stars."""
    rng = view.rng
    air = backdrop(view, jitter((0.06, 0.08, 0.24), rng, 0.03), jitter((0.30, 0.30, 0.52), rng, 0.05), 0.07)
    size = view.canvas.size
    for _ in range(26):
        column, row = int(rng.random() * size), int(rng.random() * view.horizon * size)
        air[row, column] += np.float32(rng.uniform(0.2, 0.8))
    for _ in range(rng.randrange(2, 6)):
        x, y = rng.uniform(0.02, 0.98), rng.uniform(0.03, view.horizon * 0.8)
        put(view.canvas, rng, view.light, "star", x, y, rng.uniform(0.018, 0.035))
    if rng.random() < 0.6:
        x, y = rng.uniform(0.1, 0.9), rng.uniform(0.08, 0.3)
        disc(view.canvas, rng, view.light, "moon", x, y, rng.uniform(0.045, 0.08), (1.0, 0.97, 0.84))
    blue = jitter((0.16, 0.19, 0.34), rng, 0.03)
    ridge(view, view.horizon - 0.05, 0.07, 1.5, blue, lighter(blue, 0.15), "hill", "grass")
    ground(view, lighter(blue, 0.08), mix(blue, (0.10, 0.22, 0.16), 0.5), "strand", 0.3)
    strew(view, ("bush", "grass tuft", "stone"), 5)


def draw_snowfield(view: View) -> None:
    """Snow under a pale sky, a line of firs far off."""
    sky(view, (0.58, 0.70, 0.86), (0.90, 0.92, 0.95))
    rng = view.rng
    firs = jitter((0.34, 0.44, 0.46), rng)
    ridge(
        view,
        view.horizon - 0.03,
        0.03,
        1.5,
        firs,
        lighter(firs, 0.5),
        "hill",
        "foliage",
        texture="strand",
        rough=0.1,
        sharp=0.035,
    )
    ridge(view, view.horizon + 0.005, 0.03, 1.2, (0.93, 0.95, 0.98), (0.86, 0.90, 0.96), "hill", "snow", rough=0.03)
    ground(view, (0.90, 0.92, 0.96), (0.80, 0.85, 0.93), "soft", 0.10, material="snow")
    strew(view, ("stone", "snowdrift", "bush", "snowdrift"), 4)
    if rng.random() < 0.5:
        pen = Pen(view.canvas, Pose(0.5, 0.5, 0.5), rng, view.light, "sky", "snow")
        for _ in range(12):
            r = rng.uniform(0.012, 0.02)
            pen.ellipse(rng.uniform(-1, 1), rng.uniform(-1, 1), r, r, (0.97, 0.98, 1.0), shade="none", rough=0)


def draw_mountains(view: View) -> None:
    """A high valley before snowy peaks."""
    sky(view, (0.34, 0.54, 0.82), (0.84, 0.88, 0.92))
    rng = view.rng
    rock = jitter((0.46, 0.48, 0.56), rng)
    pen = Pen(view.canvas, Pose(0.5, 0.5, 0.5), rng, view.light, "mountain", "rock")
    snow = Pen(view.canvas, Pose(0.5, 0.5, 0.5), rng, view.light, "mountain", "snow")
    foot = 2 * view.horizon - 1 + 0.05
    for x in sorted((rng.uniform(-1.0, 1.0) for _ in range(4)), key=lambda _: rng.random()):
        wide, high = rng.uniform(0.5, 0.8), rng.uniform(0.5, 0.85)
        peak = (x, foot - high)
        tone = mix(jitter(rock, rng, 0.03), (0.72, 0.80, 0.90), rng.uniform(0.1, 0.4))
        pen.fill([peak, (x + wide, foot), (x - wide, foot)], tone, texture="leaf", rough=0.16)
        shade = [peak, (x + 0.1, foot - high * 0.55), (x - 0.04, foot - high * 0.3), (x + 0.12, foot), (x + wide, foot)]
        pen.fill(shade, darker(tone, 0.3), texture="leaf", rough=0.16)
        s = 0.34
        cap = [
            peak,
            (x + wide * s, foot - high * (1 - s)),
            (x + 0.09, foot - high * 0.74),
            (x, foot - high * 0.58),
            (x - 0.1, foot - high * 0.72),
        ]
        snow.fill([*cap, (x - wide * s, foot - high * (1 - s))], (0.95, 0.96, 0.99), depth=0.3)
    green = jitter((0.36, 0.48, 0.28), rng)
    ridge(
        view,
        view.horizon,
        0.03,
        2.0,
        darker(green, 0.25),
        green,
        "hill",
        "foliage",
        texture="leaf",
        rough=0.1,
        sharp=0.015,
    )
    ground(view, green, darker(green, 0.15), "leaf", 0.35)
    strew(view, ("stone", "stone", "flower", "grass tuft", "bush"), 6)
