"""LayerCAM."""

from torch import Tensor

from ..core.finish import relu
from ..evidence import FeatureEvidence
from .registry import method


@method(
    "layer-cam", reads=FeatureEvidence, finish=relu,
    reference="Jiang et al. 2021, IEEE TIP 30, doi:10.1109/TIP.2021.3089943", channels="sum",
)  # fmt: skip
def layer_cam(evidence: FeatureEvidence) -> Tensor:
    """Activations times their positive gradients, cell by cell, summed over channels.

    Source: eqs. 4 to 6: ``L = ReLU(sum_k ReLU(dy/dA_k) A_k)``; usable at shallow depths too.
    """
    return (evidence.gradients.clamp_min(0) * evidence.activations).sum(dim=1)
