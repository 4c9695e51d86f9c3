"""Agreement about the order of all features by importance (Krishna et al. 2022), and Kendall's tau."""

from __future__ import annotations

import numpy as np

from .base import Array, Cells, products
from .cosine import dot, unit
from .features import feature_values
from .registry import measure
from .spearman import rank_vectors
from .top_features import PAPER


@measure("rank-correlation", compare=dot, title="rank correlation of features", reference=PAPER)
def rank_correlation(cells: Cells, *, side: int = 7) -> Array:
    """Spearman's correlation of the magnitudes of features; ties share their average rank.

    Args:
        cells: maps on a grid, see `features.feature_values`.
        side: features along each axis.

    Source:
        Krishna et al., The disagreement problem in explainable machine learning, 2022. By chance 0.
    """
    return rank_vectors(np.abs(feature_values(cells, side, "rank-correlation"))).astype(cells.values.dtype)


def same_order(first: Array, second: Array) -> Array:
    """Share of pairs of features in the same order in both maps; a tie agrees with a tie alone."""
    ordered = [np.abs(part) for part in (first, second)]
    both = products(*ordered)  # pairs without a tie in either map
    ties = [len(part[0, 0]) - part.sum(axis=-1).T for part in ordered]
    # Pairs tied in both: all, less those with an order in either.
    tied = ties[0][:, :, None] + ties[1][:, None, :] - (first.shape[-1] - both)
    return ((both + products(first, second)) / 2 + tied) / first.shape[-1]


def orders(cells: Cells, side: int, name: str) -> Array:
    """For each pair of features, whether the first is more (1), less (-1) or equally (0) important.

    Returns:
        ``[set, image, pair]``, pairs above the diagonal, row after row.
    """
    importance = np.abs(feature_values(cells, side, name))
    rows, columns = np.triu_indices(importance.shape[-1], 1)
    return np.sign(importance[..., rows] - importance[..., columns]).astype(cells.values.dtype)


@measure(
    "pairwise-rank-agreement", compare=same_order, low=0.0, title="pairwise rank agreement of features", reference=PAPER
)
def pairwise_rank_agreement(cells: Cells, *, side: int = 7) -> Array:
    """The order of every pair of features by magnitude.

    Args:
        cells: maps on a grid, see `features.feature_values`.
        side: features along each axis; pairs grow with its fourth power.

    Source:
        Krishna et al. 2022: share of pairs whose relative ranking is the same. Deviation: a pair that ties in both maps
        agrees, and one that ties in one of them does not; the paper does not speak of ties. By chance 1/2.
    """
    return orders(cells, side, "pairwise-rank-agreement")


@measure("kendall", compare=dot, title="Kendall's tau of features", reference="Kendall 1945")
def kendall(cells: Cells, *, side: int = 7) -> Array:
    """Kendall's tau-b of the magnitudes of features: concordant less discordant pairs, over those without ties.

    Args:
        cells: maps on a grid, see `features.feature_values`.
        side: features along each axis.

    Source:
        Kendall, The treatment of ties in ranking problems, 1945: the cosine of the vectors of pair orders. By chance 0.
    """
    return unit(orders(cells, side, "kendall"))
