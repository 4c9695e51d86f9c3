"""The labels of one picture, ready to be compared with the maps of several layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .concept_masks import ImageLabels
from .upsample import PIECES, Axis, Spans, axis_of

#: pieces of a picture
TILES = PIECES * PIECES
#: a table of that many numbers is made to count, else values are sorted
_TABLE = 1 << 22

#: concepts, tiles, the share of each tile's pixels, and of all pixels
Places = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class Cut:
    """The part of the labels that one grid covers; what is asked for twice is computed once.

    Attributes:
        down: its rows.
        across: its columns.
    """

    down: Axis
    across: Axis
    _laid: Laid

    @property
    def pixels(self) -> int:
        """How many are compared."""
        return int(self.down.count.sum() * self.across.count.sum())

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Pixels of each concept in each tile, ``[numbers, tiles]``."""
        kinds = len(self._laid.holds)
        tiles = np.add.outer(np.repeat(self.down.piece, self.down.count) * PIECES, self._columns)
        codes = self._laid.codes[self.down.seen, self.across.seen]
        found = np.bincount((tiles * kinds + codes).ravel(), minlength=TILES * kinds)
        # Sums of fewer than 2^53 pixels are exact.
        return (found.reshape(TILES, kinds).astype(float) @ self._laid.holds).T.astype(np.int64)

    @property
    def _columns(self) -> NDArray[np.intp]:
        return np.repeat(self.across.piece, self.across.count)

    def places(self) -> Places:
        """Where the concepts are, tile by tile."""
        sizes = np.outer(*(np.bincount(one.piece, one.count, PIECES) for one in (self.down, self.across))).ravel()
        whole = self._laid.whole
        counts = np.concatenate([self.counts, np.broadcast_to(sizes, (len(whole), TILES))])
        which, tile = np.nonzero(counts)
        covered = counts[which, tile]
        return (
            np.concatenate([self._laid.numbers, whole])[which],
            tile,
            (covered / sizes[tile]).astype(np.float32),
            (covered / sizes.sum()).astype(np.float32),
        )


@dataclass(frozen=True)
class Laid:
    """The labels of one picture.

    Attributes:
        size: rows and columns.
        numbers: concepts that some pixels have, counted from 0.
        codes: int32 ``[rows, columns]``: which combination of concepts a pixel has.
        holds: float64 ``[combinations, numbers]``: 1 where a combination has a concept, else 0.
        whole: concepts that hold for all of it, counted from 0.
        groups: of categories, those that the picture is annotated in.
    """

    size: tuple[int, int]
    numbers: NDArray[np.intp]
    codes: NDArray[np.int32]
    holds: NDArray[np.float64]
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
        codes, holds = _combined(labels.size, (one for many in labels.planes.values() for one in many), everywhere)
        numbers = sorted({one for held in holds for one in held})
        groups = [at for at, name in enumerate(categories) if name in labels.categories]
        return cls(
            labels.size,
            np.array(numbers, np.intp) - 1,
            codes,
            np.array([[float(one in held) for one in numbers] for held in holds]).reshape(len(holds), len(numbers)),
            np.array(sorted(everywhere), np.intp) - 1,
            np.array(groups, np.intp),
        )

    def cut(self, grid: tuple[int, int], box: Sequence[float], picture: Sequence[float]) -> Cut | None:
        """The labels in a layer's grid; None where the maps do not cover a pixel of them.

        Args:
            grid: rows and columns of the maps.
            box: what the maps cover: left, top, right and bottom in pixels of the picture.
            picture: its height and width.
        """
        left, top, right, bottom = box
        height, width = picture
        key = (*grid, left, top, right, bottom)
        if key not in self._cuts:
            down = axis_of(self.size[0], grid[0], top / height, bottom / height)
            across = axis_of(self.size[1], grid[1], left / width, right / width)
            self._cuts[key] = Cut(down, across, self)
        found = self._cuts[key]
        return found if found.pixels else None

    def inside(self, spans: Spans, units: int) -> NDArray[np.float64]:
        """Pixels of each concept in units' spans, ``[units, numbers]``.

        Args:
            spans: of the pixels of the picture.
            units: how many there are.
        """
        kinds = len(self.holds)
        found = np.zeros(units * kinds)
        if not len(spans.unit):
            return np.zeros((units, len(self.numbers)))
        first, codes, ends = int(spans.unit[0]), self.codes.ravel(), self._ends
        own = (int(spans.unit[-1]) + 1 - first) * kinds
        line = spans.row * self.size[1]
        at, stop, entry = line + spans.start, line + spans.stop, (spans.unit - first) * kinds
        while len(at):
            end = np.minimum(ends[at], stop)
            found[first * kinds :][:own] += np.bincount(entry + codes[at], end - at, own)
            rest = np.flatnonzero(end < stop)
            at, stop, entry = end[rest], stop[rest], entry[rest]
        return found.reshape(units, kinds) @ self.holds

    @cached_property
    def _ends(self) -> NDArray[np.intp]:
        """For each pixel, counted row by row, the first one after it whose combination is another, or the next row."""
        height, width = self.size
        ends = np.full(self.size, width, np.intp)
        ends[:, :-1] = np.where(self.codes[:, 1:] != self.codes[:, :-1], np.arange(1, width), width)
        ends = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
        return (ends + np.arange(height)[:, None] * width).ravel()


def _combined(
    size: tuple[int, int], planes: Iterable[NDArray[np.integer]], without: set[int]
) -> tuple[NDArray[np.int32], list[frozenset[int]]]:
    """Which combination of the planes' numbers each pixel has, and the numbers of each combination."""
    codes, holds = np.zeros(size, np.int64), [frozenset[int]()]
    for plane in planes:
        there = np.flatnonzero(np.bincount(plane.ravel()))
        numbers = [one for one in there.tolist() if one and one not in without]
        if not numbers:
            continue
        rank = np.zeros(int(there[-1]) + 1, np.int64)
        rank[numbers] = np.arange(1, len(numbers) + 1)
        codes = codes * (len(numbers) + 1) + rank[plane]
        most = len(holds) * (len(numbers) + 1)
        present = np.flatnonzero(np.bincount(codes.ravel())) if most <= _TABLE else np.unique(codes)
        before, own = np.divmod(present, len(numbers) + 1)
        holds = [
            holds[a] | ({numbers[b - 1]} if b else set()) for a, b in zip(before.tolist(), own.tolist(), strict=True)
        ]
        if most <= _TABLE:
            place = np.zeros(most, np.int64)
            place[present] = np.arange(len(present))
            codes = place[codes]
        else:
            codes = np.searchsorted(present, codes)
    return codes.astype(np.int32), holds
