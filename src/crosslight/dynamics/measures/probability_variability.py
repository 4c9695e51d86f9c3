"""How much the probability of an image's true class goes up and down."""

from __future__ import annotations

import numpy as np

from ..history import History
from .base import Values, mean_over_epochs
from .registry import measure


@measure(
    "probability-variability",
    title="Probability variability",
    symbol="SD(p)",
    better=None,
    high=0.5,
    needs=("probability",),
    summary="The standard deviation over epochs of the true class's probability.",
    source="Swayamdipta et al., Dataset cartography, EMNLP 2020, arXiv:2009.10795, section 2 (there: variability)",
)
def probability_variability(history: History) -> Values:
    """The population standard deviation over epochs of the true class's probability.

    Args:
        history: with probabilities.

    Returns:
        float64 ``[images]`` in [0, 0.5]; 0 for one epoch, NaN for images without a probability. Epochs without one are
        left out.

    Source:
        Swayamdipta et al. 2020, arXiv:2009.10795, section 2, where it is called variability.
    """
    assert history.probability is not None
    values = np.asarray(history.probability)
    mean = mean_over_epochs(values)
    squares, of = np.zeros(len(mean)), np.zeros(len(mean), np.int64)
    for row in values:
        there = ~np.isnan(row)
        squares += np.where(there, (row.astype(np.float64) - mean) ** 2, 0)
        of += there
    return np.where(of > 0, np.sqrt(squares / np.maximum(of, 1)), np.nan)
