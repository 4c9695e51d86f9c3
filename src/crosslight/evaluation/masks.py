"""Masks of a study's images: where in each picture the evidence is."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.finding import NAMED
from ..core.seeds import seed_for
from ..scenes import CLASSES, SCENES, Scene, number_of, scene
from ..scenes.edited import in_place, without_mark, without_thing
from ..scenes.export import ppm
from ..scenes.world import make_world
from ..store import ImageEntry, Store

What = Literal["evidence", "object"]
WHAT: tuple[What, ...] = get_args(What)

_SCENE = re.compile(r"(\w+)-(\d+)\.ppm")
#: scenes that are kept, so that mask and picture are made once
_KEPT = 128

HOW = (
    "give a folder of PNG masks named like the images (non-zero is inside), a table of boxes (CSV with the columns"
    " image,x0,y0,x1,y1), COCO instances (JSON) or Pascal VOC files (XML), or take scenes as images, which have masks"
    " of their own"
)


class MaskSource(Protocol):
    """Where the masks of images come from."""

    @property
    def name(self) -> str:
        """In words, as it is recorded with a result."""

    def has(self, image: ImageEntry) -> bool:
        """Whether there is a mask of this image."""

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """What is wrong with an image's mask, or nothing; as little as possible is read.

        Args:
            image: one that has a mask.
            size: height and width of the upright picture in pixels.
        """

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Which pixels are inside: bool ``[h, w]`` of the picture's own size.

        Args:
            image: one that has a mask, about which there is no problem.
            size: height and width of the upright picture in pixels.

        Raises:
            InputError: the mask cannot be read.
        """


#: what `open_masks` makes of it
Given = MaskSource | Mapping[str, Any] | str | os.PathLike[str] | None


@dataclass(frozen=True)
class SceneMasks:
    """The masks that scenes come with.

    Attributes:
        variant: of the scenes.
        what: ``evidence``, where the class can be read (see `crosslight.scenes.Facts`); or ``object``, the visible
            thing, whatever the variant.
        source: the study's source of images.
    """

    variant: str
    what: What = "evidence"
    source: str = "scenes"

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.what} of {self.source}"

    def has(self, image: ImageEntry) -> bool:
        """Whether the image is called like a scene."""
        return _SCENE.fullmatch(image.name) is not None

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """Nothing: a scene that is another one is found when it is made."""
        return ""

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """The mask of a scene.

        Raises:
            InputError: the scene of that name is not the picture in the study.
        """
        made = self.scene(image)
        if self.what == "evidence":
            return made.facts.evidence
        return np.asarray(made.labels["object"] == number_of("object", CLASSES[made.label]))

    def redraw(self, image: ImageEntry, kind: str, seed: int = 0) -> tuple[NDArray[np.uint8], str] | None:
        """A scene drawn anew with something changed in it.

        Args:
            image: the scene.
            kind: ``without`` the thing, or without the watermark where this is the evidence; or ``elsewhere``: the
                thing in another place, which is not its class's own in the variant with that bias either.
            seed: of the choice of another place.

        Returns:
            uint8 ``[size, size, 3]``, and what was done; None where that cannot be drawn.

        Raises:
            InputError: the scene of that name is not the picture in the study.
        """
        made = self.scene(image)
        found = _SCENE.fullmatch(image.name)
        assert found is not None  # or `scene` had raised
        world, size = make_world(int(found[2]), found[1], 0, self.variant), len(made.image)
        is_thing = self.what == "object" or self.variant in ("clean", "patch")
        if kind == "without" and is_thing:
            return without_thing(world, size), "drawn without it"
        if kind == "without" and world.mark is not None:
            return without_mark(world, size), "drawn without it"
        if kind == "elsewhere" and is_thing:
            others = [place for place in SCENES if place not in (world.place, SCENES[world.label])]
            place = others[seed_for(seed, image.identity, "another place") % len(others)]
            return in_place(world, place, size), f"drawn in the scene {place}"
        return None

    def scene(self, image: ImageEntry) -> Scene:
        """The whole scene.

        Raises:
            InputError: the scene of that name is not the picture in the study.
        """
        found = _SCENE.fullmatch(image.name)
        if found is None:
            raise InputError(f"{image.name} is not called like a scene")
        made, identity = _made(int(found[2]), found[1], self.variant)
        if not image.identity.startswith(identity):
            raise InputError(
                f"{image.name}: this Crosslight draws another picture than the one in the study, so its mask would"
                " not fit: run the study again into a new folder"
            )
        return made


@lru_cache(maxsize=_KEPT)
def _made(index: int, split: str, variant: str) -> tuple[Scene, str]:
    """A scene, and what the identity of its picture begins with."""
    made = scene(index, split=split, variant=variant)
    return made, hashlib.sha256(ppm(made.image)).hexdigest()[:16]


@dataclass(frozen=True)
class ArrayMasks:
    """Masks in memory.

    Attributes:
        arrays: ``[h, w]`` by the image's name or identity; non-zero is inside.
    """

    arrays: Mapping[str, NDArray[Any]]
    name: str = "arrays in memory"

    def _of(self, image: ImageEntry) -> NDArray[Any] | None:
        found = self.arrays.get(image.name, self.arrays.get(image.identity))
        return None if found is None else np.asarray(found)

    def has(self, image: ImageEntry) -> bool:
        """Whether there is an array for it."""
        return self._of(image) is not None

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """Whether the array's size is another one."""
        array = self._of(image)
        if array is None or array.ndim != 2:
            return f"the mask has shape {[] if array is None else list(array.shape)}; a mask is [h, w]"
        return "" if array.shape == size else other_size((array.shape[0], array.shape[1]), size)

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Which values are not 0."""
        return np.asarray(self._of(image)) != 0


def other_size(mask: tuple[int, int], picture: tuple[int, int]) -> str:
    """What is wrong with a mask of another size than its picture; sizes as height and width."""
    return f"the mask has {mask[1]} x {mask[0]} pixels, the upright picture {picture[1]} x {picture[0]}"


def open_masks(
    store: Store, masks: Given = None, *, region: str = "", legend: str | os.PathLike[str] | None = None
) -> MaskSource:
    """The masks of a store's images.

    Args:
        store: whose images.
        masks: a folder of PNG files named like the images, or of Pascal VOC files; COCO instances; a CSV of boxes;
            ``evidence`` or ``object`` for scenes; arrays ``[h, w]`` by the image's name or identity; or any
            `MaskSource`. None means the evidence, where the images are scenes.
        region: of them; see `crosslight.evaluation.regions.find_masks`.
        legend: of label maps.

    Raises:
        InputError: there are none, with how to give them.
    """
    from .regions import find_masks

    images, where = store.manifest.images, str(store.path)
    return find_masks(masks, images, _source(store), region=region, legend=legend, where=where)


def has_own_masks(store: Store) -> bool:
    """Whether a store's images come with masks: whether they are scenes."""
    return is_scenes(_source(store), store.manifest.images)


def is_scenes(source: str, images: Sequence[ImageEntry]) -> bool:
    """Whether images are scenes: by what a study names as its images, and by what each is called."""
    return source.split(":")[0] == "scenes" and all(_SCENE.fullmatch(image.name) for image in images)


def _source(store: Store) -> str:
    return str((store.manifest.facts.get("images") or {}).get("source") or "")


def scene_masks(store: Store, what: What = "evidence") -> SceneMasks:
    """The masks of a store's scenes.

    Raises:
        InputError: its images are no scenes.
    """
    return scene_masks_of(_source(store), store.manifest.images, what, str(store.path))


def scene_masks_of(
    source: str, images: Sequence[ImageEntry], what: What = "evidence", where: str = "the set of images"
) -> SceneMasks:
    """The masks of scenes.

    Args:
        source: what a study names as its images.
        images: the scenes.
        what: the evidence, or the object.
        where: in messages: whose images they are.

    Raises:
        InputError: they are no scenes.
    """
    if not is_scenes(source, images):
        raise InputError(f"{where} does not say where the evidence in its images is: {HOW}")
    variant = source.split(":")[2] if source.count(":") == 2 else "clean"
    return SceneMasks(variant, what, source)


def check_masks(masks: MaskSource, images: Sequence[ImageEntry], sizes: NDArray[np.integer]) -> None:
    """Make sure that every mask fits its picture, before any work.

    Args:
        masks: of the images.
        images: all of the study.
        sizes: ``[image, 2]``: height and width of each upright picture, -1 where it is not known.

    Raises:
        InputError: some do not, or no image has a mask; with the first five of them.
    """
    there = [(image, (h, w)) for image, (h, w) in zip(images, sizes.tolist(), strict=True) if masks.has(image)]
    if not there:
        raise InputError(f"there is no mask of any image ({masks.name}): {HOW}")
    known = [(image, size) for image, size in there if min(size) > 0]
    if not known:
        raise InputError("the sizes of the pictures are not known yet: run the study first")
    problems = [f"{image.name}: {problem}" for image, size in known if (problem := masks.problem(image, size))]
    if problems:
        listed = [f"  - {problem}" for problem in problems[:NAMED]]
        more = [f"  - and {len(problems) - NAMED} more"] if len(problems) > NAMED else []
        count = f"{len(problems)} mask{'s do' if len(problems) > 1 else ' does'}"
        raise InputError("\n".join([f"{count} not fit ({masks.name})", *listed, *more]))
