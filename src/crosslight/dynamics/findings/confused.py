"""Which two classes are most confused with each other, early, in the middle and late."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.share import Share
from ..confusion import confusion_over
from ..history import UNKNOWN, History
from .base import Finding, apart, named, percent, with_interval

#: what the parts of a run are called, by their number
PHASES = {1: ("At the only epoch",), 2: ("First", "Then"), 3: ("Early", "In the middle", "Late")}


@dataclass(frozen=True)
class Pair:
    """Two classes that are confused with each other.

    Attributes:
        classes: their numbers, ascending.
        count: mistakes of either for the other, over all epochs of the phase.
        of_mistakes: what share of all mistakes of the phase that is.
        taken: how many images of both are taken for the other in the mean epoch, rounded, of how many.
    """

    classes: tuple[int, int]
    count: int
    of_mistakes: float
    taken: Share


def phases(history: History) -> list[tuple[str, tuple[int, int]]]:
    """Thirds of the epochs with their names; halves of two, and a single one as it is."""
    number = min(len(history.epochs), 3)
    if not number:
        return []
    parts = np.array_split(history.epochs, number)
    return [(name, (int(part[0]), int(part[-1]))) for name, part in zip(PHASES[number], parts, strict=True)]


def confused_pairs(history: History, epochs: tuple[int, int]) -> list[Pair]:
    """All pairs of classes that are confused with each other at some epochs, the most mistakes first.

    Args:
        history: with labels.
        epochs: first and last number, both included.
    """
    matrix = confusion_over(history, epochs)
    both = matrix + matrix.T
    number = int(((history.epochs >= epochs[0]) & (history.epochs <= epochs[1])).sum())
    images: NDArray[np.int64] = np.bincount(history.labels[history.labels != UNKNOWN], minlength=len(matrix))
    rows, columns = (index.tolist() for index in np.nonzero(np.triu(both, 1)))
    mistakes = int(matrix.sum() - np.trace(matrix))
    found = [
        Pair(
            (i, j),
            int(both[i, j]),
            float(both[i, j]) / mistakes,
            Share(round(float(both[i, j]) / number), int(images[i] + images[j])),
        )
        for i, j in zip(rows, columns, strict=True)
    ]
    return sorted(found, key=lambda pair: (-pair.count, pair.classes))


def most_confused(history: History) -> Iterator[Finding]:
    """The pair with the most mistakes in each phase, with the runner-up and whether it is clearly behind."""
    if len(history.classes) < 2:
        yield Finding("confused", "One class", "There is one class, which cannot be confused with another.")
        return
    for name, (first, last) in phases(history):
        when = f"epoch {first}" if first == last else f"epochs {first} to {last}"
        pairs = confused_pairs(history, (first, last))
        if not pairs:
            yield Finding("confused", f"{name}: no mistakes", f"In {when} no image is predicted wrong.",
                          epochs=(first, last))  # fmt: skip
            continue
        top = pairs[0]
        mean = "" if first == last else " in the mean epoch"
        text = (
            f"In {when}, {with_interval(top.taken)} of the {top.taken.of:,} images of {named(history, *top.classes)} "
            f"are taken for the other{mean}: {percent(top.of_mistakes)} of all mistakes."
        )
        if len(pairs) > 1:
            second = pairs[1]
            behind = "" if apart(top.taken, second.taken) else ", which is not clearly behind"
            text += f" Next come {named(history, *second.classes)}, "
            text += f"{percent(second.of_mistakes)}{behind}."
        head = f"{name}: {named(history, *top.classes)}"
        yield Finding("confused", head, text, classes=top.classes, epochs=(first, last))
