"""Insertion: how fast the probability rises as the highest pixels are revealed."""

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
    "insertion",
    group="faithfulness",
    better="higher",
    cost="a pass per step and map",
    reference="Petsiuk et al. 2018, RISE, arXiv:1806.07421",
)
def insertion(
    subject: Subject,
    *,
    steps: Annotated[int, Field(ge=1)] = 50,
    fill: ProbeFill = "blur",
    output: Output = "probability",
) -> Tensor:
    """Area under the probability as the map's highest pixels are revealed first.

    Args:
        subject: the maps.
        steps: into how many equal steps the pixels are divided.
        fill: what is seen before: the blurred image.
        output: probability, or logit.

    Returns:
        float64 ``[b]``: the mean height of the curve from the fill to the whole image.

    Source: Petsiuk et al. 2018, section 4.2: it starts from a blurred image, because a constant one invites the
        classifier to see shapes in what is revealed. Deviations: 50 steps rather than one for every 224 pixels;
        the blur's standard deviation is 5 % of the shorter side rather than 5 pixels cut off at 5, which leaves much
        of the image; and pixels of one value are revealed in random order.

    Cannot tell: how much of the class was left in the blur. Maps that reveal whole objects at once, as coarse ones
        do, do well; read it beside ``deletion``, which favours the opposite.
    """
    counts = evenly(subject.maps.shape[1] * subject.maps.shape[2], steps)
    return area(curves(subject, counts, fill, reveal=True, output=output), counts)
