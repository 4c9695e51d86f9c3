"""What the maps themselves have cost, to stand beside how good they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...core.errors import CrosslightError
from ...methods import find_method
from ...store import MapSet, Store
from ..probed import Cost

if TYPE_CHECKING:
    from pathlib import Path

    from .asked import Asked

#: evaluations from which on it is said how many there will be
MUCH = 20_000


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


@dataclass(frozen=True)
class Expected:
    """Evaluations that a metric takes because it applies a method again.

    Attributes:
        metric: its name.
        method: the method's label.
        evaluations: of all images on all models that it has maps on, at most; NaN where that is not known before.
    """

    metric: str
    method: str
    evaluations: float


def expected(asked: Sequence[Asked], sets: Sequence[MapSet], images: int, base: Path | None = None) -> list[Expected]:
    """What metrics that apply methods again will take, the most first.

    Args:
        asked: the metrics; those that read maps alone take nothing of this kind.
        sets: of maps that are probed.
        images: how many of each.
        base: folder that relative paths of a user's methods start from.
    """
    found: dict[tuple[str, str], float] = {}
    for one in asked:
        if one.metric.needs != "method":
            continue
        times = one.metric.applies(one.settings)
        for each in sets:
            passes = math.nan if times is None else images * times * max(1.0, _passes(each, base))
            found[one.name, each.label] = found.get((one.name, each.label), 0.0) + passes
    every = [Expected(*key, evaluations) for key, evaluations in found.items()]
    return sorted(every, key=lambda one: -one.evaluations if one.evaluations == one.evaluations else -math.inf)


def warning(found: Sequence[Expected]) -> str:
    """What to say before starting, in one line; nothing where it is little."""
    known = [one for one in found if one.evaluations == one.evaluations]
    total = sum(one.evaluations for one in known)
    if total < MUCH and len(known) == len(found):
        return ""
    most = [f"{one.metric} of {one.method} {one.evaluations:,.0f}" for one in known[:3]]
    most += [f"{one.metric} as many times as a network has layers" for one in found if one not in known][:1]
    return (
        f"methods are applied again: up to {total:,.0f} evaluations ({'; '.join(most)}). --limit, --methods and fewer "
        "steps or samples (--set) make it less"
    )


def _passes(one: MapSet, base: Path | None) -> float:
    """Passes per map; some are only known with the classifier at hand."""
    try:
        method = find_method(one.method, base)
        return float(method.evaluations(method.settings(**one.attributes["settings"])))
    except (CrosslightError, KeyError, TypeError, ValueError, AttributeError):
        return math.nan
