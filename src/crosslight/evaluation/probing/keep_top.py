"""Whether the highest pixels alone are enough."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor

from ...evidence.outcomes import Output
from .curves import curves
from .filling import ProbeFill
from .metric import probe_metric
from .subject import Subject

Share = Annotated[float, Field(gt=0, le=1)]


@probe_metric(
    "keep-top",
    group="faithfulness",
    better="lower",
    cost="a pass per share and map",
    reference="DeYoung et al. 2020, arXiv:1911.03429",
)
def keep_top(
    subject: Subject,
    *,
    shares: tuple[Share, ...] = (0.01, 0.05, 0.1, 0.2, 0.5),
    fill: ProbeFill = "blur",
    output: Output = "probability",
) -> Tensor:
    """Probability lost when nothing but the map's highest pixels is left, mean over several shares.

    Args:
        subject: the maps.
        shares: of the pixels that are kept, each in (0, 1].
        fill: what stands for the others.
        output: probability, or logit.

    Returns:
        float64 ``[b]``; 0 where the highest pixels do as well as the whole image, negative where they do better.

    Source: DeYoung et al. 2020, equations 2 and 3, there of words: "sufficiency", and its mean over the shares that
        are the defaults here. Other than `sufficiency` it runs the classifier.

    Cannot tell: which of two maps is the smaller explanation, as both may leave the same behind; or a class that the
        filling shows from one that the pixels show.
    """
    pixels = subject.maps.shape[1] * subject.maps.shape[2]
    counts = [max(1, round(share * pixels)) for share in shares]
    kept = curves(subject, counts, fill, reveal=True, output=output)
    return subject.untouched(output).cpu() - kept.mean(dim=1)
