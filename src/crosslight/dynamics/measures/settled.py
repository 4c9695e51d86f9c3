"""From when on the prediction of an image stays."""

from __future__ import annotations

import numpy as np

from ..history import MISSING, History
from .base import Values, recorded
from .registry import measure


@measure(
    "settled",
    title="Settled",
    symbol="settled",
    better="lower",
    needs=("predictions",),
    summary="The first epoch from which on the prediction stays the same, right or wrong; none if the last step "
    "changes it.",
    source="Crosslight",
)
def settled(history: History) -> Values:
    """The number of the first epoch from which on the prediction stays the same to the end.

    Args:
        history: of any number of epochs.

    Returns:
        float64 ``[images]``: a number out of `History.epochs`; NaN where the last prediction differs from the one
        before it, or is the only one: such an image was not seen to stay. Epochs without a prediction are left out.
    """
    size = len(history.ids)
    last, since, stayed = np.full(size, MISSING, np.uint16), np.full(size, np.nan), np.zeros(size, bool)
    for epoch, (predictions, there) in zip(history.epochs.tolist(), recorded(history), strict=True):
        changed = there & (predictions != last)  # the first prediction counts as a change, too
        since = np.where(changed, epoch, since)
        stayed = np.where(there, ~changed, stayed)
        last = np.where(there, predictions, last)
    return np.where(stayed, since, np.nan)
