"""Which sets of maps stand close together: average linkage on their dissimilarities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import cophenet, leaves_list, linkage
from scipy.spatial.distance import squareform


@dataclass(frozen=True)
class Tree:
    """A dendrogram.

    Attributes:
        labels: the sets in the tree, in the order of the matrix.
        linkage: float64 ``[sets - 1, 4]``, as SciPy writes it; empty for fewer than two sets.
        order: positions in `labels`, so that neighbours in the drawing are as alike as the tree allows.
        cophenetic: correlation of the heights at which pairs meet with their dissimilarities; None for fewer
            than three sets, or where it is not defined. A high value is no evidence of clusters.
        left_out: sets that have no dissimilarity to some of the others.
    """

    labels: tuple[str, ...]
    linkage: NDArray[np.float64]
    order: tuple[int, ...]
    cophenetic: float | None
    left_out: tuple[str, ...] = ()

    @property
    def leaves(self) -> tuple[str, ...]:
        """The labels from left to right."""
        return tuple(self.labels[i] for i in self.order)

    def to_dict(self) -> dict[str, Any]:
        """The tree in JSON's own types."""
        return {
            "labels": list(self.labels),
            "linkage": self.linkage.tolist(),
            "order": list(self.order),
            "leaves": list(self.leaves),
            "cophenetic": self.cophenetic,
            "left_out": list(self.left_out),
        }


def average_linkage(dissimilarity: NDArray[np.float64], labels: Sequence[str]) -> Tree:
    """The dendrogram of average linkage (UPGMA) with optimal leaf order.

    Args:
        dissimilarity: ``[set, set]``, symmetric, non-negative, NaN where unknown. The diagonal is read only to
            see whether a set is known at all.
        labels: names of the sets.

    Returns:
        The tree over the sets whose pairs are all known. Of the others, the one with the most unknown pairs is
        left out first, until no unknown pair remains.
    """
    unknown = np.isnan(dissimilarity)
    kept = list(range(len(labels)))
    while kept and unknown[np.ix_(kept, kept)].any():
        missing = unknown[np.ix_(kept, kept)].sum(axis=1)
        kept.pop(max(range(len(kept)), key=lambda i: (missing[i], labels[kept[i]])))
    left_out = tuple(label for i, label in enumerate(labels) if i not in kept)
    names = tuple(labels[i] for i in kept)
    if len(kept) < 2:
        return Tree(names, np.empty((0, 4)), tuple(range(len(kept))), None, left_out)
    condensed = squareform(dissimilarity[np.ix_(kept, kept)], checks=False)
    links = linkage(condensed, method="average", optimal_ordering=True)
    heights = cophenet(links)
    defined = len(kept) > 2 and np.ptp(condensed) > 0 and np.ptp(heights) > 0
    correlation = float(np.corrcoef(condensed, heights)[0, 1]) if defined else None
    return Tree(names, links, tuple(int(i) for i in leaves_list(links)), correlation, left_out)
