"""The exact upper quantile of every unit, over cells that are met a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError

#: share of all cells that lie above a unit's threshold
SHARE = 0.005

#: values wait until they are this part of those that are kept, or this many
_WAITING_PART, _FEWEST_WAITING = 4, 256
#: every so manieth value is looked at to guess a level, and so many of them at least are to be above it
_EVERY, _FEWEST_ABOVE = 16, 8


def rank_of(cells: int, share: float = SHARE) -> int:
    """Which value, counted from the greatest, is the quantile: the threshold is the ``rank_of(n)``-th greatest of n.

    It is the least of the values that at most `share` of the values exceed: ``floor(share * n) + 1``. So the share of
    cells above it is `share` itself where that is a whole number of cells and no value is there twice. NumPy calls it
    ``quantile(values, 1 - share, method="inverted_cdf")``.

    Args:
        cells: how many values there are, at least 1.
        share: in (0, 1); taken as the decimal number that it is written as.

    Source:
        Bau et al., Network Dissection, 2017: P(a > T) = 0.005.
    """
    exact = Fraction(repr(share))
    return cells * exact.numerator // exact.denominator + 1


def check_share(share: float) -> float:
    """The same number, if it is a share.

    Raises:
        InputError: it is not above 0 and below 1.
    """
    if not 0 < share < 1:
        raise InputError(f"the share of cells above a unit's threshold lies between 0 and 1, it is {share}")
    return share


class TopValues:
    """The greatest values of each unit so far; memory holds `keep` values of each, and a quarter more that wait.

    That is 5 bytes for each unit and value kept, and 1 KB a unit at most where few are kept: 256 units on 500 images of
    196 cells, so 491 values each, were measured to hold 0.68 MB. 2,048 units on 10,000 images of 49 cells need 25 MB.

    Args:
        units: how many there are.
        keep: how many of the greatest values of each are kept.
    """

    def __init__(self, units: int, keep: int) -> None:
        self.keep = keep
        self._waiting_most = max(keep // _WAITING_PART, _FEWEST_WAITING)
        self._kept: list[list[NDArray[np.float32]]] = [[] for _ in range(units)]
        self._count = np.zeros(units, np.int64)
        #: float32 ``[units]``: nothing at or below it can be among the values kept; -inf until there are enough
        self.bounds = np.full(units, -np.inf, np.float32)

    def add_rows(self, values: NDArray[np.float32]) -> None:
        """Take values of every unit in.

        Args:
            values: float32 ``[units, n]``, finite.
        """
        for unit, row in enumerate(greatest_of(values, self.keep)):
            self._add(unit, row)

    def add(self, units: NDArray[np.integer], values: NDArray[np.float32]) -> None:
        """Take values of some units in; those at or below a unit's bound may be left out.

        Args:
            units: int ``[n]``: whose value it is.
            values: float32 ``[n]``, finite.
        """
        order = np.argsort(units, kind="stable")
        sorted_units, sorted_values = units[order], values[order]
        present, starts = np.unique(sorted_units, return_index=True)
        ends = [*starts[1:].tolist(), len(sorted_units)][: len(starts)]
        for unit, start, end in zip(present.tolist(), starts.tolist(), ends, strict=True):
            self._add(unit, sorted_values[start:end])

    def greatest(self, rank: int) -> NDArray[np.float32]:
        """The rank-th greatest value of each unit, float32 ``[units]``; -inf where there are fewer values.

        Args:
            rank: from 1 to `keep`.
        """
        if not 1 <= rank <= self.keep:
            raise ValueError(f"{self.keep} values are kept, so there is no {rank}-th")
        found = np.full(len(self._kept), -np.inf, np.float32)
        for unit in range(len(self._kept)):
            self._merge(unit)
            if rank == self.keep <= self._count[unit]:
                found[unit] = self.bounds[unit]
            elif self._count[unit] >= rank:
                (values,) = self._kept[unit]
                found[unit] = np.partition(values, len(values) - rank)[-rank]
        return found

    def _add(self, unit: int, values: NDArray[np.float32]) -> None:
        self._kept[unit].append(values)
        before = self._count[unit]
        self._count[unit] = now = before + len(values)
        if now - self.keep > self._waiting_most or (before < self.keep <= now):
            self._merge(unit)

    def _merge(self, unit: int) -> None:
        """Drop all but the greatest, and raise the bound where there are enough."""
        if not self._kept[unit]:
            return
        values = np.concatenate(self._kept[unit])
        if len(values) >= self.keep:
            values.partition(len(values) - self.keep)
            values = values[len(values) - self.keep :].copy()
            self.bounds[unit] = values[0]
        self._kept[unit] = [values]
        self._count[unit] = len(values)


def greatest_of(values: NDArray[np.float32], keep: int) -> Iterator[NDArray[np.float32]]:
    """At least the `keep` greatest values of each row, in any order; all where there are fewer.

    To sort a whole row out is slow. A level is guessed from a few of its values; if enough are above it, these are all
    that is needed, and if enough are above or at it, as where most values are 0, copies of the level fill up.

    Args:
        values: float32 ``[rows, n]``, finite.
        keep: how many, at least 1.
    """
    length = values.shape[1]
    sample = values[:, ::_EVERY]
    rank = 3 * keep // (2 * _EVERY) + _FEWEST_ABOVE
    if 2 * rank > sample.shape[1]:
        yield from values if length <= keep else np.partition(values, length - keep, axis=1)[:, -keep:]
        return
    levels = np.partition(sample, sample.shape[1] - rank, axis=1)[:, -rank]
    for row, level in zip(values, levels, strict=True):
        above = row[row > level]
        if len(above) >= keep:
            yield above
        elif np.count_nonzero(row >= level) >= keep:
            yield np.concatenate([above, np.full(keep - len(above), level)])
        else:
            yield np.partition(row, length - keep)[-keep:]
