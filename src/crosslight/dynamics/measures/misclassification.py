"""How often the prediction of an image is wrong."""

from __future__ import annotations

from ..history import History
from .base import Values, counts, known, share
from .correctness import times_right
from .registry import measure


@measure(
    "misclassification",
    title="Misclassification rate",
    symbol="wrong",
    better="lower",
    high=1.0,
    summary="The share of epochs at which the prediction is wrong.",
    source="Pühringer, Hinterreiter and Streit, InstanceFlow, IEEE VIS 2020, arXiv:2007.11353",
)
def misclassification(history: History) -> Values:
    """The share of epochs at which the predicted class is not the label.

    Args:
        history: of any number of epochs.

    Returns:
        float64 ``[images]`` in [0, 1]; NaN for images without a label or without a prediction.

    Source:
        Pühringer et al. 2020, arXiv:2007.11353. Epochs without a prediction are left out, for the image concerned.
    """
    of = counts(history)
    return share(of - times_right(history), of, known(history))
