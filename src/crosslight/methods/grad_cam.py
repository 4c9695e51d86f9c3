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

    Misleads:
        * A channel has one weight, its gradient averaged over cells: where it is active it is raised even if its
          gradient there is zero or negative, so places light up that the score does not use (Draelos and Carin 2020,
          arXiv:2011.08891).
        * Of several objects of the class, or of a large one, often only the part with the strongest activation shows
          (Chattopadhay et al. 2018, arXiv:1710.11063).
        * At shallow depths it follows local features of little meaning; maps get worse from layer to layer towards the
          input (Selvaraju et al. 2017, arXiv:1610.02391).
        * Where mean pooling directly follows the features, gradients are alike in all cells: Grad-CAM, HiResCAM and
          XGrad-CAM are then one map, and that they agree says nothing (Draelos and Carin 2020, arXiv:2011.08891).
    """
    weights = evidence.gradients.mean(dim=(-2, -1), keepdim=True)
    return (weights * evidence.activations).sum(dim=1)
