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


def label_map_problem(path: Path, legend: Legend, size: tuple[int, int]) -> str:
    """Whether a label map is no picture, has another size, or pixels that the legend does not speak of.

    Args:
        path: of the PNG file; its pixels are not read.
        legend: what pixels mean.
        size: height and width of the picture that it belongs to.

    Returns:
        What is wrong, or nothing.
    """
    try:
        with Image.open(path) as picture:
            mode, found = picture.mode, (picture.height, picture.width)
    except Exception as error:  # whatever a damaged file makes Pillow raise
        return f"the label map {path.name} cannot be read: {error}"
    if mode in ("RGB", "RGBA") and not legend.colours:
        return f"the label map {path.name} has colours, and {legend.name} names only numbers"
    if mode not in ("RGB", "RGBA") and not legend.values and mode != "P":
        return f"the label map {path.name} has numbers, and {legend.name} names only colours"
    if found == size:
        return ""
    return f"the mask has {found[1]} x {found[0]} pixels, the upright picture {size[1]} x {size[0]}"


def read_label_map(path: Path, legend: Legend, numbers: Mapping[str, int]) -> NDArray[np.int32]:
    """The pixels of a label map, each as the number of its class.

    Args:
        path: of a PNG file with numbers, a palette, or colours.
        legend: what they mean.
        numbers: of the classes that are wanted, from 1.

    Returns:
        ``[rows, columns]``; 0 for every other class, and for what the legend does not name.

    Raises:
        InputError: the file is damaged.
    """
    try:
        with Image.open(path) as picture:
            coloured = picture.mode in ("RGB", "RGBA") or not legend.values
            pixels = np.asarray(picture.convert("RGB") if coloured else picture)
    except Exception as error:  # whatever a damaged file makes Pillow raise
        raise InputError(f"the label map {path} cannot be read: {error}") from error
    if coloured:
        pixels = pixels.astype(np.int64) @ (65536, 256, 1)
        known = {r * 65536 + g * 256 + b: name for (r, g, b), name in legend.colours.items()}
    else:
        known = dict(legend.values)
    wanted = sorted((value, numbers[name]) for value, name in known.items() if name in numbers)
    values, meant = (np.array(side, np.int64) for side in (zip(*wanted, strict=True) if wanted else ((), ())))
    if not len(values):
        return np.zeros(pixels.shape, np.int32)
    at = np.minimum(np.searchsorted(values, pixels), len(values) - 1)
    return np.where(values[at] == pixels, meant[at], 0).astype(np.int32)


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
