"""Whether maps are right: the section of the page that shows scores, where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..core.errors import CrosslightError
from ..core.means import known_mean
from ..evaluation import Probed, Rankings, Scorecard, saved_probes, saved_rankings, saved_scores, score
from ..evaluation.localisation import METRICS
from ..evaluation.masks import has_own_masks
from ..evaluation.saved import is_current
from ..evaluation.table import Cell, Row
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


def _best(rows: tuple[Row, ...], models: tuple[str, ...], better: str = "higher") -> str:
    """The best score that is better than chance, in words."""
    found = [
        (cell.mean, row.label, model, cell)
        for row in rows
        for model, cell in zip(models, row.cells, strict=True)
        if not row.baseline and cell.count and not cell.no_better
    ]
    if not found:
        return ""
    mean, method, model, cell = (max if better == "higher" else min)(found, key=lambda one: one[0])
    return f"{method} on {model}, {mean:.2f} (95 % interval {cell.low:.2f} to {cell.high:.2f})"


@dataclass(frozen=True)
class ProbeTable(ScoreTable):
    """One metric that tries maps out on their classifiers, as a heat map.

    Attributes:
        group: what it is about.
        better: whether ``higher`` or ``lower`` values are better.
    """

    group: str = "faithfulness"
    better: str = "higher"

    @cached_property
    def leading(self) -> frozenset[tuple[str, int]]:
        """Row and column of the best value of every model, among methods, as far as it is not held back by chance."""
        found = set()
        choose = max if self.better == "higher" else min
        for column in range(len(self.models)):
            cells = [(row.cells[column], row.label) for row in self.rows if not row.baseline]
            known = [(cell, label) for cell, label in cells if cell.count and not cell.no_better]
            best = choose((cell.mean for cell, _ in known), default=None)
            found |= {(label, column) for cell, label in known if cell.mean == best}
        return frozenset(found)

    def strength(self, cell: Cell) -> int:
        """How much colour a cell has, in per cent: more for what is better; none where it is no better than chance."""
        if self.better == "higher" or cell.no_better or not np.isfinite(cell.mean) or self.largest <= 0:
            return super().strength(cell)
        return round(100 * min(max(1 - cell.mean / self.largest, 0), 1))


@dataclass(frozen=True)
class Probes:
    """What probing adds to the section.

    Attributes:
        tables: by group, then as they were measured.
        agreement: how far metrics agree on the order of the methods, in sentences.
        rankings: ranks with their intervals, and tau; None where they were not saved.
        costs: of each method, passes and seconds of a map as mean over the models; NaN where it is not known.
        count: images, in words.
        failed: how many values could not be measured.
        note: what a reader must know.
    """

    tables: tuple[ProbeTable, ...]
    agreement: tuple[str, ...] = ()
    rankings: Rankings | None = None
    costs: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    count: str = ""
    failed: int = 0
    note: str = ""


def probe_tables(store: Store) -> Probes | None:
    """What trying the maps out on their classifiers showed, as kept with a store.

    Args:
        store: whose maps.

    Returns:
        What to show; None where nothing was probed.
    """
    probes, ranking = saved_probes(store), saved_rankings(store)
    if probes is None:
        return None
    note = "" if is_current(probes, store) else "These values are of an earlier state of the study: probe it again."
    order = sorted(
        range(len(probes.metrics)), key=lambda at: list(dict.fromkeys(probes.groups)).index(probes.groups[at])
    )
    return Probes(
        tables=tuple(_probe_table(probes, at) for at in order),
        agreement=tuple(ranking.sentences()) if ranking is not None else (),
        rankings=ranking,
        costs={method: _cost(probes, method) for method in probes.methods},
        count=f"mean over {probes.limit} image{'' if probes.limit == 1 else 's'}",
        failed=len(probes.failures),
        note=note,
    )


def _probe_table(probes: Probed, at: int) -> ProbeTable:
    from ..evaluation.probing import PROBES

    metric, better = probes.metrics[at], probes.better[at]
    rows, known = tuple(probes.rows(metric)), PROBES.get(metric)
    means = [cell.mean for row in rows for cell in row.cells if np.isfinite(cell.mean)]
    return ProbeTable(
        metric=metric,
        summary=known.summary if known is not None else "",
        reference=known.reference if known is not None else "",
        models=probes.models,
        rows=rows,
        largest=max(means, default=0.0),
        best=_best(rows, probes.models, better),
        no_better=probes.no_better_by_method(metric),
        group=probes.groups[at],
        better=better,
    )


def _cost(probes: Probed, method: str) -> tuple[float, float]:
    known = [cost for (label, _), cost in probes.costs.items() if label == method]
    values = np.array([(cost.passes, cost.seconds) for cost in known])
    mean = known_mean(values, axis=0) if len(values) else np.full(2, np.nan)
    return float(mean[0]), float(mean[1])
