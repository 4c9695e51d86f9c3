"""How much probability the true class of an image gets."""

from __future__ import annotations

import numpy as np

from ..history import History
from .base import Values, mean_over_epochs
from .registry import measure


@measure(
    "confidence",
    title="Confidence",
    symbol="conf",
    better="higher",
    high=1.0,
    needs=("probability",),
    summary="The mean probability of the true class.",
    source="Swayamdipta et al., Dataset cartography, EMNLP 2020, arXiv:2009.10795, section 2",
)
def confidence(history: History) -> Values:
    """The mean over epochs of the true class's probability.

    Args:
        history: with probabilities.

    Returns:
        float64 ``[images]`` in [0, 1]; NaN for images without any. Epochs without one are left out.

    Source:
        Swayamdipta et al. 2020, arXiv:2009.10795, section 2.
    """
    assert history.probability is not None
    return mean_over_epochs(np.asarray(history.probability))
