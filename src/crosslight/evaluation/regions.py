"""Which region of each picture is meant: the object, the evidence, all but the object, or a class of a legend."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError, UnknownNameError, suggestion
from ..store import ImageEntry
from .masks import HOW, WHAT, ArrayMasks, Given, MaskSource, is_scenes, scene_masks_of

#: regions that need no legend; everything else is a class of one
REGIONS = ("object", "evidence", "background")


@dataclass(frozen=True)
class Outside:
    """All but what another source says is inside.

    Attributes:
        masks: the other source.
    """

    masks: MaskSource

    @property
    def name(self) -> str:
        """In words."""
        return f"all but {self.masks.name}"

    def has(self, image: ImageEntry) -> bool:
        """Whether the other source has a mask of it."""
        return self.masks.has(image)

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """What is wrong with the other source's mask."""
        return self.masks.problem(image, size)

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Pixels that are not inside."""
        return ~self.masks.read(image, size)


@dataclass(frozen=True)
class Elsewhere:
    """What another source says is inside, moved to where it overlaps itself least: a control of the same shape.

    It is moved around the edges, so that its area stays what it is. Of places that are equally free, the one that needs
    the least way up or down is taken, since what pictures show depends on the height more than on the side.

    Attributes:
        masks: the other source.
    """

    masks: MaskSource

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.masks.name}, moved elsewhere"

    def has(self, image: ImageEntry) -> bool:
        """Whether the other source has a mask of it."""
        return self.masks.has(image)

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """What is wrong with the other source's mask."""
        return self.masks.problem(image, size)

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Pixels of the moved shape."""
        return moved(self.masks.read(image, size))


def moved(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A region moved around the edges to where it overlaps itself least.

    Args:
        inside: bool ``[h, w]``.
    """
    height, width = inside.shape
    spectrum = np.fft.rfft2(inside)
    overlap = np.rint(np.fft.irfft2(spectrum * spectrum.conj(), s=inside.shape))
    down, across = (np.minimum(np.arange(n), n - np.arange(n)) for n in (height, width))
    # Of equal overlaps the least way down, then the longest way across.
    place = np.lexsort((-np.broadcast_to(across, inside.shape).ravel(), np.repeat(down, width), overlap.ravel()))[0]
    return np.roll(inside, (int(place) // width, int(place) % width), axis=(0, 1))


def find_masks(
    given: Given,
    images: Sequence[ImageEntry],
    source: str,
    *,
    region: str = "",
    legend: str | os.PathLike[str] | None = None,
    where: str = "the set of images",
) -> MaskSource:
    """The masks of some images.

    Args:
        given: a folder of PNG masks or label maps, or of Pascal VOC files; COCO instances (JSON); a CSV of boxes;
            ``evidence`` or ``object`` for scenes; arrays by the image's name or identity; any `MaskSource`; or None for
            what scenes come with.
        images: whose masks.
        source: what a study names as its images; ``scenes...`` have masks of their own.
        region: ``object``, ``evidence``, ``background`` (all but the object), or classes joined by commas.
            By default what the source has: the evidence of scenes, everything inside of masks and boxes.
        legend: of label maps: a CSV, or ``voc``; by default ``labels.csv`` in the folder or beside it.
        where: in messages: whose images they are.

    Raises:
        InputError: there are no masks, with how to give them; or a file cannot be used.
        UnknownNameError: there is no such class.
    """
    if region == "background":
        return Outside(find_masks(given, images, source, region="object", legend=legend, where=where))
    if isinstance(given, Mapping):
        return ArrayMasks(given)
    if given is not None and not isinstance(given, str | os.PathLike):
        return given
    if given is None:
        if region not in ("", *WHAT):
            raise (
                UnknownNameError("region of scenes", region, REGIONS)
                if is_scenes(source, images)
                else InputError(f"--region {region} is a class of label maps or boxes: name them with --masks")
            )
        return scene_masks_of(source, images, region or "evidence", where)  # type: ignore[arg-type]
    path = Path(given).expanduser()
    if path.exists():
        return _from_files(path, images, "" if region == "object" else region, legend)
    for what in WHAT:
        if str(given) == what:
            return scene_masks_of(source, images, what, where)
    near = suggestion(path.name, WHAT)
    raise InputError(f"{given}: no such file or folder{near if near.startswith('; did') else ''}; {HOW}")


def _from_files(
    path: Path, images: Sequence[ImageEntry], region: str, legend: str | os.PathLike[str] | None
) -> MaskSource:
    """Masks on disk; `region` is empty, or names classes."""
    from .annotations import read_coco, read_voc
    from .label_maps import find_legend, read_label_maps
    from .mask_files import read_boxes, read_folder

    classes = tuple(name.strip() for name in region.split(",") if name.strip())
    if path.is_dir():
        if any(file.suffix.lower() == ".png" for file in path.rglob("*")):
            if classes:
                return read_label_maps(path, images, classes, find_legend(path, legend))
            if legend is not None:
                raise InputError(f"--legend {legend}: name a class of it with --region")
            return read_folder(path, images)
        if any(file.suffix.lower() == ".xml" for file in path.rglob("*")):
            return read_voc(path, images, classes)
        return read_folder(path, images)  # which says what is missing
    if path.suffix.lower() == ".json":
        return read_coco(path, images, classes)
    if path.suffix.lower() == ".xml":
        return read_voc(path, images, classes)
    if classes:
        raise InputError(f"{path}: boxes of a table have no classes; take --region object, COCO or Pascal VOC files")
    return read_boxes(path, images)
