"""What places are made of: sky, ridges of hills, and ground that runs into the distance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

import numpy as np

from .concepts import number_of
from .draw import Canvas, Light
from .noise import TILE, Field, cut, line, tile
from .palette import RGB


@dataclass(frozen=True)
class View:
    """What a place is drawn with.

    Attributes:
        canvas: what to draw on.
        rng: what is left to chance.
        light: what falls on it.
        horizon: where the ground ends, from 0 (top edge) to 1.
    """

    canvas: Canvas
    rng: Random
    light: Light
    horizon: float


def backdrop(view: View, top: RGB, bottom: RGB, cloudy: float = 0.06, of: str = "sky", material: str = "air") -> None:
    """Fill the whole picture: a gradient from the top edge to the horizon, with cloudy noise."""
    canvas = view.canvas
    t = np.clip(canvas.centres * np.float32(1 / (view.horizon * canvas.size)), 0, 1)[:, None]
    ramp = np.array(top, np.float32) * (1 - t) + np.array(bottom, np.float32) * t
    canvas.image[:] = ramp[:, None]
    if cloudy:
        canvas.image += (np.float32(cloudy) * cut("cloud", canvas.size, canvas.size, view.rng))[:, :, None]
    canvas.object[:] = number_of("object", of)
    canvas.material[:] = number_of("material", material)


def below(view: View, edge: Field, surface: Field, of: str, material: str) -> None:
    """Paint everything below an edge.

    Args:
        view: where.
        edge: ``[size]``, the height of the edge in each column, in pixels from the top.
        surface: ``[size, size, 3]`` or something that broadcasts to it.
        of: the name of the object.
        material: the name of the material.
    """
    canvas = view.canvas
    first = int(max(edge.min() - 1, 0))
    if first >= canvas.size:
        return
    cover = np.clip(canvas.centres[first:, None] - edge + np.float32(0.5), 0, 1)
    image = canvas.image[first:]
    image += (surface[first:] - image) * cover[:, :, None]
    inside = cover > 0.5
    np.copyto(canvas.object[first:], np.uint16(number_of("object", of)), where=inside)
    np.copyto(canvas.material[first:], np.uint16(number_of("material", material)), where=inside)


def ridge(
    view: View,
    base: float,
    rise: float,
    bumps: float,
    colour: RGB,
    foot: RGB,
    of: str,
    material: str,
    *,
    texture: str = "fine",
    rough: float = 0.05,
    sharp: float = 0.0,
) -> Field:
    """A line of hills.

    Args:
        view: where.
        base: the height of its middle, from 0 (top edge) to 1.
        rise: how far it goes up and down.
        bumps: how often.
        colour: at the top.
        foot: lower down, where there is haze.
        of: the name of the object.
        material: the name of the material.
        texture: see `noise.tile`.
        rough: its strength.
        sharp: how ragged the edge is, for rocks and woods.

    Returns:
        ``[size]``: its edge in pixels.
    """
    canvas, size = view.canvas, view.canvas.size
    edge = np.float32(base) + np.float32(rise) * line(size, bumps, view.rng)
    if sharp:
        edge = edge + np.float32(sharp) * line(size, bumps * 6, view.rng)
    edge = edge * np.float32(size)
    t = np.clip((canvas.centres[:, None] - edge) * np.float32(1 / (0.25 * size)), 0, 1)[:, :, None]
    surface = np.array(colour, np.float32) * (1 - t) + np.array(foot, np.float32) * t
    surface += (np.float32(rough) * cut(texture, size, size, view.rng))[:, :, None]
    below(view, edge, surface, of, material)
    return edge


@cache
def _depth_map(size: int, rows: int) -> tuple[Field, Field]:
    """Column offsets ``[rows, size]`` and row offsets ``[rows]`` into a texture that lies on the ground."""
    t = (np.arange(rows, dtype=np.float32) + np.float32(0.5)) / np.float32(rows)
    far = np.float32(1) / (t + np.float32(0.18))
    across = (np.arange(size, dtype=np.float32) - np.float32(size / 2)) * np.float32(64 / size)
    return across * far[:, None], far * np.float32(60)


def ground(
    view: View, far: RGB, near: RGB, texture: str, rough: float, of: str = "ground", material: str = "grass"
) -> None:
    """Ground from the horizon to the lower edge, its texture in perspective."""
    canvas, size = view.canvas, view.canvas.size
    top = round(view.horizon * size)
    rows = size - top
    across, away = _depth_map(size, rows)
    shift, turn = int(view.rng.random() * TILE), int(view.rng.random() * TILE)
    whole = tile(texture)
    cells = whole[((away.astype(np.int64) + shift) % TILE)[:, None], (across.astype(np.int64) + turn) % TILE]
    t = ((np.arange(rows, dtype=np.float32) + np.float32(0.5)) / np.float32(rows))[:, None]
    ramp = np.array(far, np.float32) * (1 - t) + np.array(near, np.float32) * t
    level = np.float32(rough) * (np.float32(0.35) + np.float32(0.65) * t) * cells
    level += np.float32(0.5 * rough) * cut("cloud", rows, size, view.rng)
    canvas.image[top:] = ramp[:, None] * (1 + level)[:, :, None]
    canvas.object[top:] = number_of("object", of)
    canvas.material[top:] = number_of("material", material)
