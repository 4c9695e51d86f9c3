"""Outlines and boxes with classes: COCO's instances, and Pascal VOC's files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..store import ImageEntry
from ..store.imports import image_finder
from .label_maps import find_classes
from .mask_files import Corners, box_pixels, refuse
from .masks import other_size


@dataclass(frozen=True)
class Runs:
    """Run lengths of a mask, down each column, beginning with those outside.

    Attributes:
        size: height and width.
        counts: how many pixels each run has.
    """

    size: tuple[int, int]
    counts: tuple[int, ...]


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
        if one.size is not None and one.size != size:
            return other_size(one.size, size)
        for shape in one.shapes:
            if isinstance(shape, Runs) and shape.size != size:
                return other_size(shape.size, size)
        return ""

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """The union of the shapes."""
        inside = np.zeros(size, bool)
        for shape in self.drawn[image.identity].shapes:
            if isinstance(shape, Runs):
                ends = np.cumsum(shape.counts)
                flat = np.zeros(size[0] * size[1], bool)
                for start, end in zip(ends[0::2].tolist(), ends[1::2].tolist(), strict=False):
                    flat[start:end] = True
                inside |= flat.reshape(size[1], size[0]).T
            elif isinstance(shape[0], tuple):
                inside |= _filled(shape, size)
            else:
                inside[box_pixels(shape)] = True
        return inside


def _filled(polygons: Sequence[Sequence[float]], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose middle lies in one of the polygons."""
    from skimage.draw import polygon

    inside = np.zeros(size, bool)
    for points in polygons:
        rows, columns = polygon(np.array(points[1::2]) - 0.5, np.array(points[0::2]) - 0.5, size)
        inside[rows, columns] = True
    return inside


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
    content = _json(path)
    try:
        categories = {one["id"]: str(one["name"]) for one in content.get("categories", ())}
        listed = {one["id"]: one for one in content["images"]}
        annotations = list(content["annotations"])
        names = {key: str(one["file_name"]) for key, one in listed.items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: this is no file of COCO instances: it lacks {error}") from None
    wanted = set(find_classes(classes, tuple(categories.values())))
    finder = image_finder(images)
    shapes: dict[Any, list[Any]] = {key: [] for key in listed}
    problems: list[str] = []
    for number, one in enumerate(annotations):
        try:
            if one["image_id"] not in shapes:
                problems.append(f"annotation {number}: there is no image {one['image_id']!r}")
            elif not wanted or categories.get(one.get("category_id")) in wanted:
                shapes[one["image_id"]].append(_coco_shape(one))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            problems.append(f"annotation {number}: neither its segmentation nor its bbox can be read ({error})")
    drawn: dict[str, Drawn] = {}
    for key, one in listed.items():
        rows = finder(names[key])
        if len(rows) > 1:
            problems.append(f"{names[key]}: could be several images; use the whole name")
        elif rows:
            size = (int(one["height"]), int(one["width"])) if {"height", "width"} <= set(one) else None
            drawn[images[rows[0]].identity] = Drawn(size, tuple(shapes[key]))
    refuse(str(path), problems)
    return _found(path, classes, drawn, images)


def _coco_shape(one: Mapping[str, Any]) -> Any:
    segmentation = one.get("segmentation")
    if isinstance(segmentation, Mapping):
        height, width = (int(side) for side in segmentation["size"])
        counts = segmentation["counts"]
        runs = _uncompressed(counts) if isinstance(counts, str) else tuple(int(count) for count in counts)
        if sum(runs) > height * width or min(runs, default=0) < 0:
            raise ValueError("run lengths do not fit the size")
        return Runs((height, width), runs)
    if segmentation:
        polygons = tuple(tuple(float(value) for value in points) for points in segmentation)
        if any(len(points) < 6 or len(points) % 2 for points in polygons):
            raise ValueError("a polygon has three points or more, x and y in turn")
        return polygons
    x, y, across, down = (float(value) for value in one["bbox"])
    if not (across > 0 and down > 0):
        raise ValueError("the box is empty")
    return (x, y, x + across, y + down)


def _uncompressed(text: str) -> tuple[int, ...]:
    """Run lengths from COCO's text: five bits a character, the least first; from the fourth on, differences by two."""
    counts: list[int] = []
    value = shift = 0
    for character in text.encode("ascii"):
        bits = character - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    return tuple(counts)


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


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{path}: the annotations cannot be read: {reason}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: this is no JSON: {error}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: this is no file of COCO instances: it holds a {type(content).__name__}")
    return content
