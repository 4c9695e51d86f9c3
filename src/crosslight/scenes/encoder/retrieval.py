"""How well an encoder of scenes finds captions by pictures, pictures by captions, and concepts by their names.

``python -m crosslight.scenes.encoder.retrieval [FILE]`` measures the encoder of the package, or another one, on
pictures of the test split.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..concepts import CATEGORIES, CLASSES, CONCEPTS, SCENES, number_of
from ..render import scenes
from .api import SceneEncoder, load_encoder
from .labelled import is_about, label_scenes
from .truth import SEEN, SEEN_COLOUR

#: pictures of the test split, and how many captions one is sought among
TESTED, AMONG = 1_000, (200, 1_000)

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Found:
    """How often the right one of several is the first, or among the first five; shares in [0, 1]."""

    first: float
    first_five: float


@dataclass(frozen=True)
class Measured:
    """What an encoder can do.

    Attributes:
        captions: by how many captions there were: finding a picture's own one.
        pictures: by how many pictures there were: finding a caption's own one.
        areas: by category: the mean over its concepts of the area under the receiver operating characteristic of the
            similarity to the concept's name, for telling pictures that show it from those that do not.
        concepts: the same of each concept; those that all pictures show, or none, are left out.
        things: the share of pictures whose class has, of all ten, the most similar name.
        places: the same of scenes.
    """

    captions: Mapping[int, Found]
    pictures: Mapping[int, Found]
    areas: Mapping[str, float]
    concepts: Mapping[str, float]
    things: float
    places: float


def own_found(similarity: Vectors, captions: Sequence[str]) -> Found:
    """How often each row's own column is the most similar, or one of the five most similar.

    Args:
        similarity: ``[n, n]``; the own column of a row stands on the diagonal.
        captions: ``[n]``: of rows and columns. Where two are the same text neither is the other's rival. Ties with
            any other count against the row.
    """
    numbers = np.unique(np.array(captions), return_inverse=True)[1]
    rivals = numbers[:, None] != numbers
    before = ((similarity >= similarity.diagonal()[:, None]) & rivals).sum(axis=1)
    return Found(float((before < 1).mean()), float((before < 5).mean()))


def area(scores: Vectors, there: NDArray[np.bool_]) -> float:
    """The area under the receiver operating characteristic: the chance that a picture with it scores above one without.

    Args:
        scores: ``[n]``.
        there: ``[n]``.
    """
    from scipy.stats import rankdata

    count = int(there.sum())
    ranks = float(rankdata(scores)[there].sum())
    return (ranks - count * (count + 1) / 2) / (count * (len(there) - count))


def measure(encoder: SceneEncoder, *, count: int = TESTED, among: Sequence[int] = AMONG) -> Measured:
    """Measure an encoder on the first pictures of the test split.

    A concept is there if it covers at least 0.1 % of the picture, a colour if it covers 0.5 %.

    Args:
        encoder: which one.
        count: how many pictures.
        among: how many captions a picture's own one is sought among; the pictures are cut into groups of so many.
    """
    batch = scenes(count, split="test")
    seen, said = encoder.encode_images(batch.images), encoder.encode_texts(batch.captions)
    names = seen @ encoder.encode_texts([concept.name for concept in CONCEPTS]).T
    captions, pictures = {}, {}
    for size in among:
        groups = [slice(start, start + size) for start in range(0, count - size + 1, size)]
        captions[size] = _mean([own_found(seen[g] @ said[g].T, batch.captions[g]) for g in groups])
        pictures[size] = _mean([own_found(said[g] @ seen[g].T, batch.captions[g]) for g in groups])
    there = label_scenes(batch).shares >= np.where(is_about("color"), SEEN_COLOUR, SEEN)
    areas = {
        concept.name: area(names[:, at], there[:, at])
        for at, concept in enumerate(CONCEPTS)
        if 0 < there[:, at].sum() < count
    }
    by_category = {
        category: float(np.mean([areas[c.name] for c in CONCEPTS if c.category == category and c.name in areas]))
        for category in CATEGORIES
    }
    things = names[:, [number_of("object", name) - 1 for name in CLASSES]].argmax(axis=1)
    places = names[:, [number_of("scene", name) - 1 for name in SCENES]].argmax(axis=1)
    where = np.array([SCENES.index(facts.place) for facts in batch.facts])
    return Measured(
        captions,
        pictures,
        by_category,
        areas,
        float((things == batch.labels).mean()),
        float((places == where).mean()),
    )


def table(measured: Measured) -> str:
    """What was measured, to be read."""
    lines = [f"{'':38}{'first':>8}{'in first 5':>12}"]
    for what, by_size in (("caption of a picture", measured.captions), ("picture of a caption", measured.pictures)):
        lines += [f"{f'{what}, among {n}':38}{v.first:8.1%}{v.first_five:12.1%}" for n, v in by_size.items()]
    lines += [f"{'name of the thing, among 10':38}{measured.things:8.1%}"]
    lines += [f"{'name of the scene, among 10':38}{measured.places:8.1%}", ""]
    lines += [f"{'concepts':38}{'mean area':>10}   the three smallest"]
    for category, value in measured.areas.items():
        own = sorted(
            (measured.concepts[c.name], c.name)
            for c in CONCEPTS
            if c.category == category and c.name in measured.concepts
        )
        lines.append(f"{category:38}{value:10.4f}   {', '.join(f'{name} {v:.3f}' for v, name in own[:3])}")
    return "\n".join(lines)


def _mean(found: Sequence[Found]) -> Found:
    return Found(float(np.mean([f.first for f in found])), float(np.mean([f.first_five for f in found])))


if __name__ == "__main__":
    chosen = load_encoder(sys.argv[1] if len(sys.argv) > 1 else None)
    print(table(measure(chosen)))
