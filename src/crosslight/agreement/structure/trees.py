"""Which sets stand close together: hierarchical trees of their dissimilarities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import cophenet, leaves_list, linkage
from scipy.spatial.distance import pdist, squareform

from ...core.errors import InputError, UnknownNameError

Linkage = Literal["average", "complete", "ward"]


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
        method: the linkage: ``average``, ``complete`` or ``ward``.
    """

    labels: tuple[str, ...]
    linkage: NDArray[np.float64]
    order: tuple[int, ...]
    cophenetic: float | None
    left_out: tuple[str, ...] = ()
    method: Linkage = "average"

    @property
    def leaves(self) -> tuple[str, ...]:
        """The labels from left to right."""
        return tuple(self.labels[i] for i in self.order)

    def to_dict(self) -> dict[str, Any]:
        """The tree in JSON's own types."""
        return {
            "method": self.method,
            "labels": list(self.labels),
            "linkage": self.linkage.tolist(),
            "order": list(self.order),
            "leaves": list(self.leaves),
            "cophenetic": self.cophenetic,
            "left_out": list(self.left_out),
        }


def average_linkage(dissimilarity: NDArray[np.float64], labels: Sequence[str]) -> Tree:
    """The dendrogram of average linkage (UPGMA): `build_tree` with its default."""
    return build_tree(dissimilarity, labels)


def build_tree(dissimilarity: NDArray[np.float64], labels: Sequence[str], method: Linkage = "average") -> Tree:
    """The dendrogram of a matrix, the same whatever the order of its sets.

    Args:
        dissimilarity: ``[set, set]``, symmetric, non-negative, NaN where unknown. The diagonal is read only to
            see whether a set is known at all.
        labels: names of the sets, unique.
        method: the linkage. Ward's criterion is about squared Euclidean distances; with other dissimilarities its
            tree is a heuristic.

    Returns:
        The tree over the sets whose pairs are all known, with optimal leaf order. Of the others, the one with the
        most unknown pairs is left out first, until no unknown pair remains. Sets are merged in the order of their
        labels where dissimilarities are equal, and the leaf first in the alphabet of the two at the ends stands
        left, so that a matrix with its sets shuffled has the same drawing.

    Raises:
        InputError: the matrix and the labels do not fit together, or values are negative.
        UnknownNameError: no such linkage.
    """
    dissimilarity = np.asarray(dissimilarity, np.float64)
    if method not in get_args(Linkage):
        raise UnknownNameError("linkage", method, get_args(Linkage))
    if dissimilarity.shape != (len(labels), len(labels)):
        raise InputError(
            f"{len(labels)} sets need a matrix [{len(labels)}, {len(labels)}], not {list(dissimilarity.shape)}"
        )
    if (dissimilarity < 0).any():
        raise InputError("dissimilarities must not be negative; use 1 - similarity, or sqrt((1 - mean)^2 + sd^2)")
    kept = _known(dissimilarity, labels)
    names = tuple(labels[i] for i in kept)
    left_out = tuple(label for i, label in enumerate(labels) if i not in kept)
    if len(kept) < 2:
        return Tree(names, np.empty((0, 4)), tuple(range(len(kept))), None, left_out, method)

    alphabet = sorted(range(len(kept)), key=lambda i: (names[i], i))
    chosen = np.array(kept)[alphabet]
    condensed = squareform(dissimilarity[np.ix_(chosen, chosen)], checks=False)
    links = linkage(condensed, method=method, optimal_ordering=True)
    leaves = leaves_list(links)
    if leaves[0] > leaves[-1]:  # a drawing and its mirror image are equally good
        links[:, :2] = links[:, 1::-1]
        leaves = leaves[::-1]
    heights = cophenet(links)
    defined = len(kept) > 2 and np.ptp(condensed) > 0 and np.ptp(heights) > 0
    correlation = float(np.corrcoef(condensed, heights)[0, 1]) if defined else None
    children = links[:, :2].astype(int)
    links[:, :2] = np.where(children < len(kept), np.array(alphabet)[np.minimum(children, len(kept) - 1)], children)
    return Tree(names, links, tuple(alphabet[i] for i in leaves), correlation, left_out, method)


def row_distances(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distances between the rows of a matrix: how differently two sets see all the others.

    Args:
        matrix: ``[set, column]``, such as similarities to all sets; finite.

    Returns:
        ``[set, set]``.

    Source:
        The reference thesis on CNN against transformer explanations, which clusters the rows of its similarity
        matrices. Two sets are then close when they stand alike to the others, which is not the same as being alike.
    """
    return np.asarray(squareform(pdist(np.asarray(matrix, np.float64))), np.float64)


def branches(tree: Tree) -> NDArray[np.bool_]:
    """Which sets hang on each branch.

    Args:
        tree: the tree.

    Returns:
        ``[sets - 1, set]``: row i for row i of the linkage, columns in the order of `Tree.labels`. The last is the
        root, which holds all.
    """
    number = len(tree.labels)
    members = np.concatenate([np.eye(number, dtype=bool), np.zeros((len(tree.linkage), number), bool)])
    for row, (left, right) in enumerate(tree.linkage[:, :2].astype(int)):
        members[number + row] = members[left] | members[right]
    return members[number:]


def cut(tree: Tree, clusters: int) -> NDArray[np.int64]:
    """The tree cut into exactly that many clusters.

    Args:
        tree: the tree.
        clusters: how many, from 1 to the number of sets.

    Returns:
        ``[set]``: the cluster of each set in `Tree.labels`, numbered from 0 from left to right.

    Raises:
        InputError: there are fewer sets than clusters.
    """
    number = len(tree.labels)
    if not 1 <= clusters <= number:
        raise InputError(f"a tree of {number} sets can be cut into 1 to {number} clusters, not {clusters}")
    cluster = np.arange(number)
    for members in branches(tree)[: number - clusters]:
        cluster[members] = cluster[members].min()
    order = list(dict.fromkeys(cluster[list(tree.order)].tolist()))
    return np.array([order.index(own) for own in cluster.tolist()], np.int64)


def _known(dissimilarity: NDArray[np.float64], labels: Sequence[str]) -> list[int]:
    """Positions of the sets between which nothing is unknown."""
    unknown = np.isnan(dissimilarity)
    kept = list(range(len(labels)))
    while kept and unknown[np.ix_(kept, kept)].any():
        missing = unknown[np.ix_(kept, kept)].sum(axis=1)
        kept.pop(max(range(len(kept)), key=lambda i: (missing[i], labels[kept[i]])))
    return kept
