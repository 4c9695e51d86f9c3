"""Average sensitivity: how far a map moves, on average, where the input hardly does."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import Tensor

from .metric import probe_metric
from .sensitivity import Norm, relative_changes
from .subject import Subject


@probe_metric(
    "avg-sensitivity",
    group="robustness",
    better="lower",
    needs="method",
    applies=lambda own: own.samples,
    reference="Bhatt et al. 2020, arXiv:2005.00631; Yeh et al. 2019, arXiv:1901.09392",
)
def avg_sensitivity(
    subject: Subject,
    *,
    samples: Annotated[int, Field(ge=1)] = 10,
    radius: Annotated[float, Field(gt=0)] = 0.2,
    norm: Norm = "fro",
    same_class: bool = False,
) -> Tensor:
    """The mean change of a map, relative to it, under small random changes of the input.

    It has the settings of ``max-sensitivity``, and with the same ones costs nothing beside it.

    Args:
        subject: maps and the method that made them.
        samples: changed inputs per image.
        radius: each number of the normalised input changes by up to this, uniformly.
        norm: of maps and changes: ``fro``, the root of the sum of squares, or ``linf``, the largest magnitude.
        same_class: count only changed inputs that the classifier puts in the same class as the original one.

    Returns:
        float64 ``[b]``, 0 or more; NaN where a map is zero or no sample counts.

    Source: Bhatt et al. 2020, "average sensitivity", with the settings of Yeh et al. 2019; Quantus' AvgSensitivity.

    Cannot tell: whether the map is right: one that never changes scores best. It is steadier than the maximum, and
        hides the rare input at which a map breaks.
    """
    return relative_changes(subject, samples=samples, radius=radius, norm=norm, same_class=same_class).nanmean(dim=1)
