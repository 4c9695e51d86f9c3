"""Histories and recorded runs for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crosslight.dynamics import MISSING, UNKNOWN, History, Recorder


def history(predictions: Any, labels: Any = None, classes: int | Sequence[str] | None = None, **others: Any) -> History:
    """A history from its predictions, -1 for missing ones."""
    rows = np.array(predictions, np.int64)
    size = rows.shape[1]
    known = rows[rows >= 0]
    number = classes if classes is not None else int(max([0, *known.tolist(), *(labels or [])])) + 1
    names = tuple(f"c{at}" for at in range(number)) if isinstance(number, int) else tuple(number)
    return History(
        classes=names,
        ids=tuple(f"i{at}" for at in range(size)),
        labels=np.array([UNKNOWN] * size if labels is None else labels, np.int32),
        epochs=others.pop("epochs", np.arange(len(rows), dtype=np.int32)),
        predictions=np.where(rows < 0, MISSING, rows).astype(np.uint16),
        **others,
    )


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Any history: one class or one epoch included, with what is missing."""
    epochs, images, classes = draw(st.integers(1, 7)), draw(st.integers(1, 4)), draw(st.integers(1, 5))
    said = draw(hnp.arrays(np.int64, (epochs, images), elements=st.integers(-1, classes - 1)))
    labels = draw(st.lists(st.integers(-1, classes - 1), min_size=images, max_size=images))
    shares = draw(hnp.arrays(np.float16, (epochs, images), elements=st.floats(0, 1, width=16)))
    margins = draw(hnp.arrays(np.float32, (epochs, images), elements=st.floats(-50, 50, width=32)))
    gone = (said < 0) | (np.array(labels) < 0)
    first = draw(st.integers(0, 3))
    return history(
        said,
        labels,
        classes,
        epochs=np.arange(first, first + 2 * epochs, 2, dtype=np.int32),
        probability=np.where(gone, np.float16(np.nan), shares),
        margin=np.where(gone, np.float32(np.nan), margins),
    )


def logits(rng: np.random.Generator, count: int, classes: int = 3) -> Any:
    return rng.standard_normal((count, classes)).astype(np.float32)


def record(out: Path, epochs: Sequence[int], seed: int = 0, count: int = 12, **settings: Any) -> None:
    """A run of some epochs: what is said depends on the epoch alone, the order of the images on the seed."""
    with Recorder(out, ["a", "b", "c"], **settings) as recorder:
        for epoch in epochs:
            record_epoch(recorder, epoch, np.random.default_rng([seed, epoch]), count)


def record_epoch(recorder: Recorder, epoch: int, order: np.random.Generator, count: int = 12) -> None:
    said = logits(np.random.default_rng(epoch), count)
    for part in np.array_split(order.permutation(count), 3):
        recorder.log(epoch, part, said[part], part % 3)
    recorder.end_epoch(epoch)
    recorder.log_metrics(epoch, {"train/loss": 1 / (epoch + 1)})


def same(one: History, other: History) -> bool:
    """Whether two histories are equal in all that was recorded."""
    arrays = ("labels", "epochs", "predictions", "probability", "margin")
    return (
        (one.classes, one.ids, one.remarks, dict(one.facts))
        == (other.classes, other.ids, other.remarks, dict(other.facts))
        and all(np.array_equal(_bits(getattr(one, name)), _bits(getattr(other, name))) for name in arrays)
        and one.metrics.keys() == other.metrics.keys()
        and all(np.array_equal(one.metrics[name], other.metrics[name], equal_nan=True) for name in one.metrics)
    )


def _bits(values: Any) -> Any:
    return values if values is None else np.ascontiguousarray(values).view(np.uint8)
