"""Four places that close in on the thing: a street, a wood, a reef, a room."""

from __future__ import annotations

import numpy as np

from .backgrounds import View, backdrop, ground, ridge
from .noise import cut, line
from .palette import PAINTS, RGB, darker, jitter, lighter, mix
from .pen import Pen, Pose, box
from .props import put
from .skies import sky, strew


def draw_city(view: View) -> None:
    """A street before rows of high buildings."""
    sky(view, (0.48, 0.62, 0.80), (0.86, 0.86, 0.84))
    rng = view.rng
    for layer in (0, 1):
        x: float = rng.uniform(-0.1, 0.0)
        while x < 1.0:
            wide, tall = rng.uniform(0.1, 0.2), rng.uniform(0.14, 0.4) * (1 - 0.3 * layer)
            grey = rng.uniform(0.4, 0.72)
            wall = jitter(mix((grey, grey, grey * 1.04), rng.choice(tuple(PAINTS.values())), 0.22), rng)
            _building(view, x, x + wide, view.horizon - tall, mix(wall, (0.80, 0.84, 0.88), 0.45 - 0.4 * layer), layer)
            x += wide + (rng.uniform(0, 0.06) if layer else -0.02)
    asphalt = rng.uniform(0.36, 0.5)
    ground(view, (asphalt * 1.25,) * 3, (asphalt, asphalt, asphalt * 1.04), "grain", 0.18, material="asphalt")
    pen = Pen(view.canvas, Pose(0.5, 0.5, 0.5), rng, view.light, "ground", "asphalt")
    kerb = 2 * view.horizon - 1
    pen.fill(box(-1.05, kerb - 0.01, 1.05, kerb + 0.07), (0.7, 0.69, 0.66), rough=0.08)
    x, y = rng.uniform(-1.3, -0.9), kerb + rng.uniform(0.25, 0.4)
    while x < 1:
        pen.fill([(x, y), (x + 0.26, y), (x + 0.22, y + 0.05), (x - 0.05, y + 0.05)], (0.86, 0.85, 0.78), rough=0.15)
        x += 0.5


def _building(view: View, left: float, right: float, top: float, wall: RGB, layer: int) -> None:
    """One building; the near ones have rows of windows, some of them lit."""
    pen = Pen(view.canvas, Pose(0.5, 0.5, 0.5), view.rng, view.light, "building", "plaster")
    outline = box(2 * left - 1, 2 * top - 1, 2 * right - 1, 2 * view.horizon - 1 + 0.02)
    look = {"texture": "panes", "rough": 0.45} if layer else {"rough": 0.05}
    pen.fill(outline, wall, shade="column", depth=0.25, **look)
    if layer:
        pen.fill(box(2 * left - 1.01, 2 * top - 1.03, 2 * right - 0.99, 2 * top - 0.97), darker(wall, 0.2), rough=0)


def draw_woods(view: View) -> None:
    """Between the trunks of a wood."""
    rng = view.rng
    autumn = rng.random() < 0.4
    leaves = jitter((0.72, 0.50, 0.22) if autumn else (0.40, 0.54, 0.28), rng)
    wall = backdrop(view, darker(leaves, 0.25), lighter(leaves, 0.5), 0.12, "trunk row", "foliage")
    size = view.canvas.size
    wall += (np.float32(0.16) * cut("leaf", size, size, rng))[:, :, None]
    floor = jitter((0.46, 0.32, 0.18) if autumn else (0.28, 0.36, 0.16), rng)
    ground(view, lighter(floor, 0.25), darker(floor, 0.1), "leaf", 0.5, material="foliage")
    for layer in range(3):
        pen = Pen(view.canvas, Pose(0.5, 0.5, 0.5), rng, view.light, "trunk row", "bark")
        bark = mix(jitter((0.34, 0.26, 0.19), rng), lighter(leaves, 0.35), 0.6 - 0.28 * layer)
        foot = 2 * view.horizon - 1 + 0.04 + 0.06 * layer
        for _ in range(4 - layer):
            x, half = rng.uniform(-1, 1), (0.03 + 0.025 * layer) * rng.uniform(0.8, 1.3)
            trunk = [
                (x - half, -1.1),
                (x + half, -1.1),
                (x + half * 1.1, foot - 0.1),
                (x + half * 1.7, foot),
                (x - half * 1.7, foot),
                (x - half * 1.1, foot - 0.1),
            ]
            pen.fill(trunk, bark, shade="column", depth=0.7, texture="strand", rough=0.2)
    strew(view, ("grass tuft", "bush", "stone", "grass tuft"), 6)


def draw_reef(view: View) -> None:
    """The bottom of the sea."""
    rng = view.rng
    deep, shallow = jitter((0.05, 0.26, 0.40), rng, 0.04), jitter((0.34, 0.74, 0.78), rng, 0.04)
    water = backdrop(view, shallow, deep, 0.05, "sky", "water")
    size = view.canvas.size
    slant = rng.uniform(-0.6, 0.6)
    beams = np.maximum(line(3 * size, 12, rng), np.float32(0))  # light falls in from the side
    at = (view.canvas.centres + np.float32(slant) * view.canvas.centres[:, None]).astype(np.int64) + size
    fade = np.maximum(1 - view.canvas.centres * np.float32(1.3 / size), np.float32(0))
    water += (np.float32(0.5) * beams[at] * fade[:, None])[:, :, None]
    far = mix(deep, shallow, 0.35)
    ridge(view, view.horizon, 0.07, 2.0, far, deep, "hill", "rock", texture="leaf", rough=0.08, sharp=0.03)
    sand = mix(jitter((0.78, 0.70, 0.52), rng), shallow, 0.25)
    ground(view, mix(sand, deep, 0.4), sand, "streak", 0.3, material="sand")
    strew(view, ("stone", "seaweed", "seaweed", "stone"), 6, 0.025, 0.06)
    for _ in range(rng.randrange(2, 7)):
        put(view.canvas, rng, view.light, "bubble", rng.random(), rng.uniform(0.05, 0.9), rng.uniform(0.012, 0.028))


def draw_room(view: View) -> None:
    """A room with wallpaper, a picture and a wooden floor."""
    rng, size = view.rng, view.canvas.size
    paper = jitter(mix(PAINTS[rng.choice(tuple(PAINTS))], (0.86, 0.83, 0.78), 0.55), rng)
    wall = backdrop(view, lighter(paper, 0.1), darker(paper, 0.08), 0.03, "wallpaper", "paper")
    print_ = lighter(paper, 0.35) if rng.random() < 0.6 else darker(paper, 0.2)
    period, kind = rng.choice((8, 12, 16)) * size / 96, rng.random()
    at = view.canvas.centres % np.float32(period) - np.float32(period / 2)
    if kind < 0.4:
        stripe = np.clip(np.float32(period / 4) - np.abs(at) + np.float32(0.5), 0, 1)[None].repeat(size, 0)
    elif kind < 0.8:
        stripe = np.clip(np.float32(period / 5) - (np.abs(at)[:, None] + np.abs(at)), 0, 1)
    else:
        stripe = np.zeros((size, size), np.float32)
    wall += (np.array(print_, np.float32) - wall) * (np.float32(0.6) * stripe)[:, :, None]
    if rng.random() < 0.7:
        pen = Pen(
            view.canvas,
            Pose(
                rng.uniform(0.15, 0.85), rng.uniform(0.14, 0.3), rng.uniform(0.08, 0.12), stretch=rng.uniform(0.8, 1.4)
            ),
            rng,
            view.light,
            "picture frame",
            "wood",
        )
        pen.fill(box(-1, -1, 1, 1), jitter((0.42, 0.28, 0.15), rng), texture="streak", rough=0.15)
        pen.fill(box(-0.78, -0.78, 0.78, 0.78), (0.92, 0.9, 0.84), material="paper", rough=0.03)
        pen.fill(
            [(-0.6, 0.6), (-0.1, -0.2), (0.15, 0.2), (0.35, -0.05), (0.6, 0.6)],
            jitter(PAINTS["teal"], rng),
            material="paper",
            rough=0.1,
        )
    wood = jitter((0.56, 0.38, 0.22), rng)
    ground(view, lighter(wood, 0.12), darker(wood, 0.1), "strand", 0.35, material="wood")
    pen = Pen(view.canvas, Pose(0.5, 0.5, 0.5), rng, view.light, "ground", "wood")
    edge = 2 * view.horizon - 1
    for i in range(-4, 5):
        pen.line([(i * 0.26, edge), (i * 0.52, 1.02)], (0.008, 0.022), darker(wood, 0.5), rough=0)
    pen.fill(box(-1.05, edge - 0.08, 1.05, edge + 0.01), (0.90, 0.88, 0.84), depth=0.3, rough=0.02)
