"""How alike the maps of several models, or of several methods, are: similarity, aggregation, clusters."""

from __future__ import annotations

from .aggregate import Agreement, aggregate, from_matrix
from .agree import agree_blocks, agree_maps, agree_methods, agree_store, save
from .prepare import Steps, prepare
from .similarity import cosine, mismatched
from .structure.trees import Tree, average_linkage

__all__ = [
    "Agreement",
    "Steps",
    "Tree",
    "aggregate",
    "agree_blocks",
    "agree_maps",
    "agree_methods",
    "agree_store",
    "average_linkage",
    "cosine",
    "from_matrix",
    "mismatched",
    "prepare",
    "save",
]
