"""Which classes are taken for which, at one epoch or over several."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from .history import MISSING, UNKNOWN, History
from .selection import Epochs, select


def confusion(history: History, epoch: int | None = None) -> NDArray[np.int64]:
    """The confusion matrix at one epoch.

    Args:
        history: what was recorded.
        epoch: its number; the last one if None.

    Returns:
        int64 ``[classes, classes]``: images by label (rows) and prediction (columns). Images without a label or a
        prediction are in none of its cells.

    Raises:
        InputError: there is no such epoch.
    """
    if not len(history.epochs):
        raise InputError("no epoch is recorded yet")
    return confusion_over(history, (int(history.epochs[-1]),) * 2 if epoch is None else (epoch, epoch))


def confusion_over(history: History, epochs: Epochs = None) -> NDArray[np.int64]:
    """The sum of the confusion matrices of several epochs; see `confusion`.

    Args:
        history: what was recorded.
        epochs: first and last number, both included; None for all.

    Raises:
        InputError: no epoch lies in the range.
    """
    return _counted(select(history, epochs=epochs), len(history.classes))


def _counted(history: History, classes: int) -> NDArray[np.int64]:
    total: NDArray[Any] = np.zeros(classes * classes, np.int64)
    labelled = history.labels != UNKNOWN
    rows = history.labels.astype(np.int64) * classes
    for predictions in history.predictions:
        there = labelled & (predictions != MISSING)
        total += np.bincount(rows[there] + predictions[there], minlength=classes * classes)
    return total.reshape(classes, classes)
