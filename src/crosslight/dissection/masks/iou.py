"""How the regions of units and the places of concepts overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.progress import Progress, Silent
from ...store import ImageEntry
from ..regions import Regions
from .concept_masks import ConceptMasks, ImageLabels
from .upsample import PIECES, Piece, above, levels_of, pieces_of

#: units whose pixels are looked at in one go
_TOGETHER = 256
#: pieces of a picture
TILES = PIECES * PIECES


@dataclass
class Overlap:
    """Pixels that a layer's regions and the concepts share, over all images that are annotated.

    Attributes:
        both: float64 ``[units, concepts]``: pixels of unit and concept.
        units: float64 ``[units, groups]``: pixels of the unit in images that are annotated in a group's categories.
        concepts: float64 ``[concepts]``: pixels of the concept.
        groups: int64 ``[concepts]``: the group of each concept's category.
        annotated: for each group, rows of the images that are annotated.
        pieces: for each image that counts for chance, ``(row, units, tiles, shares)``: the shares of the picture that
            are in both the unit's region and a tile of `PIECES` by `PIECES`.
        places: likewise ``(row, concepts, tiles, shares, areas)``: the share of a tile's pixels that a concept covers,
            and of the picture's pixels what it covers of that tile.
        failures: why the labels of images could not be read, by row.
        looked: rows of the images that were compared.
    """

    both: NDArray[np.float64]
    units: NDArray[np.float64]
    concepts: NDArray[np.float64]
    groups: NDArray[np.int64]
    annotated: list[list[int]]
    pieces: list[tuple[int, NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]] = field(default_factory=list)
    places: list[tuple[int, NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]] = field(
        default_factory=list
    )
    failures: dict[int, str] = field(default_factory=dict)
    looked: list[int] = field(default_factory=list)

    def iou(self) -> NDArray[np.float64]:
        """Intersection over union, float64 ``[units, concepts]``; 0 where both are empty.

        Source:
            Bau et al., Network Dissection, 2017, equation 1: the sums of intersections and of unions over all images
            that are annotated in the concept's category.
        """
        union = self.units[:, self.groups] + self.concepts - self.both
        return np.divide(self.both, union, out=np.zeros_like(self.both), where=union > 0)


def overlaps(
    regions: Sequence[Regions],
    images: Sequence[ImageEntry],
    masks: ConceptMasks,
    *,
    chance: frozenset[int] = frozenset(),
    progress: Progress | None = None,
) -> list[Overlap]:
    """Compare layers' regions with the places of concepts; each image's labels are read once for all layers.

    Args:
        regions: of the layers, all of the same images.
        images: in the order of the rows.
        masks: where concepts are.
        chance: rows of the images of which pieces are kept, to see what chance gives.
        progress: told of images.

    Raises:
        InputError: no image is annotated.
    """
    listener = progress or Silent()
    names = tuple(dict.fromkeys(masks.categories))
    groups = np.array([names.index(one) for one in masks.categories], np.int64)
    found = [
        Overlap(
            np.zeros((one.units, len(groups))),
            np.zeros((one.units, len(names))),
            np.zeros(len(groups)),
            groups,
            [[] for _ in names],
        )
        for one in regions
    ]
    streams = [_Stream(one) for one in regions]
    listener.start(len(images), "masks")
    try:
        for row, image in enumerate(images):
            listener.advance(1, masks.name)
            maps = [stream.at(row) for stream in streams]
            size = regions[0].sizes[row]
            if size[0] < 0:
                continue
            try:
                labels = masks.labels(image, (int(size[0]), int(size[1])))
            except InputError as error:
                for one in found:
                    one.failures[row] = str(error)
                continue
            if labels is None:
                continue
            laid = _Laid.of(labels, names)
            for one, layer, there in zip(found, regions, maps, strict=True):
                _compare(one, layer, row, laid, there, row in chance)
    finally:
        listener.finish()
    if not any(one.looked for one in found):
        why = f": {next(iter(found[0].failures.values()))}" if found and found[0].failures else ""
        raise InputError(f"no image has labels that can be used ({masks.name}){why}")
    return found


class _Stream:
    """The maps of a layer, image by image."""

    def __init__(self, regions: Regions) -> None:
        self._images = regions.images()
        self._next = next(self._images, None)

    def at(self, row: int) -> tuple[NDArray[np.intp], NDArray[np.float32]] | None:
        """Units and maps of a row; rows are asked for in ascending order."""
        if self._next is None or self._next[0] != row:
            return None
        _, units, maps = self._next
        self._next = next(self._images, None)
        return units, maps


@dataclass(frozen=True)
class _Laid:
    """The labels of one picture, ready to be compared.

    Attributes:
        size: rows and columns.
        numbers: concepts that some pixels have, counted from 0.
        where: bool ``[numbers, rows, columns]``.
        whole: concepts that hold for all of it, counted from 0.
        groups: those that the picture is annotated in.
    """

    size: tuple[int, int]
    numbers: NDArray[np.intp]
    where: NDArray[np.bool_]
    whole: NDArray[np.intp]
    groups: NDArray[np.intp]

    @classmethod
    def of(cls, labels: ImageLabels, names: Sequence[str]) -> _Laid:
        everywhere = {one for several in labels.whole.values() for one in several}
        inside: dict[int, NDArray[np.bool_]] = {}
        for plane in (one for several in labels.planes.values() for one in several):
            for number in np.flatnonzero(np.bincount(plane.ravel())).tolist():
                if number and number not in everywhere:
                    here = plane == number
                    inside[number] = inside[number] | here if number in inside else here
        numbers = sorted(inside)
        where = np.array([inside[one] for one in numbers]) if numbers else np.zeros((0, *labels.size), bool)
        groups = [at for at, name in enumerate(names) if name in labels.categories]
        return cls(
            labels.size,
            np.array(numbers, np.intp) - 1,
            where,
            np.array(sorted(everywhere), np.intp) - 1,
            np.array(groups, np.intp),
        )


def _compare(
    found: Overlap,
    regions: Regions,
    row: int,
    laid: _Laid,
    there: tuple[NDArray[np.intp], NDArray[np.float32]] | None,
    keep: bool,
) -> None:
    """Add one image to a layer's overlap."""
    left, top, right, bottom = regions.boxes[row]
    height, width = (float(side) for side in regions.sizes[row])
    rows = pieces_of(laid.size[0], regions.grid[0], top / height, bottom / height)
    columns = pieces_of(laid.size[1], regions.grid[1], left / width, right / width)
    if not rows or not columns or not len(laid.groups):
        return
    found.looked.append(row)
    for group in laid.groups.tolist():
        found.annotated[group].append(row)
    pixels = sum(len(one.weights) for one in rows) * sum(len(one.weights) for one in columns)
    counts = _counts(laid.where, rows, columns)
    found.concepts[laid.numbers] += counts.sum(axis=(1, 2))
    found.concepts[laid.whole] += pixels
    if keep:
        found.places.append((row, *_places(laid, counts, rows, columns)))
    if there is None:
        return
    units, maps = there
    levels = levels_of(regions.thresholds[units])
    strong = maps > regions.thresholds[units][:, None, None]
    kept: list[tuple[NDArray[np.intp], int, NDArray[np.float32]]] = []
    for one, other in _tiles(rows, columns):
        active = np.flatnonzero(strong[:, one.cells, other.cells].any(axis=(1, 2)))
        if not len(active):
            continue
        labels = laid.where[:, one.pixels, other.pixels].reshape(len(laid.numbers), -1)
        present = np.flatnonzero(labels.any(axis=1))
        marks = labels[present].astype(np.float32).T
        for start in range(0, len(active), _TOGETHER):
            some = active[start : start + _TOGETHER]
            inside = above(maps[some], levels[some], one, other)
            area = np.count_nonzero(inside, axis=1)
            which = units[some]
            found.units[np.ix_(which, laid.groups)] += area[:, None]
            if len(laid.whole):
                found.both[np.ix_(which, laid.whole)] += area[:, None]
            if len(present):
                # Counts of fewer than 2^24 pixels are exact in float32.
                found.both[np.ix_(which, laid.numbers[present])] += inside.astype(np.float32) @ marks
            if keep and area.any():
                kept.append((which[area > 0], one.number * PIECES + other.number, (area[area > 0] / pixels)))
    if kept:
        which = np.concatenate([one for one, _, _ in kept])
        tiles = np.concatenate([np.full(len(one), tile, np.intp) for one, tile, _ in kept])
        found.pieces.append((row, which, tiles, np.concatenate([share for _, _, share in kept]).astype(np.float32)))


def _tiles(rows: Sequence[Piece], columns: Sequence[Piece]) -> Iterator[tuple[Piece, Piece]]:
    return ((one, other) for one in rows for other in columns)


def _counts(where: NDArray[np.bool_], rows: Sequence[Piece], columns: Sequence[Piece]) -> NDArray[np.int64]:
    """Pixels of each concept in each piece, ``[numbers, rows, columns]``."""
    inside = where[:, rows[0].pixels.start : rows[-1].pixels.stop, columns[0].pixels.start : columns[-1].pixels.stop]
    if not len(inside):
        return np.zeros((0, len(rows), len(columns)), np.int64)
    first, second = ([one.pixels.start - axis[0].pixels.start for one in axis] for axis in (rows, columns))
    by_row = np.add.reduceat(inside, first, axis=1, dtype=np.int32)
    return np.add.reduceat(by_row, second, axis=2, dtype=np.int64)


def _places(
    laid: _Laid, counts: NDArray[np.int64], rows: Sequence[Piece], columns: Sequence[Piece]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """Concepts, tiles, the shares of each tile's pixels, and of the picture's."""
    sizes = np.outer([len(one.weights) for one in rows], [len(one.weights) for one in columns])
    tiles = np.add.outer([one.number * PIECES for one in rows], [one.number for one in columns])
    counts = np.concatenate([counts, np.broadcast_to(sizes, (len(laid.whole), *sizes.shape))])
    which, down, across = np.nonzero(counts)
    covered = counts[which, down, across]
    return (
        np.concatenate([laid.numbers, laid.whole])[which],
        tiles[down, across],
        (covered / sizes[down, across]).astype(np.float32),
        (covered / sizes.sum()).astype(np.float32),
    )
