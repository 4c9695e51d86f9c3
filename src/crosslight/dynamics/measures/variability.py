"""How many classes the predictions of an image visit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..history import MISSING, History
from .base import Values
from .registry import measure

#: up to so many classes, those an image visited are noted as bits
_BITS = 256


@measure(
    "variability",
    title="Variability",
    symbol="classes",
    better="lower",
    low=1.0,
    needs=("predictions",),
    summary="The number of different classes that were predicted.",
    source="Pühringer, Hinterreiter and Streit, InstanceFlow, IEEE VIS 2020, arXiv:2007.11353",
)
def variability(history: History, *, as_share: bool = False) -> Values:
    """The number of different classes predicted.

    Args:
        history: of any number of epochs.
        as_share: whether to divide by the number of classes.

    Returns:
        float64 ``[images]``: from 1 to the number of classes (or that in shares); NaN for images without a prediction.

    Source:
        Pühringer et al. 2020, arXiv:2007.11353. Epochs without a prediction count for nothing.
    """
    classes = len(history.classes)
    found = _by_bits(history.predictions, classes) if classes <= _BITS else _by_sorting(history.predictions)
    return np.where(found > 0, found / (classes if as_share else 1), np.nan)


def _by_bits(predictions: NDArray[np.uint16], classes: int) -> NDArray[np.int64]:
    found = np.zeros(predictions.shape[1], np.int64)
    for first in range(0, classes, 64):
        visited = np.zeros(predictions.shape[1], np.uint64)
        bits = np.zeros(2**16, np.uint64)  # of a prediction, nothing for `MISSING`
        here = np.arange(first, min(first + 64, classes))
        bits[here] = np.uint64(1) << (here - first).astype(np.uint64)
        for row in predictions:
            visited |= bits[row]
        found += np.unpackbits(visited[:, None].view(np.uint8), axis=1).sum(axis=1, dtype=np.int64)
    return found


def _by_sorting(predictions: NDArray[np.uint16]) -> NDArray[np.int64]:
    ordered = np.sort(predictions, axis=0)
    there = ordered != MISSING
    new = there.copy()
    new[1:] &= ordered[1:] != ordered[:-1]
    return np.asarray(new.sum(axis=0))
