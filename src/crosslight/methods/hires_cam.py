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

    Misleads:
        * That only places which raised the score light up is proven where one linear layer follows the features; behind
          attention or further layers it is a local slope like other gradients (Draelos and Carin 2020,
          arXiv:2011.08891).
        * Features of a cell are made of a much wider part of the picture, so the evidence may lie beside the bright
          cell (Luo et al. 2016, arXiv:1701.04128).
        * Where mean pooling directly follows the features it is the same map as Grad-CAM, and that the two agree says
          nothing (Draelos and Carin 2020, arXiv:2011.08891).
    """
    return (evidence.gradients * evidence.activations).sum(dim=1)
