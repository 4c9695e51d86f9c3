"""The batches of an epoch, from all processes, put into the order of the images."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .history import MISSING, UNKNOWN
from .outputs import Batch
from .remarks import Remark, remark

_NUMBER = re.compile(r"([0-9]+)")


@dataclass(frozen=True)
class Instances:
    """The images of a run.

    Attributes:
        ids: in the order of the columns.
        labels: int32 ``[images]``: the true class, or `UNKNOWN`.
    """

    ids: tuple[str, ...] = ()
    labels: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))

    def same(self, other: Instances) -> bool:
        """Whether ids and labels are the same."""
        return self.ids == other.ids and np.array_equal(self.labels, other.labels)


@dataclass(frozen=True)
class Epoch:
    """What was recorded of one epoch, in the order of the images; of those that came later nothing.

    Attributes:
        number: of the epoch.
        predictions: uint16 ``[images]``.
        probability: float16 ``[images]``, or None.
        margin: float32 ``[images]``, or None.
        remarks: what was odd.
    """

    number: int
    predictions: NDArray[np.uint16]
    probability: NDArray[np.float16] | None = None
    margin: NDArray[np.float32] | None = None
    remarks: tuple[Remark, ...] = ()


def merge(number: int, batches: Iterable[Batch], known: Instances, *, first: bool) -> tuple[Epoch, Instances]:
    """Put batches into the order of the images.

    Ids that are not known yet are appended in natural order (``2`` before ``10``), so that the order of the batches
    does not matter. An image recorded twice keeps what came first; so does one whose label changed.

    Args:
        number: of the epoch.
        batches: in the order of the processes, and of each in the order in which they were recorded.
        known: the images so far.
        first: whether no epoch was recorded before, so that new images are nothing odd.

    Returns:
        The epoch, and the images with those that are new.
    """
    batches = [batch for batch in batches if batch.ids]
    ids = [name for batch in batches for name in batch.ids]
    column = {name: at for at, name in enumerate(known.ids)}
    new = sorted({name for name in ids if name not in column}, key=natural)
    column |= {name: len(known.ids) + at for at, name in enumerate(new)}
    places = np.fromiter((column[name] for name in ids), np.int64, len(ids))
    names = known.ids + tuple(new)
    size = len(names)

    first_rows = np.full(size, -1, np.int64)
    first_rows[places[::-1]] = np.arange(len(places))[::-1]  # what is written last counts, so the first row
    present = np.flatnonzero(first_rows >= 0)
    rows = first_rows[present]

    said = _joined([batch.predictions for batch in batches], np.uint16)
    predictions = np.full(size, MISSING, np.uint16)
    predictions[present] = said[rows]
    again = np.ones(len(places), bool)
    again[rows] = False
    differs = again & (said != predictions[places])

    given = _joined([batch.labels for batch in batches], np.int32)
    labels = np.concatenate([known.labels, np.full(len(new), UNKNOWN, np.int32)])
    told = np.flatnonzero(given != UNKNOWN)[::-1]
    proposed = np.full(size, UNKNOWN, np.int32)
    proposed[places[told]] = given[told]
    labels = np.where(labels == UNKNOWN, proposed, labels).astype(np.int32)
    relabelled = (given != UNKNOWN) & (given != labels[places])

    def named(chosen: NDArray[Any]) -> Sequence[str]:
        return [names[at] for at in np.unique(places[chosen])]

    different = named(differs)
    remarks = [
        *remark("same", number, [name for name in named(again) if name not in set(different)]),
        *remark("different", number, different),
        *remark("not-finite", number, named(said == MISSING)),
        *remark("label", number, named(relabelled)),
        *remark("late", number, [] if first else new),
    ]
    relabelled_first = np.unique(places[rows][relabelled[rows]])

    def column_of(kind: str, dtype: Any) -> NDArray[Any] | None:
        values = [getattr(batch, kind) for batch in batches]
        if all(one is None for one in values):
            return None
        filled = [_or_nan(one, len(batch.ids), dtype) for one, batch in zip(values, batches, strict=True)]
        made = np.full(size, np.nan, dtype)
        made[present] = _joined(filled, dtype)[rows]
        made[relabelled_first] = np.nan  # measured against another label
        return made

    probability, margin = column_of("probability", np.float16), column_of("margin", np.float32)
    return Epoch(number, predictions, probability, margin, tuple(remarks)), Instances(names, labels)


def padded(epoch: Epoch, size: int) -> Epoch:
    """The same epoch with nothing recorded of images that came later."""
    missing = size - len(epoch.predictions)
    if missing <= 0:
        return epoch

    def longer(values: Any, fill: Any) -> Any:
        return None if values is None else np.concatenate([values, np.full(missing, fill, values.dtype)])

    return replace(
        epoch,
        predictions=longer(epoch.predictions, MISSING),
        probability=longer(epoch.probability, np.nan),
        margin=longer(epoch.margin, np.nan),
    )


def natural(name: str) -> tuple[list[str | int], str]:
    """By which ids are sorted: numbers in them by their size, ties by the id itself."""
    return [int(part) if part.isdecimal() else part for part in _NUMBER.split(name)], name


def _or_nan(values: NDArray[Any] | None, count: int, dtype: Any) -> NDArray[Any]:
    return np.full(count, np.nan, dtype) if values is None else values


def _joined(parts: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    return np.concatenate(parts).astype(dtype, copy=False) if parts else np.empty(0, dtype)
