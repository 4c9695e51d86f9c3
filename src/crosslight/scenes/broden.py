"""Scenes in the layout of Broden, the data set that Network Dissection reads.

``index.csv`` names for each picture, by category, the files of its pixel labels (several are joined by ``;``), or the
numbers that hold for all of it, or nothing. In a file of labels a pixel's number is red + 256 green, and the files are
half as high and wide as the picture. ``label.csv`` has the global numbers, ``c_CATEGORY.csv`` those of one category.

Source: Bau et al., Network Dissection, 2017 (arXiv:1704.05796). Like Broden's, names of scenes end in ``-s`` and those
of colours in ``-c``; things have no texture here, so that column is empty.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .concepts import CATEGORIES, CONCEPTS, Concept, concepts_of
from .render import Scene

#: Broden's order of columns
COLUMNS = ("color", "object", "part", "material", "scene", "texture")
_SUFFIX = {"scene": "-s", "color": "-c"}


def broden_name(concept: Concept) -> str:
    """A concept's name as Broden writes it."""
    return concept.name + _SUFFIX.get(concept.category, "")


def write_broden(out: Path, made: Iterable[Scene], split: str) -> Path:
    """Write scenes in Broden's layout.

    Args:
        out: an existing folder.
        made: the scenes.
        split: what ``index.csv`` says of all of them.

    Returns:
        The folder of pictures, ``out/images``.
    """
    pictures: dict[int, int] = defaultdict(int)  # in how many pictures a concept is
    shares: dict[int, float] = defaultdict(float)  # the sum of its shares of pictures
    rows: list[Sequence[object]] = []
    for index, one in enumerate(made):
        stem = f"scenes/{index:06d}"
        _save(out / "images" / f"{stem}.png", Image.fromarray(one.image))
        height, width = one.image.shape[:2]
        cells = {"texture": ""}
        for category, value in one.labels.items():
            if isinstance(value, int):
                cells[category] = str(value)
                pictures[value] += 1
                shares[value] += 1
                continue
            small = value[::2, ::2]
            path = f"{stem}_{category}.png"
            _save(out / "images" / path, _label_image(small))
            cells[category] = path
            for number, count in zip(*np.unique(small, return_counts=True), strict=True):
                if number:
                    pictures[int(number)] += 1
                    shares[int(number)] += float(count) / small.size
        half = ((height + 1) // 2, (width + 1) // 2)
        rows.append((f"{stem}.png", split, height, width, *half, *(cells[category] for category in COLUMNS)))
    _table(out / "index.csv", ["image", "split", "ih", "iw", "sh", "sw", *COLUMNS], rows)
    _table(
        out / "label.csv",
        ["number", "name", "category", "frequency", "coverage", "syns"],
        (
            (c.number, broden_name(c), f"{c.category}({pictures[c.number]})", pictures[c.number], _share(shares, c), "")
            for c in CONCEPTS
        ),
    )
    _table(
        out / "category.csv",
        ["name", "first", "last", "count", "frequency"],
        (
            (category, of[0].number, of[-1].number, len(of), sum(pictures[c.number] for c in of))
            for category in CATEGORIES
            for of in [concepts_of(category)]
        ),
    )
    for category in CATEGORIES:
        _table(
            out / f"c_{category}.csv",
            ["code", "number", "name", "frequency", "coverage"],
            (
                (code, c.number, broden_name(c), pictures[c.number], _share(shares, c))
                for code, c in enumerate(concepts_of(category), start=1)
            ),
        )
    return out / "images"


def _share(shares: Mapping[int, float], concept: Concept) -> str:
    return f"{shares[concept.number]:.6f}"


def _label_image(numbers: NDArray[np.uint16]) -> Image.Image:
    planes = [numbers & 255, numbers >> 8, np.zeros_like(numbers)]
    return Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8))


def _save(path: Path, image: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def _table(path: Path, header: list[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
