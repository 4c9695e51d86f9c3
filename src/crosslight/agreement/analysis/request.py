"""What an analysis was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...store import Store
from ..measures import Measure
from ..predictions import Predictions
from ..prepare import Steps
from ..published.group_table import GroupTable
from ..repair import Repair

#: what models are compared by where nothing else is asked for
MEASURES = ("cosine", "pearson", "iou")
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
    every_choice: bool = False
    resamples: int = RESAMPLES
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def shared(self) -> dict[str, Any]:
        """What every comparison is given."""
        return {**self.options, "repairs": self.repairs, "seed": self.seed}


def tried(skipped: dict[str, str], name: str, make: Callable[[], Found]) -> Found | None:
    """What can be made; else None, with the reason among what was skipped."""
    try:
        return make()
    except InputError as error:
        skipped[name] = str(error)
        return None


def known_mean(values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Mean of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    return np.where(count > 0, np.where(known, values, 0).sum(axis=axis) / np.maximum(count, 1), np.nan)
