"""The measures there are."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from ...core.registry import Registry
from ..history import History
from .base import Measure, Need, Values


def _load() -> None:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f".{module.name}", __package__)


#: by name; other packages add theirs by the entry point ``crosslight.dynamics.measures``
MEASURES: Registry[Measure] = Registry("measure of a history", _load, "crosslight.dynamics.measures")

#: the order in which tables show the built-in ones
ORDER = (
    "frequency",
    "variability",
    "misclassification",
    "correctness",
    "confidence",
    "probability-variability",
    "forgetting",
    "never-learned",
    "aum",
    "first-learned",
    "settled",
)


def measure(
    name: str,
    *,
    title: str,
    symbol: str,
    summary: str,
    source: str,
    better: Literal["higher", "lower"] | None,
    low: float = 0.0,
    high: float = math.inf,
    needs: tuple[Need, ...] = ("predictions", "labels"),
) -> Callable[[Callable[[History], Values]], Callable[[History], Values]]:
    """Register a function from a history to a number for each image; see `Measure` for the arguments."""

    def register(compute: Callable[[History], Values]) -> Callable[[History], Values]:
        MEASURES.add(name, Measure(name, title, symbol, better, low, high, needs, summary, source, compute))
        return compute

    return register


def in_order() -> list[Measure]:
    """All measures: the built-in ones in the order of tables, then the others by name."""
    names = [*ORDER, *(name for name in MEASURES if name not in ORDER)]
    return [MEASURES[name] for name in names]
