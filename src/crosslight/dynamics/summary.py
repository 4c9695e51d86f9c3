"""The measures of a history by class and overall."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.plain import Plain
from .history import MISSING, UNKNOWN, History
from .measures import measure_all
from .selection import Epochs, select


@dataclass(frozen=True)
class Group(Plain):
    """What is measured of the images of one class, or of all.

    Attributes:
        name: of the class; ``all`` for all images, those without a label among them.
        images: how many.
        predicted: how many of them have a label and a prediction at the last epoch.
        right: how many of these are right there.
        means: of each measure over the images for which it says something; NaN where it says something of none.
        counted: over how many images each mean is taken.
    """

    name: str
    images: int
    predicted: int
    right: int
    means: Mapping[str, float]
    counted: Mapping[str, int]

    @property
    def accuracy(self) -> float:
        """The share that is right at the last epoch; NaN where there is none."""
        return self.right / self.predicted if self.predicted else float("nan")


@dataclass(frozen=True)
class Summary(Plain):
    """The measures of a history by class and overall.

    Attributes:
        epochs: their numbers.
        overall: of all images.
        classes: of each class, in their order; those of which there is no image, too.
        accuracy: ``[epochs]``: the share of images with a label and a prediction that are right; NaN without any.
    """

    epochs: tuple[int, ...]
    overall: Group
    classes: tuple[Group, ...]
    accuracy: NDArray[np.float64]


def summary(history: History, *, epochs: Epochs = None) -> Summary:
    """Summarise a history.

    Args:
        history: what was recorded.
        epochs: first and last number, both included; None for all.

    Raises:
        InputError: no epoch lies in the range.
    """
    chosen = select(history, epochs=epochs)
    measured = measure_all(chosen)
    last = chosen.predictions[-1] if len(chosen.epochs) else np.full(len(chosen.ids), MISSING, np.uint16)
    known = (chosen.labels != UNKNOWN) & (last != MISSING)
    right = known & (last == chosen.labels)

    def group(name: str, images: NDArray[np.bool_]) -> Group:
        there = {key: values[images & np.isfinite(values)] for key, values in measured.items()}
        return Group(
            name,
            int(images.sum()),
            int((known & images).sum()),
            int((right & images).sum()),
            {key: float(values.mean()) if len(values) else float("nan") for key, values in there.items()},
            {key: len(values) for key, values in there.items()},
        )

    return Summary(
        tuple(chosen.epochs.tolist()),
        group("all", np.ones(len(chosen.ids), bool)),
        tuple(group(name, chosen.labels == number) for number, name in enumerate(chosen.classes)),
        accuracy_by_epoch(chosen),
    )


def accuracy_by_epoch(history: History) -> NDArray[np.float64]:
    """The share of images with a label and a prediction that are right, ``[epochs]``; NaN without any."""
    known = (history.labels != UNKNOWN) & (history.predictions != MISSING)
    right = (known & (history.predictions == history.labels)).sum(axis=1)
    of = known.sum(axis=1)
    return np.where(of > 0, right / np.maximum(of, 1), np.nan)
