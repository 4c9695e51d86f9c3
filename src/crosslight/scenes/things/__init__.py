"""The ten things, one to a file. Each draws itself with a pen, from three colours and a random generator."""

from __future__ import annotations

from collections.abc import Callable

from ..palette import RGB
from ..pen import Pen
from .balloon import draw_balloon
from .butterfly import draw_butterfly
from .cactus import draw_cactus
from .car import draw_car
from .fish import draw_fish
from .house import draw_house
from .lighthouse import draw_lighthouse
from .mushroom import draw_mushroom
from .sailboat import draw_sailboat
from .tree import draw_tree

Paints = tuple[RGB, RGB, RGB]

DRAW: dict[str, Callable[[Pen, Paints], None]] = {
    "sailboat": draw_sailboat,
    "lighthouse": draw_lighthouse,
    "fish": draw_fish,
    "butterfly": draw_butterfly,
    "cactus": draw_cactus,
    "mushroom": draw_mushroom,
    "balloon": draw_balloon,
    "house": draw_house,
    "tree": draw_tree,
    "car": draw_car,
}

__all__ = ["DRAW", "Paints"]
