"""What places are made of: sky, ridges of hills, and ground that runs into the distance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random

import numpy as np
from numpy.typing import NDArray

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


def backdrop(view: View, top: RGB, bottom: RGB, cloudy: float = 0.06, of: str = "sky", material: str = "air") -> Field:
    """Fill the whole picture: a gradient from the top edge to the horizon, with cloudy noise.

    Returns:
        ``[size, size, 3]``: the surface, which may still be painted on.
    """
    canvas = view.canvas
    rows = min(round(view.horizon * canvas.size) + 2, canvas.size)  # the ground hides the rest
    t = np.clip(canvas.centres[:rows] * np.float32(1 / (view.horizon * canvas.size)), 0, 1)[:, None]
    ramp = np.array(top, np.float32) * (1 - t) + np.array(bottom, np.float32) * t
    surface = np.zeros((canvas.size, canvas.size, 3), np.float32)
    clouds = np.float32(cloudy) * cut("cloud", rows, canvas.size, view.rng)
    np.add(ramp[:, None], clouds[:, :, None], out=surface[:rows])
    canvas.spread(surface, (number_of("object", of), 0, number_of("material", material)))
    return surface


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
    near: bool = False,
) -> None:
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
        near: whether it lies on the ground and not behind it.
    """
    size = view.canvas.size
    edge = np.float32(base) + np.float32(rise) * line(48, bumps, view.rng)
    if sharp:
        edge = edge + np.float32(sharp) * line(48, bumps * 6, view.rng)
    top = max(float(edge.min()) * size, 0)
    t = np.clip((view.canvas.centres - np.float32(top)) * np.float32(1 / (0.25 * size)), 0, 1)[:, None]
    ramp = np.array(colour, np.float32) * (1 - t) + np.array(foot, np.float32) * t
    first = min(int(top), size - 1)  # nothing above is seen
    end = size if near else max(min(round(view.horizon * size) + 2, size), first + 1)  # the ground hides the rest
    surface = np.zeros((size, size, 3), np.float32)
    relief = np.float32(rough) * cut(texture, end - first, size, view.rng)
    np.add(ramp[first:end, None], relief[:, :, None], out=surface[first:end])
    numbers = (number_of("object", of), 0, number_of("material", material))
    view.canvas.spread(surface, numbers, (edge * np.float32(size)).tolist())


@cache
def _depth_map(size: int, rows: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Column offsets ``[rows, size]`` and row offsets ``[rows]`` into a texture that lies on the ground."""
    t = (np.arange(rows, dtype=np.float32) + np.float32(0.5)) / np.float32(rows)
    far = np.float32(1) / (t + np.float32(0.18))
    across = (np.arange(size, dtype=np.float32) - np.float32(size / 2)) * np.float32(64 / size)
    return (across * far[:, None]).astype(np.int64), (far * np.float32(60)).astype(np.int64)


def ground(
    view: View, far: RGB, near: RGB, texture: str, rough: float, of: str = "ground", material: str = "grass"
) -> Field:
    """Ground from the horizon to the lower edge, its texture in perspective.

    Returns:
        ``[size, size, 3]``: the surface, which may still be painted on.
    """
    size = view.canvas.size
    top = round(view.horizon * size)
    rows = size - top
    across, away = _depth_map(size, rows)
    shift, turn = int(view.rng.random() * TILE), int(view.rng.random() * TILE)
    cells = tile(texture).reshape(-1).take((((away + shift) % TILE) * TILE)[:, None] + (across + turn) % TILE)
    t = ((np.arange(rows, dtype=np.float32) + np.float32(0.5)) / np.float32(rows))[:, None]
    ramp = np.array(far, np.float32) * (1 - t) + np.array(near, np.float32) * t
    level = np.float32(rough) * (np.float32(0.35) + np.float32(0.65) * t) * cells
    level += np.float32(0.5 * rough) * cut("cloud", rows, size, view.rng)
    surface = np.empty((size, size, 3), np.float32)
    surface[:top] = far
    surface[top:] = ramp[:, None] * (1 + level)[:, :, None]
    numbers = (number_of("object", of), 0, number_of("material", material))
    view.canvas.spread(surface, numbers, (float(top), float(top)))
    return surface
