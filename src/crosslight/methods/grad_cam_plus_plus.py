"""Grad-CAM++."""

import torch
from torch import Tensor

from ..core.finish import relu
from ..evidence import FeatureEvidence
from .registry import method


@method(
    "grad-cam-plus-plus", reads=FeatureEvidence, finish=relu,
    reference="Chattopadhay et al. 2018, arXiv:1710.11063", channels="weighted sum",
)  # fmt: skip
def grad_cam_plus_plus(evidence: FeatureEvidence) -> Tensor:
    """Grad-CAM whose weights are a weighted average of the positive gradients.

    Source: eqs. 10, 11 and 19 with the score taken as ``exp(y)``: ``alpha = g^2 / (2 g^2 + sum_ij A g^3)``,
    ``w_k = sum_ij alpha ReLU(g)``, ``L = ReLU(sum_k w_k A_k)``. The common factor ``exp(y)`` of the first
    derivative is left out: it scales a map as a whole. Where the gradient is 0, alpha is 0.

    Misleads:
        * In practice it is Grad-CAM with the negative gradients cut off, for its alphas are nearly constant; nothing
          else in it finds further objects of a class (Lerma and Lucas 2022, arXiv:2205.10838).
        * Negative gradients are cut off before weights are made, so what a channel says against the class is lost, in
          the signed map too (Chattopadhay et al. 2018, arXiv:1710.11063).
        * Its weights assume ReLU. Where activations can be negative, as after GELU, the denominator of alpha can come
          near 0 or turn negative, and one channel takes the map (Lerma and Lucas 2022, arXiv:2205.10838).
    """
    gradients, activations = evidence.gradients, evidence.activations
    squared = gradients.square()
    # Divided by the squared gradient, so that nothing underflows where gradients are small.
    denominator = 2 + activations.sum(dim=(-2, -1), keepdim=True) * gradients
    usable = (squared > 0) & (denominator != 0)
    alpha = torch.where(usable, 1 / torch.where(usable, denominator, 1), 0)
    weights = (alpha * gradients.clamp_min(0)).sum(dim=(-2, -1), keepdim=True)
    return (weights * activations).sum(dim=1)
