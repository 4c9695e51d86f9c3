"""Whether an image was never predicted right."""

from __future__ import annotations

import numpy as np

from ..history import History
from .base import Values, counts, known
from .correctness import times_right
from .registry import measure


@measure(
    "never-learned",
    title="Never learned",
    symbol="never",
    better="lower",
    high=1.0,
    summary="1 where no prediction is right, else 0.",
    source="Toneva et al., Example forgetting during deep neural network learning, ICLR 2019, arXiv:1812.05159",
)
def never_learned(history: History) -> Values:
    """Whether an image was never predicted right.

    Args:
        history: of any number of epochs.

    Returns:
        float64 ``[images]``: 1 or 0; NaN for images without a label or without a prediction.

    Source:
        Toneva et al. 2019, arXiv:1812.05159, section 3, who give such images infinitely many forgetting events.
    """
    usable = known(history) & (counts(history) > 0)
    return np.where(usable, (times_right(history) == 0).astype(np.float64), np.nan)
