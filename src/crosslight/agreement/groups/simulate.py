"""Items whose groups are known: points with a planted shift, and how often tests find it."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.seeds import seed_for
from .anosim import r_statistic
from .checks import Matrix
from .labelings import Labelings

#: with so many, 9 against 5 items give a power of ANOSIM of about .12, .35 and .73 at .75, 1.5 and 2.25 SD
DIMENSIONS = 6
_NUMBERS = 4_000_000

Test = Literal["anosim", "permanova", "either"]
SINGLE: tuple[Test, Test] = ("anosim", "permanova")


def normal_points(simulations: int, items: int, dimensions: int, seed: int = 0) -> Matrix:
    """Standard normal points, float64 ``[simulation, item, dimension]``: items that differ by chance alone."""
    random = np.random.default_rng(seed_for(seed, "points", items, dimensions))
    return random.standard_normal((simulations, items, dimensions))


def shifted(points: Matrix, codes: NDArray[np.int8], shift: float) -> Matrix:
    """The same points, with the smallest group moved along the first dimension.

    Args:
        points: ``[simulation, item, dimension]``.
        codes: group of each item, ``[item]``.
        shift: in standard deviations that the points of a group have along one dimension. Of groups of one size
            the first is moved.
    """
    moved = points.copy()
    moved[:, codes == np.bincount(codes).argmin(), 0] += shift
    return moved


def distances(points: Matrix) -> Matrix:
    """Euclidean distances of all points of each simulation, ``[simulation, item, item]``."""
    squares = (points**2).sum(axis=2)
    squared = squares[:, :, None] + squares[:, None] - 2 * points @ points.transpose(0, 2, 1)
    result: Matrix = np.sqrt(np.maximum(squared, 0))
    result[:, np.arange(points.shape[1]), np.arange(points.shape[1])] = 0
    return result


def p_values(dissimilarities: Matrix, labelings: Labelings, test: Test = "anosim") -> Matrix:
    """p-values of a test for many matrices at once.

    Args:
        dissimilarities: ``[simulation, item, item]``, without ties.
        labelings: what is compared.
        test: ``anosim``, ``permanova``, or ``either``: the smaller of the two after Holm's correction.

    Returns:
        float64 ``[simulation]``, as the single tests give them.

    Raises:
        InputError: the test is unknown.
    """
    if test not in ("anosim", "permanova", "either"):
        raise InputError(f"unknown test {test!r}; known are: anosim, permanova, either")
    if test == "either":
        both = [p_values(dissimilarities, labelings, one) for one in SINGLE]
        smaller: Matrix = np.minimum(1, 2 * np.minimum(both[0], both[1]))
        return smaller
    rows, columns = np.triu_indices(dissimilarities.shape[1], 1)
    together = _together(labelings, test, rows, columns)
    result = np.empty(len(dissimilarities))
    step = max(1, _NUMBERS // len(labelings))
    for start in range(0, len(dissimilarities), step):
        values = dissimilarities[start : start + step, rows, columns]
        if test == "anosim":
            ranks = np.argsort(np.argsort(values, axis=1), axis=1) + 1.0
            statistics = r_statistic(ranks @ together, labelings.sizes)
        else:
            squares = values**2
            statistics = -(squares @ together) / squares.sum(axis=1, keepdims=True)
        result[start : start + step] = (statistics >= statistics[:, :1] - 1e-10).mean(axis=1)
    return result


def rejected(p: Matrix, alpha: float) -> float:
    """The share of p-values that are at most alpha."""
    return float(np.mean(p <= alpha * (1 + 1e-9)))


def _together(labelings: Labelings, test: Test, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> Matrix:
    """Weight of each pair in the sum inside groups, ``[pair, labeling]``."""
    first, second = labelings.codes[:, rows], labelings.codes[:, columns]
    weights = np.ones(len(labelings.names)) if test == "anosim" else 1 / labelings.sizes
    return np.where(first == second, weights[first], 0).T
