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

    Misleads:
        * Negative gradients are cut off cell by cell before channels are summed: what speaks against the class is lost,
          and a cell whose channels cancel out can be bright (Jiang et al. 2021, doi:10.1109/TIP.2021.3089943).
        * At shallow depths its detail is that of edges and textures: features there are local and say little of the
          class (Selvaraju et al. 2017, arXiv:1610.02391).
        * Where mean pooling and a linear layer follow, it is the class activation map without the negative weights, so
          it no longer tells like classes apart by what speaks against them (Zhou et al. 2016, arXiv:1512.04150).
    """
    return (evidence.gradients.clamp_min(0) * evidence.activations).sum(dim=1)
