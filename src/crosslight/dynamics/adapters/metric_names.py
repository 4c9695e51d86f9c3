"""One set of names for what frameworks call by many."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

_PARTS = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "eval": "validation",
}
_WHAT = {"acc": "accuracy", "top1": "accuracy"}


def metric_name(name: str, usual: str | None = None) -> str:
    """``val_loss``, ``valid/loss`` and ``eval_loss`` as ``validation/loss``; what has no such beginning as it is.

    Args:
        name: as a framework says it.
        usual: the part that a name without one belongs to.
    """
    for mark in ("/", "_"):
        part, found, what = name.partition(mark)
        if found and part in _PARTS:
            return f"{_PARTS[part]}/{_WHAT.get(what, what)}"
    return f"{usual}/{_WHAT.get(name, name)}" if usual else name


def numbers(metrics: Mapping[str, Any], usual: str | None = None) -> dict[str, float]:
    """The metrics that are single numbers, by `metric_name`."""
    found = {}
    for name, value in metrics.items():
        try:
            number = float(value)
        except (TypeError, ValueError, RuntimeError):
            continue
        found[metric_name(name, usual)] = number if math.isfinite(number) else math.nan
    return found
