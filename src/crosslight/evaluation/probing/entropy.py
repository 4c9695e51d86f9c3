"""The entropy of a map: over how many pixels it is spread."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .metric import probe_metric
from .subject import Subject


@probe_metric("entropy", group="complexity", better="lower", reference="Bhatt et al. 2020, arXiv:2005.00631")
def entropy(subject: Subject, *, normalised: bool = False) -> Tensor:
    """The entropy, in nats, of the shares that the pixels have in a map's magnitude.

    Args:
        subject: the maps.
        normalised: divide by the entropy of a constant map, log n, so that 1 is the most there can be.

    Returns:
        float64 ``[b]`` in [0, log n], n the number of pixels: exp of it is the number of pixels that, marked alike,
        would be as spread out. NaN where a map is zero.

    Source: Bhatt et al. 2020, "complexity"; Quantus' Complexity. Deviation: Quantus adds 1e-12 inside
        the logarithm; here 0 log 0 is 0.

    Cannot tell: whether the map is right, or where it is: shuffled pixels have the same entropy. Maps of different
        resolutions should be compared with care, because a coarse map's pixels repeat each other.
    """
    values = subject.maps.abs().flatten(1)
    shares = values / values.sum(dim=1, keepdim=True)
    found = -torch.special.xlogy(shares, shares).sum(dim=1)
    return found / math.log(values.shape[1]) if normalised else found
