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

    Misleads:
        * Averaging makes maps look cleaner, not truer: on retrained networks it found the pixels that matter no better
          than its underlying gradient (Hooker et al. 2019, arXiv:1806.10758).
        * The level of noise decides what is seen; 10 to 20 % of the range was recommended after looking at maps
          (Smilkov et al. 2017, arXiv:1706.03825).
        * Where the score stays saturated throughout the noise, the mean of gradients near 0 is near 0, as in Saliency
          (on saturation: Sundararajan et al. 2017, arXiv:1703.01365).
    """
    signal, total = evidence.mean.square().flatten(1).sum(1), evidence.square.flatten(1).sum(1)
    share = (1 - signal / total.clamp_min(1e-30)).clamp(0, 1)
    return evidence.mean.abs().amax(dim=1), {"noise_share": share}
