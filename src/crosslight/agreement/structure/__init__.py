"""The structure among compared sets: trees and their support, clusters, communities, maps, consensus, reliability."""

from __future__ import annotations

from .clusters import ClusterChoice, KMeans, choose_clusters, dbscan, kmeans, silhouettes
from .communities import Communities, Plateau, Resolution, communities, community_support, louvain
from .consensus import Consensus, consensus, consensus_maps
from .maps2d import Ellipses, Ordination, bootstrap_ellipses, pca, pcoa
from .matrices import without_gaps
from .partitions import adjusted_rand, canonical
from .reliability import SplitHalf, images_needed, intraclass_correlation, spearman_brown, split_half
from .support import ScaleFit, Support, branch_support, fit_scaling_law
from .trees import Tree, average_linkage, branches, build_tree, cut, row_distances

__all__ = [
    "ClusterChoice",
    "Communities",
    "Consensus",
    "Ellipses",
    "KMeans",
    "Ordination",
    "Plateau",
    "Resolution",
    "ScaleFit",
    "SplitHalf",
    "Support",
    "Tree",
    "adjusted_rand",
    "average_linkage",
    "bootstrap_ellipses",
    "branch_support",
    "branches",
    "build_tree",
    "canonical",
    "choose_clusters",
    "communities",
    "community_support",
    "consensus",
    "consensus_maps",
    "cut",
    "dbscan",
    "fit_scaling_law",
    "images_needed",
    "intraclass_correlation",
    "kmeans",
    "louvain",
    "pca",
    "pcoa",
    "row_distances",
    "silhouettes",
    "spearman_brown",
    "split_half",
    "without_gaps",
]
