"""Deletion: how fast the probability falls as the highest pixels are removed."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor

from ...evidence.outcomes import Output
from .curves import area, curves, evenly
from .filling import ProbeFill
from .metric import probe_metric
from .subject import Subject


@probe_metric(
    "deletion",
    group="faithfulness",
    better="lower",
    cost="a pass per step and map",
    reference="Petsiuk et al. 2018, RISE, arXiv:1806.07421",
)
def deletion(
    subject: Subject,
    *,
    steps: Annotated[int, Field(ge=1)] = 50,
    fill: ProbeFill = "zero",
    output: Output = "probability",
) -> Tensor:
    """Area under the probability as the map's highest pixels are removed first.

    Args:
        subject: the maps.
        steps: into how many equal steps the pixels are divided.
        fill: what stands where pixels are removed; ``zero`` is the mean colour of the training images.
        output: probability, or logit.

    Returns:
        float64 ``[b]``: the mean height of the curve from nothing removed to everything removed.

    Source: Petsiuk et al. 2018, section 4.2 and algorithm 1. As in the authors' code the fill is 0 after normalising.
        Deviations: 50 steps rather than one for every 224 pixels, and pixels of one value are removed in random order.

    Cannot tell: evidence that is gone from a picture as the classifier never saw any. Scattered single pixels disturb
        most, so maps of fine noise do well; ``road`` is less easily fooled.
    """
    counts = evenly(subject.maps.shape[1] * subject.maps.shape[2], steps)
    return area(curves(subject, counts, fill, output=output), counts)
