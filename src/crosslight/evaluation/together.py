"""A card of localisation and what probing found, brought onto the same axes to rank methods by both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .probed import Probed
from .rankings import Measured, Rankings, rankings
from .scorecard import Scorecard

LOCALISATION = "localisation"


def rank_methods(card: Scorecard | None, probes: Probed | None, *, seed: int = 0) -> Rankings | None:
    """Rank the methods by every metric that was measured, with how far the metrics agree.

    Methods and models that only one of the two knows are left out of neither: they have no rank under the other.

    Args:
        card: scores against masks, with the scores of every image.
        probes: what probing found, with the values of every image.
        seed: of the intervals.

    Returns:
        None where nothing was measured, or only one method.
    """
    parts = [part for part in (card, probes) if part is not None and part.images]
    methods = list(dict.fromkeys(method for part in parts for method in part.methods))
    models = list(dict.fromkeys(model for part in parts for model in part.models))
    images = list(dict.fromkeys(image for part in parts for image in part.images))
    if len(methods) < 2:
        return None
    measured = []
    for part in parts:
        places = [[known.index(label) for label in labels] for known, labels in
                  ((methods, part.methods), (models, part.models), (images, part.images))]  # fmt: skip
        for at, metric in enumerate(part.metrics):
            values: NDArray[np.float64] = np.full((len(methods), len(models), len(images)), np.nan)
            values[np.ix_(*places)] = part.values[at]
            group, better = (LOCALISATION, "higher")
            if isinstance(part, Probed):
                group, better = part.groups[at], part.better[at]
            measured.append(Measured(metric, group, better == "higher", values))
    return rankings(measured, methods, models, seed=seed)
