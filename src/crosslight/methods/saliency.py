"""Saliency."""

from torch import Tensor

from ..evidence import InputGradients
from .registry import method


@method(
    "saliency", reads=InputGradients, reference="Simonyan et al. 2013, arXiv:1312.6034", sign="magnitude",
    channels="maximum of the absolute value",
)  # fmt: skip
def saliency(evidence: InputGradients) -> Tensor:
    """Magnitude of the input gradient, the largest over the channels.

    Source: section 3.1: ``M_ij = max_c |dy/dx_cij|``, with respect to the normalised input.
    """
    return evidence.gradients.abs().amax(dim=1)
