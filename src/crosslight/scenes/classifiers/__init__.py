"""Small classifiers of scenes: twelve constructions, further seeds, and those with a planted cause."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .files import WEIGHTS, Learning, is_trained, load_network, read_learning, weights_file
from .networks import build
from .run import Trained, choose, train_all
from .table import CLASSIFIERS, EPOCHS, LINEAGES, Entry, Recipe, find_classifier

if TYPE_CHECKING:
    from .training import fit, train

#: what imports PyTorch, and so is imported when first used
_HOMES = {"fit": "training", "train": "training"}

__all__ = [
    "CLASSIFIERS",
    "EPOCHS",
    "LINEAGES",
    "WEIGHTS",
    "Entry",
    "Learning",
    "Recipe",
    "Trained",
    "build",
    "choose",
    "find_classifier",
    "fit",
    "is_trained",
    "load_network",
    "read_learning",
    "train",
    "train_all",
    "weights_file",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
