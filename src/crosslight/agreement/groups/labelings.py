"""Which labels an item could have had: all distinct labelings, or a sample of them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.seeds import seed_for
from .checks import Codes, Matrix, coded, same_length

LIMIT = 200_000
DRAWS = 10_000
_ROWS = 8192


@dataclass(frozen=True)
class Labelings:
    """The labelings that a permutation test compares, the observed one first.

    Attributes:
        codes: int8 ``[labeling, item]``, all rows distinct; row 0 is the observed labeling.
        names: of the groups; code g stands for ``names[g]``.
        total: how many distinct labelings there are.
        exact: whether `codes` holds all of them.
        alike: how many of all labelings cut the items into the observed groups but for the groups' names, as
            happens with groups of equal size; no test can tell these apart.
        blocks: what was permuted as a whole: positions of items, one tuple for each block of two or more.
    """

    codes: Codes = field(repr=False)
    names: tuple[str, ...]
    total: int
    exact: bool
    alike: int = 1
    blocks: tuple[tuple[int, ...], ...] = ()

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def observed(self) -> Codes:
        """The observed labeling, int8 ``[item]``."""
        first: Codes = self.codes[0]
        return first

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Items in each group, ``[group]``."""
        return np.bincount(self.observed, minlength=len(self.names))

    @property
    def resolution(self) -> float:
        """The smallest p-value that any data could give."""
        return self.alike / self.total if self.exact else 1 / len(self)

    def some(self, most: int, seed: int = 0) -> Labelings:
        """At most so many of these labelings, drawn without replacement, the observed one kept."""
        if len(self) <= most:
            return self
        random = np.random.default_rng(seed_for(seed, "some labelings"))
        chosen = 1 + random.choice(len(self) - 1, size=most - 1, replace=False)
        codes = self.codes[np.concatenate([[0], chosen])]
        return Labelings(codes, self.names, self.total, False, self.alike, self.blocks)


Groups = Sequence[object] | NDArray[np.generic] | Labelings


def labelings(
    groups: Sequence[object] | NDArray[np.generic],
    *,
    blocks: Sequence[Hashable] | None = None,
    limit: int = LIMIT,
    draws: int = DRAWS,
    seed: int = 0,
) -> Labelings:
    """All distinct labelings of items into groups of the given sizes, or a sample of them.

    With `blocks`, labels move only as follows. Items of one lineage form a block; an item of no lineage is a
    block of one. The label of a block is exchanged with that of another block *of the same number of items*,
    never with that of several smaller ones, because only blocks of equal size can be exchangeable. A block whose
    size no other block has therefore keeps its label. There are as many distinct labelings as the product, over
    the sizes of blocks, of the multinomial coefficients of the labels that blocks of that size have.

    Args:
        groups: the observed group of each item, ``[item]``.
        blocks: the lineage of each item, ``[item]``; None for an item of no lineage.
        limit: all labelings are listed where there are at most so many (or at most twice `draws`).
        draws: labelings, the observed one counted, drawn without replacement where there are more.
        seed: of the drawing.

    Raises:
        InputError: the groups are not two or more of at least two items, `blocks` has another length, or a
            lineage holds items of several groups.
    """
    codes, names = coded(groups)
    if draws < 1:
        raise InputError(f"draws is {draws}; at least one labeling, the observed one, is needed")
    classes = _block_classes(codes, names, blocks)
    counts = [np.bincount(codes[members[:, 0]], minlength=len(names)) for members in classes]
    total = prod(_multinomial(count) for count in counts)
    columns = list(zip(*(count.tolist() for count in counts), strict=True))
    alike = prod(factorial(columns.count(column)) for column in dict.fromkeys(columns))
    exact = total <= max(limit, 2 * draws)
    rows = _all(codes, classes, counts) if exact else _drawn(codes, classes, draws, seed)
    whole = tuple(tuple(int(i) for i in block) for members in classes for block in members if len(block) > 1)
    return Labelings(rows, names, total, exact, alike, whole)


def as_labelings(groups: Groups, items: int, seed: int = 0) -> Labelings:
    """Labelings as they are; groups with all their labelings, or a sample of them.

    Raises:
        InputError: the groups are not those of so many items.
    """
    found = groups if isinstance(groups, Labelings) else labelings(groups, seed=seed)
    same_length(items, found.codes.shape[1], "groups")
    return found


def within_sums(matrix: Matrix, labelings: Labelings) -> Matrix:
    """Sums of a matrix over the pairs inside each group, for all labelings at once.

    Args:
        matrix: ``[item, item]``, symmetric with a diagonal of zeros.
        labelings: which item is in which group.

    Returns:
        float64 ``[labeling, group]``.
    """
    sums = np.empty((len(labelings), len(labelings.names)))
    for start in range(0, len(labelings), _ROWS):
        codes = labelings.codes[start : start + _ROWS]
        for group in range(len(labelings.names)):
            inside = (codes == group).astype(np.float64)
            sums[start : start + _ROWS, group] = np.einsum("li,li->l", inside @ matrix, inside) / 2
    return sums


def share_at_least(statistics: Matrix, tolerance: float = 1e-10) -> float:
    """The share of statistics at least as large as the first, which is the observed one.

    Args:
        statistics: ``[labeling]``; infinite values are allowed.
        tolerance: by how much, relative to the larger of 1 and the observed one, a statistic may be smaller and
            still count as tied with it.
    """
    first = statistics[0]
    margin = tolerance * max(1.0, abs(first)) if np.isfinite(first) else 0.0
    return float(np.mean(statistics >= first - margin))


def _block_classes(codes: Codes, names: tuple[str, ...], blocks: Sequence[Hashable] | None) -> list[NDArray[np.int64]]:
    """Positions of the items of all blocks of one size, ``[block, item]``, for each size."""
    if blocks is not None:
        same_length(len(codes), len(blocks), "blocks")
    members: dict[Hashable, list[int]] = {}
    for item in range(len(codes)):
        lineage = None if blocks is None else blocks[item]
        members.setdefault(("alone", item) if lineage is None else ("lineage", lineage), []).append(item)
    for (_, lineage), items in members.items():  # type: ignore[misc]
        found = [names[code] for code in dict.fromkeys(codes[items].tolist())]
        if len(found) > 1:
            raise InputError(
                f"lineage {lineage!r} holds items of the groups {' and '.join(map(repr, found))}; "
                "a block can only move as a whole if it is of one group, so split it"
            )
    sizes = sorted({len(items) for items in members.values()})
    return [np.array([items for items in members.values() if len(items) == size]) for size in sizes]


def _multinomial(counts: NDArray[np.int64]) -> int:
    return factorial(int(counts.sum())) // prod(factorial(int(count)) for count in counts)


def _all(codes: Codes, classes: list[NDArray[np.int64]], counts: list[NDArray[np.int64]]) -> Codes:
    """Every labeling, the observed one first."""
    rows = np.zeros((1, len(codes)), dtype=np.int8)
    for members, count in zip(classes, counts, strict=True):
        labels = _arrangements(count)
        before = len(rows)
        rows = np.repeat(rows, len(labels), axis=0)
        rows[:, members] = np.tile(labels, (before, 1))[:, :, None]
    here = int(np.flatnonzero((rows == codes).all(axis=1))[0])
    rows[[0, here]] = rows[[here, 0]]
    return rows


def _arrangements(counts: NDArray[np.int64]) -> Codes:
    """All orders of a list in which code g stands ``counts[g]`` times, ``[order, place]``."""
    length = int(counts.sum())
    rows = np.full((1, length), len(counts) - 1, dtype=np.int8)
    free = np.arange(length)[None]
    for code, count in enumerate(counts[:-1].tolist()):
        width = free.shape[1]
        chosen = np.array(list(combinations(range(width), count)), dtype=np.int64)
        left = np.ones((len(chosen), width), dtype=bool)
        np.put_along_axis(left, chosen, False, axis=1)
        rest = np.nonzero(left)[1].reshape(len(chosen), width - count)
        before = len(rows)
        rows, free = np.repeat(rows, len(chosen), axis=0), np.repeat(free, len(chosen), axis=0)
        taken = np.take_along_axis(free, np.tile(chosen, (before, 1)), axis=1)
        np.put_along_axis(rows, taken, np.int8(code), axis=1)
        free = np.take_along_axis(free, np.tile(rest, (before, 1)), axis=1)
    return rows


def _drawn(codes: Codes, classes: list[NDArray[np.int64]], draws: int, seed: int) -> Codes:
    """Distinct labelings in the order of their drawing, the observed one first."""
    random = np.random.default_rng(seed_for(seed, "labelings"))
    rows = codes[None]
    while len(rows) < draws:
        more = np.empty((draws, len(codes)), dtype=np.int8)
        for members in classes:
            labels = np.tile(codes[members[:, 0]], (draws, 1))
            more[:, members] = random.permuted(labels, axis=1)[:, :, None]
        rows = np.concatenate([rows, more])
        first = np.unique(rows, axis=0, return_index=True)[1]
        rows = rows[np.sort(first)[:draws]]
    return rows
