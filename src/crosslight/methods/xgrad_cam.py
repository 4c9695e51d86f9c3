"""XGrad-CAM."""

import torch
from torch import Tensor

from ..core.finish import relu
from ..evidence import FeatureEvidence
from .registry import method


@method(
    "xgrad-cam", reads=FeatureEvidence, finish=relu, reference="Fu et al. 2020, arXiv:2008.02312",
    channels="weighted sum",
)  # fmt: skip
def xgrad_cam(evidence: FeatureEvidence) -> Tensor:
    """Activations weighted by their gradients averaged in proportion to the activation.

    Source: eq. 8: ``w_k = sum_ij (A_kij / sum_ij A_kij) dy/dA_kij``. A channel whose activations sum to 0 gets
    weight 0. The formula assumes activations that are not negative.

    Misleads:
        * Its weights divide by the sum of a channel's activations: where these can be negative, as after GELU, the sum
          can come near 0 and one channel takes the map; the axioms are shown for ReLU (Fu et al. 2020,
          arXiv:2008.02312).
        * It meets its axioms, sensitivity and conservation, as nearly as one weight for each channel can, and not
          exactly (Fu et al. 2020, arXiv:2008.02312).
        * One weight for each channel raises every place where the channel is active, needed there or not, as in
          Grad-CAM (Draelos and Carin 2020, arXiv:2011.08891).
    """
    activations = evidence.activations
    total = activations.sum(dim=(-2, -1), keepdim=True)
    product = (evidence.gradients * activations).sum(dim=(-2, -1), keepdim=True)
    weights = torch.where(total != 0, product / torch.where(total != 0, total, 1), 0)
    return (weights * activations).sum(dim=1)
