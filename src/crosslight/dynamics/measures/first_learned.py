"""When an image is first predicted right."""

from __future__ import annotations

import numpy as np

from ..history import History
from .base import Values, known, recorded
from .registry import measure


@measure(
    "first-learned",
    title="First learned",
    symbol="learned",
    better="lower",
    summary="The first epoch at which the prediction is right.",
    source="Toneva et al., Example forgetting during deep neural network learning, ICLR 2019, arXiv:1812.05159",
)
def first_learned(history: History) -> Values:
    """The number of the first epoch with a right prediction.

    Args:
        history: of any number of epochs.

    Returns:
        float64 ``[images]``: a number out of `History.epochs`; NaN for images never predicted right or without a label.

    Source:
        Toneva et al. 2019, arXiv:1812.05159, section 4.1 (when examples are first learned).
    """
    first = np.full(len(history.ids), np.nan)
    for epoch, (predictions, there) in zip(history.epochs.tolist(), recorded(history), strict=True):
        first = np.where(there & (predictions == history.labels) & np.isnan(first), epoch, first)
    return np.where(known(history), first, np.nan)
