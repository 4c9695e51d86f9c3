"""SmoothGrad."""

from torch import Tensor

from ..evidence import NoisyGradients
from .registry import method


@method(
    "smoothgrad", reads=NoisyGradients, reference="Smilkov et al. 2017, arXiv:1706.03825", sign="magnitude",
    channels="maximum of the absolute value", diagnostics=["noise_share"],
)  # fmt: skip
def smoothgrad(evidence: NoisyGradients) -> tuple[Tensor, dict[str, Tensor]]:
    """Saliency of the mean gradient over noisy copies of the image.

    Diagnostics: ``noise_share``, the share of the gradient's mean square that varies between copies (0: noise
    changes nothing, 1: the copies share no gradient).

    Source: eq. 1; signed gradients are averaged and their magnitude is taken last.
    """
    signal, total = evidence.mean.square().flatten(1).sum(1), evidence.square.flatten(1).sum(1)
    share = (1 - signal / total.clamp_min(1e-30)).clamp(0, 1)
    return evidence.mean.abs().amax(dim=1), {"noise_share": share}
