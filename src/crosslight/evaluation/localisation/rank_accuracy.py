"""Relevance rank accuracy: how many of the highest pixels lie inside the mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .laid import Laid
from .metric import localisation_metric


@localisation_metric("rank-accuracy", reference="Arras et al. 2022, CLEVR-XAI, arXiv:2003.07258")
def rank_accuracy(laid: Laid) -> NDArray[np.float64]:
    """The share of the map's K highest pixels that lie inside the mask, where K is the size of the mask.

    Args:
        laid: the maps.

    Returns:
        float64 ``[n]`` in [0, 1]. By chance it is the share of the map's box that the mask covers.

    Source: Arras et al. 2022, "relevance rank accuracy". Deviation: pixels tied for the last places are shared.

    Cannot tell: how much higher the highest pixels are than the rest, or where the others lie. It needs a mask whose
        size can be trusted; boxes are too large.
    """
    return laid.inside_of_own / laid.count
