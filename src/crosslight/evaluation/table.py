"""Tables of measured values: methods first, then maps that know nothing, with a cell for each model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .baselines import BASELINES
from .estimates import Estimate


@dataclass(frozen=True)
class Cell:
    """One method, or one baseline, on one model.

    Attributes:
        mean, low, high: mean over images and its interval; NaN where there is none.
        count: number of images.
        no_better: whether it is not shown to be better than chance; always False for baselines.
    """

    mean: float
    low: float
    high: float
    count: int
    no_better: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table of scores.

    Attributes:
        label: the method's, or the baseline's name.
        cells: one for each model.
        baseline: whether it is a baseline.
    """

    label: str
    cells: tuple[Cell, ...]
    baseline: bool = False


def table_rows(
    methods: Sequence[str], scores: Estimate, baselines: Estimate, no_better: NDArray[np.bool_], metric: int
) -> list[Row]:
    """The table of a metric.

    Args:
        methods: labels.
        scores: ``[metric, method, model]``.
        baselines: ``[metric, baseline, model]`` in the order of `BASELINES`.
        no_better: which are not shown to be better than chance, ``[metric, method, model]``.
        metric: its place.
    """
    flags, none = no_better[metric].tolist(), [False] * no_better.shape[2]
    found = [Row(label, _cells(scores, (metric, at), flags[at])) for at, label in enumerate(methods)]
    return found + [
        Row(label, _cells(baselines, (metric, at), none), baseline=True) for at, label in enumerate(BASELINES)
    ]


def flagged_models(
    flags: NDArray[np.bool_], methods: Sequence[str], models: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Methods with the models that are flagged, those with any.

    Args:
        flags: ``[method, model]``.
        methods: labels.
        models: labels.
    """
    found = {
        method: tuple(model for model, flag in zip(models, row, strict=True) if flag)
        for method, row in zip(methods, flags.tolist(), strict=True)
    }
    return {method: flagged for method, flagged in found.items() if flagged}


def _cells(estimates: Estimate, at: tuple[int, int], flags: Sequence[bool]) -> tuple[Cell, ...]:
    columns = (getattr(estimates, name)[at].tolist() for name in ("mean", "low", "high", "count"))
    return tuple(
        Cell(mean, low, high, int(count), flag) for mean, low, high, count, flag in zip(*columns, flags, strict=True)
    )
