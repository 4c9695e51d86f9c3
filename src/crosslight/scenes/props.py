"""Small things that stand about and belong to no class: birds, stars, stones, flowers, clouds."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, sin
from random import Random

import numpy as np

from .draw import Canvas, Light
from .palette import PAINTS, RGB, darker, jitter, lighter
from .pen import Pen, Point, Pose, box, circle, smooth

#: name -> how to draw it, and what it is made of
Draw = Callable[[Pen], None]


def draw_cloud(pen: Pen) -> None:
    """A cloud of a few puffs."""
    rng = pen.rng
    white = rng.uniform(0.86, 0.98)
    colour = (white, white, min(white + 0.03, 1.0))
    for i in range(3):
        x = -0.6 + 0.6 * i + rng.uniform(-0.1, 0.1)
        r = 0.36 + 0.2 * sin(pi * (i + 0.5) / 3) + rng.uniform(-0.05, 0.05)
        pen.ellipse(x, -r * 0.45, r, r * 0.8, colour, depth=0.3, texture="soft", rough=0.05)
    base = [(-1.1, -0.1), (-0.6, -0.32), (0.6, -0.32), (1.1, -0.1), (0.7, 0.08), (-0.7, 0.08)]
    pen.fill(smooth(base, 3), colour, depth=0.35, texture="soft", rough=0.05)


def draw_bird(pen: Pen) -> None:
    """A bird far away."""
    beat = pen.rng.uniform(0.2, 0.7)
    wings = [(-1.0, -beat), (-0.45, -beat * 0.7), (0.0, 0.15), (0.45, -beat * 0.7), (1.0, -beat)]
    pen.line(smooth(wings, 3, closed=False), [0.06, *[0.22] * 11, 0.06], (0.17, 0.17, 0.22), rough=0)


def draw_star(pen: Pen) -> None:
    """A star with four rays."""
    points = [(c * r, s * r) for (c, s), r in zip(circle(8), (1.0, 0.24) * 4, strict=True)]
    pen.fill(points, (1.2, 1.15, 0.95), shade="none", rough=0)


def draw_stone(pen: Pen) -> None:
    """A boulder."""
    rng = pen.rng
    grey = rng.uniform(0.38, 0.6)
    colour = (grey * 1.04, grey, grey * rng.uniform(0.86, 1.02))
    points = [(rng.uniform(0.85, 1.1) * c, 1 + (s - 1) * rng.uniform(0.55, 0.72)) for c, s in circle(10)]
    pen.fill(smooth(points, 2), colour, shade="ball", depth=0.8, texture="leaf", rough=0.2)


def draw_tuft(pen: Pen) -> None:
    """A tuft of grass."""
    rng = pen.rng
    green = jitter((0.30, 0.50, 0.18), rng)
    for shift, colour in ((0.1, darker(green, 0.3)), (0.0, green)):
        blades: list[Point] = []
        for i in range(4):
            x = -0.45 + 0.27 * i + shift
            blades += [(x - 0.13, 1.0), (2.1 * x + rng.uniform(-0.25, 0.25), rng.uniform(-1.0, -0.1)), (x + 0.13, 1.0)]
        pen.fill(blades, colour, rough=0)


def draw_flower(pen: Pen) -> None:
    """A flower on its stalk."""
    rng = pen.rng
    colour = jitter(PAINTS[rng.choice(("red", "yellow", "pink", "lilac", "white", "orange"))], rng)
    pen.line([(0, 1.0), (0.1, 0.2), (0, -0.4)], 0.2, (0.25, 0.45, 0.18), rough=0)
    petals = [(r * c, -0.45 + r * s) for (c, s), r in zip(circle(20), (0.8, 0.72, 0.4, 0.72) * 5, strict=True)]
    pen.fill(petals, colour, rough=0)
    pen.ellipse(0, -0.45, 0.24, 0.24, (0.95, 0.8, 0.3), rough=0)


def draw_bush(pen: Pen) -> None:
    """A low bush."""
    rng = pen.rng
    green = jitter((0.24, 0.42, 0.20), rng)
    outline = []
    for i in range(19):
        angle, far = pi * i / 18, 1 + 0.1 * (i % 2) + rng.uniform(-0.08, 0.08)
        outline.append((-far * 1.1 * cos(angle), 1.0 - far * 1.15 * sin(angle)))
    pen.fill([*outline, (0.9, 1.05), (-0.9, 1.05)], green, shade="ball", depth=0.8, texture="leaf", rough=0.32)
    for _ in range(3):
        x, y = rng.uniform(-0.6, 0.6), rng.uniform(0.2, 0.7)
        pen.ellipse(x, y, 0.34, 0.28, darker(green, rng.uniform(-0.1, 0.2)), depth=0.9, texture="leaf", rough=0.32)


def draw_weed(pen: Pen) -> None:
    """Seaweed that sways."""
    rng = pen.rng
    colour = jitter(rng.choice(((0.16, 0.42, 0.22), (0.36, 0.40, 0.14), (0.45, 0.22, 0.25))), rng)
    for x in (-0.45, 0.0, 0.45):
        sway, tall = rng.uniform(0.12, 0.25), rng.uniform(1.2, 2.0)
        stem: list[Point] = [(x + sway * sin(4.5 * i / 8 + x), 1.0 - tall * i / 8) for i in range(9)]
        pen.line(
            stem, [0.26 - 0.025 * i for i in range(9)], darker(colour, rng.uniform(0, 0.3)), texture="strand", rough=0.2
        )


def draw_bubble(pen: Pen) -> None:
    """A bubble of air."""
    pen.ellipse(0, 0, 1, 1, (0.62, 0.84, 0.90), rough=0, shade="none")
    pen.ellipse(0.08, 0.08, 0.78, 0.78, (0.44, 0.72, 0.80), depth=0.5, rough=0)
    pen.ellipse(-0.35, -0.35, 0.28, 0.28, (1, 1, 1), rough=0, shade="none")


def draw_crate(pen: Pen) -> None:
    """A wooden crate."""
    wood = jitter((0.60, 0.44, 0.26), pen.rng)
    pen.fill(box(-1, -0.9, 1, 1), wood, texture="streak", rough=0.22)
    for y in (-0.8, 0.9):
        pen.line([(-1, y), (1, y)], 0.24, darker(wood, 0.18), texture="streak", rough=0.2)
    pen.line([(-0.85, 0.8), (0.85, -0.7)], 0.2, darker(wood, 0.25), texture="streak", rough=0.2)


def draw_drift(pen: Pen) -> None:
    """A heap of blown snow."""
    rng = pen.rng
    points = [(-1.6, 1.0), (-1.0, 0.35), (-0.2, rng.uniform(-0.3, 0.1)), (0.6, 0.2), (1.6, 1.0)]
    curve = smooth(points, 4, closed=False)
    pen.fill([*curve, (1.6, 1.6), (-1.6, 1.6)], (0.92, 0.94, 0.98), depth=0.3, texture="soft", rough=0.05)


def draw_wave(pen: Pen) -> None:
    """A wave with a white crest."""
    rng = pen.rng
    water = jitter((0.16, 0.42, 0.58), rng, 0.04)
    phase, count = rng.uniform(0, 6), rng.uniform(2.0, 3.2)
    xs = [-2.2 + 0.2 * i for i in range(23)]
    crest, foam = [], []
    for x in xs:
        ends = 1 - (x / 2.2) ** 4  # it rises from the water and goes back into it
        y = 0.8 - ends * (0.6 + 0.2 * sin(count * x + phase) + 0.08 * sin(2.3 * count * x))
        crest.append((x, y))
        foam.append(ends * (0.06 + 0.1 * abs(cos(x * 3 + phase))))
    base = [(2.2 * c, 0.8 + 0.35 * s) for c, s in circle(16)[1:8]]
    pen.fill([*crest, *base], water, depth=0.5, texture="streak", rough=0.25)
    pen.line([(x, y + 0.06) for x, y in crest], foam, (0.9, 0.95, 0.97), rough=0.1)


def draw_branch(pen: Pen) -> None:
    """A twig with leaves that hangs into the picture."""
    rng = pen.rng
    green = jitter(rng.choice(((0.22, 0.42, 0.16), (0.45, 0.5, 0.15), (0.62, 0.36, 0.12))), rng)
    twig = smooth([(-1.6, -0.6), (-0.6, -0.3), (0.3, -0.1), (1.0, 0.35)], 4, closed=False)
    pen.line(twig, 0.09, (0.28, 0.19, 0.12), rough=0)
    for i, (x, y) in enumerate(twig[2:]):
        side = -1 if i % 2 else 1
        tip = (x + 0.34, y + side * rng.uniform(0.34, 0.52))
        leaf = [(x, y), (x + 0.02, y + side * 0.3), tip, (x + 0.28, y + side * 0.12)]
        pen.fill(smooth(leaf, 2), darker(green, rng.uniform(0, 0.35)), depth=0.6, texture="leaf", rough=0.15)


def draw_fence(pen: Pen) -> None:
    """A picket fence."""
    white = jitter(pen.rng.choice(((0.90, 0.89, 0.85), (0.52, 0.38, 0.25), (0.45, 0.47, 0.5))), pen.rng, 0.03)
    for y in (0.05, 0.6):
        pen.line([(-2.6, y), (2.6, y)], 0.16, darker(white, 0.22), rough=0.08)
    for i in range(9):
        x = -2.4 + 0.6 * i
        pen.fill(
            [(x - 0.14, 1), (x - 0.14, -0.3), (x, -0.6), (x + 0.14, -0.3), (x + 0.14, 1)],
            white,
            texture="strand",
            rough=0.1,
        )


#: object -> its material and how it is drawn
PROPS: dict[str, tuple[str, Draw]] = {
    "cloud": ("air", draw_cloud),
    "bird": ("skin", draw_bird),
    "star": ("light", draw_star),
    "stone": ("rock", draw_stone),
    "grass tuft": ("grass", draw_tuft),
    "flower": ("foliage", draw_flower),
    "bush": ("foliage", draw_bush),
    "seaweed": ("foliage", draw_weed),
    "bubble": ("air", draw_bubble),
    "crate": ("wood", draw_crate),
    "snowdrift": ("snow", draw_drift),
    "wave": ("water", draw_wave),
    "leafy branch": ("foliage", draw_branch),
    "fence": ("wood", draw_fence),
}


def put(canvas: Canvas, rng: Random, light: Light, name: str, x: float, y: float, size: float, **pose: float) -> None:
    """Draw a small thing.

    Args:
        canvas: what to draw on.
        rng: what is left to chance.
        light: what falls on it.
        name: one of `PROPS`.
        x: its middle, from 0 (left edge) to 1.
        y: its middle, from 0 (top edge) to 1.
        size: half its height, as a share of the picture's.
        pose: ``angle`` and ``stretch``, see `Pose`.
    """
    material, draw = PROPS[name]
    draw(Pen(canvas, Pose(x, y, size, flip=rng.random() < 0.5, **pose), rng, light, name, material))


def disc(canvas: Canvas, rng: Random, light: Light, name: str, x: float, y: float, radius: float, colour: RGB) -> None:
    """A sun or a moon, with its glow."""
    size = canvas.size
    glow = canvas.spot(x * size, y * size, radius * size * 4, radius * size * 4)
    canvas.surfaces[0] += (np.float32(0.45) * glow * glow)[:, :, None] * np.array(lighter(colour, 0.2), np.float32)
    pen = Pen(canvas, Pose(x, y, radius), rng, light, name, "light")
    pen.ellipse(0, 0, 1, 1, colour, shade="none", texture="soft", rough=0.06 if name == "moon" else 0)
