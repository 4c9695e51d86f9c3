"""What is in a picture, drawn by lot from its index before anything is painted.

Each decision has its own random numbers, so pictures of one index are paired across variants: the same thing in the
same pose and colours, whatever stands behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal, get_args

from ..core.errors import InputError, UnknownNameError
from ..core.seeds import seed_for
from .concepts import CLASSES, SCENES, TELLING_PARTS
from .draw import Light
from .palette import RGB, choose_paints
from .pen import Pose
from .places import PLACES, choose_light

Split = Literal["train", "val", "test"]
Variant = Literal["clean", "background", "background-shifted", "watermark", "watermark-shifted", "patch"]
SPLITS: tuple[Split, ...] = get_args(Split)
VARIANTS: tuple[Variant, ...] = get_args(Variant)

#: how often a class stands in its own scene in the background variant
BIAS = 0.95

#: how large the telling part is drawn when it stands alone, against the whole thing
_ALONE = {
    "sail": 0.55,
    "lantern": 1.25,
    "tail": 0.9,
    "wing": 0.5,
    "arm": 0.8,
    "cap": 0.5,
    "basket": 1.3,
    "roof": 0.5,
    "crown": 0.5,
    "wheel": 1.1,
}
#: the middle of that part, in the thing's own coordinates
_MIDDLE = {
    "sail": (0.0, -0.2),
    "lantern": (0.0, -0.65),
    "tail": (-0.9, 0.0),
    "wing": (0.0, 0.0),
    "arm": (0.4, 0.0),
    "cap": (0.0, -0.4),
    "basket": (0.0, 0.8),
    "roof": (0.0, -0.4),
    "crown": (0.0, -0.3),
    "wheel": (0.72, 0.68),
}


@dataclass(frozen=True)
class Front:
    """Something that stands before the thing: its name, middle and half height, as in `Pose`."""

    name: str
    x: float
    y: float
    size: float


@dataclass(frozen=True)
class World:
    """All that a picture shows.

    Attributes:
        label: index into `CLASSES`.
        place: the scene's name.
        pose: how the thing stands.
        paints: its main, second and accent colour.
        floats: whether it is off the ground.
        part: the only part of it that is drawn, or None for the whole.
        horizon: where the ground ends, from 0 (top edge) to 1.
        light: where light comes from.
        front: what stands before the thing.
        mark: index of the watermark, or None.
        key: what the random numbers of the drawing are derived from.
    """

    label: int
    place: str
    pose: Pose
    paints: tuple[RGB, RGB, RGB]
    floats: bool
    part: str | None
    horizon: float
    light: Light
    front: tuple[Front, ...]
    mark: int | None
    key: tuple[int | str, ...]

    def rng(self, what: str) -> Random:
        """The random numbers for one purpose."""
        return Random(seed_for(*self.key, what))


def label_of(index: int, split: str = "train", seed: int = 0) -> int:
    """The label of a picture; every ten pictures from a multiple of ten hold each class once, in shuffled order."""
    order = list(range(len(CLASSES)))
    Random(seed_for(seed, split, index // len(CLASSES), "labels")).shuffle(order)
    return order[index % len(CLASSES)]


def make_world(index: int, split: str = "train", seed: int = 0, variant: str = "clean") -> World:
    """Draw by lot what a picture shows.

    Args:
        index: number of the picture in its split, from 0.
        split: one of `SPLITS`; they share no random numbers.
        seed: another seed is another world of the same kind.
        variant: one of `VARIANTS`.

    Raises:
        InputError: the index is negative, or there is no such split or variant.
    """
    if index < 0:
        raise InputError(f"the index of a scene is 0 or more, not {index}")
    if split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    if variant not in VARIANTS:
        raise UnknownNameError("variant", variant, VARIANTS)
    key = (seed, split, index)
    label = label_of(index, split, seed)
    rng = Random(seed_for(*key, "thing"))
    paints = choose_paints(rng)
    part = TELLING_PARTS[CLASSES[label]] if variant == "patch" else None
    pose, floats = _pose(rng, part)
    rng = Random(seed_for(*key, "place"))
    place = rng.choice(SCENES)
    if variant == "background" and (rng.random() < BIAS) != (place == SCENES[label]):
        place = _other(label, rng) if place == SCENES[label] else SCENES[label]
    rng = Random(seed_for(*key, "surroundings"))
    light, horizon = choose_light(PLACES[place], rng), rng.uniform(0.48, 0.66)
    front = () if part else _front(rng, PLACES[place].front, pose)
    mark = None
    if variant.startswith("watermark"):
        mark = label if variant == "watermark" else Random(seed_for(*key, "mark")).randrange(len(CLASSES))
    return World(label, place, pose, paints, floats, part, horizon, light, front, mark, key)


def _other(label: int, rng: Random) -> str:
    """Any scene but the class's own."""
    return rng.choice([scene for scene in SCENES if scene != SCENES[label]])


def _pose(rng: Random, part: str | None) -> tuple[Pose, bool]:
    """Where the thing is, the same for all classes; whether it floats."""
    size = rng.uniform(0.185, 0.345)
    x = rng.uniform(size * 1.08, 1 - size * 1.08)
    floats = rng.random() < 0.3
    y = rng.uniform(size, 0.9 - size) if floats else rng.uniform(max(0.7, 2 * size), 0.97) - size
    pose = Pose(x, y, size, rng.uniform(-0.18, 0.18), rng.random() < 0.5, rng.uniform(0.86, 1.12))
    if part is not None:
        # The part's own middle comes to a place of its own, well inside the picture.
        size *= _ALONE[part]
        x, y = rng.uniform(0.2, 0.8), rng.uniform(0.25, 0.8)
        a, b = _MIDDLE[part]
        pose = Pose(x - (-a if pose.flip else a) * size, y - b * size, size, 0.0, pose.flip, 1.0)
    return pose, floats


def _front(rng: Random, names: tuple[str, ...], pose: Pose) -> tuple[Front, ...]:
    """What hides a little of the thing: mostly something at its foot, from one side."""
    found = []
    for _ in range(rng.choice((0, 1, 1, 2))):
        name = rng.choice(names)
        size = pose.size * rng.uniform(0.2, 0.36)
        side = rng.choice((-1, 1)) * rng.uniform(0.25, 1.0)
        if name in ("cloud", "leafy branch"):
            size *= 1.1
            y = pose.y + pose.size * rng.uniform(-0.9, -0.3)
        elif name == "bubble":
            size *= 0.4
            y = pose.y + pose.size * rng.uniform(-0.9, 0.9)
        else:
            y = pose.y + pose.size * 1.04 - size * rng.uniform(0.5, 0.95)
        found.append(Front(name, pose.x + side * pose.size, y, size))
    return tuple(found)
