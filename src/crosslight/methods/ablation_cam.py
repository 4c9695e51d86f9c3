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

    Misleads:
        * Channels are set to zero one at a time: one that others back up gets little weight, and networks that
          generalise rely little on any single one (Morcos et al. 2018, arXiv:1803.06959).
        * Drops of single channels need not add up to the score; what channels do together is left out, other than in
          Shapley values (Jung and Oh 2021, arXiv:2102.05228).
        * Zero need not mean absence: where activations can be negative or have a mean far from 0, it feeds the tail
          something it has never seen (on ablation in general: Li and Janson 2024, arXiv:2409.09951).
    """
    scores = torch.stack(evidence.outcomes.scores(evidence.targets, output))
    drops, scale = scores[:, :1] - scores[:, 1:], scores[:, :1].abs()
    weights = drops / torch.where(scale == 0, 1, scale)
    maps = torch.einsum("bc,bchw->bhw", weights, to_float64(evidence.activations))
    return maps.to(evidence.activations)
