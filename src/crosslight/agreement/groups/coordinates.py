"""Principal coordinates of a dissimilarity matrix, and the centres of groups of items in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .checks import Codes, Matrix

_AXIS = 1e-7  # axes with less than this share of the longest are rounding
_NUMBERS = 2_000_000


@dataclass(frozen=True)
class Coordinates:
    """Points whose squared distances are the squared dissimilarities.

    Attributes:
        real: ``[item, axis]``, axes with positive eigenvalues, longest first.
        imaginary: ``[item, axis]``, axes with negative ones; squared distances along them are subtracted.
        eigenvalues: of both, the positive ones first.
    """

    real: Matrix
    imaginary: Matrix
    eigenvalues: Matrix


def coordinates(dissimilarity: Matrix) -> Coordinates:
    """Principal coordinates with all axes whose eigenvalue is not zero.

    Args:
        dissimilarity: ``[item, item]``, symmetric, with a diagonal of zeros.

    Source:
        Gower, Some distance properties of latent root and vector methods used in multivariate analysis, 1966.
    """
    values, vectors = np.linalg.eigh(centred(dissimilarity))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = np.abs(values) > _AXIS * np.abs(values).max()
    values, vectors = values[kept], vectors[:, kept]
    points = vectors * np.sqrt(np.abs(values))
    return Coordinates(points[:, values > 0], points[:, values < 0], values)


def centred(dissimilarity: Matrix) -> Matrix:
    """Gower's matrix of inner products, ``-1/2 J D^2 J``, ``[item, item]``."""
    products = -0.5 * dissimilarity**2
    result: Matrix = products - products.mean(axis=0) - products.mean(axis=1)[:, None] + products.mean()
    return result


def squared_to_centre(points: Matrix, codes: Codes, groups: int, median: bool) -> Matrix:
    """Squared distance of each item to the centre of its group, for many labelings at once.

    Args:
        points: ``[item, axis]``.
        codes: int8 ``[labeling, item]``.
        groups: how many there are.
        median: to the spatial median, else to the centroid.

    Returns:
        float64 ``[labeling, item]``.
    """
    result = np.zeros(codes.shape)
    step = max(1, _NUMBERS // max(1, points.size))
    for start in range(0, len(codes), step):
        part = codes[start : start + step]
        for group in range(groups):
            inside = part == group
            centre = inside @ points / inside.sum(axis=1, keepdims=True)
            if median:
                centre = spatial_medians(points, inside, centre)
            squared = ((points - centre[:, None]) ** 2).sum(axis=2)
            result[start : start + step][inside] = squared[inside]
    return result


def spatial_medians(
    points: Matrix, inside: NDArray[np.bool_], start: Matrix, tolerance: float = 1e-11, rounds: int = 2000
) -> Matrix:
    """The point with the smallest sum of distances to the members of a set, for many sets at once.

    Args:
        points: ``[item, axis]``.
        inside: bool ``[set, item]``, the members of each set.
        start: ``[set, axis]``, where to begin.
        tolerance: a step shorter than this share of the longest coordinate is the last.
        rounds: the most steps.

    Source:
        Vardi and Zhang, The multivariate L1-median and associated data depth, 2000: Weiszfeld's iteration with a
        correction where it stands on a member.
    """
    medians = start.copy()
    scale = np.abs(points).max(initial=0) or 1.0
    at_member, member = _members_that_are_medians(points, inside, scale)
    medians[at_member] = points[member[at_member]]  # the iteration would come near these, but slowly
    moving = np.flatnonzero(~at_member)
    for _ in range(rounds):
        if not len(moving):
            break
        here, members = medians[moving], inside[moving]
        away = np.sqrt(((points - here[:, None]) ** 2).sum(axis=2))
        on = members & (away <= 1e-12 * scale)
        weights = np.where(members & ~on, 1 / np.where(away > 0, away, 1), 0)
        total = weights.sum(axis=1, keepdims=True)
        target = weights @ points / np.where(total > 0, total, 1)
        pull = np.linalg.norm(target - here, axis=1, keepdims=True) * total
        stay = np.minimum(1, on.sum(axis=1, keepdims=True) / np.where(pull > 0, pull, 1))
        stay = np.where((total == 0) | ((pull <= 1e-15) & on.any(axis=1, keepdims=True)), 1, stay)
        moved = (1 - stay) * target + stay * here
        medians[moving] = moved
        moving = moving[np.abs(moved - here).max(axis=1) > tolerance * scale]
    return medians


def _members_that_are_medians(
    points: Matrix, inside: NDArray[np.bool_], scale: float
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which sets have a median that is one of their members, and which member.

    The others pull at a member with unit vectors. It is the only median where their sum is shorter than the number
    of members that stand on it (Vardi and Zhang, equation 2.8). Of two points, all between them are medians; the
    iteration then stays in the middle.
    """
    apart = points - points[:, None]
    length = np.sqrt((apart**2).sum(axis=2, keepdims=True))
    same = length <= 1e-12 * scale
    unit = np.where(same, 0, apart / np.where(same, 1, length))
    pull = np.linalg.norm(np.einsum("sj,kja->ska", inside.astype(np.float64), unit, optimize=True), axis=2)
    slack = np.where(inside, inside @ same[:, :, 0].astype(np.float64) - pull, -np.inf)
    return slack.max(axis=1) > 1e-9, slack.argmax(axis=1)
