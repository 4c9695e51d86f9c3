"""The ten places in which things stand: what is behind them, what comes in front, and the light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from .backgrounds import View
from .draw import Light
from .enclosures import draw_city, draw_reef, draw_room, draw_woods
from .landscapes import draw_desert, draw_meadow, draw_mountains, draw_night, draw_sea, draw_snowfield
from .palette import RGB

_DAY: tuple[RGB, ...] = ((1.0, 1.0, 1.0), (1.06, 1.0, 0.92), (0.97, 0.99, 1.03), (1.08, 0.95, 0.84), (0.92, 0.93, 0.97))


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
    "night": Place(draw_night, ("bush", "cloud", "stone"), ((0.9, 0.93, 1.06), (0.96, 0.94, 1.04)), "at night"),
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
