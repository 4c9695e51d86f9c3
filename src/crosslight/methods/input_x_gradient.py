"""Input x Gradient."""

from torch import Tensor

from ..evidence import InputGradients
from .registry import method


@method("input-x-gradient", reads=InputGradients, reference="Shrikumar et al. 2016, arXiv:1605.01713")
def input_x_gradient(evidence: InputGradients) -> Tensor:
    """The normalised input times its gradient, summed over the channels.

    Source: section 2 (the product shown there to equal LRP's epsilon rule on piecewise linear networks).

    Misleads:
        * The factor of the input stays visible whatever the network does: with randomised weights the map still looks
          like the picture (Adebayo et al. 2018, arXiv:1810.03292).
        * A pixel whose normalised value is 0, as the mean colour has, gets 0 however much it matters (on such blindness
          at a baseline: Sturmfels et al. 2020, doi:10.23915/distill.00022).
        * Another offset in the normalisation, undone by the first layer's bias, leaves all answers as they are and
          changes the map (Kindermans et al. 2017, arXiv:1711.00867).
        * The gradient is local: where the score has saturated, the cause gets 0, and the map need not sum to the score
          (Shrikumar et al. 2017, arXiv:1704.02685).
    """
    return (evidence.inputs * evidence.gradients).sum(dim=1)
