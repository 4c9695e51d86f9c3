"""The pointing game: whether the highest point hits the mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .laid import Laid
from .metric import localisation_metric


@localisation_metric("pointing", reference="Zhang et al. 2018, Excitation Backprop, arXiv:1608.00507")
def pointing(laid: Laid, *, tolerance: float = 0.0) -> NDArray[np.float64]:
    """Whether the map's highest pixel lies inside the mask.

    Args:
        laid: the maps.
        tolerance: a pixel that is at most so many pixels of the picture away from the mask counts as a hit. The
            authors take 15 pixels, for photographs of some 500.

    Returns:
        float64 ``[n]``: 1 for a hit, 0 for a miss; where several pixels are the highest, the share of them that hits.

    Source: Zhang et al. 2018, "pointing game". Deviation: ties, which the paper does not mention, are shared.

    Cannot tell: anything about a map but its highest pixel. A blob in the middle hits most things that
        photographers centre.
    """
    highest = laid.values == 1  # maps are divided by their largest value
    return np.asarray((highest & laid.near(tolerance)).sum(axis=1) / highest.sum(axis=1))
