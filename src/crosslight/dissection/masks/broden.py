"""Broden, the data set that Network Dissection reads, and anything else in its layout.

``index.csv`` names for each picture, by category, the files of its pixel labels (several are joined by ``;``), or the
numbers that hold for all of it, or nothing: then the picture is not annotated in that category. In a file of labels a
pixel's number is red + 256 green; ``label.csv`` says what the numbers mean.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.errors import InputError
from ...core.finding import image_finder
from ...scenes.broden import COLUMNS
from ...store import ImageEntry
from .concept_masks import ImageLabels

if TYPE_CHECKING:
    from ...images import ImageSet

INDEX, NUMBERS, PICTURES = "index.csv", "label.csv", "images"
_FIXED = ("image", "split", "ih", "iw", "sh", "sw")
_CATEGORY = re.compile(r"\s*([^();]+?)\s*(?:\([^)]*\))?\s*")


@dataclass(frozen=True)
class BrodenRow:
    """What ``index.csv`` says of one picture.

    Attributes:
        image: path within ``images/``; it serves as identity, too, for finding.
        split: such as ``train``.
        picture: height and width of the picture.
        size: of its label files.
        cells: by category what the cell holds; blank ones are left out.
    """

    image: str
    split: str
    picture: tuple[int, int]
    size: tuple[int, int]
    cells: Mapping[str, tuple[str, ...]]

    @property
    def name(self) -> str:
        """The path."""
        return self.image

    @property
    def identity(self) -> str:
        """The path."""
        return self.image


@dataclass(frozen=True)
class BrodenConcepts:
    """Labels in Broden's layout.

    Attributes:
        folder: with ``index.csv``, ``label.csv`` and ``images/``.
        rows: of the index.
        concepts: names as they are written there; a label of two categories is there twice.
        categories: of each concept.
        numbers: by category, which concept (from 1) a number means; 0 where it means none.
    """

    folder: Path
    rows: tuple[BrodenRow, ...]
    concepts: tuple[str, ...]
    categories: tuple[str, ...]
    numbers: Mapping[str, NDArray[np.int32]]

    @property
    def name(self) -> str:
        """In words."""
        return f"Broden's layout in {self.folder.name}"

    def __post_init__(self) -> None:
        object.__setattr__(self, "_find", image_finder(self.rows))

    def labels(self, image: ImageEntry, size: tuple[int, int]) -> ImageLabels | None:
        """What the index says of a picture.

        Raises:
            InputError: it speaks of another picture, or a file cannot be read.
        """
        found: list[int] = self._find(image.name)  # type: ignore[attr-defined]
        if not found:
            return None
        if len(found) > 1:
            raise InputError(f"{image.name} could be {' or '.join(self.rows[one].image for one in found[:3])}")
        row = self.rows[found[0]]
        if row.picture != size:
            raise InputError(
                f"{image.name} has {size[1]} x {size[0]} pixels, and the index says {row.picture[1]} x {row.picture[0]}"
            )
        planes: dict[str, tuple[NDArray[np.int32], ...]] = {}
        whole: dict[str, tuple[int, ...]] = {}
        for category, cells in row.cells.items():
            numbers = tuple(int(cell) for cell in cells if cell.isdecimal())
            files = [cell for cell in cells if not cell.isdecimal()]
            if numbers:
                whole[category] = tuple(int(one) for one in self._meant(category, np.array(numbers), row.image))
            if files:
                planes[category] = tuple(self._plane(category, file, row) for file in files)
        return ImageLabels(row.size, planes, whole)

    def _plane(self, category: str, file: str, row: BrodenRow) -> NDArray[np.int32]:
        pixels = read_numbers(self.folder / PICTURES / file)
        if pixels.shape != row.size:
            raise InputError(
                f"{file} has {pixels.shape[1]} x {pixels.shape[0]} pixels, and the index says "
                f"{row.size[1]} x {row.size[0]}"
            )
        return self._meant(category, pixels, file)

    def _meant(self, category: str, numbers: NDArray[np.integer], where: str) -> NDArray[np.int32]:
        known = self.numbers[category]
        highest = int(numbers.max(initial=0))
        meant = known[np.minimum(numbers, len(known) - 1)]
        unknown = (numbers > 0) & ((meant == 0) | (numbers >= len(known)))
        if highest and unknown.any():
            raise InputError(f"{where}: {NUMBERS} has no {category} of number {int(numbers[unknown][0])}")
        return meant


def read_broden(folder: Path) -> BrodenConcepts:
    """Labels in Broden's layout; no picture is read.

    Args:
        folder: with ``index.csv``, ``label.csv`` and ``images/``.

    Raises:
        InputError: a table is missing or cannot be used.
    """
    index, labels = _table(folder / INDEX), _table(folder / NUMBERS)
    columns = [name for name in index[0] if name not in _FIXED]
    columns = [*(name for name in COLUMNS if name in columns), *(name for name in columns if name not in COLUMNS)]
    pairs: list[tuple[int, str, str]] = []
    for line, row in enumerate(labels, start=2):
        try:
            number, name = int(row["number"]), row["name"].strip()
            for part in row["category"].split(";"):
                found = _CATEGORY.fullmatch(part)
                if found is None:
                    raise ValueError(f"{row['category']!r} is no category")
                pairs.append((number, name, found[1]))
        except (KeyError, ValueError, AttributeError) as error:
            raise InputError(f"{folder / NUMBERS}: line {line} names no label ({error})") from None
    numbers: dict[str, NDArray[np.int32]] = {
        name: np.zeros(max((one for one, *_ in pairs), default=0) + 1, np.int32)
        for name in dict.fromkeys((*columns, *(category for *_, category in pairs)))
    }
    for at, (number, _, category) in enumerate(pairs, start=1):
        numbers[category][number] = at
    rows = tuple(_row(folder, line, row, columns) for line, row in enumerate(index, start=2))
    return BrodenConcepts(folder, rows, tuple(one for _, one, _ in pairs), tuple(one for *_, one in pairs), numbers)


def broden_images(folder: Path, split: str | None = None) -> ImageSet:
    """The pictures of a data set in Broden's layout: those of the index, and not the files of labels beside them.

    Args:
        folder: with ``index.csv`` and ``images/``.
        split: such as ``val``; all if none is named.

    Raises:
        InputError: there is no such folder, split or picture.
    """
    from ...images import open_images

    rows = read_broden(folder).rows
    chosen = [row for row in rows if split is None or row.split == split]
    if not chosen:
        raise InputError(f"{folder / INDEX} has no picture of the split {split!r}; it has {_listed(rows)}")
    return open_images([folder / PICTURES / row.image for row in chosen])


def is_broden(folder: Path) -> bool:
    """Whether a folder has Broden's two tables."""
    return (folder / INDEX).is_file() and (folder / NUMBERS).is_file()


def read_numbers(path: Path) -> NDArray[np.int32]:
    """The numbers in a file of labels, ``[rows, columns]``: red + 256 green.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture).astype(np.int32)
    except Exception as error:  # whatever a damaged file makes Pillow raise
        raise InputError(f"the labels {path.name} cannot be read: {error}") from None
    return pixels if pixels.ndim == 2 else pixels[..., 0] + 256 * pixels[..., 1]


def _table(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{path}: the table cannot be read: {reason}") from None
    if not rows:
        raise InputError(f"{path}: the table has no rows")
    return rows


def _row(folder: Path, line: int, row: Mapping[str, str], columns: Sequence[str]) -> BrodenRow:
    try:
        picture, size = ((int(row[f"{of}h"]), int(row[f"{of}w"])) for of in "is")
        cells = {name: tuple(part for part in (row[name] or "").split(";") if part) for name in columns}
        image = row["image"].strip()
    except (KeyError, ValueError, AttributeError) as error:
        raise InputError(f"{folder / INDEX}: line {line} cannot be used ({error})") from None
    return BrodenRow(
        image, (row.get("split") or "").strip(), picture, size, {name: one for name, one in cells.items() if one}
    )


def _listed(rows: Iterable[BrodenRow]) -> str:
    return ", ".join(sorted({row.split for row in rows}))
