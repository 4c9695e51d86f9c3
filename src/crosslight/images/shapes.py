"""Outlines and boxes of things in pictures, and COCO's files of them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .label_maps import find_classes

#: left, top, right, bottom in pixels of the upright picture, edges rather than middles
Corners = tuple[float, float, float, float]


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
class Instances:
    """What a file of COCO's format holds.

    Attributes:
        categories: names by their ids, in the file's order.
        images: file names by their ids.
        sizes: height and width of the images of which the file says so.
        shapes: of each image, categories (None where it has none) and shapes.
        problems: annotations that cannot be used.
    """

    categories: Mapping[Any, str]
    images: Mapping[Any, str]
    sizes: Mapping[Any, tuple[int, int]]
    shapes: Mapping[Any, Sequence[tuple[str | None, Any]]]
    problems: Sequence[str]


def read_instances(path: Path, classes: Sequence[str] = ()) -> Instances:
    """The instances in a file of COCO's format.

    Args:
        path: JSON with ``images``, ``annotations`` and ``categories``; segmentations may be polygons or run lengths,
            compressed or not; an annotation without one counts with its box.
        classes: names of the categories to read, found without regard to case; all if none is named.

    Raises:
        InputError: the file cannot be read.
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
    asked = set(find_classes(classes, tuple(categories.values())))
    shapes: dict[Any, list[tuple[str | None, Any]]] = {key: [] for key in listed}
    problems: list[str] = []
    for number, one in enumerate(annotations):
        try:
            name = categories.get(one.get("category_id"))
            if one["image_id"] not in shapes:
                problems.append(f"annotation {number}: there is no image {one['image_id']!r}")
            elif not asked or name in asked:
                shapes[one["image_id"]].append((name, _coco_shape(one)))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            problems.append(f"annotation {number}: neither its segmentation nor its bbox can be read ({error})")
    sizes = {
        key: (int(one["height"]), int(one["width"])) for key, one in listed.items() if {"height", "width"} <= set(one)
    }
    return Instances(categories, names, sizes, shapes, problems)


def shape_problem(shapes: Iterable[Any], size: tuple[int, int], drawn: tuple[int, int] | None = None) -> str:
    """Whether shapes were drawn in a picture of another size, in words.

    Args:
        shapes: boxes, polygons and `Runs`.
        size: height and width of the picture.
        drawn: of the picture that they were drawn in, where that is known.
    """
    for found in (drawn, *(shape.size for shape in shapes if isinstance(shape, Runs))):
        if found is not None and found != size:
            return f"the mask has {found[1]} x {found[0]} pixels, the upright picture {size[1]} x {size[0]}"
    return ""


def inside_of(shapes: Iterable[Any], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which pixels lie in one of several shapes: those whose middle does.

    Args:
        shapes: boxes (`Corners`), polygons (tuples of x and y in turn) and `Runs`.
        size: height and width of the picture.

    Returns:
        bool of that size.
    """
    inside = np.zeros(size, bool)
    for shape in shapes:
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


def box_pixels(box: Corners) -> tuple[slice, slice]:
    """Rows and columns of the pixels whose middle lies in a box."""
    x0, y0, x1, y1 = box
    return _pixels(y0, y1), _pixels(x0, x1)


def _pixels(near: float, far: float) -> slice:
    """The pixels along an axis whose middle lies between two edges."""
    return slice(max(0, math.ceil(near - 0.5)), max(0, math.ceil(far - 0.5)))


def _filled(polygons: Sequence[Sequence[float]], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose middle lies in one of the polygons."""
    from skimage.draw import polygon

    inside = np.zeros(size, bool)
    for points in polygons:
        rows, columns = polygon(np.array(points[1::2]) - 0.5, np.array(points[0::2]) - 0.5, size)
        inside[rows, columns] = True
    return inside


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
