"""Pixel flipping: deletion in steps of so many pixels."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor

from ...evidence.outcomes import Output
from .curves import area, curves
from .filling import ProbeFill
from .metric import probe_metric
from .subject import Subject

#: steps where nobody says how large one is
STEPS = 50


@probe_metric(
    "pixel-flipping",
    group="faithfulness",
    better="lower",
    cost="a pass per step and map",
    reference="Bach et al. 2015, PLoS ONE 10(7):e0130140; Samek et al. 2017, arXiv:1509.06321",
)
def pixel_flipping(
    subject: Subject,
    *,
    features_in_step: Annotated[int, Field(ge=1)] | None = None,
    fill: ProbeFill = "zero",
    output: Output = "probability",
) -> Tensor:
    """Area under the probability after each step in which the highest pixels left are removed.

    Args:
        subject: the maps.
        features_in_step: pixels in a step; by default a fiftieth of the input.
        fill: what stands where pixels are removed; ``zero`` is the mean colour of the training images.
        output: probability, or logit.

    Returns:
        float64 ``[b]``: the mean height of the curve from the first step to the last. The untouched image is not part
        of it.

    Source: Bach et al. 2015, "Pixel-flipping"; the area as in Quantus 0.6.0 with ``return_auc_per_sample``, divided by
        the number of steps less one, which takes the number of pixels out of it. Deviations: a pixel is removed in all
        channels at once, where Quantus removes single values of channels; pixels of one value in random order.

    Cannot tell: what `deletion` cannot; the two order methods nearly alike.
    """
    pixels = subject.maps.shape[1] * subject.maps.shape[2]
    size = features_in_step or -(-pixels // STEPS)
    counts = [min(at, pixels) for at in range(size, pixels + size, size)]
    # Steps count alike, though the last may be short.
    return area(curves(subject, counts, fill, output=output), range(len(counts)))
