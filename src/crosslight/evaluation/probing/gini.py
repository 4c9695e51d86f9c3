"""The Gini index of a map: how few pixels hold most of it."""

from __future__ import annotations

import torch
from torch import Tensor

from .metric import probe_metric
from .subject import Subject


@probe_metric("gini", group="complexity", better="higher", reference="Chalasani et al. 2020, arXiv:1810.06583")
def gini(subject: Subject) -> Tensor:
    """How unequally a map's magnitude is spread over the pixels: 0 where all have the same, almost 1 where one has all.

    Args:
        subject: the maps.

    Returns:
        float64 ``[b]`` in [0, 1 - 1/n], n the number of pixels; NaN where a map is zero.

    Source: Hurley and Rickard 2009, Comparing measures of sparsity, arXiv:0811.4706; Chalasani et al. 2020 for
        attributions; Quantus' Sparseness. Deviation: Quantus adds 1e-7 to every pixel, which evens out maps that are
        almost all zero; here nothing is added.

    Cannot tell: whether the few pixels are the right ones. A single pixel in a corner scores best. Coarse maps, such as
        Grad-CAM's, score lower than fine ones for their resolution alone, and their ReLU raises the score.
    """
    values = subject.maps.abs().flatten(1).sort(dim=1).values
    count = values.shape[1]
    places = torch.arange(1, count + 1, dtype=values.dtype, device=values.device)
    return ((2 * places - count - 1) * values).sum(dim=1) / (count * values.sum(dim=1))
