"""How large a difference between groups would have to be to be found: power by simulation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import InputError
from ...core.plain import plain
from .checks import Codes, Matrix, checked, coded, same_length
from .coordinates import centred
from .labelings import Groups, Labelings, as_labelings
from .simulate import Test, distances, normal_points, p_values, rejected, shifted

SHIFTS = (0.0, 0.75, 1.5, 2.25, 3.0)
_MOST_DIMENSIONS = 64
_FARTHEST = 16.0
_LABELINGS = 4000


@dataclass(frozen=True)
class Scatter:
    """How items scatter inside their groups.

    Attributes:
        dimensions: in how many equally wide dimensions points would have to scatter to look like these.
        sd: their standard deviation along one of these, in units of the dissimilarity.
        shift: observed distance of the groups' centres in such standard deviations, what scatter alone gives taken
            off; None for more than two groups.
    """

    dimensions: int
    sd: float
    shift: float | None


@dataclass(frozen=True)
class Power:
    """How often a test finds a planted shift.

    Attributes:
        test: which test.
        alpha: a p-value up to this finds the shift.
        shifts: standard deviations that a group has along one dimension.
        found: share of simulations in which each shift is found.
        wanted: the share that `smallest` asks for.
        smallest: the smallest shift found so often; None where not even 16 standard deviations are, or where
            `wanted` is None.
        dimensions: of the simulated points.
        sd: one standard deviation in units of the dissimilarity; None where no matrix was given.
        simulations: of each shift.
        labelings: compared in each.
    """

    test: Test
    alpha: float
    shifts: tuple[float, ...]
    found: tuple[float, ...]
    wanted: float | None
    smallest: float | None
    dimensions: int
    sd: float | None
    simulations: int
    labelings: int

    def at(self, shift: float) -> float:
        """The share of simulations in which a shift between those simulated is found, by interpolation."""
        return float(np.interp(shift, self.shifts, self.found))

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types."""
        return {name: plain(value) for name, value in vars(self).items()}


def power(
    dissimilarity: ArrayLike | None,
    groups: Groups,
    *,
    shifts: Sequence[float] = SHIFTS,
    test: Test = "anosim",
    alpha: float = 0.05,
    wanted: float | None = 0.8,
    dimensions: int | None = None,
    simulations: int = 1000,
    seed: int = 0,
) -> Power:
    """The share of simulations in which a test finds a planted shift between groups.

    The model: points scatter normally and equally wide in `dimensions` dimensions, the smallest group is shifted
    along one of them, and dissimilarities are Euclidean distances. The more dimensions, the harder a shift is to
    find. The same points serve all shifts. Where real points scatter unevenly, a shift along a wide dimension is found
    less often than this says, and one along a narrow dimension more often.

    In 6 dimensions ANOSIM finds shifts of .75, 1.5 and 2.25 SD between 9 and 5 items with a power of about .10, .33
    and .75, near the .07, .32 and .72 that are published for it.

    Args:
        dissimilarity: ``[item, item]``, which the dimensions and the scale are read from; None with `dimensions`.
        groups: the group of each item, or the labelings that the test compares (at most 4,000 of them are used).
        shifts: in standard deviations along one dimension, rising.
        test: ``anosim``, ``permanova``, or ``either`` of the two after Holm's correction.
        alpha: a p-value up to this finds the shift.
        wanted: share of simulations that `smallest` asks for; None to leave that search out.
        dimensions: of the simulated points; by default those that the scatter inside the groups shows.
        simulations: of each shift.
        seed: of the points and, where they are too many to be listed, the labelings.

    Raises:
        InputError: neither a matrix nor dimensions are given, or an option is out of range.
    """
    if not 0 < alpha < 1 or not 0 < (wanted or 0.5) < 1 or simulations < 1:
        raise InputError("alpha and wanted lie between 0 and 1, and simulations is at least 1")
    if len(shifts) == 0 or min(shifts) < 0 or any(b <= a for a, b in pairwise(shifts)):
        raise InputError("shifts are one or more rising numbers that are not negative")
    if dissimilarity is None and (dimensions is None or dimensions < 1):
        raise InputError("power needs a dissimilarity matrix, or the dimensions in which items scatter")
    scale = None
    items = len(groups.observed) if isinstance(groups, Labelings) else len(groups)
    if dissimilarity is not None:
        matrix = checked(dissimilarity)
        items = len(matrix)
        seen = scatter(matrix, groups, dimensions)
        dimensions, scale = seen.dimensions, seen.sd
    assert dimensions is not None
    compared = as_labelings(groups, items, seed).some(_LABELINGS, seed)
    points = normal_points(simulations, items, dimensions, seed)

    def found(shift: float) -> float:
        moved = distances(shifted(points, compared.observed, shift))
        return rejected(p_values(moved, compared, test), alpha)

    shares = tuple(found(shift) for shift in shifts)
    smallest = None
    if wanted is not None and compared.resolution * (2 if test == "either" else 1) <= alpha * (1 + 1e-9):
        smallest = _smallest(found, wanted, list(zip(shifts, shares, strict=True)))
    return Power(
        test,
        alpha,
        tuple(float(shift) for shift in shifts),
        shares,
        wanted,
        smallest,
        dimensions,
        scale,
        simulations,
        len(compared),
    )


def _smallest(found: Callable[[float], float], wanted: float, known: list[tuple[float, float]]) -> float | None:
    """The smallest shift found as often as wanted, by halving, to a twentieth of a standard deviation."""
    low = max((shift for shift, share in known if share < wanted), default=0.0)
    enough = [shift for shift, share in known if share >= wanted and shift > low]
    high = min(enough, default=_FARTHEST)
    if not enough and found(high) < wanted:
        return None
    while high - low > 0.05:
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) >= wanted else (middle, high)
    return float(high)


def scatter(dissimilarity: ArrayLike, groups: Groups, dimensions: int | None = None) -> Scatter:
    """In how many dimensions, and how widely, items scatter inside their groups.

    The dimensions follow from the participation ratio ``(sum e)^2 / sum e^2`` of the eigenvalues of the scatter
    inside the groups: for normal points in p dimensions with v degrees of freedom it is about
    ``(v p + 2) / (v + p + 1)``, which is solved for p, rounded and kept between 1 and 64.

    Args:
        dissimilarity: ``[item, item]``, taken as a distance.
        groups: the group of each item.
        dimensions: taken as known where given.

    Raises:
        InputError: the matrix is not a dissimilarity, or nothing scatters inside the groups.
    """
    matrix = checked(dissimilarity)
    codes, sizes = codes_of(groups, len(matrix))
    member = (codes[:, None] == np.arange(len(sizes))).astype(np.float64)
    away = np.eye(len(codes)) - (member / sizes) @ member.T
    products = away @ centred(matrix) @ away
    freedom = len(codes) - len(sizes)
    inside = float(np.trace(products))
    if inside <= 1e-12 * float((matrix**2).max()):
        raise InputError("items of a group do not differ at all, so there is no scale for a shift between groups")
    if dimensions is None:
        dimensions = _dimensions(products, freedom)
    variance = inside / freedom / dimensions
    return Scatter(dimensions, float(np.sqrt(variance)), _shift(matrix, codes, variance * dimensions, variance))


def codes_of(groups: Groups, items: int) -> tuple[Codes, NDArray[np.int64]]:
    """The observed group of each item and the groups' sizes.

    Raises:
        InputError: the groups are not those of so many items.
    """
    codes = groups.observed if isinstance(groups, Labelings) else coded(groups)[0]
    same_length(items, len(codes), "groups")
    return codes, np.bincount(codes)


def _dimensions(products: Matrix, freedom: int) -> int:
    values = np.maximum(np.linalg.eigvalsh(products), 0)
    ratio = float(values.sum() ** 2 / (values**2).sum())
    if ratio >= freedom:
        return _MOST_DIMENSIONS
    return int(np.clip(round((ratio * (freedom + 1) - 2) / (freedom - ratio)), 1, _MOST_DIMENSIONS))


def _shift(matrix: Matrix, codes: np.ndarray, mean_square: float, variance: float) -> float | None:
    """Distance of the two groups' centres, less what their scatter gives, in standard deviations."""
    sizes = np.bincount(codes)
    if len(sizes) != 2:
        return None
    squares, first, second = matrix**2, codes == 0, codes == 1
    apart = squares[np.ix_(first, second)].mean()
    apart -= sum(squares[np.ix_(own, own)].sum() / 2 / own.sum() ** 2 for own in (first, second))
    return float(np.sqrt(max(0.0, apart - mean_square * (1 / sizes[0] + 1 / sizes[1])) / variance))
