"""Dot charts of a few rows: two of the three pictures of the first screen, and the summary of the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..agreement.analysis import MethodAnalysis
from ..core.share import Share
from ..evaluation.baselines import CHANCE
from .agreement.kin_words import LOOKS, relation_words
from .contents import Contents, ModelColumn
from .finding import Finding
from .right import BASELINE_WORDS, Right, ScoreTable
from .summary import Pair, pairs_of

#: look of rows that are of no relation: a dot in the first colour
PLAIN = "c0"

#: rows of a chart on the first screen; of more, the highest and the lowest
MOST = 8


@dataclass(frozen=True)
class Point:
    """One row of a chart.

    Attributes:
        label: at its left.
        mean: where its dot stands.
        low, high: its interval; NaN for none.
        floor: what chance gives for this row; NaN where the chart has one value for all, or none.
        look: CSS class of its colour; ``end`` for what is there to compare with.
        note: behind its value, such as the number of pairs.
        parts: single values behind the mean.
    """

    label: str
    mean: float
    low: float = float("nan")
    high: float = float("nan")
    floor: float = float("nan")
    look: str = ""
    note: str = ""
    parts: tuple[float, ...] = ()


@dataclass(frozen=True)
class SmallChart:
    """Rows of dots on one scale.

    Attributes:
        name: of its files.
        title: above it.
        unit: what the scale is.
        points: from top to bottom.
        text: what it shows, in a sentence with a number.
        link: the view with more of it.
        within: ends of the scale; None for those of the values.
        chance: a line for all rows; NaN for none.
        chance_words: what the line is.
        percent: whether values are shares.
        left: rows that are left out, and stand between its upper and its lower half.
        at: how many rows stand above them.
    """

    name: str
    title: str
    unit: str
    points: tuple[Point, ...]
    text: str
    link: str
    within: tuple[float, float] | None = None
    chance: float = float("nan")
    chance_words: str = ""
    percent: bool = False
    left: int = 0
    at: int = 0

    def to_dict(self) -> dict[str, Any]:
        """In JSON's own types, as ``web/src/core/dots.ts`` reads it; what is not known is left out."""
        chart = {
            "name": self.title, "head": self.unit, "within": self.within, "zero": False, "percent": self.percent,
            "chance": _known(self.chance), "chanceWords": self.chance_words, "left": self.left, "at": self.at,
            "rows": [
                _without_unknown({
                    "label": p.label, "look": p.look, "value": _known(p.mean), "low": _known(p.low),
                    "high": _known(p.high), "floor": _known(p.floor), "note": p.note,
                    "parts": [round(part, 4) for part in p.parts if np.isfinite(part)],
                })
                for p in self.points
            ],
        }  # fmt: skip
        return {"file": self.name, **_without_unknown(chart)}


def _without_unknown(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if key in ("within", "look") or value not in (None, "", [])}


def _known(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def agreement_chart(
    main: str, methods: Mapping[str, MethodAnalysis], found: Sequence[Finding] = ()
) -> SmallChart | None:
    """How alike models look: the ladder of their relations, or one row for each method.

    Args:
        main: label of the method that stands for the others.
        methods: by label.
        found: the findings, of which the one that the chart shows is its text.

    Returns:
        None where there is no pair of models.
    """
    one = methods.get(main)
    pairs = pairs_of(one.main) if one is not None else []
    if one is None or not pairs:
        return None
    text = {finding.head: finding.text for finding in found}
    unit = one.main.measure_label
    floors = [pair.floor for pair in pairs if np.isfinite(pair.floor)]
    floor = float(np.mean(floors)) if floors else float("nan")
    if len(one.ladder.rungs) > 1:
        points = [Point("identical maps", one.main.identical, look="end")] if np.isfinite(one.main.identical) else []
        points += [
            Point(
                relation_words(rung.relation, one.ladder.by), rung.mean, rung.low, rung.high, rung.floor,
                LOOKS[rung.relation], f"{rung.pairs:,} pair{'s' if rung.pairs > 1 else ''}",
            )
            for rung in one.ladder.rungs
        ]  # fmt: skip
        points += [Point("maps of different images", floor, look="end", note="chance")] if floors else []
        return SmallChart(
            "ladder", f"Do relatives look alike? Under {main}", unit, tuple(points), text.get("Relatives", ""), "agree"
        )
    by_method = {label: known for label, each in methods.items() if (known := pairs_of(each.main))}
    if len(by_method) > 1:
        points = [_method_point(label, known) for label, known in by_method.items()]
        kept, left, at = shortened(sorted(points, key=lambda point: point.floor - point.mean))
        return SmallChart(
            "methods", "How alike the models' maps are, by method", unit, kept, text.get("The method matters", ""),
            "agree", left=left, at=at,
        )  # fmt: skip
    points = [
        Point(f"{pair.first} – {pair.second}", pair.mean, pair.low, pair.high, pair.floor, LOOKS.get(pair.relation, ""))
        for pair in pairs
    ]
    kept, left, at = shortened(points)
    return SmallChart(
        "pairs", f"How alike two models' maps are, under {main}", unit, kept, text.get("Where they look", ""), "agree",
        left=left, at=at,
    )  # fmt: skip


def _method_point(label: str, pairs: Sequence[Pair]) -> Point:
    mean, floor = (float(np.mean([getattr(pair, name) for pair in pairs])) for name in ("mean", "floor"))
    return Point(label, mean, floor=floor, look=PLAIN, note=f"{mean - floor:+.2f}".replace("-", "\N{MINUS SIGN}"))


def shortened(points: Sequence[Point], most: int = MOST) -> tuple[tuple[Point, ...], int, int]:
    """At most so many rows, from both ends; how many are left out, and behind how many they were."""
    if len(points) <= most:
        return tuple(points), 0, 0
    upper = most - most // 2 + 1
    return (*points[:upper], *points[len(points) - (most - upper) :]), len(points) - most, upper


def score_chart(table: ScoreTable, found: Sequence[Finding] = (), most: int = MOST) -> SmallChart | None:
    """Mean scores of methods over the models, the best first, with what chance gives.

    The interval runs from the mean of the models' lower ends to that of their upper ends. The mean over models varies
    no more than its parts do on average, whatever they have in common, so the interval is at most too wide.

    Args:
        table: of one metric.
        found: the findings, of which the one that the chart shows is its text.
        most: rows at most.

    Returns:
        None where no method was scored.
    """
    points = []
    for row in table.rows:
        cells = [cell for cell in row.cells if np.isfinite(cell.mean)]
        if row.baseline or not cells:
            continue
        mean, low, high = (_mean([getattr(cell, name) for cell in cells]) for name in ("mean", "low", "high"))
        beaten = sum(cell.no_better for cell in cells)
        note = "" if len(cells) == len(table.models) else f"{len(cells)} models"
        look = "unknown" if beaten == len(cells) else PLAIN
        points.append(Point(row.label, mean, low, high, look=look, note=note, parts=tuple(c.mean for c in cells)))
    if not points:
        return None
    kept, left, at = shortened(sorted(points, key=lambda point: -point.mean), most)
    chance = {row.label: _mean([cell.mean for cell in row.cells]) for row in table.rows if row.label in CHANCE}
    best = max(chance, key=lambda name: chance[name], default="")
    text = next((finding.text for finding in found if finding.head == "Are maps right"), "")
    return SmallChart(
        f"scores-{table.metric}", "Do maps point to the evidence?", table.metric, kept, text, "right",
        chance=chance.get(best, float("nan")), chance_words=BASELINE_WORDS.get(best, ""),
        left=left, at=at, within=(0, 1) if max(p.mean for p in kept) > 0.6 else None,
    )  # fmt: skip


def score_charts(right: Right) -> list[dict[str, Any]]:
    """The charts of the view of scores, one for each metric, with every method, in JSON's own types."""
    charts = [score_chart(table, most=len(table.rows)) for table in right.tables]
    return [chart.to_dict() for chart in charts if chart is not None]


def _mean(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def answers_chart(contents: Contents, found: Sequence[Finding] = ()) -> SmallChart | None:
    """How often each model is right, with Wilson's interval; without labels, how often it says what others say.

    Args:
        contents: with predictions.
        found: the findings, of which the one that the chart shows is its text.

    Returns:
        None where there are no predictions to compare.
    """
    text = {finding.head: finding.text for finding in found}
    judged = [model for model in contents.models if model.judged.any()]
    if judged:
        points = []
        for model in judged:
            share = Share(int(model.right.sum()), int(model.judged.sum()))
            points.append(Point(model.label, share.value, *share.interval, look=PLAIN, note=f"of {share.of}"))
        kept, left, at = shortened(sorted(points, key=lambda point: -point.mean))
        return SmallChart(
            "accuracy", "How often is each model right?", "top-1 accuracy", kept, text.get("Who is right", ""), "how",
            percent=True, left=left, at=at, within=(0, 1),
        )  # fmt: skip
    models = [model for model in contents.models if (model.top[:, 0] >= 0).any()]
    if len(models) < 2:
        return None
    points = []
    for model in models:
        same = [_same_answers(model, each) for each in models if each is not model]
        points.append(Point(model.label, _mean(same), look=PLAIN))
    kept, left, at = shortened(sorted(points, key=lambda point: -point.mean))
    return SmallChart(
        "answers", "How often does each model say what the others say?", "share of images, mean over the others", kept,
        text.get("The same answer", ""), "look", percent=True, left=left, at=at, within=(0, 1),
    )  # fmt: skip


def _same_answers(one: ModelColumn, other: ModelColumn) -> float:
    """The share of images on which two models name the same class, of those on which both name one."""
    both = [a == b for a, b in zip(one.spoken, other.spoken, strict=True) if a and b]
    return float(np.mean(both)) if both else float("nan")
