"""What was recorded, and how accuracy went."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...core.share import Share
from ..history import MISSING, UNKNOWN, History
from ..summary import accuracy_by_epoch
from .base import Finding, percent, plural, with_interval


def whole(history: History) -> Iterator[Finding]:
    """What there is, and the accuracy at the end; for one epoch, what cannot be said of it."""
    epochs, images = len(history.epochs), len(history.ids)
    what = f"{plural(images, 'image')} of {plural(len(history.classes), 'class')}"
    if not epochs or not images:
        yield Finding("whole", "Nothing recorded yet", f"{what} are known, and no finished epoch." if images else
                      "Neither images nor epochs are recorded.", warns=True)  # fmt: skip
        return
    span = f"Epoch {history.epochs[0]} alone is" if epochs == 1 else (
        f"{epochs} epochs, {history.epochs[0]} to {history.epochs[-1]}, are"
    )  # fmt: skip
    text = f"{span} recorded, for {what}."
    if epochs == 1:
        text += " How predictions change cannot be said from one epoch."
    absent = int((history.predictions == MISSING).sum())
    if absent:
        text += f" {percent(absent / history.predictions.size)} of the predictions are missing and left out."
    yield Finding("whole", "What was recorded", text)
    yield from _accuracy(history)


def _accuracy(history: History) -> Iterator[Finding]:
    last = history.predictions[-1]
    known = (history.labels != UNKNOWN) & (last != MISSING)
    if not known.any():
        none = not (history.labels != UNKNOWN).any()
        why = "No label is known, so what is right cannot be said." if none else (
            "At the last epoch no labelled image has a prediction."
        )  # fmt: skip
        yield Finding("whole", "No accuracy", why, warns=True)
        return
    final = Share(int((last[known] == history.labels[known]).sum()), int(known.sum()))
    text = f"At epoch {history.epochs[-1]}, {with_interval(final)} of {plural(final.of, 'image')} are predicted right."
    if len(history.classes) == 1:
        text += " There is one class, so this says nothing."
    accuracy = accuracy_by_epoch(history)
    if len(history.epochs) > 1 and np.isfinite(accuracy).any():
        best = int(np.nanargmax(accuracy))
        first = percent(accuracy[0]) if np.isfinite(accuracy[0]) else "unknown"
        text += f" It began at {first}; the highest is {percent(accuracy[best])} at epoch {history.epochs[best]}."
        if best < len(accuracy) - 1 and accuracy[best] > final.interval[1]:
            text += " The last epoch lies clearly below it."
    yield Finding("whole", "Accuracy", text)
