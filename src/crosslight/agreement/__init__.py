"""How alike the maps of several models, or of several methods, are: similarity, aggregation, clusters."""

from __future__ import annotations

from .aggregate import Agreement, aggregate, filtered, from_matrix
from .agree import (
    agree_blocks,
    agree_maps,
    agree_methods,
    agree_store,
    agree_store_by,
    compare_blocks,
    compare_sets,
)
from .calibration import ceiling_between
from .filters import Filter, all_correct, one_class, same_prediction
from .prepare import Steps, prepare
from .saving import Tensor, read_tensor, save
from .similarity import cosine, mismatched
from .structure.trees import Tree, average_linkage

__all__ = [
    "Agreement",
    "Filter",
    "Steps",
    "Tensor",
    "Tree",
    "aggregate",
    "agree_blocks",
    "agree_maps",
    "agree_methods",
    "agree_store",
    "agree_store_by",
    "all_correct",
    "average_linkage",
    "ceiling_between",
    "compare_blocks",
    "compare_sets",
    "cosine",
    "filtered",
    "from_matrix",
    "mismatched",
    "one_class",
    "prepare",
    "read_tensor",
    "same_prediction",
    "save",
]
