"""Intersection over union of the highest pixels with the mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from .laid import Laid
from .metric import localisation_metric


@localisation_metric("iou", reference="Zhou et al. 2016, Learning Deep Features, arXiv:1512.04150")
def iou(laid: Laid, *, share: float = 0.2) -> NDArray[np.float64]:
    """Intersection over union of the mask with the map's highest pixels, a fixed share of what it covers.

    Args:
        laid: the maps.
        share: how much of the map's box counts as highlighted, in (0, 1].

    Returns:
        float64 ``[n]`` in [0, 1]; 1 can only be reached where the mask covers just this share.

    Raises:
        InputError: the share is out of range.

    Source: Zhou et al. 2016 threshold a map at 20 % of its largest value and measure the IoU of boxes. Deviation:
        the threshold is a quantile, so that it does not depend on how a method scales its maps, and the pixels
        themselves are compared with the mask.

    Cannot tell: maps apart on masks that are much smaller or larger than the share: all of them are low there. Only the
        order of pixels counts, not by how much they differ.
    """
    if not 0 < share <= 1:
        raise InputError(f"share must be above 0 and at most 1, not {share}")
    number = np.full(len(laid.values), max(1, round(share * laid.values.shape[1])))
    return _iou(laid.inside_of_top(number), number, laid)


@localisation_metric("iou-own", reference="Zhou et al. 2016, Learning Deep Features, arXiv:1512.04150")
def iou_own(laid: Laid) -> NDArray[np.float64]:
    """Intersection over union of the mask with as many of the map's highest pixels as the mask has.

    Args:
        laid: the maps.

    Returns:
        float64 ``[n]`` in [0, 1]. Image by image it is r / (2 - r) with r the rank accuracy.

    Source: as for `iou`, with the mask's own share.

    Cannot tell: more than ``rank-accuracy``, which orders maps alike; it is there for comparison with other IoUs.
    """
    return _iou(laid.inside_of_own, laid.count, laid)


def _iou(common: NDArray[np.float64], number: NDArray[np.int64], laid: Laid) -> NDArray[np.float64]:
    return common / (number + laid.count - common)
