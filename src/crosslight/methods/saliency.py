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

    Misleads:
        * It is the slope at the image: where the score has saturated, its very cause can have a gradient of 0
          (Sundararajan et al. 2017, arXiv:1703.01365).
        * Gradients of deep networks fluctuate sharply between neighbouring inputs, so single bright pixels mean little
          (Smilkov et al. 2017, arXiv:1706.03825).
        * The gradient of a logit can be changed at will without changing any probability, for softmax ignores what all
          logits share (Srinivas and Fleuret 2021, arXiv:2006.09128).
        * The sign is dropped: a pixel that would lower the score if brighter looks like one that would raise it
          (Simonyan et al. 2013, arXiv:1312.6034).
    """
    return evidence.gradients.abs().amax(dim=1)
