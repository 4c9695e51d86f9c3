"""Values with their intervals on one scale, row by row: ladder, consensus and what agreement goes with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...agreement.analysis import MethodAnalysis
from ...core.bootstrap import mean_interval
from ..figures.legend import COLOURS, looks
from ..summary import Pair
from ..words import number, p_value
from .kin_words import LOOKS, relation_words
from .packed import rounded

NAN = float("nan")
RESAMPLES = 2000

PROPERTIES = {
    "confidence": "how sure the models are",
    "correctness": "how many models are right",
    "same answer": "how often two models say the same",
    "complexity": "how complex the picture is",
}


@dataclass(frozen=True)
class Dot:
    """One row.

    Attributes:
        label: what it is.
        value: where the dot is; NaN where it is not known.
        low, high: interval around it.
        floor: what chance gives here.
        ceiling: what can be reached at best.
        look: how the dot is drawn: a relation of `kin_words.LOOKS`, ``c0`` to ``c6`` of a group, ``end`` or ``plain``.
        note: small, after the numbers.
        set: which set it is about, by its position; None where it is about several.
    """

    label: str
    value: float
    low: float = NAN
    high: float = NAN
    floor: float = NAN
    ceiling: float = NAN
    look: str = ""
    note: str = ""
    set: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """What is known, in JSON's own types."""
        numbers = {name: rounded(getattr(self, name)) for name in ("value", "low", "high", "floor", "ceiling")}
        words = {"label": self.label, "look": self.look, "note": self.note or None, "set": self.set}
        return {name: value for name, value in (words | numbers).items() if value is not None}


@dataclass(frozen=True)
class Chart:
    """Rows on one scale.

    Attributes:
        name: of the figure, in words.
        head: what the scale is.
        rows: from top to bottom; one of them has a value at least.
        within: the ends of the scale; None for those of the values.
        zero: whether a line stands at 0.
    """

    name: str
    head: str
    rows: tuple[Dot, ...]
    within: tuple[float, float] | None = None
    zero: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The chart in JSON's own types."""
        return {
            "name": self.name,
            "head": self.head,
            "rows": [one.to_dict() for one in self.rows],
            "within": list(self.within) if self.within else None,
            "zero": self.zero,
        }


def _chart(
    name: str, head: str, rows: Sequence[Dot], within: tuple[float, float] | None = None, zero: bool = False
) -> Chart | None:
    return Chart(name, head, tuple(rows), within, zero) if any(np.isfinite(one.value) for one in rows) else None


def ladder_chart(method: MethodAnalysis, pairs: Sequence[Pair]) -> Chart | None:
    """From identical maps over seeds, lineages and groups down to chance, on one scale; None without a pair."""
    main, by = method.main, method.ladder.by
    if not pairs:
        return None
    rows = [Dot("identical maps", main.identical, look="end")] if np.isfinite(main.identical) else []
    for rung in method.ladder.rungs:
        rows.append(
            Dot(
                relation_words(rung.relation, by), rung.mean, rung.low, rung.high, floor=rung.floor,
                look=LOOKS[rung.relation], note=_count(rung.pairs, "pair"),
            )
        )  # fmt: skip
    floors = [pair.floor for pair in pairs if np.isfinite(pair.floor)]
    if not method.ladder.rungs:
        mean, floor = float(np.mean([pair.mean for pair in pairs])), float(np.mean(floors)) if floors else np.nan
        rows.append(Dot("two models", mean, floor=floor, look="unknown", note=_count(len(pairs), "pair")))
    if floors:
        rows.append(Dot("chance: maps of different images", float(np.mean(floors)), look="end"))
    return _chart(f"Ladder of similarity under {method.label}", main.measure_label, rows)


def consensus_chart(method: MethodAnalysis, groups: Mapping[str, str] | None) -> Chart | None:
    """Each model's similarity to the consensus of the others, with intervals over images, the nearest first."""
    found = method.consensus
    if found is None:
        return None
    alive = np.isfinite(found.per_image).any(axis=0)
    rows = np.isfinite(found.per_image[:, alive]).all(axis=1)
    low, high = mean_interval(found.per_image[rows], resamples=RESAMPLES)
    look = looks((groups or {}).values())
    order = sorted(np.flatnonzero(np.isfinite(found.mean)).tolist(), key=lambda i: -found.mean[i])
    dots = [
        Dot(
            found.sets[i], float(found.mean[i]), float(low[i]), float(high[i]), note=f"N = {found.count:,}",
            look=f"c{look[groups[found.sets[i]]].number % len(COLOURS)}" if groups else "unknown",
            set=method.main.sets.index(found.sets[i]) if found.sets[i] in method.main.sets else None,
        )
        for i in order
    ]  # fmt: skip
    return _chart(f"Similarity to the consensus of the others under {method.label}", "cosine", dots)


def property_chart(method: MethodAnalysis) -> Chart | None:
    """Spearman's correlation of the agreement on each image with properties of the image; None without any."""
    rows = [
        Dot(
            PROPERTIES.get(one.name, one.name), one.correlation, one.low, one.high, look="plain",
            note=f"{p_value(one.p)}, N = {one.images:,}",
        )
        for one in method.properties
        if np.isfinite(one.correlation)
    ]  # fmt: skip
    return _chart(f"What agreement goes with under {method.label}", "Spearman's correlation", rows, (-1, 1), zero=True)


def unknown_properties(method: MethodAnalysis) -> list[str]:
    """Properties of which nothing can be said, with the reason."""
    return [
        f"{PROPERTIES.get(one.name, one.name)}: "
        + ("the same for all images" if one.images > 7 else f"known for {one.images} images only")
        for one in method.properties
        if not np.isfinite(one.correlation)
    ]


def _count(value: int, what: str) -> str:
    return f"{number(value, 0)} {what}{'s' if value != 1 else ''}"
