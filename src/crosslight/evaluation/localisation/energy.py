"""Energy: how much of the attribution lies inside the mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .laid import Laid
from .metric import localisation_metric


@localisation_metric("energy", reference="Wang et al. 2020, Score-CAM, arXiv:1910.01279")
def energy(laid: Laid) -> NDArray[np.float64]:
    """The share of the attribution that falls inside the mask.

    Args:
        laid: the maps.

    Returns:
        float64 ``[n]`` in [0, 1]. By chance it is the share of the map's box that the mask covers.

    Source: Wang et al. 2020, "energy-based pointing game": the sum over the box of the object divided by the sum over
        the picture. Deviation: a mask in place of a box, and only what the map covers of the picture.

    Cannot tell: where inside the mask a map is, or whether one high pixel or many low ones lie outside. A method that
        spreads a little over everything loses by it, whatever its order of pixels is.
    """
    within = np.where(laid.inside, laid.values, 0).sum(axis=1, dtype=np.float64)
    return np.asarray(within / laid.values.sum(axis=1, dtype=np.float64))
