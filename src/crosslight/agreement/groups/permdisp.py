"""PERMDISP: do the items of some groups scatter more widely than those of others?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...core.errors import InputError
from .checks import TOLERANCE, Matrix, checked
from .coordinates import Coordinates, coordinates, squared_to_centre
from .labelings import Groups, Labelings, as_labelings, share_at_least
from .results import PermutationTest

Centre = Literal["median", "centroid"]
Permuted = Literal["residuals", "labels"]
Negative = Literal["subtract", "drop"]


@dataclass(frozen=True)
class Permdisp(PermutationTest):
    """F of the distances to the groups' centres.

    Attributes:
        distances: of each item to the centre of its group, ``[item]``.
        spread: mean distance, by group.
        imaginary: items whose squared distance came out negative, as it can for dissimilarities that are not
            Euclidean; theirs counts as zero.
    """

    distances: Matrix = field(repr=False, compare=False)
    spread: Mapping[str, float]
    imaginary: int = 0


def permdisp(
    dissimilarity: ArrayLike,
    groups: Groups,
    *,
    centre: Centre = "median",
    permuted: Permuted = "residuals",
    negative: Negative = "subtract",
    seed: int = 0,
) -> Permdisp:
    """Test of homogeneity of the groups' dispersions.

    Args:
        dissimilarity: ``[item, item]``, symmetric, non-negative; taken as a distance.
        groups: the group of each item, or the labelings to compare.
        centre: distances are taken to the spatial ``median`` of each group or to its ``centroid``, in the space
            of the principal coordinates.
        permuted: ``residuals``: what is left of each distance when the mean of its group is taken off is permuted,
            as in Anderson's paper and in vegan, so that a shift between groups does not enter. ``labels``: groups
            are formed anew and centres with them, as in scikit-bio.
        negative: axes with negative eigenvalues are subtracted, as in the paper and in vegan, or dropped, as in
            scikit-bio.
        seed: of the drawing of labelings, where they are too many to be listed.

    Returns:
        F of a one-way analysis of variance as the statistic. The observed labeling counts as one that reaches it,
        so p is never zero. NaN for statistic and p where no group has more than two items, since the two are
        equally far from their centre whatever they are.

    Raises:
        InputError: the matrix is not a dissimilarity, the groups do not fit it, all items are alike, or an option
            is unknown.

    Source:
        Anderson, Distance-based tests for homogeneity of multivariate dispersions, 2006. A group's distances are
        shorter the smaller it is, by about ``sqrt(1 - 1/n)``; this is not adjusted, as it is not by default there.
    """
    for value, known in ((centre, Centre), (permuted, Permuted), (negative, Negative)):
        if value not in known.__args__:  # type: ignore[attr-defined]
            raise InputError(f"unknown option {value!r}; known are: {', '.join(known.__args__)}")  # type: ignore[attr-defined]
    matrix = checked(dissimilarity)
    found = as_labelings(groups, len(matrix), seed)
    if matrix.max() == 0:
        raise InputError("all dissimilarities are zero, so there is nothing to test; are the maps all the same?")
    points = coordinates(matrix)
    codes = found.codes if permuted == "labels" else found.codes[:1]
    squared = _squared(points, codes, len(found.names), centre == "median", negative)
    distances = np.sqrt(np.maximum(squared, 0))
    if permuted == "labels":
        statistics = _f(distances, found.codes, found.sizes)
    else:
        means = _sums(distances, codes, found.sizes) / found.sizes
        residuals = distances[0] - means[0][found.observed]
        statistics = _f(residuals, found.codes, found.sizes)
        statistics[0] = _f(distances, codes, found.sizes)[0]
    if found.sizes.max() < 3:
        statistics = np.full(len(found), np.nan)
    p = float("nan") if np.isnan(statistics[0]) else share_at_least(statistics)
    own = distances[0]
    spread = {name: float(own[found.observed == code].mean()) for code, name in enumerate(found.names)}
    return Permdisp(
        "PERMDISP",
        float(statistics[0]),
        p,
        len(found),
        found.exact,
        _resolution(found, permuted),
        statistics,
        distances=own,
        spread=spread,
        imaginary=int((squared[0] < -TOLERANCE * squared.max()).sum()),
    )


def _resolution(labelings: Labelings, permuted: Permuted) -> float:
    """The smallest p possible; residuals of the observed labeling have no F, so alike ones do not reach it."""
    return labelings.resolution if permuted == "labels" else 1 / len(labelings)


def _squared(points: Coordinates, codes: np.ndarray, groups: int, median: bool, negative: Negative) -> Matrix:
    squared = squared_to_centre(points.real, codes, groups, median)
    if negative == "subtract" and points.imaginary.shape[1]:
        squared = squared - squared_to_centre(points.imaginary, codes, groups, median)
    return squared


def _sums(values: Matrix, codes: np.ndarray, sizes: np.ndarray) -> Matrix:
    """Sums of values over groups, ``[labeling, group]``."""
    values = np.broadcast_to(values, codes.shape)
    return np.stack([np.where(codes == group, values, 0).sum(axis=1) for group in range(len(sizes))], axis=1)


def _f(values: Matrix, codes: np.ndarray, sizes: np.ndarray) -> Matrix:
    """F of a one-way analysis of variance, ``[labeling]``; 0 where all values are the same."""
    values = np.broadcast_to(values, codes.shape)
    items, groups = codes.shape[1], len(sizes)
    values = values - values.mean(axis=1, keepdims=True)
    total = (values**2).sum(axis=1)
    between = (_sums(values, codes, sizes) ** 2 / sizes).sum(axis=1)
    within = np.where(total - between > TOLERANCE * total, total - between, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = between / (groups - 1) / (within / (items - groups))
    return np.where(total > 0, f, 0)
