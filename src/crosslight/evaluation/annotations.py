"""Outlines and boxes with classes: COCO's instances, and Pascal VOC's files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.finding import image_finder, refuse
from ..images.label_maps import find_classes
from ..images.shapes import Corners, inside_of, read_instances, shape_problem
from ..store import ImageEntry


@dataclass(frozen=True)
class Drawn:
    """What is inside of one image.

    Attributes:
        size: height and width of the picture it was drawn in, or None where the file does not say.
        shapes: boxes (`Corners`), polygons (tuples of x and y in turn) and `Runs`; their union is inside.
    """

    size: tuple[int, int] | None
    shapes: tuple[Any, ...]


@dataclass(frozen=True)
class ShapeMasks:
    """Masks that are unions of boxes and outlines. A pixel is inside where its middle is.

    Attributes:
        name: the file, and the classes.
        drawn: by the image's identity.
    """

    name: str
    drawn: Mapping[str, Drawn]

    def has(self, image: ImageEntry) -> bool:
        """Whether the file names the image."""
        return image.identity in self.drawn

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """Whether the shapes were drawn in a picture of another size."""
        one = self.drawn[image.identity]
        return shape_problem(one.shapes, size, one.size)

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """The union of the shapes."""
        return inside_of(self.drawn[image.identity].shapes, size)


def read_coco(path: Path, images: Sequence[ImageEntry], classes: Sequence[str] = ()) -> ShapeMasks:
    """The instances in a file of COCO's format.

    Args:
        path: JSON with ``images``, ``annotations`` and ``categories``; segmentations may be polygons or run lengths,
            compressed or not; an annotation without one counts with its box.
        images: of the study; others are passed over.
        classes: names of categories; all if none is named. An image of the file without any of them is empty.

    Raises:
        InputError: the file cannot be read, or an annotation cannot be used; with the first five of them.
        UnknownNameError: there is no such category.
    """
    found = read_instances(path, classes)
    finder, problems = image_finder(images), list(found.problems)
    drawn: dict[str, Drawn] = {}
    for key, name in found.images.items():
        rows = finder(name)
        if len(rows) > 1:
            problems.append(f"{name}: could be several images; use the whole name")
        elif rows:
            shapes = tuple(shape for _, shape in found.shapes[key])
            drawn[images[rows[0]].identity] = Drawn(found.sizes.get(key), shapes)
    refuse(str(path), problems)
    return _found(path, classes, drawn, images)


def read_voc(path: Path, images: Sequence[ImageEntry], classes: Sequence[str] = ()) -> ShapeMasks:
    """The boxes in Pascal VOC's XML files. Their pixels are counted from 1, and the last ones are inside.

    Args:
        path: one file, or a folder of them.
        images: of the study; others are passed over.
        classes: names of objects; all if none is named.

    Raises:
        InputError: a file cannot be read or used; with the first five of them.
        UnknownNameError: no file has such an object.
    """
    finder, problems = image_finder(images), []
    found: list[tuple[str, tuple[int, int] | None, list[tuple[str, Corners]]]] = []
    for file in sorted(path.rglob("*.xml")) if path.is_dir() else [path]:
        try:
            root = ElementTree.parse(file).getroot()
            rows = finder(root.findtext("filename") or file.stem) or finder(file.stem)
            if len(rows) > 1:
                problems.append(f"{file.name}: could belong to several images; use the whole name")
            elif rows:
                found.append((images[rows[0]].identity, _voc_size(root), _voc_objects(root)))
        except (OSError, ElementTree.ParseError, ValueError) as error:
            problems.append(f"{file.name}: {error}")
    refuse(str(path), problems)
    known = tuple(dict.fromkeys(name for _, _, objects in found for name, _ in objects))
    wanted = set(find_classes(classes, known))
    drawn = {
        identity: Drawn(size, tuple(box for name, box in objects if not wanted or name in wanted))
        for identity, size, objects in found
    }
    return _found(path, classes, drawn, images)


def _voc_size(root: ElementTree.Element) -> tuple[int, int] | None:
    height, width = root.findtext("size/height"), root.findtext("size/width")
    return None if height is None or width is None else (int(height), int(width))


def _voc_objects(root: ElementTree.Element) -> list[tuple[str, Corners]]:
    objects = []
    for one in root.iter("object"):
        corners = [one.findtext(f"bndbox/{edge}") for edge in ("xmin", "ymin", "xmax", "ymax")]
        if None in corners:
            raise ValueError("an object has no bndbox with xmin, ymin, xmax and ymax")
        x0, y0, x1, y1 = (float(corner or "nan") for corner in corners)
        if not (x1 >= x0 and y1 >= y0):
            raise ValueError(f"the box {x0:g},{y0:g},{x1:g},{y1:g} is empty")
        objects.append(((one.findtext("name") or "").strip(), (x0 - 1, y0 - 1, x1, y1)))
    return objects


def _found(path: Path, classes: Sequence[str], drawn: Mapping[str, Drawn], images: Sequence[ImageEntry]) -> ShapeMasks:
    if not drawn:
        raise InputError(f"{path}: it names no image of the study, such as {images[0].name!r}")
    return ShapeMasks(f"{', '.join(classes)} of {path}" if classes else str(path), drawn)
