"""Soft weighted pointwise mutual information, the score that CLIP-Dissect recommends."""

from __future__ import annotations

import numpy as np

from ..evidence import Rounding, mutual_information
from ..probe import Form, Probe, Scorer
from ..registry import text_score
from .usual import usual_top

#: the chance that a top image shows the unit's concept: of the best image, and what it falls to
_FIRST, _LAST = 0.998, 0.97


@text_score("soft-wpmi", title="soft-WPMI", reference="arXiv:2204.10965, section 3", company=True)
def soft_wpmi(
    probe: Probe,
    form: Form,
    *,
    top: int | None = None,
    a: float = 10.0,
    lam: float = 1.0,
    rounding: Rounding = "exact",
    width: int | None = None,
) -> Scorer:
    """Mutual information where the image of rank r shows the concept with probability ``0.998 - 0.028 r / top``.

    Args:
        probe: images, concepts and units.
        form: see `mutual_information`.
        top: images of a unit; 100 in the published form.
        a: sharpness of the softmax.
        lam: weight of the prior.
        rounding: of the sums, see `Rounding`.
        width: images for which the softmax is formed at once.

    Source:
        Oikarinen and Weng, CLIP-Dissect, 2023; the numbers are those of its code.
    """
    count = usual_top(probe, form, top, 100)
    weights = _FIRST - np.arange(count) / count * (_FIRST - _LAST)
    return mutual_information(probe, form, weights, sharpness=a, prior=lam, rounding=rounding, width=width)
