"""Intersection over union at the threshold that is best on other images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .laid import Laid
from .metric import localisation_metric

#: shares of a map's largest value from which on a pixel counts as highlighted
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))


@localisation_metric("iou-best", reference="Choe et al. 2020, Evaluating WSOL, arXiv:2001.07437", candidates=THRESHOLDS)
def iou_best(laid: Laid) -> NDArray[np.float64]:
    """Intersection over union of the mask with the pixels above the threshold that is best on other images.

    The images are halved by their identities. In each half the threshold is used that gives the highest mean on the
    other half, for each method on each model, and for each map that knows nothing, by itself.

    Args:
        laid: the maps.

    Returns:
        float64 ``[n, threshold]`` in [0, 1]: a column for each of `THRESHOLDS`, of which the driver chooses.

    Source: Choe et al. 2020: a threshold must be chosen on images that are not scored, or a method is credited with
        what the choice knows. Deviation: two halves of the same images in place of a set of its own; IoU of pixels,
        not of boxes.

    Cannot tell: how a map does where nobody has masks to choose a threshold by. With few images the choice is a matter
        of luck.
    """
    steps = np.searchsorted(np.array(THRESHOLDS, np.float32), laid.values, side="right")
    count, number = len(THRESHOLDS) + 1, len(laid.values)
    flat = steps + count * np.arange(number)[:, None]
    every = np.bincount(flat.ravel(), minlength=count * number)
    within = np.bincount(flat[laid.inside], minlength=count * number)
    # From the highest step down: how many pixels reach each threshold.
    above, common = (
        np.cumsum(one.reshape(number, count)[:, ::-1], axis=1)[:, ::-1][:, 1:].astype(np.float64)
        for one in (every, within)
    )
    return np.asarray(common / (above + laid.count[:, None] - common))
