"""One pass over blocks of images for all sets of maps and all measures at once, in memory that does not grow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.maps import Maps
from .measures import Measure, find_measure, freeze
from .measures.base import Kept
from .measures.cosine import dot
from .native import FLAT, Basis, Products, add_sums, condensed, products
from .prepare import Steps, Unit, unit_of, with_zeros
from .similarity import mismatched

Array = NDArray[Any]
Matrix = NDArray[np.float64]

#: bytes of the prepared maps of one unit of images: what a measure makes of them takes as much again, several times
UNIT = 20 * 2**20
#: an image is paired with so many others where it is not known how many there are
SHIFTS = 4
#: pairs of images that a floor needs, where there are so many; a standard error of .0125 at a spread of .2
PAIRS = 256
#: reasons for which a map that others can compare has no value under a measure
CONSTANT_AFTER_STEPS = "CONSTANT_AFTER_STEPS"
NOT_DEFINED = "NOT_DEFINED"


@dataclass(frozen=True)
class Compared:
    """Similarities under one measure.

    Attributes:
        measure: with all its settings, those estimated too.
        per_image: ``[image, set, set]``, symmetric; NaN where a map is unusable.
        floor: ``[set, set]``: mean similarity of maps of different images; NaN where there are no two.
        floor_pairs: ``[set, set]``: pairs of maps behind it.
        dropped: for each set, how many images have no value, by reason.
    """

    measure: Measure
    per_image: Matrix
    floor: Matrix
    floor_pairs: NDArray[np.int64]
    dropped: tuple[dict[str, int], ...]


@dataclass(frozen=True)
class _Part:
    """Images of a unit whose maps are given by the same coordinates."""

    basis: Basis | None  # None where the coordinates are the cells of the grid
    rows: NDArray[np.intp]
    maps: Products


@dataclass(frozen=True)
class _Seen:
    """What is kept of a unit, so that its images can be paired with others."""

    length: int
    parts: list[_Part] = field(default_factory=list)
    made: dict[str, Array] = field(default_factory=dict)


class Comparison:
    """Similarities of sets of maps, as blocks of images come in.

    The chance floor is the mean similarity of maps of different images. Where a measure is the product of two unit
    vectors, as cosine and the correlations are, the mean is over *all* pairs of different images.
    Otherwise images are paired with some of those that came in the block before: blocks should therefore come in random
    order where images are sorted by class.

    Args:
        labels: names of the sets, unique.
        measures: what to compare by: names as a user writes them, or measures.
        steps: what is done to the maps before.
        images: how many images will come, as far as that is known: of many, not every one needs to be paired.

    Raises:
        InputError: labels or measures repeat.
    """

    def __init__(
        self, labels: Sequence[str], measures: Sequence[str | Measure], steps: Steps, images: int | None = None
    ):
        if len(set(labels)) != len(labels):
            raise InputError("labels of compared sets must be unique")
        found = [find_measure(one) for one in measures]
        self.measures = {one.key: one for one in found}
        if len(self.measures) != len(found) or not found:
            raise InputError("name one measure or more, each of them once")
        self.labels, self.steps = tuple(labels), steps
        number = len(labels)
        self._similar: dict[str, list[Matrix]] = {key: [np.empty((0, number, number))] for key in self.measures}
        self._lost: dict[str, list[Counter[str]]] = {key: [Counter() for _ in labels] for key in self.measures}
        self._chance = {key: np.zeros((number, number)) for key in self.measures}
        self._chances = {key: np.zeros((number, number), np.int64) for key in self.measures}
        self._exact = [key for key, one in self.measures.items() if one.linear and one.compare is dot]
        self._sums = np.zeros((len(self._exact), number, steps.grid**2), steps.dtype)
        self._constant = np.zeros((len(self._exact), number))
        self._shifts = SHIFTS if images is None else max(PAIRS // max(images, 1), 1)
        self._stride = 1 if images is None else max(images // PAIRS, 1)
        self._made_sums: dict[str, Matrix] = {}
        self._frozen = False
        self._units = self._met = 0
        self._partner: _Seen | None = None  # the last unit of the block before; of the first block, its first unit
        self._positions: list[int] = []
        self._images: list[str] = []

    def add(self, block: Sequence[Maps], positions: Iterable[int] | None = None) -> None:
        """Compare a block of images.

        Args:
            block: the maps of each set over it, in the order of the labels.
            positions: where the images belong in the results; behind those that came before if None.

        Raises:
            InputError: the maps are not over the same images, or not of so many sets.
        """
        if len(block) != len(self.labels):
            raise InputError(f"a block has maps of {len(block)} sets, not of {len(self.labels)}")
        if not block:
            return
        count = len(block[0])
        self._positions += range(len(self._positions), len(self._positions) + count) if positions is None else positions
        self._images += block[0].images
        step = unit_length(len(self.labels), self.steps)
        starts = range(0, count, step)
        partner = self._partner
        for number, start in enumerate(starts):
            unit = unit_of(block, self.steps, slice(start, min(start + step, count)))
            keep = start == (starts[-1] if partner is not None else 0)
            seen = self._add_unit(unit, number, keep)
            if keep and unit.usable.any():  # images beyond a method's own limit are no partners
                self._partner = seen

    def finish(self) -> tuple[tuple[str, ...], dict[str, Compared]]:
        """Identities of the images in their order, and the results by the measure's key."""
        order = np.argsort(np.array(self._positions, np.intp), kind="stable")
        if self._units == 1 and self._partner is not None:
            self._pair(self._partner, self._partner, _within(self._partner.length))
        found = {}
        for key, measure in self.measures.items():
            per_image = np.concatenate(self._similar[key])[order]
            if measure.compare is dot:
                usable = np.isfinite(np.diagonal(per_image, axis1=1, axis2=2))
                count = usable.sum(axis=0)
                sums = self._sum_of(key) if measure.linear else self._made_sums.get(key)
                sums = np.zeros((len(self.labels), 1)) if sums is None else sums
                floor = mismatched(sums, count, per_image)
                pairs = np.outer(count, count) - np.isfinite(per_image).sum(axis=0)
            else:
                pairs = self._chances[key] + self._chances[key].T
                total = self._chance[key] + self._chance[key].T
                floor = np.where(pairs > 0, total / np.where(pairs > 0, pairs, 1), np.nan)
                pairs = pairs // (1 + np.eye(len(pairs), dtype=np.int64))  # a set with itself: each pair was seen once
            dropped = tuple(dict(counter) for counter in self._lost[key])
            found[key] = Compared(measure, per_image, floor, pairs, dropped)
        return tuple(self._images[i] for i in order), found

    def _sum_of(self, key: str) -> Matrix:
        place = self._exact.index(key)
        return self._sums[place].astype(np.float64) + self._constant[place][:, None]

    # --- one unit

    def _add_unit(self, unit: Unit, number: int, keep: bool) -> _Seen:
        linear = [key for key, one in self.measures.items() if one.linear]
        others = [key for key, one in self.measures.items() if not one.linear]
        native = unit.coordinates() if linear else None
        cells = unit.cells() if others or native is None else None
        usable = np.zeros(unit.usable.shape, bool)
        seen = _Seen(len(unit))
        if cells is not None:
            usable = np.isfinite(cells.values[..., 0])
            if linear and native is None:
                seen.parts.append(_Part(None, np.arange(len(unit)), products(cells)))
        for basis, rows, own in native or ():
            seen.parts.append(_Part(basis, rows, products(own)))
            usable[:, rows] = np.isfinite(own.values[..., 0])
        similar = self._linear(linear, seen) if linear else {}
        pairs = self._pairs(len(unit), number) if self._partner is not None else []
        if self._partner is not None:
            self._pair(seen, self._partner, pairs)
        represented: dict[str, Array] = {}
        kept: Kept = {}
        for key in others:
            assert cells is not None
            one = self.measures[key]
            made = one.representations(cells)
            similar[key] = one.compared(made, made, kept)
            if one.compare is dot:
                known = np.where(np.isfinite(made[..., :1]), made, 0).sum(axis=1, dtype=np.float64)
                self._made_sums[key] = self._made_sums.get(key, 0) + known
            else:
                represented[key] = made
        if self._partner is not None:
            self._pair_made(represented, self._partner.made, pairs)
        if keep:
            seen.made.update(represented)
        dropped = with_zeros(unit, usable)
        for key, values in similar.items():
            self._similar[key].append(_symmetric(values, self.measures[key].identical))
            self._count_lost(key, unit, usable, values, dropped)
        self._units += bool(unit.usable.any())
        return seen

    def _linear(self, keys: list[str], seen: _Seen) -> dict[str, Matrix]:
        number = len(self.labels)
        similar = {key: np.full((seen.length, number, number), np.nan) for key in keys}
        cells = [condensed(part.maps) for part in seen.parts]
        made = [{key: self.measures[key].representations(own) for key in keys} for own in cells]
        if not self._frozen and any((np.isfinite(own.values[..., 0]).sum(axis=0) > 1).any() for own in cells):
            for key in keys:
                sample = np.concatenate([own[key] for own in made], axis=1)
                self.measures[key] = freeze(self.measures[key], sample)
            self._frozen = True
        for part, own, representations in zip(seen.parts, cells, made, strict=True):
            for key, values in representations.items():
                if self._frozen or key in self._exact:
                    similar[key][part.rows] = self.measures[key].compared(values, values)
                else:  # what is estimated is not known yet, but then there are no two maps of one image
                    known = np.isfinite(values[..., 0]).T
                    similar[key][part.rows] = np.where(known[:, :, None] & np.eye(number, dtype=bool), 1.0, np.nan)
            if self._exact:
                total = self._sums if part.basis is None else np.zeros((*self._sums.shape[:2], len(part.maps.one)))
                exact = np.stack([representations[key] for key in self._exact])
                self._constant += add_sums(total, part.maps, exact, own)
                if part.basis is not None:
                    self._sums += part.basis.cells(total)
        return similar

    # --- maps of different images

    def _pairs(self, count: int, number: int) -> list[tuple[int, int]]:
        """Which images of a block's unit of that number are paired with which of the partner's."""
        others = self._partner.length if self._partner is not None else 0
        chosen = [i for i in range(count) if (self._met + i) % self._stride == 0]
        self._met += count
        return [(i, (i + number + shift) % others) for shift in range(min(others, self._shifts)) for i in chosen]

    def _pair(self, seen: _Seen, partner: _Seen, pairs: list[tuple[int, int]]) -> None:
        """Measures that need products; and of a unit with itself, all others too."""
        number = len(self.labels)
        keys = [key for key, one in self.measures.items() if one.linear and key not in self._exact]
        for left, right, chosen in _matched(seen, partner, pairs) if keys and self._frozen else ():
            cells = condensed(left, right, chosen)
            for key in keys:
                made = self.measures[key].representations(cells)
                self._by_chance(key, self.measures[key].compared(made[:number], made[number:]))
        if seen is partner:
            self._pair_made(seen.made, seen.made, pairs)

    def _pair_made(self, made: dict[str, Array], others: dict[str, Array], pairs: list[tuple[int, int]]) -> None:
        for i, j in pairs:
            kept: Kept = {}
            for key, own in made.items():
                found = self.measures[key].compared(own[:, i : i + 1], others[key][:, j : j + 1], kept)
                self._by_chance(key, found)

    def _by_chance(self, key: str, values: Array) -> None:
        known = np.isfinite(values)
        self._chance[key] += np.where(known, values, 0).sum(axis=0, dtype=np.float64)
        self._chances[key] += known.sum(axis=0)

    def _count_lost(
        self, key: str, unit: Unit, usable: NDArray[np.bool_], values: Array, dropped: Sequence[dict[str, int]]
    ) -> None:
        without = usable & ~np.isfinite(np.diagonal(values, axis1=1, axis2=2)).T
        for counter, reasons in zip(self._lost[key], dropped, strict=True):
            if reasons:
                counter.update(reasons)
        for number, row in np.argwhere(without).tolist():
            own = unit.values[number][row]
            flat = np.ptp(own) <= FLAT * np.abs(own).max()
            self._lost[key][number][CONSTANT_AFTER_STEPS if flat else NOT_DEFINED] += 1


def unit_length(sets: int, steps: Steps) -> int:
    """How many images are compared at a time; it depends on nothing but the number of sets and the grid."""
    return max(1, UNIT // max(1, sets * steps.grid**2 * np.dtype(steps.dtype).itemsize))


def _within(count: int) -> list[tuple[int, int]]:
    """Pairs of different images of one unit, each once."""
    shifts = range(1, min(count // 2, 2 * SHIFTS) + 1)
    return [(i, (i + s) % count) for s in shifts for i in range(count if 2 * s < count else count // 2)]


def _matched(
    seen: _Seen, partner: _Seen, pairs: list[tuple[int, int]]
) -> Iterator[tuple[Products, Products, list[tuple[int, int]]]]:
    """Pairs of images by the coordinates of their maps; where these differ, the maps are read on the grid."""
    for one in seen.parts:
        mine = {row: place for place, row in enumerate(one.rows.tolist())}
        for other in partner.parts:
            theirs = {row: place for place, row in enumerate(other.rows.tolist())}
            chosen = [(mine[i], theirs[j]) for i, j in pairs if i in mine and j in theirs]
            if not chosen:
                continue
            if one.basis is other.basis:
                yield one.maps, other.maps, chosen
            else:
                yield _on_grid(one), _on_grid(other), chosen


def _on_grid(part: _Part) -> Products:
    return part.maps if part.basis is None else products(part.basis.on_grid(part.maps.cells()))


def _symmetric(values: Array, identical: float) -> Matrix:
    """The mean with the transpose, and what a map's similarity with itself must be on the diagonal."""
    both = (values.astype(np.float64) + values.transpose(0, 2, 1)) / 2
    if np.isfinite(identical):
        number = np.arange(both.shape[1])
        own = both[:, number, number]
        both[:, number, number] = np.where(np.isfinite(own), identical, np.nan)
    return both
