"""Ablation-CAM."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from ..core.devices import to_float64
from ..core.finish import relu
from ..evidence import AblationOutcomes
from ..evidence.outcomes import Output
from .registry import method


@method(
    "ablation-cam", reads=AblationOutcomes, finish=relu, reference="Desai and Ramaswamy 2020, WACV",
    channels="weighted sum",
)  # fmt: skip
def ablation_cam(
    evidence: AblationOutcomes,
    *,
    output: Annotated[
        Output, Field(description="what drops: the explained logit (published), or its probability")
    ] = "logit",
) -> Tensor:
    """Activations weighted by the share of the score that is lost when their channel is set to zero.

    Source: eqs. 4 and 5: ``w_k = (y - y_k) / y``, ``L = ReLU(sum_k w_k A_k)``; the ReLU is the finishing step.
    Deviation: the magnitude of y divides, since a negative score would turn the map round (and nothing divides where it
    is 0). The grad-cam package sets channels far below their minimum instead of to zero where activations can be
    negative.
    """
    scores = torch.stack(evidence.outcomes.scores(evidence.targets, output))
    drops, scale = scores[:, :1] - scores[:, 1:], scores[:, :1].abs()
    weights = drops / torch.where(scale == 0, 1, scale)
    maps = torch.einsum("bc,bchw->bhw", weights, to_float64(evidence.activations))
    return maps.to(evidence.activations)
