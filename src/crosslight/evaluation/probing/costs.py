"""What the maps themselves have cost, to stand beside how good they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...core.errors import CrosslightError
from ...methods import find_method
from ...store import MapSet, Store
from ..probed import Cost

if TYPE_CHECKING:
    from pathlib import Path


def costs(store: Store, base: Path | None = None) -> dict[tuple[str, str], Cost]:
    """The cost of one map of every set of the study, by model and key.

    Args:
        store: whose notes say how long each block took.
        base: folder that relative paths of a user's methods start from.
    """
    sets = store.map_sets()
    passes = {(one.model, one.label): _passes(one, base) for one in sets}
    seconds = dict.fromkeys(passes, 0.0)
    images = dict.fromkeys(passes, 0)
    shared = dict.fromkeys(passes, False)
    for note in store.notes():
        labels = [label for label in note["labels"] if (note["model"], label) in passes]
        if not labels or "seconds" not in note:
            continue
        rows = store.block_slice(note["block"])
        weights = [passes[note["model"], label] for label in labels]
        total = sum(weights)
        for label, weight in zip(labels, weights, strict=True):
            key = note["model"], label
            seconds[key] += note["seconds"] * (1.0 if len(labels) == 1 else weight / total if total > 0 else math.nan)
            images[key] += rows.stop - rows.start
            shared[key] = shared[key] or len(labels) > 1
    return {
        (one.model, one.key): Cost(passes[key], seconds[key] / images[key] if images[key] else math.nan, shared[key])
        for one in sets
        for key in [(one.model, one.label)]
    }


def _passes(one: MapSet, base: Path | None) -> float:
    """Passes per map; some are only known with the classifier at hand."""
    try:
        method = find_method(one.method, base)
        return float(method.evaluations(method.settings(**one.attributes["settings"])))
    except (CrosslightError, KeyError, TypeError, ValueError, AttributeError):
        return math.nan
