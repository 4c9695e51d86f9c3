"""Flat clusters of sets: k-means, DBSCAN, silhouettes, and how many clusters, if any."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, UnknownNameError
from ...core.seeds import seed_for
from .maps2d import pcoa
from .matrices import complete
from .partitions import adjusted_rand, canonical
from .trees import Linkage, build_tree, cut

ClusterMethod = Literal["kmeans", "average", "complete", "ward"]

CAUTION = (
    "Every method cuts any data into clusters, and a high cophenetic correlation is no evidence of them (.96 was seen "
    "beside an adjusted Rand index of 0)"
)


@dataclass(frozen=True)
class KMeans:
    """The best of many k-means runs.

    Attributes:
        partition: ``[set]``: cluster of each set, numbered from 0 in the order of the sets.
        inertia: sum of squared distances to the clusters' centres.
        share: part of the runs that end in this partition. A small one says that single runs are a matter of luck.
    """

    partition: NDArray[np.int64]
    inertia: float
    share: float


@dataclass(frozen=True)
class ClusterChoice:
    """The number of clusters with the highest mean silhouette.

    Attributes:
        method: how the sets were cut: ``kmeans`` or a linkage.
        numbers: the numbers of clusters tried.
        scores: mean silhouette for each.
        partition: ``[set]``: the clusters at the highest score.
        silhouette: ``[set]``: silhouette of each set there; 0 for a set alone.
        share: see `KMeans`; 1 for trees.
        adjusted_rand: index against the given groups; None without any.
        caution: what may be concluded, in a sentence to stand beside the clusters.
    """

    method: ClusterMethod
    numbers: tuple[int, ...]
    scores: tuple[float, ...]
    partition: NDArray[np.int64]
    silhouette: NDArray[np.float64]
    share: float
    adjusted_rand: float | None
    caution: str

    def to_dict(self) -> dict[str, Any]:
        """The choice in JSON's own types."""
        return {
            "method": self.method,
            "scores": dict(zip(map(str, self.numbers), self.scores, strict=True)),
            "partition": self.partition.tolist(),
            "silhouette": self.silhouette.tolist(),
            "share": self.share,
            "adjusted_rand": self.adjusted_rand,
            "caution": self.caution,
        }


def kmeans(points: NDArray[np.float64], clusters: int, *, starts: int = 100, seed: int = 0) -> KMeans:
    """k-means (Lloyd's algorithm from k-means++ starts) in scikit-learn, many times over.

    Args:
        points: ``[set, axis]``, such as principal coordinates.
        clusters: how many, from 1 to the number of different points.
        starts: number of runs.
        seed: of the starts.

    Returns:
        The run with the lowest inertia, with the share of runs that agree with it.

    Raises:
        InputError: there are fewer different points than clusters.
    """
    from sklearn.cluster import KMeans as Lloyd

    points = np.asarray(points, np.float64)
    different = _different(points)
    if not 1 <= clusters <= different:
        raise InputError(f"{different} different points make 1 to {different} clusters, not {clusters}")
    order = np.lexsort(points.T[::-1])  # so that starts do not depend on the order of the sets
    runs: Counter[tuple[int, ...]] = Counter()
    inertia: dict[tuple[int, ...], float] = {}
    for start in range(starts):
        state = seed_for(seed, "k-means", start) % 2**32
        run = Lloyd(clusters, n_init=1, random_state=state).fit(points[order])
        found = np.empty(len(points), np.int64)
        found[order] = run.labels_
        key = tuple(canonical(found).tolist())
        runs[key] += 1
        inertia[key] = min(float(run.inertia_), inertia.get(key, np.inf))
    best = min(runs, key=lambda key: (inertia[key], key))
    return KMeans(np.array(best, np.int64), inertia[best], runs[best] / starts)


def dbscan(dissimilarity: NDArray[np.float64], radius: float, neighbours: int = 5) -> NDArray[np.int64]:
    """DBSCAN in scikit-learn on a matrix.

    Args:
        dissimilarity: ``[set, set]``, symmetric, non-negative, finite. The diagonal is not read.
        radius: two sets within it are neighbours (``eps``).
        neighbours: a set with that many within the radius, itself among them, is dense (``min_samples``).

    Returns:
        ``[set]``: cluster of each set, numbered from 0 in the order of the sets; -1 for noise.
    """
    from sklearn.cluster import DBSCAN

    found = DBSCAN(eps=radius, min_samples=neighbours, metric="precomputed").fit_predict(complete(dissimilarity))
    numbers = np.full(len(found), -1, np.int64)
    numbers[found >= 0] = canonical(found[found >= 0])
    return numbers


def silhouettes(dissimilarity: NDArray[np.float64], partition: NDArray[np.integer]) -> NDArray[np.float64]:
    """How much nearer each set is to its own cluster than to the next one.

    Args:
        dissimilarity: ``[set, set]``, symmetric, non-negative, finite. The diagonal is not read.
        partition: ``[set]``: cluster of each set; negative for sets in none.

    Returns:
        ``[set]`` in [-1, 1]; 0 for a set alone in its cluster, NaN for one in none, or where there is only one
        cluster.

    Source:
        Rousseeuw, "Silhouettes", Journal of Computational and Applied Mathematics 20, 1987.
    """
    from sklearn.metrics import silhouette_samples

    partition = np.asarray(partition)
    inside = np.flatnonzero(partition >= 0)
    values = np.full(len(partition), np.nan)
    clusters = len(np.unique(partition[inside]))
    if 1 < clusters < len(inside):
        own = complete(np.asarray(dissimilarity)[np.ix_(inside, inside)])
        values[inside] = silhouette_samples(own, partition[inside], metric="precomputed")
    elif clusters > 1:
        values[inside] = 0.0
    return values


def choose_clusters(
    dissimilarity: NDArray[np.float64],
    method: ClusterMethod = "kmeans",
    *,
    numbers: Sequence[int] | None = None,
    groups: Sequence[object] | None = None,
    seed: int = 0,
) -> ClusterChoice:
    """Cut the sets into the number of clusters with the highest mean silhouette.

    Args:
        dissimilarity: ``[set, set]``, symmetric, non-negative, finite; three sets or more.
        method: ``kmeans`` on all principal coordinates with a positive eigenvalue, or a linkage.
        numbers: numbers of clusters to try; 2 to 8, and fewer than the sets that differ, if None.
        groups: ``[set]``: what each set is known to be, such as its family; for the adjusted Rand index.
        seed: of k-means.

    Returns:
        The choice. One cluster has no silhouette, so the choice itself never says "none": read the caution.

    Raises:
        InputError: there are fewer than three sets, or numbers out of range.
        UnknownNameError: no such method.
    """
    if method not in get_args(ClusterMethod):
        raise UnknownNameError("cluster method", method, get_args(ClusterMethod))
    dissimilarity = complete(dissimilarity)
    sets = len(dissimilarity)
    points = pcoa(dissimilarity, components=None).points
    tried = tuple(range(2, min(8, sets - 1, _different(points)) + 1) if numbers is None else numbers)
    if sets < 3 or not tried or min(tried) < 2 or max(tried) >= sets:
        raise InputError(f"{sets} sets can be told apart in 2 to {sets - 1} clusters by silhouette, not {list(tried)}")
    if method == "kmeans":
        runs = [kmeans(points, number, seed=seed) for number in tried]
        partitions, shares = [run.partition for run in runs], [run.share for run in runs]
    else:
        linkage: Linkage = method
        tree = build_tree(dissimilarity, [f"{i:09}" for i in range(sets)], linkage)
        partitions, shares = [cut(tree, number) for number in tried], [1.0] * len(tried)
    values = [silhouettes(dissimilarity, partition) for partition in partitions]
    scores = tuple(float(value.mean()) for value in values)
    best = int(np.argmax(scores))
    rand = None if groups is None else adjusted_rand(canonical(partitions[best]), canonical(list(groups)))
    caution = _caution(tried[best], scores[best], shares[best], rand)
    return ClusterChoice(method, tried, scores, canonical(partitions[best]), values[best], shares[best], rand, caution)


def _different(points: NDArray[np.float64]) -> int:
    """How many points are apart by more than rounding."""
    size = np.abs(points).max(initial=0)
    return len(np.unique(np.round(points / size, 9), axis=0)) if size > 0 else 1


def _caution(clusters: int, score: float, share: float, rand: float | None) -> str:
    """Kaufman and Rousseeuw, "Finding Groups in Data", 1990, chapter 2, table 4: what a mean silhouette is worth."""
    if score <= 0.25:
        worth = "no substantial structure"
    elif score <= 0.5:
        worth = "weak structure that may be artificial"
    else:
        worth = "reasonable structure" if score <= 0.7 else "strong structure"
    parts = [f"{clusters} clusters have the highest mean silhouette, {score:.2f}: {worth}"]
    if share < 0.5:
        parts.append(f"only {share:.0%} of k-means starts end there")
    if rand is not None:
        parts.append(f"adjusted Rand index against the given groups {rand:.2f}, where 0 is chance")
    return "; ".join(parts) + f". {CAUTION}."
