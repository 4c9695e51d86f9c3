"""What a measure of an image's history is: one number for each image, from what was said of it at every epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..history import MISSING, UNKNOWN, History

Values = NDArray[np.float64]
#: what a measure cannot be computed without
Need = Literal["predictions", "labels", "probability", "margin"]


@dataclass(frozen=True)
class Measure:
    """One measure.

    Attributes:
        name: as registered, such as ``frequency``.
        title: as shown in tables.
        symbol: short, for the head of a narrow column.
        better: whether ``higher`` or ``lower`` values say that an image was learned well; None where neither does.
        low, high: the range of values; infinite where there is no bound.
        needs: what the history must hold for it.
        summary: what it says, in a sentence.
        source: where it is defined.
        compute: from a history to ``[images]``, NaN where nothing can be said of an image.
    """

    name: str
    title: str
    symbol: str
    better: Literal["higher", "lower"] | None
    low: float
    high: float
    needs: tuple[Need, ...]
    summary: str
    source: str
    compute: Callable[[History], Values]

    def available(self, history: History) -> bool:
        """Whether the history holds what is needed, of at least one image."""
        if "labels" in self.needs and not bool((history.labels != UNKNOWN).any()):
            return False
        return all(getattr(history, need) is not None for need in self.needs if need not in ("labels", "predictions"))

    def __call__(self, history: History) -> Values:
        """float64 ``[images]``; NaN throughout where the history does not hold what is needed."""
        if not self.available(history):
            return np.full(len(history.ids), np.nan)
        return self.compute(history)


def recorded(history: History) -> Iterator[tuple[NDArray[np.uint16], NDArray[np.bool_]]]:
    """The predictions of every epoch, and of which images there is one, both ``[images]``."""
    for predictions in history.predictions:
        yield predictions, predictions != MISSING


def counts(history: History) -> NDArray[np.int64]:
    """In how many epochs there is a prediction of each image, ``[images]``."""
    return (history.predictions != MISSING).sum(axis=0, dtype=np.int64)


def known(history: History) -> NDArray[np.bool_]:
    """Of which images the label is known, ``[images]``."""
    return np.asarray(history.labels != UNKNOWN)


def share(part: NDArray[Any], of: NDArray[Any], where: NDArray[np.bool_] | None = None) -> Values:
    """``part / of``; NaN where `of` is zero, or where `where` says no."""
    usable = of > 0 if where is None else (of > 0) & where
    return np.where(usable, part / np.where(of > 0, of, 1), np.nan)


def mean_over_epochs(values: NDArray[np.floating]) -> Values:
    """The mean of every image's values that are not NaN, ``[epochs, images]`` to ``[images]``.

    Summed in float64 epoch by epoch, so that it does not depend on which other images there are.
    """
    total, of = np.zeros(values.shape[1]), np.zeros(values.shape[1], np.int64)
    for row in values:
        there = ~np.isnan(row)
        total += np.where(there, row, 0).astype(np.float64)
        of += there
    return share(total, of)
