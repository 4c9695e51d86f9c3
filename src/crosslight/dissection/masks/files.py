"""Concepts of label maps with a legend, and of COCO's instances."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.finding import files_of, image_finder, refuse
from ...images.label_maps import Legend, find_legend, label_map_problem, read_label_map
from ...images.shapes import inside_of, read_instances, shape_problem
from ...store import ImageEntry
from .broden import is_broden, read_broden
from .concept_masks import ConceptMasks, ImageLabels
from .scenes import SceneConcepts

#: names of a legend that mean that a pixel has no label
NO_LABEL = frozenset({"void", "unlabelled", "unlabeled", "ignore", "ignored", "unknown"})
#: the category of COCO's instances
OBJECT = "object"


@dataclass(frozen=True)
class LegendConcepts:
    """The classes of label maps.

    Attributes:
        folder: of the label maps.
        files: by the image's identity.
        legend: what the pixels mean.
    """

    folder: Path
    files: Mapping[str, Path]
    legend: Legend

    @property
    def name(self) -> str:
        """In words."""
        return f"label maps in {self.folder.name}"

    @property
    def concepts(self) -> tuple[str, ...]:
        """The legend's classes, but for those that stand for no label."""
        return tuple(name for name in self.legend.classes if name.casefold() not in NO_LABEL)

    @property
    def categories(self) -> tuple[str, ...]:
        """Empty words: a legend has none."""
        return ("",) * len(self.concepts)

    def labels(self, image: ImageEntry, size: tuple[int, int]) -> ImageLabels | None:
        """The label map of an image.

        Raises:
            InputError: it cannot be read, or has another size than the picture.
        """
        path = self.files.get(image.identity)
        if path is None:
            return None
        if problem := label_map_problem(path, self.legend, size):
            raise InputError(problem)
        numbers = {name: number for number, name in enumerate(self.concepts, start=1)}
        return ImageLabels(size, {"": (read_label_map(path, self.legend, numbers),)})


@dataclass(frozen=True)
class ShapeConcepts:
    """The categories of COCO's instances.

    Attributes:
        path: of the file.
        concepts: names of the categories.
        sizes: by the image's identity, height and width of the picture that shapes were drawn in, where that is known.
        shapes: by the image's identity, numbers of concepts, from 1, and their shapes.
    """

    path: Path
    concepts: tuple[str, ...]
    sizes: Mapping[str, tuple[int, int] | None]
    shapes: Mapping[str, Mapping[int, Sequence[Any]]]

    @property
    def name(self) -> str:
        """In words."""
        return f"instances of {self.path.name}"

    @property
    def categories(self) -> tuple[str, ...]:
        """All are objects."""
        return (OBJECT,) * len(self.concepts)

    def labels(self, image: ImageEntry, size: tuple[int, int]) -> ImageLabels | None:
        """The shapes of an image, filled; where some overlap, in several planes.

        Raises:
            InputError: they were drawn in a picture of another size.
        """
        if image.identity not in self.shapes:
            return None
        planes: list[NDArray[np.int32]] = [np.zeros(size, np.int32)]
        for number, shapes in self.shapes[image.identity].items():
            if problem := shape_problem(shapes, size, self.sizes[image.identity]):
                raise InputError(problem)
            inside = inside_of(shapes, size)
            plane = next((one for one in planes if not one[inside].any()), None)
            if plane is None:
                planes.append(plane := np.zeros(size, np.int32))
            plane[inside] = number
        return ImageLabels(size, {OBJECT: tuple(planes)})


def read_legend_concepts(
    folder: Path, images: Sequence[ImageEntry], legend: str | os.PathLike[str] | None = None
) -> LegendConcepts:
    """The label maps in a folder, named like the images.

    Args:
        folder: PNG files with numbers, a palette, or colours.
        images: whose label maps.
        legend: a CSV, or ``voc``; by default ``labels.csv`` in the folder or beside it.

    Raises:
        InputError: no file belongs to an image, or there is no legend.
    """
    return LegendConcepts(folder, files_of(folder, images), find_legend(folder, legend))


def read_shape_concepts(path: Path, images: Sequence[ImageEntry]) -> ShapeConcepts:
    """The instances in a file of COCO's format.

    Args:
        path: JSON with ``images``, ``annotations`` and ``categories``.
        images: whose instances; others are passed over.

    Raises:
        InputError: the file cannot be read, an annotation cannot be used, or it names none of the images.
    """
    found = read_instances(path)
    concepts = tuple(dict.fromkeys(found.categories.values()))
    finder, problems = image_finder(images), list(found.problems)
    sizes: dict[str, tuple[int, int] | None] = {}
    shapes: dict[str, dict[int, list[Any]]] = {}
    for key, name in found.images.items():
        rows = finder(name)
        if len(rows) > 1:
            problems.append(f"{name}: could be several images; use the whole name")
        elif rows:
            identity = images[rows[0]].identity
            sizes[identity], shapes[identity] = found.sizes.get(key), {}
            for category, shape in found.shapes[key]:
                if category is None:
                    problems.append(f"{name}: an annotation has no category of the file's")
                else:
                    shapes[identity].setdefault(concepts.index(category) + 1, []).append(shape)
    refuse(str(path), problems)
    if not shapes:
        raise InputError(f"{path}: it names none of the images, such as {images[0].name!r}")
    return ShapeConcepts(path, concepts, sizes, shapes)


def open_concepts(
    given: ConceptMasks | str | os.PathLike[str] | None,
    images: Sequence[ImageEntry],
    source: str = "",
    *,
    legend: str | os.PathLike[str] | None = None,
) -> ConceptMasks:
    """Where the concepts of some images are.

    Args:
        given: a folder in Broden's layout, a folder of label maps, a file of COCO instances, ``scenes`` or
            ``scenes:VARIANT``, any `ConceptMasks`, or None for what scenes come with.
        images: whose concepts.
        source: what the images were taken from, which says which variant scenes are of.
        legend: of label maps: a CSV, or ``voc``; by default ``labels.csv`` in the folder or beside it.

    Raises:
        InputError: there are none, with how to give them; or a file cannot be used.
    """
    if given is not None and not isinstance(given, str | os.PathLike):
        return given
    text = "scenes" if given is None and source.split(":")[0] == "scenes" else os.fspath(given or "")
    path = Path(text).expanduser()
    if text.split(":")[0] == "scenes" and not path.exists():
        return SceneConcepts(_variant(text, source))
    if text and path.is_dir() and is_broden(path):
        return read_broden(path)
    if text and path.is_dir():
        return read_legend_concepts(path, images, legend)
    if path.suffix.lower() == ".json" and path.is_file():
        return read_shape_concepts(path, images)
    raise InputError(
        f"{text or 'no masks'}: masks of concepts come from a folder in Broden's layout (index.csv and label.csv), a "
        "folder of label maps named like the images, with a legend, a file of COCO instances (JSON), or from scenes"
    )


def _variant(text: str, source: str) -> str:
    """Which scenes are meant: what is said of the masks, else of the images."""
    if ":" in text:
        return text.split(":")[-1]
    parts = source.split(" (")[0].split(":")
    return parts[2] if parts[0] == "scenes" and len(parts) == 3 else "clean"
