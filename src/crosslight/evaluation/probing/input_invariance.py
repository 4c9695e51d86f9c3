"""Input invariance: whether maps stay the same where the input is shifted and the network undoes the shift."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ...core.errors import InputError
from ..shift import shifted
from .anew import maps_anew, original
from .metric import probe_metric
from .subject import Subject


@probe_metric(
    "input-invariance",
    group="sanity",
    better="lower",
    needs="method",
    reference="Kindermans et al. 2019, arXiv:1711.00867",
)
def input_invariance(
    subject: Subject, *, shift: float = -1.0, atol: float = 1e-4
) -> tuple[Tensor, Mapping[str, Tensor]]:
    """How much maps change where every input is shifted by a constant and the network takes it away again.

    The shifted network gives the same outputs for the shifted inputs, with the same gradients, so that its maps should
    be the same. Methods that multiply by the input, or start from a fixed point such as zero, change.

    Args:
        subject: maps and the method that made them.
        shift: what is added to every number of the normalised input.
        atol: absolute difference, beside a relative one of 1e-5, up to which pixels are the same.

    Returns:
        float64 ``[b]``: the root of the sum of squares of the change, as a share of the map's; 0 is invariant. NaN
        where a map is zero. Diagnostics: ``invariant``, 1 where all pixels are the same and 0 otherwise, and
        ``output change``, the largest change of a logit, which rounding alone can cause.

    Raises:
        InputError: the shift is 0.

    Source: Kindermans et al. 2019. Deviations: see `evaluation.shift.shifted`. Quantus' InputInvariance says only
        whether all pixels are within 1e-4, which is ``invariant`` here and depends on a map's units; and it takes the
        shift away by the bias of the module that stands first, so that the first layer must have a bias and must not
        pad. Its version 0.6.0 leaves the input's first number where it was, so that hardly any method passes there.

    Cannot tell: a fault from a choice. A method with a reference, such as Integrated Gradients from black, changes
        because the picture moves away from black; so do methods that hide pixels behind a fixed colour. And a method
        that passes may still be wrong.
    """
    if shift == 0:
        raise InputError("input-invariance needs a shift other than 0")
    gathering = subject.gathering
    anew = gathering.anew(inputs=subject.inputs + shift, classifier=shifted(gathering.classifier, shift))
    first, second = original(subject), maps_anew(subject, anew)
    size = first.flatten(1).norm(dim=1)
    found = (second - first).flatten(1).norm(dim=1) / torch.where(size > 0, size, torch.nan)
    same = torch.isclose(first, second, rtol=1e-5, atol=atol).flatten(1).all(dim=1)
    change = (anew.logits - gathering.logits).abs().amax(dim=1)
    return found, {"invariant": same.double(), "output change": change.detach().cpu().double()}
