"""Input x Gradient."""

from torch import Tensor

from ..evidence import InputGradients
from .registry import method


@method("input-x-gradient", reads=InputGradients, reference="Shrikumar et al. 2016, arXiv:1605.01713")
def input_x_gradient(evidence: InputGradients) -> Tensor:
    """The normalised input times its gradient, summed over the channels.

    Source: section 2 (the product shown there to equal LRP's epsilon rule on piecewise linear networks).
    """
    return (evidence.inputs * evidence.gradients).sum(dim=1)
