"""By how much the true class of an image wins over the others."""

from __future__ import annotations

import math

import numpy as np

from ..history import History
from .base import Values, mean_over_epochs
from .registry import measure


@measure(
    "aum",
    title="Area under the margin",
    symbol="AUM",
    better="higher",
    low=-math.inf,
    needs=("margin",),
    summary="The mean over epochs of the true class's logit minus the largest other.",
    source="Pleiss et al., Identifying mislabeled data using the area under the margin ranking, NeurIPS 2020, "
    "arXiv:2001.10528, equation 1",
)
def aum(history: History) -> Values:
    """The mean margin, in the units of the logits.

    Args:
        history: with margins.

    Returns:
        float64 ``[images]``; NaN for images without any. Epochs without one are left out.

    Source:
        Pleiss et al. 2020, arXiv:2001.10528, equation 1. Deviation: of whichever images were recorded; the authors
        measure training images, whose wrong labels a network can come to remember.
    """
    assert history.margin is not None
    return mean_over_epochs(np.asarray(history.margin))
