"""Weighted pointwise mutual information."""

from __future__ import annotations

import numpy as np

from ..evidence import Rounding, mutual_information
from ..probe import Form, Probe, Scorer
from ..registry import text_score
from .usual import usual_top


@text_score("wpmi", title="WPMI", reference="arXiv:2204.10965, section 3", company=True)
def wpmi(
    probe: Probe,
    form: Form,
    *,
    top: int | None = None,
    a: float = 2.0,
    lam: float = 0.6,
    rounding: Rounding = "exact",
    width: int | None = None,
) -> Scorer:
    """Mutual information where every top image shows the concept.

    Args:
        probe: images, concepts and units.
        form: see `mutual_information`.
        top: images of a unit; 28 in the published form.
        a: sharpness of the softmax.
        lam: weight of the prior.
        rounding: of the sums, see `Rounding`.
        width: images for which the softmax is formed at once.

    Source:
        Oikarinen and Weng, CLIP-Dissect, 2023; the numbers are those of its code.
    """
    weights = np.ones(usual_top(probe, form, top, 28))
    return mutual_information(probe, form, weights, sharpness=a, prior=lam, rounding=rounding, width=width)
