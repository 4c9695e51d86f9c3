"""Trees, clusters, communities and maps of a published matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ..structure.clusters import ClusterChoice, ClusterMethod, KMeans, choose_clusters, dbscan, kmeans
from ..structure.communities import Communities, Plateau, communities
from ..structure.maps2d import Ordination, pca, pcoa
from ..structure.trees import Linkage, Tree, build_tree, cut, row_distances
from .matrix import Published

LINKAGES: tuple[Linkage, ...] = ("average", "complete", "ward")
METHODS: tuple[ClusterMethod, ...] = ("kmeans", *LINKAGES)
#: Ward linkage of the distances between rows, beside the linkages of the dissimilarities themselves
ROWS = "ward of rows"
NEIGHBOURS = 5
NO_SUPPORT = (
    "A matrix of means does not say how far its values hang on the images, so branches have no bootstrap support "
    "here; that needs the similarities of every image"
)

Found = TypeVar("Found")


@dataclass(frozen=True)
class Noise:
    """Clusters of dense sets and noise, by DBSCAN on the distances between rows.

    Attributes:
        partition: ``[set]``: cluster of each set; -1 for noise.
        radius: two sets within it are neighbours.
        neighbours: a set with that many within the radius, itself among them, is dense.
    """

    partition: NDArray[np.int64]
    radius: float
    neighbours: int


@dataclass(frozen=True)
class Structure:
    """What a matrix alone says about which sets belong together.

    Attributes:
        sets: labels.
        trees: by linkage, and `ROWS`.
        cuts: ``[set]``: the clusters of each tree, cut at `clusters` where it was given, else where the silhouette
            is highest (`ROWS`: at the number of k-means).
        choices: number of clusters by silhouette, for k-means on principal coordinates and for each linkage.
        of_rows: k-means on the rows of ``1 - S``, as the reference thesis has it, with the number of k-means.
        noise: DBSCAN.
        communities: Louvain over seeds and resolutions; None where it cannot be made.
        pca: rows of ``1 - S``, centred, two axes.
        pcoa: the dissimilarities, two axes.
        skipped: what could not be made, with the reason.
    """

    sets: tuple[str, ...]
    trees: Mapping[str, Tree]
    cuts: Mapping[str, NDArray[np.int64]]
    choices: Mapping[str, ClusterChoice]
    of_rows: KMeans | None
    noise: Noise
    communities: Communities | None
    pca: Ordination
    pcoa: Ordination
    skipped: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types; clusters as lists of labels."""
        return {
            "trees": {
                name: {
                    "cophenetic": tree.cophenetic,
                    "leaves": list(tree.leaves),
                    "labels": list(tree.labels),
                    "linkage": tree.linkage.tolist(),
                    "clusters": members(self.sets, self.cuts[name]),
                }
                for name, tree in self.trees.items()
            },
            "bootstrap_support": None,
            "why_no_support": NO_SUPPORT,
            "clusters": {
                name: {
                    "number": int(choice.partition.max()) + 1,
                    "silhouettes": dict(zip(map(str, choice.numbers), choice.scores, strict=True)),
                    "clusters": members(self.sets, choice.partition),
                    "share": choice.share,
                    "adjusted_rand": choice.adjusted_rand,
                    "caution": choice.caution,
                }
                for name, choice in self.choices.items()
            },
            "k_means_of_rows": None
            if self.of_rows is None
            else {"clusters": members(self.sets, self.of_rows.partition), "share": self.of_rows.share},
            "dbscan_of_rows": {
                "radius": self.noise.radius,
                "neighbours": self.noise.neighbours,
                "clusters": members(self.sets, self.noise.partition),
                "noise": [label for label, own in zip(self.sets, self.noise.partition, strict=True) if own < 0],
            },
            "communities": None if self.communities is None else _written(self.sets, self.communities),
            "pca": _placed(self.sets, self.pca),
            "pcoa": _placed(self.sets, self.pcoa),
            "skipped": dict(self.skipped),
        }


def structure(
    matrix: Published,
    *,
    groups: Sequence[object] | None = None,
    clusters: int | None = None,
    radius: float | None = None,
    neighbours: int = NEIGHBOURS,
    seeds: int = 100,
    seed: int = 0,
) -> Structure:
    """Which sets belong together, by every method.

    Args:
        matrix: three sets or more.
        groups: ``[set]``: what each set is known to be, for adjusted Rand indices.
        clusters: number of clusters; chosen by silhouette if None.
        radius: of DBSCAN; the median over sets of the distance within which a set is dense if None.
        neighbours: of DBSCAN.
        seeds: runs of Louvain at each resolution.
        seed: of everything drawn.

    Raises:
        InputError: there are fewer sets than two, or than clusters.
    """
    distances, rows = matrix.dissimilarity, 1 - matrix.similarity
    number = len(matrix.sets)
    if clusters is not None and not 2 <= clusters < number:
        raise InputError(f"{number} sets can be cut into 2 to {number - 1} clusters, not {clusters}")
    skipped: dict[str, str] = {}

    def tried(name: str, make: Callable[[], Found]) -> Found | None:
        try:
            return make()
        except InputError as error:
            skipped[name] = str(error)
            return None

    numbers = None if clusters is None else [clusters]
    made = {
        method: tried(
            f"clusters by {method}",
            lambda method=method: choose_clusters(distances, method, numbers=numbers, groups=groups, seed=seed),  # type: ignore[misc]
        )
        for method in METHODS
    }
    choices: dict[str, ClusterChoice] = {name: choice for name, choice in made.items() if choice is not None}
    chosen = {name: int(choice.partition.max()) + 1 for name, choice in choices.items()}
    trees: dict[str, Tree] = {linkage: build_tree(distances, matrix.sets, linkage) for linkage in LINKAGES}
    apart = row_distances(rows)
    trees[ROWS] = build_tree(apart, matrix.sets, "ward")
    often = clusters or chosen.get("kmeans", 2)
    cuts = {name: cut(tree, chosen.get(name, often)) for name, tree in trees.items()}
    return Structure(
        sets=matrix.sets,
        trees=trees,
        cuts=cuts,
        choices=choices,
        of_rows=tried("k-means of rows", lambda: kmeans(rows, often, seed=seed)),
        noise=_noise(apart, radius, neighbours),
        communities=tried("communities", lambda: communities(distances, seeds=seeds, seed=seed)),
        pca=pca(matrix.similarity),
        pcoa=pcoa(distances),
        skipped=skipped,
    )


def members(sets: Sequence[str], partition: NDArray[np.int64]) -> list[list[str]]:
    """The labels in each cluster, largest cluster first, those in none left out."""
    clusters = [
        [label for label, own in zip(sets, partition.tolist(), strict=True) if own == number]
        for number in sorted(set(partition[partition >= 0].tolist()))
    ]
    return sorted(clusters, key=len, reverse=True)


def _noise(distances: NDArray[np.float64], radius: float | None, neighbours: int) -> Noise:
    """Ester et al., 1996, section 4.2, choose the radius from the distances to the k-th neighbour, too, but by eye."""
    if radius is None:
        order = np.sort(distances, axis=1)
        radius = float(np.median(order[:, min(neighbours, len(order)) - 1]))
    return Noise(dbscan(distances, max(radius, np.finfo(np.float64).tiny), neighbours), radius, neighbours)


def _placed(sets: Sequence[str], map_: Ordination) -> dict[str, Any]:
    own = map_.to_dict()
    return own | {"points": dict(zip(sets, own["points"], strict=True))}


def _written(sets: Sequence[str], found: Communities) -> dict[str, Any]:
    def plateau(one: Plateau) -> dict[str, Any]:
        named = ("low", "high", "resolutions", "share", "stability", "trivial")
        return {name: getattr(one, name) for name in named} | {"clusters": members(sets, one.partition)}

    longest = found.longest
    named = ("resolution", "communities", "share", "partitions", "stability")
    return {
        "seeds": found.seeds,
        "longest": None if longest is None else plateau(longest),
        "plateaus": [plateau(one) for one in found.plateaus],
        "resolutions": [{name: getattr(one, name) for name in named} for one in found.resolutions],
        "pairs_without_tie": found.cut,
    }
