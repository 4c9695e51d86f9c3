"""How often the prediction of an image is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..history import History
from .base import Values, counts, known, recorded, share
from .registry import measure


@measure(
    "correctness",
    title="Correctness",
    symbol="right",
    better="higher",
    high=1.0,
    summary="The share of epochs at which the prediction is right.",
    source="Swayamdipta et al., Dataset cartography, EMNLP 2020, arXiv:2009.10795, section 2",
)
def correctness(history: History) -> Values:
    """The share of epochs at which the predicted class is the label.

    Args:
        history: of any number of epochs.

    Returns:
        float64 ``[images]`` in [0, 1]; NaN for images without a label or without a prediction.

    Source:
        Swayamdipta et al. 2020, arXiv:2009.10795. Epochs without a prediction are left out, for the image concerned.
    """
    return share(times_right(history), counts(history), known(history))


def times_right(history: History) -> NDArray[np.int64]:
    """In how many epochs the prediction is the label, ``[images]``."""
    total = np.zeros(len(history.ids), np.int64)
    for predictions, there in recorded(history):
        total += there & (predictions == history.labels)
    return total
