"""Score-CAM."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from ..core.devices import to_float64
from ..core.finish import relu
from ..evidence import ActivationMaskOutcomes
from ..evidence.outcomes import Output
from .registry import method


@method(
    "score-cam", reads=ActivationMaskOutcomes, finish=relu, reference="Wang et al. 2020, arXiv:1910.01279",
    channels="weighted sum",
)  # fmt: skip
def score_cam(
    evidence: ActivationMaskOutcomes,
    *,
    weights: Annotated[
        Literal["softmax", "increase", "score"],
        Field(
            description="of a channel: softmax over the channels of the increase of the score over the baseline's "
            "(published); the increase itself; or the score itself, which with output = probability is what the "
            "authors' code does"
        ),
    ] = "softmax",
    output: Annotated[Output, Field(description="what is measured: the explained logit, or its probability")] = "logit",
) -> Tensor:
    """Activations weighted by how much of the score the image keeps when it is seen through them.

    Source: algorithm 1: ``C_k = f(X * H_k) - f(X_b)``, ``alpha = softmax(C)``, ``L = ReLU(sum_k alpha_k A_k)``, with
    an input of zeros for the baseline ``X_b``; the ReLU is the finishing step. A constant channel shows nothing, which
    is the baseline: its increase is 0, as in the grad-cam package; with ``weights = "score"`` its weight is 0, as in
    the authors' code. The grad-cam package upsamples with ``align_corners=True`` and adds 1e-8 to the range that a mask
    is divided by; nothing else differs.

    Misleads:
        * Weights are a softmax over increases of a logit: where these differ by several units, a few channels make the
          whole map, and no channel can count against the class (Wang et al. 2020, arXiv:1910.01279, algorithm 1).
        * Each mask is stretched to the range from 0 to 1, so a channel that hardly varies hides the picture as strongly
          as a distinct one (Wang et al. 2020, arXiv:1910.01279, eq. 6).
        * Pictures seen through masks are unlike those the network was trained on; part of a lost score may come from
          that alone (on hidden pixels: Hooker et al. 2019, arXiv:1806.10758).
    """
    maps = []
    measured = evidence.outcomes.scores(evidence.targets, output)
    for activations, varying, scores in zip(evidence.activations, evidence.varying, measured, strict=True):
        values = scores.new_zeros(len(activations))
        values[varying.to(values.device)] = scores[1:] if weights == "score" else scores[1:] - scores[0]
        if weights == "softmax":
            values = values.softmax(dim=0)
        maps.append(torch.tensordot(values, to_float64(activations), dims=1))
    return torch.stack(maps).to(evidence.activations)
