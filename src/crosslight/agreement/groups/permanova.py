"""PERMANOVA: how much of the sum of squared dissimilarities lies between the groups?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...core.errors import InputError
from .checks import TOLERANCE, checked
from .labelings import Groups, as_labelings, share_at_least, within_sums
from .results import PermutationTest


@dataclass(frozen=True)
class Permanova(PermutationTest):
    """PERMANOVA's pseudo-F, and the shares it is made of.

    Attributes:
        r2: share of the sum of squares that lies between the groups, in [0, 1] for Euclidean dissimilarities.
        total: sum of squares of all items.
        within: sum of squares inside the groups.
        degrees: degrees of freedom between and inside the groups.
    """

    r2: float
    total: float
    within: float
    degrees: tuple[int, int]


def permanova(dissimilarity: ArrayLike, groups: Groups, *, seed: int = 0) -> Permanova:
    """Permutational multivariate analysis of variance of one factor.

    Args:
        dissimilarity: ``[item, item]``, symmetric, non-negative; it is taken as a distance and squared.
        groups: the group of each item, or the labelings to compare.
        seed: of the drawing of labelings, where they are too many to be listed.

    Returns:
        Pseudo-F as the statistic; infinite where nothing varies inside the groups.

    Raises:
        InputError: the matrix is not a dissimilarity, the groups do not fit it, or all items are alike.

    Source:
        Anderson, A new method for non-parametric multivariate analysis of variance, 2001: the sum of squares
        inside a group is the sum of its squared dissimilarities over its size.
    """
    matrix = checked(dissimilarity)
    found = as_labelings(groups, len(matrix), seed)
    largest = matrix.max()
    if largest == 0:
        raise InputError("all dissimilarities are zero, so there is nothing to test; are the maps all the same?")
    squares = (matrix / largest) ** 2
    total = squares.sum() / 2 / len(matrix)
    within = (within_sums(squares, found) / found.sizes).sum(axis=1)
    within[within < TOLERANCE * total] = 0
    between, inside = len(found.names) - 1, len(matrix) - len(found.names)
    with np.errstate(divide="ignore"):
        statistics = (total - within) / between / (within / inside)
    r2 = (total - within) / total
    return Permanova(
        "PERMANOVA",
        float(statistics[0]),
        share_at_least(r2),  # ordered as F is, and bounded, so that rounding is of one size
        len(found),
        found.exact,
        found.resolution,
        statistics,
        r2=float(r2[0]),
        total=float(total * largest**2),
        within=float(within[0] * largest**2),
        degrees=(between, inside),
    )
