"""ANOSIM: are pairs inside a group more alike, by rank, than pairs of different groups?"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .checks import TOLERANCE, Matrix, checked, pairs
from .labelings import Groups, as_labelings, share_at_least, within_sums
from .results import PermutationTest


def anosim(dissimilarity: ArrayLike, groups: Groups, *, seed: int = 0) -> PermutationTest:
    """Analysis of similarities: R and its permutation p-value.

    Args:
        dissimilarity: ``[item, item]``, symmetric, non-negative; only the order of its values counts.
        groups: the group of each item, or the labelings to compare (for blocks and other numbers of draws).
        seed: of the drawing of labelings, where they are too many to be listed.

    Returns:
        R as the statistic, in [-1, 1]: 1 where every pair inside a group is more alike than every other, below 0
        where pairs inside groups are the less alike ones.

    Raises:
        InputError: the matrix is not a dissimilarity, or the groups do not fit it.

    Source:
        Clarke, Non-parametric multivariate analyses of changes in community structure, 1993, equation 1:
        ``R = (mean rank between - mean rank within) / (n (n - 1) / 4)``. Values that differ by rounding alone
        share a rank.
    """
    matrix = checked(dissimilarity)
    found = as_labelings(groups, len(matrix), seed)
    items = len(matrix)
    ranks = np.zeros_like(matrix)
    upper = np.triu_indices(items, 1)
    ranks[upper] = tied_ranks(pairs(matrix))
    statistics = r_statistic(within_sums(ranks + ranks.T, found).sum(axis=1), found.sizes)
    return PermutationTest(
        "ANOSIM",
        float(statistics[0]),
        share_at_least(statistics),
        len(found),
        found.exact,
        found.resolution,
        statistics,
    )


def r_statistic(within: Matrix, sizes: ArrayLike) -> Matrix:
    """R from the sum of the ranks of all pairs inside groups, which fixes the sum of the others."""
    sizes = np.asarray(sizes)
    items = int(sizes.sum())
    every = items * (items - 1) // 2
    inside = int((sizes * (sizes - 1) // 2).sum())
    between = every * (every + 1) / 2 - within
    return (between / (every - inside) - within / inside) / (every / 2)


def tied_ranks(values: Matrix, tolerance: float = TOLERANCE) -> Matrix:
    """Ranks from 1, averaged over ties.

    Args:
        values: ``[value]``.
        tolerance: neighbours in order closer than this share of the largest value are tied.
    """
    order = np.argsort(values, kind="stable")
    steps = np.diff(values[order]) > tolerance * np.abs(values).max(initial=0)
    tie = np.concatenate([[0], np.cumsum(steps)])
    positions = np.arange(1, len(values) + 1, dtype=np.float64)
    ranks = np.empty(len(values))
    ranks[order] = (np.bincount(tie, positions) / np.bincount(tie))[tie]
    return ranks
