"""Pictures of a world with something changed in it: drawn anew, so that what was hidden is there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UnknownNameError
from .backgrounds import View
from .draw import Canvas
from .marks import stamp
from .places import PLACES
from .props import put
from .render import render
from .world import World


def without_thing(world: World, size: int = 96) -> NDArray[np.uint8]:
    """The same picture without its thing and the thing's shadow; what stood before the thing is still there.

    Args:
        world: what the picture shows.
        size: height and width in pixels.

    Returns:
        uint8 ``[size, size, 3]``, equal to the picture itself wherever neither the thing nor its shadow is seen.
    """
    canvas, light = Canvas(size), world.light
    PLACES[world.place].draw(View(canvas, world.rng("behind"), light, world.horizon))
    rng = world.rng("front")
    for item in world.front:
        put(canvas, rng, light, item.name, item.x, item.y, item.size)
    if world.mark is not None:
        stamp(canvas, light, world.rng("stamp"), world.mark)
    return canvas.finished(canvas.drawn().image, light, world.rng("grain"))


def without_mark(world: World, size: int = 96) -> NDArray[np.uint8]:
    """The same picture without its watermark.

    Args:
        world: what the picture shows.
        size: height and width in pixels.

    Returns:
        uint8 ``[size, size, 3]``.
    """
    return render(replace(world, mark=None), "clean", size).image


def in_place(world: World, place: str, size: int = 96) -> NDArray[np.uint8]:
    """The same thing under the same light in another place, with nothing before it.

    What stood before the thing belongs to the place it was in, and goes with it. A watermark stays.

    Args:
        world: what the picture shows.
        place: the name of a scene.
        size: height and width in pixels.

    Returns:
        uint8 ``[size, size, 3]``, equal to the picture itself wherever the thing covers all of a pixel.

    Raises:
        UnknownNameError: there is no such scene.
    """
    if place not in PLACES:
        raise UnknownNameError("scene", place, PLACES)
    return render(replace(world, place=place, front=()), "clean", size).image
