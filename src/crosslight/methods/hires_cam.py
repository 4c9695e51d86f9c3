"""HiResCAM."""

from torch import Tensor

from ..core.finish import relu
from ..evidence import FeatureEvidence
from .registry import method


@method(
    "hires-cam", reads=FeatureEvidence, finish=relu, reference="Draelos and Carin 2020, arXiv:2011.08891",
    channels="sum",
)  # fmt: skip
def hires_cam(evidence: FeatureEvidence) -> Tensor:
    """Activations times their gradients, cell by cell, summed over channels.

    Source: eq. 4: ``sum_k dy/dA_k * A_k``. On networks that end in one linear layer after the features, the map's
    sum is the logit less its bias.
    """
    return (evidence.gradients * evidence.activations).sum(dim=1)
