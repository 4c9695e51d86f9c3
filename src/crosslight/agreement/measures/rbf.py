"""Radial basis function of the distance between two maps."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...core.errors import InputError
from .base import Array, Cells, Measure
from .cosine import unit
from .registry import measure

Norm = Literal["unit", "none"]


def squared_distances(first: Array, second: Array) -> Array:
    """Squared Euclidean distances of all pairs of vectors of one image.

    Args:
        first: ``[a, image, r]``.
        second: ``[b, image, r]``.

    Returns:
        float64 ``[image, a, b]``. Sums are taken in double precision, because the distance of similar maps is a
        small difference of large numbers.
    """
    found = np.empty((first.shape[1], len(first), len(second)))
    for image, into in enumerate(found):
        one = first[:, image].astype(np.float64)
        other = one if second is first else second[:, image].astype(np.float64)
        squares = [np.einsum("sr,sr->s", values, values) for values in (one, other)]
        into[:] = squares[0][:, None] + squares[1] - 2 * (one @ other.T)
    return np.maximum(found, 0)


def gaussian(first: Array, second: Array, *, sigma: float | None = None) -> Array:
    """``exp(-|a - b|^2 / (2 sigma^2))``.

    Raises:
        InputError: sigma is not known yet, or not positive.
    """
    if sigma is None:
        raise InputError("rbf: sigma is not known; set it (rbf:sigma=0.8), or estimate it from a sample with `freeze`")
    if not sigma > 0:
        raise InputError(f"rbf: sigma must be positive, not {sigma}")
    return np.exp(-squared_distances(first, second) / (2 * sigma**2)).astype(first.dtype)


def median_sigma(sample: Array) -> float:
    """The square root of the median squared distance between maps of different sets of the same image.

    Args:
        sample: representations ``[set, image, r]``, NaN where there is none.

    Raises:
        InputError: no two sets have a map of the same image, or half of the maps or more are the same.
    """
    rows, columns = np.triu_indices(len(sample), 1)
    distances = squared_distances(sample, sample)[:, rows, columns]
    distances = distances[np.isfinite(distances)]
    if not distances.size:
        raise InputError("rbf: no two sets have a map of the same image, so sigma cannot be estimated; set sigma")
    if not (middle := float(np.median(distances))) > 0:
        raise InputError("rbf: half of the compared maps or more are the same, so sigma would be 0; set sigma")
    return middle**0.5


def freeze(measure: Measure, sample: Array) -> Measure:
    """The measure with sigma estimated and recorded, where it has that setting and it is not set; else the same.

    Args:
        measure: any measure.
        sample: its representations of a sample of images, ``[set, image, r]``.

    Raises:
        InputError: see `median_sigma`.
    """
    unset = measure.represent is rbf and measure.settings["sigma"] is None
    return measure.with_settings(sigma=median_sigma(sample)) if unset else measure


@measure("rbf", compare=gaussian, linear=True, low=0.0, title="RBF similarity", reference="Gaussian kernel")
def rbf(cells: Cells, *, norm: Norm = "unit") -> Array:
    """Each map as a vector, of length 1 with ``norm="unit"``, as it is with ``norm="none"``.

    Source:
        With ``norm="none"``, maps normalised by ``minmax`` and sigma 10 (80 for its dissimilarities), the similarity of
        the reference thesis on explanations of CNNs and transformers.
    """
    if norm not in ("unit", "none"):
        raise InputError(f"rbf: norm is 'unit' or 'none', not {norm!r}")
    if norm == "unit":
        return unit(cells.values)
    known = np.isfinite(cells.values).all(axis=-1, keepdims=True)
    return np.where(known, cells.values, cells.values.dtype.type(np.nan))
