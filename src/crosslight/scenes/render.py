"""From what a picture shows to the picture, its labels and its facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.geometry import Box
from .backgrounds import View
from .concepts import CLASSES, PARTS, number_of
from .draw import Canvas
from .marks import MARKS, stamp
from .palette import COLOUR_NAMES, name_colours
from .pen import Pen, Pose
from .places import PLACES
from .props import put
from .things import DRAW
from .world import World, make_world

#: what things are made of where their parts say nothing else
_MADE_OF = {
    "fish": "skin",
    "butterfly": "skin",
    "cactus": "foliage",
    "mushroom": "skin",
    "balloon": "cloth",
    "tree": "foliage",
    "sailboat": "wood",
    "lighthouse": "plaster",
    "house": "plaster",
    "car": "metal",
}


@dataclass(frozen=True)
class Facts:
    """What is true of a picture, beyond its labels.

    Attributes:
        variant: the variant it was made in.
        place: the scene's name.
        colour: the name of the colour that most of the thing's main visible part has.
        pose: how the thing stands.
        floats: whether it is off the ground.
        front: what stands before it.
        visible: the share of the thing within the picture that nothing hides.
        thing_box: what encloses the visible thing, in pixels.
        mark: the watermark's name, or None.
        evidence: bool ``[size, size]``: where the class can be read. The visible thing in ``clean``, its one part
            in ``patch``; for a planted cause the pixels of that cause: everything but the thing in
            ``background``, the mark in ``watermark``.
        evidence_box: what encloses the evidence, in pixels.
        solid: bool ``[size, size]``: pixels that are the thing's alone, with nothing of what is behind.
    """

    variant: str
    place: str
    colour: str
    pose: Pose
    floats: bool
    front: tuple[str, ...]
    visible: float
    thing_box: Box
    mark: str | None
    evidence: NDArray[np.bool_]
    evidence_box: Box
    solid: NDArray[np.bool_]


@dataclass(frozen=True)
class Scene:
    """A picture with everything that is known about it.

    Attributes:
        image: uint8 ``[size, size, 3]``, sRGB.
        label: index into `CLASSES`.
        labels: for ``object``, ``part``, ``color`` and ``material`` uint16 ``[size, size]``, for ``scene`` an int:
            numbers of concepts, 0 for none.
        caption: the picture in words.
        facts: what else is true.
    """

    image: NDArray[np.uint8]
    label: int
    labels: Mapping[str, NDArray[np.uint16] | int]
    caption: str
    facts: Facts


@dataclass(frozen=True)
class SceneBatch:
    """Several pictures as arrays.

    Attributes:
        images: uint8 ``[n, size, size, 3]``.
        labels: int64 ``[n]``.
        masks: category -> uint16 ``[n, size, size]``, for ``scene`` uint16 ``[n]``.
        evidence: bool ``[n, size, size]``.
        captions: the pictures in words.
        facts: what else is true of each.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    masks: Mapping[str, NDArray[np.uint16]]
    evidence: NDArray[np.bool_]
    captions: tuple[str, ...]
    facts: tuple[Facts, ...]

    def __len__(self) -> int:
        return len(self.images)


def scene(index: int, *, split: str = "train", seed: int = 0, variant: str = "clean", size: int = 96) -> Scene:
    """Make one picture; the same arguments give the same bytes everywhere.

    Args:
        index: number of the picture in its split, from 0; every split is as long as you like.
        split: ``train``, ``val`` or ``test``.
        seed: another seed is another world of the same kind.
        variant: ``clean``; ``background`` (the class goes with the scene in 95 % of pictures), ``watermark`` (a mark
            tells the class), ``patch`` (of the thing one part alone is there); ``background-shifted`` and
            ``watermark-shifted`` (the planted cause is there, but tells nothing).
        size: height and width in pixels.

    Raises:
        InputError: the index or the size is out of range, or there is no such split or variant.
    """
    if not 32 <= size <= 1024:
        raise InputError(f"scenes have 32 to 1024 pixels a side, not {size}")
    return render(make_world(index, split, seed, variant), variant, size)


def scenes(
    indices: int | Iterable[int], *, split: str = "train", seed: int = 0, variant: str = "clean", size: int = 96
) -> SceneBatch:
    """Make several pictures; see `scene`.

    Args:
        indices: which ones; a number stands for the first so many.
        split: as for `scene`.
        seed: as for `scene`.
        variant: as for `scene`.
        size: as for `scene`.
    """
    chosen = range(indices) if isinstance(indices, int) else indices
    made = [scene(i, split=split, seed=seed, variant=variant, size=size) for i in chosen]
    shape = (len(made), size, size)
    masks = {
        category: np.array([s.labels[category] for s in made], np.uint16).reshape(shape)
        for category in ("object", "part", "color", "material")
    }
    masks["scene"] = np.array([s.labels["scene"] for s in made], np.uint16)
    return SceneBatch(
        np.array([s.image for s in made], np.uint8).reshape(*shape, 3),
        np.array([s.label for s in made], np.int64),
        masks,
        np.array([s.facts.evidence for s in made], bool).reshape(shape),
        tuple(s.caption for s in made),
        tuple(s.facts for s in made),
    )


def render(world: World, variant: str = "clean", size: int = 96, behind: NDArray[np.float32] | None = None) -> Scene:
    """Paint a world.

    Args:
        world: what the picture shows.
        variant: what the evidence is measured for.
        size: height and width in pixels.
        behind: float32 ``[size, size, 3]`` in [0, 1], painted in place of what is behind the thing; labels of the
            background then say nothing.
    """
    canvas, light, pose = Canvas(size), world.light, world.pose
    place, name = PLACES[world.place], CLASSES[world.label]
    place.draw(View(canvas, world.rng("behind"), light, world.horizon))
    canvas.begin_thing()
    if not world.floats and world.part is None and pose.y + pose.size > world.horizon:
        aside = -light.x * 0.35 * pose.size
        foot = (pose.x + aside) * size, (pose.y + pose.size * 0.98) * size
        canvas.shadow(*foot, pose.size * pose.stretch * size * 1.05, pose.size * size * 0.2, 0.5)
    pen = Pen(canvas, pose, world.rng("look"), light, name, _MADE_OF[name], only=world.part)
    DRAW[name](pen, world.paints)
    canvas.end_thing()
    rng = world.rng("front")
    for item in world.front:
        put(canvas, rng, light, item.name, item.x, item.y, item.size)
    stamped = stamp(canvas, light, world.rng("stamp"), world.mark) if world.mark is not None else None
    drawn = canvas.drawn(behind)
    image = canvas.finished(drawn.image, light, world.rng("grain"))
    objects, parts, materials = drawn.numbers

    colours = name_colours(image)
    thing = objects == number_of("object", name)
    main = parts == number_of("part", world.part or PARTS[name][0])
    votes = np.bincount(colours[main & thing if (main & thing).any() else thing], minlength=len(COLOUR_NAMES))
    colour = COLOUR_NAMES[int(votes.argmax())]
    evidence = ~thing if variant.startswith("background") else stamped if stamped is not None else thing
    facts = Facts(
        variant,
        world.place,
        colour,
        pose,
        world.floats,
        tuple(item.name for item in world.front),
        drawn.visible,
        _box_of(thing),
        list(MARKS)[world.mark] if world.mark is not None else None,
        evidence,
        _box_of(evidence),
        drawn.solid,
    )
    labels: dict[str, NDArray[np.uint16] | int] = {
        "object": objects,
        "part": parts,
        "color": colours.astype(np.uint16) + np.uint16(number_of("color", COLOUR_NAMES[0])),
        "material": materials,
        "scene": number_of("scene", world.place),
    }
    return Scene(image, world.label, labels, _caption(world, name, colour), facts)


def _box_of(mask: NDArray[np.bool_]) -> Box:
    """What encloses the pixels that are set; empty where none is."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return Box(0, 0, 0, 0)
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))


def _caption(world: World, name: str, colour: str) -> str:
    """The picture in words."""
    size = world.pose.size
    large = "" if world.part else "small " if size < 0.235 else "large " if size > 0.3 else ""
    shown = f"{large}{colour} {name}"
    if world.part:
        shown = f"{colour} {world.part} of a {name}"
    words = f"{'an' if shown[0] in 'aeiou' else 'a'} {shown}"
    if world.floats and not world.part:
        words += " floating"
    words += f" {PLACES[world.place].where}"
    x = world.pose.x
    words += ", on the left" if x < 0.42 else ", on the right" if x > 0.58 else ", in the middle"
    if world.front:
        hides = world.front[0].name
        words += f", behind {'an' if hides[0] in 'aeiou' else 'a'} {hides}"
    return words
