"""Whether maps are right: the section of the page that shows scores, where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..core.errors import CrosslightError
from ..evaluation import Scorecard, saved_scores, score
from ..evaluation.localisation import METRICS
from ..evaluation.masks import has_own_masks
from ..evaluation.saved import is_current
from ..evaluation.scorecard import Cell, Row
from ..evaluation.written import describe_count
from ..store import Store

#: metrics that are open on the page, as far as they were taken; the others unfold
FIRST = ("energy", "pointing")

#: what the baselines are called on the page
BASELINE_WORDS = {"random": "random maps", "centre": "a bump in the middle", "edge": "edges of the picture"}


@dataclass(frozen=True)
class ScoreTable:
    """One metric as a heat map.

    Attributes:
        metric: its name.
        summary: what it measures, in a sentence.
        reference: where it was published.
        models: headings.
        rows: methods, then baselines.
        largest: the score that has the full colour.
        best: the method and the model with the highest score among those that are better than chance, in words; empty
            where there is none.
        no_better: methods that do no better than chance, with the models on which they do not.
    """

    metric: str
    summary: str
    reference: str
    models: tuple[str, ...]
    rows: tuple[Row, ...]
    largest: float
    best: str
    no_better: Mapping[str, tuple[str, ...]]

    @cached_property
    def leading(self) -> frozenset[tuple[str, int]]:
        """Row and column of the highest score of every model, among methods, as far as it is better than chance."""
        found = set()
        for column in range(len(self.models)):
            cells = [(row.cells[column], row.label) for row in self.rows if not row.baseline]
            best = max((cell.mean for cell, _ in cells if cell.count and not cell.no_better), default=None)
            found |= {(label, column) for cell, label in cells if cell.mean == best and not cell.no_better}
        return frozenset(found)

    @cached_property
    def means(self) -> Mapping[str, float]:
        """The mean of every row over the models that have a score; NaN without any."""
        known = {row.label: [cell.mean for cell in row.cells if np.isfinite(cell.mean)] for row in self.rows}
        return {label: float(np.mean(values)) if values else float("nan") for label, values in known.items()}

    def strength(self, cell: Cell) -> int:
        """How much colour a cell has, in per cent; none where it is no better than chance."""
        if cell.no_better or not np.isfinite(cell.mean) or self.largest <= 0:
            return 0
        return round(100 * max(cell.mean, 0) / self.largest)


@dataclass(frozen=True)
class Right:
    """What the section shows.

    Attributes:
        tables: the first ones of `FIRST`, then the others.
        opened: how many of them are open.
        count: images and masks, in words.
        note: what a reader must know of these scores, or why there are none.
    """

    tables: tuple[ScoreTable, ...] = ()
    opened: int = 0
    count: str = ""
    note: str = ""


def right_of(store: Store) -> Right | None:
    """The scores kept with a store, or those of scenes, whose evidence is known.

    Args:
        store: whose maps.

    Returns:
        What to show; None where nobody knows where the evidence is.
    """
    card, note = saved_scores(store), ""
    if card is not None and not is_current(card, store):
        note = "These scores are of an earlier state of the study: run crosslight score again."
    if card is None and has_own_masks(store):
        try:
            card = score(store)
        except CrosslightError as error:
            return Right(note=f"The maps could not be scored: {error}")
    if card is None:
        return None
    order = sorted(card.metrics, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    tables = tuple(_table(card, metric) for metric in order)
    return Right(tables, max(1, sum(name in FIRST for name in order)), describe_count(card), note)


def _table(card: Scorecard, metric: str) -> ScoreTable:
    rows = tuple(card.rows(metric))
    known = METRICS.get(metric)
    means = [cell.mean for row in rows for cell in row.cells if np.isfinite(cell.mean)]
    return ScoreTable(
        metric=metric,
        summary=known.summary if known is not None else "",
        reference=known.reference if known is not None else "",
        models=card.models,
        rows=rows,
        largest=max(means, default=0.0),
        best=_best(rows, card.models),
        no_better=card.no_better_by_method(metric),
    )


def _best(rows: tuple[Row, ...], models: tuple[str, ...]) -> str:
    """The highest score that is better than chance, in words."""
    found = [
        (cell.mean, row.label, model, cell)
        for row in rows
        for model, cell in zip(models, row.cells, strict=True)
        if not row.baseline and cell.count and not cell.no_better
    ]
    if not found:
        return ""
    mean, method, model, cell = max(found, key=lambda one: one[0])
    return f"{method} on {model}, {mean:.2f} (95 % interval {cell.low:.2f} to {cell.high:.2f})"
