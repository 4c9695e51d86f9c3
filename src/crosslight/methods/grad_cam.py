"""Grad-CAM."""

from torch import Tensor

from ..core.finish import relu
from ..evidence import FeatureEvidence
from .registry import method


@method(
    "grad-cam", reads=FeatureEvidence, finish=relu, reference="Selvaraju et al. 2017, arXiv:1610.02391",
    channels="weighted sum",
)  # fmt: skip
def grad_cam(evidence: FeatureEvidence) -> Tensor:
    """Activations weighted by their spatially averaged gradients.

    Source: eqs. 1 and 2: ``alpha_k = mean_ij dy/dA_kij``, ``L = ReLU(sum_k alpha_k A_k)``; the ReLU is the
    finishing step.
    """
    weights = evidence.gradients.mean(dim=(-2, -1), keepdim=True)
    return (weights * evidence.activations).sum(dim=1)
