"""Scenes, whose labels are made with the picture."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...core.errors import InputError
from ...scenes import CATEGORIES, CONCEPTS, Scene, scene
from ...scenes.export import ppm
from ...store import ImageEntry
from .concept_masks import ImageLabels

#: scenes that are kept, so that several layers do not draw them again; 20 MB
_KEPT = 200

_SCENE = re.compile(r"(\w+)-(\d+)\.ppm")


@dataclass(frozen=True)
class SceneConcepts:
    """The objects, parts, colours, materials and places of scenes.

    Attributes:
        variant: of the scenes.
    """

    variant: str = "clean"

    @property
    def name(self) -> str:
        """In words."""
        return f"scenes ({self.variant})"

    @property
    def concepts(self) -> tuple[str, ...]:
        """Of all categories."""
        return tuple(one.name for one in CONCEPTS)

    @property
    def categories(self) -> tuple[str, ...]:
        """Of each concept."""
        return tuple(one.category for one in CONCEPTS)

    def labels(self, image: ImageEntry, size: tuple[int, int]) -> ImageLabels | None:
        """Those of a scene, by its name; None for other images.

        Raises:
            InputError: the scene of that name is another picture.
        """
        found = _SCENE.fullmatch(image.name.rpartition("/")[2])
        if found is None:
            return None
        made, identity = _made(int(found[2]), found[1], self.variant)
        if not image.identity.startswith(identity):
            raise InputError(
                f"{image.name} is another picture than the scene of that name in the variant {self.variant}"
            )
        planes = {name: one for name in CATEGORIES if not isinstance(one := made.labels[name], int)}
        whole = {name: one for name in CATEGORIES if isinstance(one := made.labels[name], int)}
        return ImageLabels(
            (int(made.image.shape[0]), int(made.image.shape[1])),
            {name: (np.asarray(plane),) for name, plane in planes.items()},
            {name: (number,) if number else () for name, number in whole.items()},
        )


@lru_cache(maxsize=_KEPT)
def _made(index: int, split: str, variant: str) -> tuple[Scene, str]:
    """A scene, and what the identity of its picture begins with."""
    made = scene(index, split=split, variant=variant)
    return made, hashlib.sha256(ppm(made.image)).hexdigest()[:16]
