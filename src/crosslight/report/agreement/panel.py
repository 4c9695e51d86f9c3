"""What the page shows of one method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...agreement import Agreement
from ...agreement.aggregate import describe_count
from ...agreement.analysis import MethodAnalysis, Relation
from ..contents import Contents
from ..summary import Pair, pairs_of
from ..words import printed
from .charts import Chart, consensus_chart, ladder_chart, property_chart, unknown_properties
from .kin_words import LOOKS, groups_of, relation_words
from .measures import MeasureRow, measure_rows
from .record import recorded, remarks, skipped_words
from .scenes import Scene, scenes

#: verdicts that no one may take for an answer
DOUBTFUL = ("underpowered", "undecidable")


@dataclass(frozen=True)
class Quote:
    """A sentence that can be quoted.

    Attributes:
        text: with its numbers.
        warns: whether it says that too little is known.
    """

    text: str
    warns: bool = False


@dataclass(frozen=True)
class Panel:
    """What the page shows of one method.

    Attributes:
        label: the method's.
        number: of the method in the page's data.
        method: all that was found.
        pairs: the most alike first.
        count: how many images, in words.
        quotes: sentences that can be quoted.
        ladder: from identical maps to chance.
        relations: look and name of the relations that there are, the nearest first.
        consensus: each model against the consensus of the others.
        properties: what the agreement on an image goes with.
        unknown_properties: those of which nothing can be said, with the reason.
        measures: one row for each measure.
        scenes: images on which models disagree most and agree most.
        remarks: further sentences.
        recorded: what was compared and how, as terms and texts.
        skipped: what is not there, as names and reasons.
        groups: of the models, by label; None where nothing is known.
    """

    label: str
    number: int
    method: MethodAnalysis
    pairs: tuple[Pair, ...]
    count: str
    quotes: tuple[Quote, ...] = ()
    ladder: Chart | None = None
    relations: tuple[tuple[str, str], ...] = ()
    consensus: Chart | None = None
    properties: Chart | None = None
    unknown_properties: tuple[str, ...] = ()
    measures: tuple[MeasureRow, ...] = ()
    scenes: tuple[Scene, ...] = ()
    remarks: tuple[str, ...] = ()
    recorded: tuple[tuple[str, str], ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    groups: Mapping[str, str] | None = None

    @property
    def agreement(self) -> Agreement:
        """By the main measure."""
        return self.method.main

    @property
    def mean(self) -> float:
        """Mean similarity over all pairs."""
        return float(np.mean([pair.mean for pair in self.pairs])) if self.pairs else np.nan

    @property
    def floor(self) -> float:
        """Mean chance floor over all pairs."""
        return float(np.mean([pair.floor for pair in self.pairs])) if self.pairs else np.nan

    @property
    def used(self) -> str:
        """How many images, in two numbers."""
        most = max((pair.images for pair in self.pairs), default=0)
        return f"{most:,} of {len(self.agreement.images):,}"

    @property
    def by_chance(self) -> int:
        """How many pairs do not lie above their floor."""
        return sum(pair.by_chance for pair in self.pairs)

    @property
    def calibrated(self) -> bool:
        """Whether a ceiling is known for some measure."""
        return any(np.isfinite(row.calibrated) for row in self.measures)

    @property
    def correlated(self) -> bool:
        """Whether correlations between measures are known."""
        return any(np.isfinite(r) for row in self.measures for r in row.others)


def panel_of(method: MethodAnalysis, contents: Contents, number: int, relations: Sequence[Relation] = ()) -> Panel:
    """All that the page says of a method.

    Args:
        method: what was found.
        contents: the page's data.
        number: of the method in it.
        relations: between all matrices, of which those of this method's measures are shown.
    """
    pairs, groups = tuple(pairs_of(method.main, method.kin)), groups_of(method.kin)
    present = {pair.relation for pair in pairs}
    return Panel(
        label=method.label,
        number=number,
        method=method,
        pairs=pairs,
        count=describe_count(method.main),
        quotes=quotes_of(method),
        ladder=ladder_chart(method, pairs),
        relations=tuple(
            (look, relation_words(relation, method.kin.by)) for relation, look in LOOKS.items() if relation in present
        ),
        consensus=consensus_chart(method, groups),
        properties=property_chart(method),
        unknown_properties=tuple(unknown_properties(method)),
        measures=measure_rows(method, relations),
        scenes=scenes(method, contents),
        remarks=remarks(method),
        recorded=recorded(method),
        skipped=skipped_words(method.skipped),
        groups=groups,
    )


def quotes_of(method: MethodAnalysis) -> tuple[Quote, ...]:
    """The ladder's sentence and the answer to the family question, as far as they are there."""
    found = [Quote(printed(method.ladder.sentence))] if method.ladder.sentence else []
    if method.answer is not None:
        found.append(Quote(printed(method.answer.sentence), method.answer.verdict in DOUBTFUL))
    return tuple(found)
