"""The ten places in which things stand: what is behind them, what lies about, what comes in front, and the light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np

from .backgrounds import View, backdrop, ground, ridge
from .draw import Light
from .noise import cut, line
from .palette import PAINTS, RGB, darker, jitter, lighter, mix
from .pen import Pen, Pose, box
from .props import disc, put

_DAY: tuple[RGB, ...] = ((1.0, 1.0, 1.0), (1.06, 1.0, 0.92), (0.97, 0.99, 1.03), (1.08, 0.95, 0.84), (0.92, 0.93, 0.97))


def _sky(view: View, top: RGB, bottom: RGB) -> None:
    """A sky at some hour, with a sun, clouds and birds now and then."""
    rng = view.rng
    hour = rng.random()
    if hour < 0.2:
        top, bottom = (0.42, 0.40, 0.62), (0.98, 0.70, 0.52)
    elif hour < 0.35:
        top, bottom = (0.66, 0.70, 0.76), (0.82, 0.85, 0.88)
    backdrop(view, jitter(top, rng, 0.04), jitter(bottom, rng, 0.03), 0.05)
    if rng.random() < 0.35:
        x, y = rng.uniform(0.08, 0.92), rng.uniform(0.06, view.horizon * 0.6)
        disc(view.canvas, rng, view.light, "sun", x, y, rng.uniform(0.04, 0.07), (1.0, 0.93, 0.66))
    for _ in range(rng.choice((0, 1, 2, 2))):
        size = rng.uniform(0.03, 0.07)
        x, y = rng.uniform(0, 1), rng.uniform(0.05, view.horizon * 0.75)
        put(view.canvas, rng, view.light, "cloud", x, y, size, stretch=rng.uniform(1.4, 2.0))
    for _ in range(rng.choice((0, 0, 0, 2, 3))):
        x, y = rng.uniform(0.05, 0.95), rng.uniform(0.05, view.horizon * 0.7)
        put(view.canvas, rng, view.light, "bird", x, y, rng.uniform(0.018, 0.032))


def _strew(view: View, names: tuple[str, ...], most: int, small: float = 0.02, large: float = 0.045) -> None:
    """Small things about the ground, larger the nearer they are."""
    rng = view.rng
    for t in sorted(rng.random() for _ in range(rng.randrange(most // 2, most + 1))):
        y = view.horizon + (0.98 - view.horizon) * t
        size = small + (large - small) * t
        put(view.canvas, rng, view.light, rng.choice(names), rng.uniform(0, 1), y - size, size)


def draw_sea(view: View) -> None:
    """Open water under a wide sky."""
    _sky(view, (0.36, 0.60, 0.86), (0.80, 0.88, 0.93))
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
    _sky(view, (0.40, 0.64, 0.88), (0.82, 0.90, 0.92))
    rng = view.rng
    green = jitter((0.44, 0.60, 0.26), rng)
    haze = mix(green, (0.62, 0.74, 0.82), 0.5)
    ridge(view, view.horizon - 0.06, 0.06, 1.5, haze, lighter(haze, 0.15), "hill", "grass", rough=0.04)
    ridge(view, view.horizon, 0.03, 2.0, darker(green, 0.1), green, "hill", "grass", texture="leaf", rough=0.08)
    ground(view, lighter(green, 0.1), darker(green, 0.2), "strand", 0.32)
    _strew(view, ("flower", "grass tuft", "grass tuft", "flower", "stone", "bush"), 7)


def draw_desert(view: View) -> None:
    """Dunes."""
    _sky(view, (0.38, 0.60, 0.82), (0.95, 0.84, 0.66))
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
    ridge(view, view.horizon + 0.16, 0.08, 0.8, lighter(sand, 0.14), sand, "ground", "sand", texture="streak", rough=0.08)
    _strew(view, ("stone", "stone", "grass tuft"), 5)


def draw_night(view: View) -> None:
    """Hills under stars."""
    rng = view.rng
    sky = backdrop(view, jitter((0.06, 0.08, 0.24), rng, 0.03), jitter((0.30, 0.30, 0.52), rng, 0.05), 0.07)
    size = view.canvas.size
    for _ in range(26):
        x, y = int(rng.random() * size), int(rng.random() * view.horizon * size)
        sky[y, x] += np.float32(rng.uniform(0.2, 0.8))
    for _ in range(rng.randrange(2, 6)):
        x, y = rng.uniform(0.02, 0.98), rng.uniform(0.03, view.horizon * 0.8)
        put(view.canvas, rng, view.light, "star", x, y, rng.uniform(0.018, 0.035))
    if rng.random() < 0.6:
        x, y = rng.uniform(0.1, 0.9), rng.uniform(0.08, 0.3)
        disc(view.canvas, rng, view.light, "moon", x, y, rng.uniform(0.045, 0.08), (1.0, 0.97, 0.84))
    blue = jitter((0.16, 0.19, 0.34), rng, 0.03)
    ridge(view, view.horizon - 0.05, 0.07, 1.5, blue, lighter(blue, 0.15), "hill", "grass")
    ground(view, lighter(blue, 0.08), mix(blue, (0.10, 0.22, 0.16), 0.5), "strand", 0.3)
    _strew(view, ("bush", "grass tuft", "stone"), 5)


def draw_city(view: View) -> None:
    """A street before rows of high buildings."""
    _sky(view, (0.48, 0.62, 0.80), (0.86, 0.86, 0.84))
    rng = view.rng
    for layer in (0, 1):
        x = rng.uniform(-0.1, 0.0)
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


def draw_snowfield(view: View) -> None:
    """Snow under a pale sky, a line of firs far off."""
    _sky(view, (0.58, 0.70, 0.86), (0.90, 0.92, 0.95))
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
    _strew(view, ("stone", "snowdrift", "bush", "snowdrift"), 4)
    if rng.random() < 0.5:
        pen = Pen(view.canvas, Pose(0.5, 0.5, 0.5), rng, view.light, "sky", "snow")
        for _ in range(12):
            r = rng.uniform(0.012, 0.02)
            pen.ellipse(rng.uniform(-1, 1), rng.uniform(-1, 1), r, r, (0.97, 0.98, 1.0), shade="none", rough=0)


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
    _strew(view, ("grass tuft", "bush", "stone", "grass tuft"), 6)


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
    _strew(view, ("stone", "seaweed", "seaweed", "stone"), 6, 0.025, 0.06)
    for _ in range(rng.randrange(2, 7)):
        put(view.canvas, rng, view.light, "bubble", rng.random(), rng.uniform(0.05, 0.9), rng.uniform(0.012, 0.028))


def draw_mountains(view: View) -> None:
    """A high valley before snowy peaks."""
    _sky(view, (0.34, 0.54, 0.82), (0.84, 0.88, 0.92))
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
    _strew(view, ("stone", "stone", "flower", "grass tuft", "bush"), 6)


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


@dataclass(frozen=True)
class Place:
    """A place.

    Attributes:
        draw: draws what is behind the thing.
        front: what may come before the thing.
        tints: colours its light may have.
        where: how a caption says it.
    """

    draw: Callable[[View], None]
    front: tuple[str, ...]
    tints: tuple[RGB, ...]
    where: str


PLACES: dict[str, Place] = {
    "sea": Place(draw_sea, ("wave", "wave", "cloud"), _DAY, "on the sea"),
    "meadow": Place(draw_meadow, ("grass tuft", "bush", "flower", "fence"), _DAY, "in a meadow"),
    "desert": Place(draw_desert, ("stone", "stone", "grass tuft"), _DAY, "in the desert"),
    "night": Place(draw_night, ("bush", "cloud", "stone"), ((0.78, 0.82, 1.02), (0.86, 0.84, 1.0)), "at night"),
    "city": Place(draw_city, ("fence", "bush", "crate"), _DAY, "in the city"),
    "snowfield": Place(draw_snowfield, ("snowdrift", "snowdrift", "stone"), _DAY, "in the snow"),
    "woods": Place(
        draw_woods, ("leafy branch", "bush", "grass tuft"), ((0.98, 1.0, 0.9), (1.04, 0.97, 0.86)), "in the woods"
    ),
    "reef": Place(draw_reef, ("seaweed", "stone", "bubble"), ((0.84, 1.0, 1.04), (0.88, 1.02, 1.0)), "under water"),
    "mountains": Place(draw_mountains, ("stone", "cloud", "leafy branch"), _DAY, "before mountains"),
    "room": Place(
        draw_room,
        ("crate", "crate", "leafy branch"),
        ((1.02, 0.98, 0.9), (1.0, 1.0, 0.98), (0.94, 0.92, 0.9)),
        "in a room",
    ),
}


def choose_light(place: Place, rng: Random) -> Light:
    """The light of a place: from above, from the left or the right."""
    side = rng.choice((-1, 1)) * rng.uniform(0.35, 0.85)
    return Light(side, -rng.uniform(0.6, 0.95), rng.choice(place.tints))
