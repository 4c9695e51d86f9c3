"""Masks from files: a folder of PNG pictures, or a table of boxes."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError
from ..core.finding import files_of, image_finder, refuse
from ..images.shapes import Corners, box_pixels
from ..store import ImageEntry
from .masks import other_size

COLUMNS = ("image", "x0", "y0", "x1", "y1")


@dataclass(frozen=True)
class FolderMasks:
    """Masks in PNG files.

    Attributes:
        name: the folder.
        files: by the image's identity.
    """

    name: str
    files: Mapping[str, Path]

    def has(self, image: ImageEntry) -> bool:
        """Whether there is a file for it."""
        return image.identity in self.files

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """Whether the file is no picture, has several channels or another size; pixels are not read."""
        try:
            with Image.open(self.files[image.identity]) as picture:
                bands, mode, found = len(picture.getbands()), picture.mode, (picture.height, picture.width)
        except Exception as error:  # whatever a damaged file makes Pillow raise
            return f"the mask {self.files[image.identity].name} cannot be read: {error}"
        if bands != 1:
            return f"the mask is a picture of mode {mode}; a mask has one channel, in which non-zero is inside"
        return "" if found == size else other_size(found, size)

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Which pixels are not 0; of a palette, which do not have its first colour.

        Raises:
            InputError: the file is damaged.
        """
        path = self.files[image.identity]
        try:
            with Image.open(path) as picture:
                return np.asarray(picture) != 0
        except Exception as error:  # whatever a damaged file makes Pillow raise
            raise InputError(f"the mask {path} cannot be read: {error}") from error


@dataclass(frozen=True)
class BoxMasks:
    """Masks that are unions of boxes. A pixel is inside where its middle is.

    Attributes:
        name: the table.
        boxes: by the image's identity.
    """

    name: str
    boxes: Mapping[str, Sequence[Corners]]

    def has(self, image: ImageEntry) -> bool:
        """Whether there is a box in it."""
        return image.identity in self.boxes

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """Whether a box reaches more than a pixel beyond the picture: then it was drawn in one of another size."""
        for x0, y0, x1, y1 in self.boxes[image.identity]:
            if min(x0, y0) < -1 or x1 > size[1] + 1 or y1 > size[0] + 1:
                return f"the box {x0:g},{y0:g},{x1:g},{y1:g} is not within the picture of {size[1]} x {size[0]} pixels"
        return ""

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """The union of the boxes."""
        inside = np.zeros(size, bool)
        for box in self.boxes[image.identity]:
            inside[box_pixels(box)] = True
        return inside


def read_folder(folder: Path, images: Sequence[ImageEntry]) -> FolderMasks:
    """The masks in a folder, named like the images with or without their extension and folders.

    Args:
        folder: PNG files with one channel; other files are passed over, and so are masks of other images.
        images: of the study.

    Raises:
        InputError: no file belongs to an image, or it is in doubt to which.
    """
    return FolderMasks(str(folder), files_of(folder, images))


def read_boxes(path: Path, images: Sequence[ImageEntry]) -> BoxMasks:
    """The boxes in a table with the columns ``image``, ``x0``, ``y0``, ``x1`` and ``y1``.

    An image may have several rows. Coordinates are pixels of the upright picture, measured at pixel edges: the whole
    of a 640 x 480 picture is ``0,0,640,480``.

    Args:
        path: a CSV file; the delimiter is found from its first line.
        images: of the study; boxes of others are passed over.

    Raises:
        InputError: the table cannot be read, or a row of it cannot be used; with the first five of them.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{path}: the table of boxes cannot be read: {reason}") from None
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise InputError(
            f"{path}: the table of boxes has no column {missing[0]!r}; its first line must name {','.join(COLUMNS)}"
        )
    finder = image_finder(images)
    boxes: dict[str, list[Corners]] = {}
    problems = []
    for row in reader:
        box = _corners(row)
        rows = finder(row["image"] or "")
        if isinstance(box, str):
            problems.append(f"line {reader.line_num}: {box}")
        elif len(rows) > 1:
            problems.append(f"line {reader.line_num}: {row['image']!r} could be several images; use the whole name")
        elif rows:
            boxes.setdefault(images[rows[0]].identity, []).append(box)
    refuse(str(path), problems)
    if not boxes:
        raise InputError(f"{path}: no row names an image of the study, such as {images[0].name!r}")
    if all(max(box) <= 1 for several in boxes.values() for box in several):
        raise InputError(f"{path}: no coordinate is above 1; boxes are in pixels, not in shares of the picture")
    return BoxMasks(str(path), boxes)


def _corners(row: Mapping[str, str | None]) -> Corners | str:
    """The box of a row, or what is wrong with it."""
    try:
        x0, y0, x1, y1 = (float(row[column] or "") for column in COLUMNS[1:])
    except ValueError:
        return "x0, y0, x1 and y1 must be numbers"
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or x1 <= x0 or y1 <= y0:
        return f"a box runs from left to right and from top to bottom, not from {x0:g},{y0:g} to {x1:g},{y1:g}"
    return (x0, y0, x1, y1)
