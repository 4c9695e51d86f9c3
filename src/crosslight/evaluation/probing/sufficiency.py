"""Whether images with like maps are of one predicted class."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from .metric import probe_metric
from .subject import MapsOfAll

Distance = Literal["seuclidean", "euclidean", "cosine", "correlation", "cityblock"]


@probe_metric(
    "sufficiency",
    group="faithfulness",
    better="higher",
    reference="Dasgupta et al. 2022, arXiv:2202.00734",
    needs="all",
)
def sufficiency(
    subject: MapsOfAll,
    *,
    threshold: Annotated[float, Field(gt=0, le=1)] = 0.6,
    distance: Distance = "seuclidean",
    absolute: bool = True,
    scale: bool = True,
) -> Tensor:
    """Share of the images with a like map that are predicted to be of the same class.

    It is a property of a whole set of maps: what a map says should go with what is predicted, in whichever image it
    appears. Nothing is removed from any image, and the classifier is not run.

    Args:
        subject: maps of all images, with the predicted classes.
        threshold: maps are alike whose distance is at most this share of the largest distance between any two.
        distance: between maps.
        absolute: compare magnitudes.
        scale: divide each map by its largest magnitude before.

    Returns:
        float64 ``[n]`` in [0, 1]; NaN for images to whose map none is alike.

    Source: Dasgupta et al. 2022, definition 2 (sufficiency), as in Quantus 0.6.0, which takes each batch of 64 images
        by itself and gives 0 where no map is alike. Here all images are compared, at the maps' own resolution.
        Quantus divides the maps of a batch by the largest value among all of them, which changes no comparison: it is
        the same as not to scale.

    Cannot tell: anything about a single image: it depends on which images are compared. Objects in the middle make maps
        alike, and where one class is most of the images all maps do well.
    """
    from scipy.spatial.distance import cdist

    maps = subject.maps.reshape(len(subject.maps), -1).cpu().numpy()
    maps = np.abs(maps) if absolute else maps
    if scale:
        largest = np.abs(maps).max(axis=1, keepdims=True)
        maps = maps / np.where(largest > 0, largest, 1)
    if distance == "seuclidean":  # places that are the same in all maps have no variance, and tell nothing
        maps = maps[:, np.ptp(maps, axis=0) > 0]
    apart = cdist(maps, maps, distance)
    alike = apart <= threshold * apart.max(initial=0)
    np.fill_diagonal(alike, False)
    same = subject.predicted.cpu().numpy()
    number, agreeing = alike.sum(axis=1), (alike & (same[:, None] == same)).sum(axis=1)
    return torch.from_numpy(np.where(number > 0, agreeing / np.maximum(number, 1), np.nan))
