"""The labels of one picture, ready to be compared with the maps of several layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .concept_masks import ImageLabels
from .upsample import PIECES, Piece, pieces_of

#: pieces of a picture
TILES = PIECES * PIECES

#: concepts, tiles, the share of each tile's pixels, and of all pixels
Places = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]


@dataclass
class Cut:
    """Labels cut into the pieces of one grid; what is asked for twice is computed once.

    Attributes:
        rows: pieces from top to bottom.
        columns: pieces from left to right.
        pixels: of all pieces.
    """

    rows: tuple[Piece, ...]
    columns: tuple[Piece, ...]
    _laid: Laid
    _marks: dict[tuple[int, int], tuple[NDArray[np.intp], NDArray[np.float32]]] = field(default_factory=dict)
    _counts: NDArray[np.int64] | None = None

    @property
    def pixels(self) -> int:
        """How many are compared."""
        return sum(len(one.weights) for one in self.rows) * sum(len(one.weights) for one in self.columns)

    def marks(self, row: Piece, column: Piece) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Which of the picture's concepts are in a tile, and where: float32 ``[pixels, those]``, 0 or 1."""
        key = row.number, column.number
        if key not in self._marks:
            labels = self._laid.where[:, row.pixels, column.pixels].reshape(len(self._laid.numbers), -1)
            present = np.flatnonzero(labels.any(axis=1))
            self._marks[key] = present, labels[present].astype(np.float32).T
        return self._marks[key]

    def counts(self) -> NDArray[np.int64]:
        """Pixels of each concept in each tile, ``[numbers, rows, columns]``."""
        if self._counts is None:
            self._counts = self._counted()
        return self._counts

    def _counted(self) -> NDArray[np.int64]:
        first, second = ([one.pixels.start for one in axis] for axis in (self.rows, self.columns))
        last = self.rows[-1].pixels.stop, self.columns[-1].pixels.stop
        inside = self._laid.where[:, first[0] : last[0], second[0] : last[1]]
        if not len(inside):
            return np.zeros((0, len(first), len(second)), np.int64)
        by_row = np.add.reduceat(inside, np.array(first) - first[0], axis=1, dtype=np.int32)
        return np.add.reduceat(by_row, np.array(second) - second[0], axis=2, dtype=np.int64)

    def places(self) -> Places:
        """Where the concepts are, tile by tile."""
        sizes = np.outer([len(one.weights) for one in self.rows], [len(one.weights) for one in self.columns])
        tiles = np.add.outer([one.number * PIECES for one in self.rows], [one.number for one in self.columns])
        whole = self._laid.whole
        counts = np.concatenate([self.counts(), np.broadcast_to(sizes, (len(whole), *sizes.shape))])
        which, down, across = np.nonzero(counts)
        covered = counts[which, down, across]
        return (
            np.concatenate([self._laid.numbers, whole])[which],
            tiles[down, across],
            (covered / sizes[down, across]).astype(np.float32),
            (covered / sizes.sum()).astype(np.float32),
        )


@dataclass(frozen=True)
class Laid:
    """The labels of one picture.

    Attributes:
        size: rows and columns.
        numbers: concepts that some pixels have, counted from 0.
        where: bool ``[numbers, rows, columns]``.
        whole: concepts that hold for all of it, counted from 0.
        groups: of categories, those that the picture is annotated in.
    """

    size: tuple[int, int]
    numbers: NDArray[np.intp]
    where: NDArray[np.bool_]
    whole: NDArray[np.intp]
    groups: NDArray[np.intp]
    _cuts: dict[tuple[float, ...], Cut] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: ImageLabels, categories: Sequence[str]) -> Laid:
        """Lay the planes of all categories side by side; where a concept is in several, it is in their union.

        Args:
            labels: of the picture.
            categories: each once, in the order of the groups.
        """
        everywhere = {one for several in labels.whole.values() for one in several}
        inside: dict[int, NDArray[np.bool_]] = {}
        for plane in (one for several in labels.planes.values() for one in several):
            for number in np.flatnonzero(np.bincount(plane.ravel())).tolist():
                if number and number not in everywhere:
                    here = plane == number
                    inside[number] = inside[number] | here if number in inside else here
        numbers = sorted(inside)
        where = np.array([inside[one] for one in numbers]) if numbers else np.zeros((0, *labels.size), bool)
        groups = [at for at, name in enumerate(categories) if name in labels.categories]
        return cls(
            labels.size,
            np.array(numbers, np.intp) - 1,
            where,
            np.array(sorted(everywhere), np.intp) - 1,
            np.array(groups, np.intp),
        )

    def cut(self, grid: tuple[int, int], box: Sequence[float], picture: Sequence[float]) -> Cut | None:
        """The labels in the pieces of a layer's grid; None where the maps do not cover a pixel of them.

        Args:
            grid: rows and columns of the maps.
            box: what the maps cover: left, top, right and bottom in pixels of the picture.
            picture: its height and width.
        """
        left, top, right, bottom = box
        height, width = picture
        key = (*grid, left, top, right, bottom)
        if key not in self._cuts:
            rows = pieces_of(self.size[0], grid[0], top / height, bottom / height)
            columns = pieces_of(self.size[1], grid[1], left / width, right / width)
            self._cuts[key] = Cut(rows, columns, self)
        found = self._cuts[key]
        return found if found.rows and found.columns else None
