"""Measures of similarity beside one another: how high each is, above its floor, and whether they say the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...agreement import Agreement
from ...agreement.analysis import MethodAnalysis, Relation
from ..figures.words import above


@dataclass(frozen=True)
class MeasureRow:
    """One measure.

    Attributes:
        label: in words.
        mean: over all pairs.
        floor: over all pairs.
        above: 0 for chance, 1 for identical maps.
        calibrated: 0 for chance, 1 for what repeats reach; NaN without repeats.
        others: Mantel's r with each measure, in the order of the rows; NaN with itself and where it is not known.
        images: behind the means.
    """

    label: str
    mean: float
    floor: float
    above: float
    calibrated: float
    others: tuple[float, ...]
    images: int


def measure_rows(method: MethodAnalysis, relations: Sequence[Relation]) -> tuple[MeasureRow, ...]:
    """One row for each measure; none where there is one measure only.

    Args:
        method: with its agreements.
        relations: between all matrices, named as `crosslight.agreement.analysis` names them.
    """
    every = list(method.agreements.values())
    if len(every) < 2:
        return ()
    return tuple(
        MeasureRow(
            one.measure_label,
            _mean(above(one.mean)),
            _mean(above(one.floor)),
            _mean(above(one.above_chance)),
            _mean(above(one.calibrated)),
            tuple(_between(method.label, one, other, relations) for other in every),
            int(max(one.count[np.triu_indices(len(one.sets), 1)], default=0)),
        )
        for one in every
    )


def _between(label: str, one: Agreement, other: Agreement, relations: Iterable[Relation]) -> float:
    names = {f"{label}, {one.measure_label}", f"{label}, {other.measure_label}"}
    return next((r.correlation for r in relations if {r.one, r.other} == names), float("nan"))


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
