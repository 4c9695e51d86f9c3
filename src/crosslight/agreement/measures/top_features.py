"""Agreement about the top features: which they are, with which rank, with which sign (Krishna et al. 2022)."""

from __future__ import annotations

import numpy as np

from .base import Array, Cells
from .features import checked_count, feature_values
from .ranks import average_ranks
from .registry import measure
from .tops import top_mask

PAPER = "arXiv:2202.01602"


def matching(first: Array, second: Array) -> Array:
    """Share of the top features with the same code in both maps.

    Args:
        first: codes, ``[a, image, feature]``: 0 for features that are not in the top.
        second: ``[b, image, feature]``.

    Returns:
        ``[image, a, b]``: features of equal code over the number of top features; where ties make the two numbers
        differ, over the larger.
    """
    found = np.empty((first.shape[1], len(first), len(second)), first.dtype)
    for image, into in enumerate(found):
        one, other = first[:, image], second[:, image]
        larger = np.maximum(np.count_nonzero(one, axis=-1)[:, None], np.count_nonzero(other, axis=-1))
        same = (one[:, None] == other) & (one[:, None] != 0)
        unknown = np.isnan(one[:, None, 0]) | np.isnan(other[:, 0])
        into[:] = np.where(unknown, np.nan, same.sum(axis=-1) / np.maximum(larger, 1))
    return found


def _top(cells: Cells, count: int, side: int, name: str) -> tuple[Array, Array]:
    values = feature_values(cells, side, name)
    return values, top_mask(np.abs(values), checked_count(values, count, name))


def _sign_codes(values: Array) -> Array:
    return np.sign(values) + 2  # 1, 2 and 3, so that the sign of zero is one of its own


def _rank_codes(values: Array) -> Array:
    """Twice the rank from the most important feature on: a whole number with ties, too."""
    return 2 * average_ranks(-np.abs(values))


@measure("feature-agreement", compare=matching, low=0.0, title="agreement on the top {count} features", reference=PAPER)
def feature_agreement(cells: Cells, *, count: int = 10, side: int = 7) -> Array:
    """Share of the top features that two maps have in common: those with the largest magnitudes.

    Args:
        cells: maps on a grid, see `features.feature_values`.
        count: number of top features k. Features that tie for the last place are left out, see `tops.top_mask`.
        side: features along each axis.

    Source:
        Krishna et al., The disagreement problem in explainable machine learning, 2022, section 3: ``|top(A, k) and
        top(B, k)| / k``. By chance ``k / features``.
    """
    return _top(cells, count, side, "feature-agreement")[1].astype(cells.values.dtype)


@measure("sign-agreement", compare=matching, low=0.0, title="sign agreement of the top {count}", reference=PAPER)
def sign_agreement(cells: Cells, *, count: int = 10, side: int = 7) -> Array:
    """Share of the top features that two maps have in common with the same sign; zero has a sign of its own.

    Args:
        cells: maps on a grid.
        count: number of top features by magnitude.
        side: features along each axis.

    Source:
        Krishna et al. 2022. By chance half of the feature agreement where signs are even.
    """
    values, mask = _top(cells, count, side, "sign-agreement")
    return (mask * _sign_codes(values)).astype(cells.values.dtype)


@measure("rank-agreement", compare=matching, low=0.0, title="rank agreement of the top {count}", reference=PAPER)
def rank_agreement(cells: Cells, *, count: int = 10, side: int = 7) -> Array:
    """Share of the top features that two maps have in common with the same rank by magnitude.

    Args:
        cells: maps on a grid.
        count: number of top features by magnitude.
        side: features along each axis.

    Source:
        Krishna et al. 2022. Tied features share their average rank, and agree only with the same average rank.
        By chance ``1 / features``.
    """
    values, mask = _top(cells, count, side, "rank-agreement")
    return (mask * _rank_codes(values)).astype(cells.values.dtype)


@measure(
    "signed-rank-agreement",
    compare=matching,
    low=0.0,
    title="signed rank agreement of the top {count}",
    reference=PAPER,
)
def signed_rank_agreement(cells: Cells, *, count: int = 10, side: int = 7) -> Array:
    """Share of the top features that two maps have in common with the same rank and the same sign.

    Args:
        cells: maps on a grid.
        count: number of top features by magnitude.
        side: features along each axis.

    Source:
        Krishna et al. 2022; ties as in `rank_agreement`, zero as in `sign_agreement`.
    """
    values, mask = _top(cells, count, side, "signed-rank-agreement")
    return (mask * (4 * _rank_codes(values) + _sign_codes(values))).astype(cells.values.dtype)
