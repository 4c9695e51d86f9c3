"""Everything that pixels and pictures are labelled with, numbered as Broden does: 0 is no label."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from .palette import COLOUR_NAMES

#: the ten classes, in the order of their labels
CLASSES = (
    "sailboat",
    "lighthouse",
    "fish",
    "butterfly",
    "cactus",
    "mushroom",
    "balloon",
    "house",
    "tree",
    "car",
)

#: where things stand; the background variant gives each class the scene at its own place in this list
SCENES = ("sea", "meadow", "desert", "night", "city", "snowfield", "woods", "reef", "mountains", "room")

#: the parts of each class; the first is its main part, after whose colour the thing is called
PARTS: dict[str, tuple[str, ...]] = {
    "sailboat": ("sail", "hull", "mast", "pennant"),
    "lighthouse": ("tower", "lantern", "gallery", "dome", "door", "window"),
    "fish": ("body", "tail", "fin", "eye", "mouth"),
    "butterfly": ("wing", "abdomen", "antenna"),
    "cactus": ("stem", "arm", "blossom"),
    "mushroom": ("cap", "stalk", "gills"),
    "balloon": ("envelope", "rope", "basket"),
    "house": ("wall", "roof", "chimney", "door", "window"),
    "tree": ("crown", "trunk", "fruit"),
    "car": ("bodywork", "wheel", "window", "headlight", "bumper"),
}

#: the part that alone stands for its class in the patch variant
TELLING_PARTS = {
    "sailboat": "sail",
    "lighthouse": "lantern",
    "fish": "tail",
    "butterfly": "wing",
    "cactus": "arm",
    "mushroom": "cap",
    "balloon": "basket",
    "house": "roof",
    "tree": "crown",
    "car": "wheel",
}

#: objects that belong to no class
SURROUNDINGS = (
    "sky",
    "ground",
    "water surface",
    "hill",
    "mountain",
    "building",
    "cloud",
    "sun",
    "moon",
    "star",
    "bird",
    "stone",
    "grass tuft",
    "flower",
    "bush",
    "seaweed",
    "bubble",
    "wave",
    "snowdrift",
    "trunk row",
    "leafy branch",
    "crate",
    "wallpaper",
    "picture frame",
    "fence",
)

MATERIALS = (
    "air",
    "water",
    "grass",
    "sand",
    "snow",
    "rock",
    "asphalt",
    "wood",
    "bark",
    "foliage",
    "cloth",
    "metal",
    "glass",
    "plaster",
    "tile",
    "skin",
    "wicker",
    "rubber",
    "paper",
    "light",
)

CATEGORIES = ("object", "part", "color", "material", "scene")


@dataclass(frozen=True)
class Concept:
    """One thing that a pixel or a picture can be labelled with.

    Attributes:
        number: from 1, unique over all categories.
        name: unique over all categories.
        category: one of `CATEGORIES`.
    """

    number: int
    name: str
    category: str


def _number_all() -> tuple[Concept, ...]:
    parts = tuple(dict.fromkeys(part for names in PARTS.values() for part in names))
    by_category = dict(
        zip(CATEGORIES, ((*CLASSES, *SURROUNDINGS), parts, COLOUR_NAMES, MATERIALS, SCENES), strict=True)
    )
    pairs = [(name, category) for category, names in by_category.items() for name in names]
    return tuple(Concept(number, name, category) for number, (name, category) in enumerate(pairs, start=1))


#: all concepts, by number
CONCEPTS = _number_all()
_NUMBERS = {(concept.category, concept.name): concept.number for concept in CONCEPTS} | {
    (category, ""): 0 for category in CATEGORIES
}


def number_of(category: str, name: str) -> int:
    """The number of a concept; 0 for no name."""
    return _NUMBERS[category, name]


@cache
def concepts_of(category: str) -> tuple[Concept, ...]:
    """The concepts of one category, by number."""
    return tuple(concept for concept in CONCEPTS if concept.category == category)
