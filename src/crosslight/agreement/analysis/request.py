"""What an analysis was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, suggestion
from ...store import Store
from ..filters import Filter, one_class, same_prediction
from ..measures import Measure
from ..predictions import Predictions
from ..prepare import Steps
from ..published.group_table import GroupTable
from ..repair import Repair

#: what models are compared by where nothing else is asked for
MEASURES = ("cosine", "pearson", "iou")
#: what images can be chosen by
FILTERS = ("same-prediction", "correct", "class")
#: resamples of the images for each scale of a tree's support
RESAMPLES = 1000

Found = TypeVar("Found")


@dataclass(frozen=True)
class Request:
    """What an analysis was asked for, and what all of its parts read.

    Attributes:
        store: where the maps and predictions are.
        measures: what to compare by; trees, groups and rankings follow the first.
        steps: what is done to the maps before.
        by: the fact that makes groups of models.
        groups: a table of groups instead.
        repairs: cells to replace before anything is compared.
        only: which images count: all if empty; ``same-prediction`` (each pair of models those on which both predict one
            class), ``correct`` (those that all models classify correctly), ``class:NAME`` (those of one label).
        every_choice: whether to ask the family question under every combination of choices.
        resamples: of the images, for the support of each branch at each of ten scales.
        seed: of everything drawn.
        options: others of `crosslight.agreement.agree_store_by`.
        told: the models' predictions.
        properties: of the images, by name.
    """

    store: Store
    told: Predictions
    properties: Mapping[str, NDArray[np.float64]]
    measures: Sequence[str | Measure] = MEASURES
    steps: Steps = field(default_factory=Steps)
    by: str = "family"
    groups: GroupTable | None = None
    repairs: tuple[Repair, ...] = ()
    only: str = ""
    every_choice: bool = False
    resamples: int = RESAMPLES
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shared(self) -> dict[str, Any]:
        """What every comparison is given."""
        return {**self.options, "repairs": self.repairs, "seed": self.seed}


def filter_of(asked: Request, models: Sequence[str]) -> Filter | None:
    """Which images of some models count; None for all.

    Raises:
        InputError: there is no such filter, or nothing is known of what it asks for.
    """
    kind, _, wanted = asked.only.partition(":")
    if not kind:
        return None
    if kind not in FILTERS or (kind == "class") != bool(wanted):
        raise InputError(f"images cannot be chosen by {asked.only!r}; there are {', '.join(FILTERS)}:NAME")
    rows = [asked.told.models.index(model) for model in models]
    if kind == "same-prediction":
        return same_prediction(asked.told.top[rows])
    if kind == "correct":
        if not np.isfinite(asked.told.right[rows]).any():
            raise InputError("no image has a label that a model knows, so none is known to be classified correctly")
        return Filter("all models correct", (asked.told.right[rows] == 1).all(axis=0))
    labels = [None if image.label is None else str(image.label) for image in asked.store.manifest.images]
    if wanted not in labels:
        known = sorted({str(label) for label in labels if label is not None})
        raise InputError(f"no image has the label {wanted!r}{suggestion(wanted, known) if known else '; none has any'}")
    return one_class(labels, wanted)


def tried(skipped: dict[str, str], name: str, make: Callable[[], Found]) -> Found | None:
    """What can be made; else None, with the reason among what was skipped."""
    try:
        return make()
    except InputError as error:
        skipped[name] = str(error)
        return None
