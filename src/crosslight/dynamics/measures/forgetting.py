"""How often an image that was right becomes wrong."""

from __future__ import annotations

import numpy as np

from ..history import History
from .base import Values, known, recorded
from .correctness import times_right
from .registry import measure


@measure(
    "forgetting",
    title="Forgetting events",
    symbol="forgot",
    better="lower",
    summary="How often a right prediction is followed by a wrong one; images never learned have no number.",
    source="Toneva et al., Example forgetting during deep neural network learning, ICLR 2019, arXiv:1812.05159",
)
def forgetting(history: History) -> Values:
    """The number of steps from a right prediction to a wrong one.

    Args:
        history: of any number of epochs.

    Returns:
        float64 ``[images]``: whole numbers; NaN for images that were never right, which `never_learned` counts, and for
        those without a label.

    Source:
        Toneva et al. 2019, arXiv:1812.05159, section 3. Deviation: by epochs of held-out or training images as they
        were recorded, not by their presentations. An epoch without a prediction is left out for the image concerned.
    """
    was_right = np.zeros(len(history.ids), bool)
    events = np.zeros(len(history.ids), np.int64)
    for predictions, there in recorded(history):
        right = predictions == history.labels
        events += there & was_right & ~right
        was_right = np.where(there, right, was_right)
    return np.where(known(history) & (times_right(history) > 0), events, np.nan)
