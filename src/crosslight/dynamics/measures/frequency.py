"""How often the prediction of an image changes."""

from __future__ import annotations

import numpy as np

from ..history import MISSING, History
from .base import Values, recorded, share
from .registry import measure


@measure(
    "frequency",
    title="Frequency",
    symbol="freq",
    better="lower",
    high=1.0,
    needs=("predictions",),
    summary="The share of steps from one epoch to the next at which the predicted class changes.",
    source="Pühringer, Hinterreiter and Streit, InstanceFlow, IEEE VIS 2020, arXiv:2007.11353",
)
def frequency(history: History) -> Values:
    """The share of steps at which the prediction changes, ``changes / (epochs - 1)``.

    Args:
        history: of any number of epochs.

    Returns:
        float64 ``[images]`` in [0, 1]; NaN for images with fewer than two predictions, which have no step.

    Source:
        Pühringer et al. 2020, arXiv:2007.11353. Deviation: an epoch without a prediction of an image is left out for
        that image, so that its steps lead from one prediction to the next.
    """
    last = np.full(len(history.ids), MISSING, np.uint16)
    changes, steps = np.zeros((2, len(history.ids)), np.int64)
    for predictions, there in recorded(history):
        step = there & (last != MISSING)
        steps += step
        changes += step & (predictions != last)
        last = np.where(there, predictions, last)
    return share(changes, steps)
