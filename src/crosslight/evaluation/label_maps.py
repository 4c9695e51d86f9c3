"""Label maps: pictures whose pixels are numbers or colours of classes, and the legend that names them."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError, UnknownNameError
from ..store import ImageEntry
from .mask_files import files_of
from .masks import other_size

#: columns that may hold a class's name, and its number
_NAMES, _VALUES, _COLOURS = ("name", "class", "label"), ("value", "index", "id", "number"), ("colour", "color", "rgb")
#: names of a legend that is looked for
LEGENDS = ("labels.csv", "legend.csv")

#: the numbers of Pascal VOC's segmentations; 255 belongs to no class
VOC = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)


@dataclass(frozen=True)
class Legend:
    """What the pixels of label maps mean.

    Attributes:
        name: where it is from.
        values: number -> class.
        colours: red, green and blue -> class; empty where the legend gives no colours.
    """

    name: str
    values: Mapping[int, str]
    colours: Mapping[tuple[int, int, int], str]

    @property
    def classes(self) -> tuple[str, ...]:
        """Each class once."""
        return tuple(dict.fromkeys((*self.values.values(), *self.colours.values())))


@dataclass(frozen=True)
class LabelMaps:
    """Masks that are some classes of label maps.

    Attributes:
        name: the folder and the classes.
        files: by the image's identity.
        legend: what the pixels mean.
        classes: those that are inside.
    """

    name: str
    files: Mapping[str, Path]
    legend: Legend
    classes: tuple[str, ...]

    def has(self, image: ImageEntry) -> bool:
        """Whether there is a label map of it."""
        return image.identity in self.files

    def problem(self, image: ImageEntry, size: tuple[int, int]) -> str:
        """Whether the file is no picture, or has another size; pixels are not read."""
        path = self.files[image.identity]
        try:
            with Image.open(path) as picture:
                mode, found = picture.mode, (picture.height, picture.width)
        except Exception as error:  # whatever a damaged file makes Pillow raise
            return f"the label map {path.name} cannot be read: {error}"
        if mode in ("RGB", "RGBA") and not self.legend.colours:
            return f"the label map {path.name} has colours, and {self.legend.name} names only numbers"
        if mode not in ("RGB", "RGBA") and not self.legend.values and mode != "P":
            return f"the label map {path.name} has numbers, and {self.legend.name} names only colours"
        return "" if found == size else other_size(found, size)

    def read(self, image: ImageEntry, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Which pixels are of one of the classes.

        Raises:
            InputError: the file is damaged.
        """
        path = self.files[image.identity]
        try:
            with Image.open(path) as picture:
                coloured = picture.mode in ("RGB", "RGBA") or not self.legend.values
                pixels = np.asarray(picture.convert("RGB") if coloured else picture)
        except Exception as error:  # whatever a damaged file makes Pillow raise
            raise InputError(f"the label map {path} cannot be read: {error}") from error
        if not coloured:
            return np.isin(pixels, [value for value, name in self.legend.values.items() if name in self.classes])
        packed = pixels.astype(np.int64) @ (65536, 256, 1)
        wanted = [r * 65536 + g * 256 + b for (r, g, b), name in self.legend.colours.items() if name in self.classes]
        return np.isin(packed, wanted)


def read_label_maps(folder: Path, images: Sequence[ImageEntry], classes: Sequence[str], legend: Legend) -> LabelMaps:
    """The label maps in a folder, named like the images with or without their extension and folders.

    Args:
        folder: PNG files with numbers, a palette, or colours.
        images: of the study.
        classes: which classes are inside; names are found without regard to case.
        legend: what the pixels mean.

    Raises:
        UnknownNameError: the legend has no such class.
        InputError: no file belongs to an image, or it is in doubt to which.
    """
    return LabelMaps(
        f"{', '.join(classes)} of {folder}", files_of(folder, images), legend, find_classes(classes, legend.classes)
    )


def find_classes(wanted: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Classes by their names without regard to case, with ``_`` and ``-`` as spaces.

    Raises:
        UnknownNameError: there is no such class, with the nearest.
    """
    folded = {_fold(name): name for name in reversed(known)}
    for name in wanted:
        if _fold(name) not in folded:
            raise UnknownNameError("class", name, known)
    return tuple(folded[_fold(name)] for name in wanted)


def _fold(name: str) -> str:
    return " ".join(re.sub(r"[_-]", " ", name.casefold()).split())


def find_legend(folder: Path, given: str | os.PathLike[str] | None = None) -> Legend:
    """The legend of a folder of label maps.

    Args:
        folder: where ``labels.csv`` or ``legend.csv`` is looked for, and in the folder above.
        given: another file, or ``voc`` for the classes of Pascal VOC.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    if given is not None and str(given) == "voc":
        return Legend("the classes of Pascal VOC", dict(enumerate(VOC)), {})
    if given is not None:
        return read_legend(Path(given).expanduser())
    for path in (place / name for place in (folder, folder.resolve().parent) for name in LEGENDS):
        if path.is_file():
            return read_legend(path)
    raise InputError(
        f"{folder}: there is no labels.csv that says what its pixels mean; name a legend with --legend FILE "
        "(CSV with the columns value,name or name,r,g,b), or --legend voc"
    )


def read_legend(path: Path) -> Legend:
    """A legend from a table: ``name`` with ``value``, with ``r``, ``g`` and ``b``, or with ``colour`` (``#rrggbb``).

    Raises:
        InputError: it cannot be read, has no such columns, or a row of it cannot be used.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{path}: the legend cannot be read: {reason}") from None
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    columns = {(column or "").strip().casefold(): column for column in reader.fieldnames or ()}
    name, value, colour = (
        next((columns[one] for one in several if one in columns), None) for several in (_NAMES, _VALUES, _COLOURS)
    )
    apart = [columns[one] for one in "rgb"] if all(one in columns for one in "rgb") else None
    if name is None or (value is None and colour is None and apart is None):
        raise InputError(
            f"{path}: the legend needs the column name, and value, colour (#rrggbb) or r, g and b; it has "
            f"{', '.join(columns) or 'none'}"
        )
    values: dict[int, str] = {}
    colours: dict[tuple[int, int, int], str] = {}
    for row in reader:
        called = (row[name] or "").strip()
        try:
            if not called:
                raise ValueError
            if value is not None:
                values[int(row[value])] = called
            if apart is not None:
                colours[_channels([int(row[one]) for one in apart])] = called
            elif colour is not None:
                digits = row[colour].strip().removeprefix("#")
                colours[_channels(list(bytes.fromhex(digits)))] = called
        except (TypeError, ValueError):
            raise InputError(f"{path}: line {reader.line_num} names no class with a number or a colour") from None
    if not values and not colours:
        raise InputError(f"{path}: the legend names no class")
    return Legend(str(path), values, colours)


def _channels(found: Sequence[int]) -> tuple[int, int, int]:
    red, green, blue = found  # ValueError where there are more or fewer
    if not all(0 <= channel <= 255 for channel in found):
        raise ValueError
    return red, green, blue
