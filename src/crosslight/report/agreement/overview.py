"""What the page says of all methods together: artefacts, methods against methods, predictions, variation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...agreement.analysis import Analysis, Relation
from ...agreement.artefacts import Finding
from ...agreement.variance import VarianceSplit
from ..words import between, printed, settings_words
from .grids import Grid, method_grid, prediction_grids
from .record import skipped_words

_HINT = re.compile(r"\s*(?:Compare again without that cell: )?(--repair \"[^\"]+\")\.?\s*")


@dataclass(frozen=True)
class Artefact:
    """Something wrong with a set of maps.

    Attributes:
        set: ``MODEL/METHOD``.
        severity: ``severe``, ``warning`` or ``note``.
        text: in a sentence.
        hint: the option of ``crosslight agree`` that mends it, or empty.
    """

    set: str
    severity: str
    text: str
    hint: str


@dataclass(frozen=True)
class Part:
    """One part of the variation.

    Attributes:
        name: what it is due to.
        share: of all variation, in [0, 1].
        interval: of the share, in per cent.
        look: CSS class.
    """

    name: str
    share: float
    interval: str
    look: str


@dataclass(frozen=True)
class Overview:
    """What the page says of all methods together.

    Attributes:
        loud: artefacts that are announced on top.
        quiet: the others.
        methods: method against method; None for one method.
        predictions: grids.
        parts: of the variation, empty where it was not split.
        split: the variation in a sentence.
        relations: between all matrices, the closest first.
        skipped: what is not there, as names and reasons.
        recorded: steps, repairs and whatever else holds for all methods, as terms and texts.
    """

    loud: tuple[Artefact, ...] = ()
    quiet: tuple[Artefact, ...] = ()
    methods: Grid | None = None
    predictions: tuple[Grid, ...] = ()
    parts: tuple[Part, ...] = ()
    split: str = ""
    relations: tuple[Relation, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    recorded: tuple[tuple[str, str], ...] = ()

    def about(self, method: str) -> tuple[Artefact, ...]:
        """Announced artefacts in the maps of a method, by its label."""
        return tuple(one for one in self.loud if one.set.endswith(f"/{method}"))

    def suspects(self, method: str) -> tuple[str, ...]:
        """Models whose maps of a method, by its label, an announced artefact is about."""
        return tuple(dict.fromkeys(one.set.removesuffix(f"/{method}") for one in self.about(method)))

    @property
    def some(self) -> bool:
        """Whether there is anything to say but of artefacts."""
        return bool(self.methods or self.predictions or self.parts or self.relations or self.skipped)


def overview(analysis: Analysis | None) -> Overview:
    """All that is said of an analysis beside its methods.

    Args:
        analysis: nothing is said without one.
    """
    if analysis is None:
        return Overview()
    found = [artefact_of(one) for one in analysis.artefacts]
    return Overview(
        loud=tuple(one for one in found if one.severity != "note"),
        quiet=tuple(one for one in found if one.severity == "note"),
        methods=method_grid(analysis.across_methods),
        predictions=prediction_grids(analysis.predictions),
        parts=parts_of(analysis.variance),
        split=printed(analysis.variance.sentence) if analysis.variance is not None else "",
        relations=tuple(sorted(analysis.relations, key=lambda one: -abs(one.correlation))),
        skipped=skipped_words(analysis.skipped),
        recorded=_recorded(analysis.steps, analysis.repairs),
    )


def artefact_of(finding: Finding) -> Artefact:
    """A finding with the option that mends it by itself."""
    hint = _HINT.search(finding.sentence)
    text = _HINT.sub(" ", finding.sentence).strip()
    return Artefact(finding.set, finding.severity, printed(text), hint[1] if hint else "")


def parts_of(split: VarianceSplit | None) -> tuple[Part, ...]:
    """The corrected shares, main effects first, each group by size; none where nothing varies."""
    if split is None or not split.total > 0:
        return ()
    order = sorted(split.effects, key=lambda one: (len(one.factors) > 1, -one.corrected))
    return tuple(
        Part(
            _named(one.factors, len(split.effects[-1].factors)),
            one.corrected,
            between(100 * one.corrected_low, 100 * one.corrected_high, 0),
            f"c{at % 7}",
        )
        for at, one in enumerate(order)
    )


def _named(factors: tuple[str, ...], most: int) -> str:
    together = " × ".join(factors)
    return f"{together}, and noise" if len(factors) == most > 1 else together


def _recorded(steps: Mapping[str, object], repairs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = [("steps", settings_words(steps))] if steps else []
    return (*found, ("repaired", "; ".join(repairs))) if repairs else tuple(found)
