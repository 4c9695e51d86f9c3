"""All that can be said of the agreement in a store: one call for the command line, the report and Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, UnknownNameError
from ...core.plain import plain
from ...core.progress import Progress, Silent
from ...store import MapSet, Store
from ...store.pictures import Pictures
from ..agree import agree_store_by, read_blocks
from ..artefacts import Finding, artefacts_of_store, outlying_sets
from ..covariates import image_properties, picture_complexity
from ..measures import Measure
from ..predictions import Predictions, SamePredictions, read_predictions, same_predictions
from ..prepare import Steps, prepare
from ..published.group_table import GroupTable
from ..repair import Repair, check_repairs
from ..result import Agreement
from ..variance import VarianceSplit, split_variance
from .matrices import Labelled, Relation, relations
from .method import MethodAnalysis, analyse_method
from .request import MEASURES, RESAMPLES, Request, filter_of, tried

_NAMED = ("predictions", "relations", "artefacts", "variance", "steps", "repairs", "skipped")


@dataclass(frozen=True)
class Analysis:
    """The agreement in a store.

    Attributes:
        methods: by method label, what was found about the models; those with maps of two models or more.
        across_methods: by model, how alike its methods are under the main measure.
        predictions: how often two models predict the same class; None without predictions of two.
        relations: how the matrices of methods, measures and predictions go together.
        artefacts: what is wrong with sets of maps, the severe first.
        variance: how the variation of maps splits; None where the design is not complete.
        steps: what was done to the maps.
        repairs: which cells were replaced.
        skipped: what could not be made, with the reason.
    """

    methods: Mapping[str, MethodAnalysis]
    across_methods: Mapping[str, Agreement]
    predictions: SamePredictions | None
    relations: tuple[Relation, ...]
    artefacts: tuple[Finding, ...]
    variance: VarianceSplit | None
    steps: Mapping[str, Any]
    repairs: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """All of it but similarities per image, in JSON's own types."""
        return {
            "methods": {label: one.to_dict() for label, one in self.methods.items()},
            "across_methods": {label: one.to_dict() for label, one in self.across_methods.items()},
            **{name: plain(getattr(self, name)) for name in _NAMED},
        }


def analyse(
    store: Store,
    *,
    methods: Sequence[str] = (),
    measures: Sequence[str | Measure] = MEASURES,
    steps: Steps | None = None,
    by: str = "family",
    groups: GroupTable | None = None,
    repairs: Sequence[Repair] = (),
    only: str = "",
    every_choice: bool = False,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Progress | None = None,
    **options: Any,
) -> Analysis:
    """Compare all maps of a store, and ask all that can be asked of the result.

    Args:
        store: where the maps and predictions are.
        methods: labels; all if empty.
        measures: what to compare by; trees, groups and rankings follow the first.
        steps: what is done to the maps before.
        by: the fact that makes groups of models.
        groups: a table of groups instead.
        repairs: cells to replace before anything is compared.
        only: which images count where models are compared: all if empty, else ``same-prediction``, ``correct`` or
            ``class:NAME``, see `Request`.
        every_choice: also ask the family question under every combination of choices, which takes many times as long.
        resamples: of the images, for the support of each branch at each of ten scales.
        seed: of everything drawn.
        progress: who listens.
        options: others of `crosslight.agreement.agree_store_by`, such as ``subset``.

    Raises:
        UnknownNameError: there is no method of that label.
        InputError: a measure, a fact or a repair does not exist.
    """
    told, sets = read_predictions(store), store.map_sets()
    check_repairs(repairs, [(one.model, one.label) for one in sets])
    known = list(dict.fromkeys(one.label for one in sets))
    for label in methods:
        if label not in known:
            raise UnknownNameError("method label", label, known)
    labels = list(methods) or known
    sets = tuple(one for one in sets if one.label in labels)
    asked = Request(
        store=store,
        told=told,
        properties=_properties(store, told),
        measures=measures,
        steps=steps or Steps(),
        by=by,
        groups=groups,
        repairs=tuple(repairs),
        only=only,
        every_choice=every_choice,
        resamples=resamples,
        seed=seed,
        options=options,
    )
    filter_of(asked, told.models)  # says what is wrong before any work
    listener, skipped = progress or Silent(), dict[str, str]()
    listener.start(len(labels) + 3, "comparing maps")
    try:
        found: dict[str, MethodAnalysis] = {}
        for label in labels:
            mine = [one for one in sets if one.label == label]
            if len(mine) > 1:
                found[label] = analyse_method(asked, label, mine)
            listener.advance(1, label)
        across = _across_methods(asked, sets) if len(labels) > 1 else {}
        listener.advance(1, "methods")
        artefacts = (*artefacts_of_store(store, sets=sets), *_outliers(found))
        listener.advance(1, "artefacts")
        variance = tried(skipped, "variance", lambda: _variance(asked, sets, labels))
        listener.advance(1, "variance")
    finally:
        listener.finish()
    same = same_predictions(told, seed=seed) if (told.top >= 0).any(axis=1).sum() > 1 else None
    return Analysis(
        found, across, same, relations(_matrices(found, same), seed=seed), artefacts, variance,
        asked.steps.as_dict() | ({"only": only} if only else {}), tuple(map(str, repairs)), skipped,
    )  # fmt: skip


def _across_methods(asked: Request, sets: Sequence[MapSet]) -> dict[str, Agreement]:
    first = asked.measures[:1]
    found = agree_store_by(asked.store, first, asked.steps, across="methods", sets=sets, **asked.shared)
    return {model: next(iter(one.values())) for model, one in found.items()}


def _matrices(methods: Mapping[str, MethodAnalysis], same: SamePredictions | None) -> dict[str, Labelled]:
    found = {
        f"{label}, {one.measure_label}": (one.sets, one.mean)
        for label, method in methods.items()
        for one in method.agreements.values()
    }
    return found if same is None else found | {"same prediction": (same.models, same.fraction)}


def _outliers(methods: Mapping[str, MethodAnalysis]) -> list[Finding]:
    return [
        finding
        for label, one in methods.items()
        for finding in outlying_sets(one.main.mean, one.main.sets, method=label)
    ]


def _variance(asked: Request, sets: Sequence[MapSet], labels: Sequence[str]) -> VarianceSplit:
    """Over the models that have maps of every method."""
    by_key = {(one.model, one.label): one for one in sets}
    if len(by_key) < len(sets):
        raise InputError("a method of one model is there with several settings")
    models = [model for model in dict.fromkeys(one.model for one in sets) if all((model, x) in by_key for x in labels)]
    if len(models) < 2 or len(labels) < 2:
        raise InputError("two models with maps of the same two methods are needed")
    ordered = [by_key[model, label] for model in models for label in labels]

    def blocks() -> Iterator[NDArray[np.float64]]:
        for _, maps in read_blocks(asked.store, ordered, asked.seed, asked.repairs):
            own = prepare(maps, asked.steps)
            values = np.where(own.usable[..., None], own.values, np.nan)
            yield values.reshape(len(models), len(labels), *values.shape[1:])

    return split_variance(blocks(), seed=asked.seed)


def _properties(store: Store, told: Predictions) -> dict[str, NDArray[np.float64]]:
    complexity = picture_complexity(Pictures.of(store), told.images)
    return image_properties(told, complexity if np.isfinite(complexity).any() else None)
