"""Maximum sensitivity: how far a map moves, at worst, where the input hardly does."""

from __future__ import annotations

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor

from .metric import probe_metric
from .sensitivity import Norm, relative_changes
from .subject import Subject


@probe_metric(
    "max-sensitivity",
    group="robustness",
    better="lower",
    needs="method",
    applies=lambda own: own.samples,
    reference="Yeh et al. 2019, arXiv:1901.09392",
)
def max_sensitivity(
    subject: Subject,
    *,
    samples: Annotated[int, Field(ge=1)] = 10,
    radius: Annotated[float, Field(gt=0)] = 0.2,
    norm: Norm = "fro",
    same_class: bool = False,
) -> Tensor:
    """The largest change of a map, relative to it, under small random changes of the input.

    The method is applied anew to every changed input and explains the same class. Its design stays that of the
    original picture: the same superpixels, windows, random masks and noise, so that only the input's change counts.

    Args:
        subject: maps and the method that made them.
        samples: changed inputs per image; Quantus' ``nr_samples``, there 200.
        radius: each number of the normalised input changes by up to this, uniformly; Quantus' ``lower_bound``.
        norm: of maps and changes: ``fro``, the root of the sum of squares, or ``linf``, the largest magnitude.
        same_class: count only changed inputs that the classifier puts in the same class as the original one.

    Returns:
        float64 ``[b]``, 0 or more; NaN where a map is zero or no sample counts.

    Source: Yeh et al. 2019, the definition of max-sensitivity, by sampling; divided by the map's norm as in Quantus'
        MaxSensitivity. Maps are compared at their own resolution.

    Cannot tell: whether the map is right: one that never changes, such as a centred blob, scores best. A method may
        also be unstable because the classifier is. The value grows with the number of samples.
    """
    found = relative_changes(subject, samples=samples, radius=radius, norm=norm, same_class=same_class)
    return torch.where(found.isnan().all(dim=1), torch.nan, found.nan_to_num(nan=-torch.inf).amax(dim=1))
