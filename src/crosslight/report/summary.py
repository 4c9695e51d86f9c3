"""The numbers behind a report's sentences: pairs of models, families, agreement by image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..agreement import Agreement
from ..agreement.relations import Kinship
from ..core.bootstrap import mean_interval
from ..core.maps import Status
from .words import PERCENT as PERCENT

#: what each status is called in tables
STATUS_WORDS = {
    Status.OK: "usable",
    Status.ZERO: "all zero",
    Status.CONSTANT: "constant",
    Status.NONFINITE: "not finite",
    Status.FAILED: "failed",
    Status.NO_TARGET: "no target",
    Status.SKIPPED: "beyond the limit",
    Status.PENDING: "not computed",
}


@dataclass(frozen=True)
class Pair:
    """Two models under one method: mean similarity, its interval, the chance floor, the images behind it.

    Where they are known, also the ceiling, and how the two are related: one of
    `crosslight.agreement.relations.RELATIONS`.
    """

    first: str
    second: str
    mean: float
    low: float
    high: float
    sd: float
    median: float
    floor: float
    images: int
    ceiling: float = float("nan")
    relation: str = ""

    @property
    def above(self) -> float:
        """The mean above the floor; the mean itself where no floor is known."""
        return self.mean - self.floor if np.isfinite(self.floor) else self.mean

    @property
    def by_chance(self) -> bool:
        """Whether the interval does not lie above what maps of different images give."""
        return bool(self.low <= self.floor)


@dataclass(frozen=True)
class Contrast:
    """Pairs of models of one family against pairs of two families, under one method.

    Attributes:
        within: mean cosine of pairs within a family, above the pair's chance floor.
        between: the same of pairs of two families.
        low: lower end of the 95 % bootstrap interval, over images, of the difference.
        high: its upper end. It says nothing about other models than these.
    """

    within: float
    between: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        """`within` minus `between`."""
        return self.within - self.between


def pairs_of(agreement: Agreement, kin: Kinship | None = None) -> list[Pair]:
    """Pairs with a mean, the most alike first.

    Args:
        agreement: the result.
        kin: how the sets are related, in the same order.
    """
    rows, columns = np.triu_indices(len(agreement.sets), 1)
    found = [
        Pair(
            agreement.sets[i],
            agreement.sets[j],
            mean=float(agreement.mean[i, j]),
            low=float(agreement.low[i, j]),
            high=float(agreement.high[i, j]),
            sd=float(agreement.sd[i, j]),
            median=float(agreement.median[i, j]),
            floor=float(agreement.floor[i, j]),
            images=int(agreement.count[i, j]),
            ceiling=float(agreement.ceiling[i, j]),
            relation=(kin.relation(i, j) or "") if kin is not None else "",
        )
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    return sorted((p for p in found if np.isfinite(p.mean)), key=lambda p: -p.mean)


def per_image_agreement(agreement: Agreement) -> NDArray[np.float64]:
    """``[image]``: mean cosine over all pairs of models; NaN where no two maps are usable."""
    rows, columns = np.triu_indices(len(agreement.sets), 1)
    values = agreement.per_image[:, rows, columns]
    known = np.isfinite(values)
    count = known.sum(axis=1)
    return np.where(count > 0, np.where(known, values, 0).sum(axis=1) / np.maximum(count, 1), np.nan)


def contrast_of(agreement: Agreement, families: Mapping[str, str]) -> Contrast | None:
    """What belonging to one family changes, over the images that all models have maps of.

    Each pair's chance floor is taken off first: maps that hardly depend on the picture are alike, and say nothing.

    Args:
        agreement: of models, with a floor.
        families: by the model's label; models without one are left out.

    Returns:
        None where there are no two families, or no two models of one.
    """
    kinds = [families.get(label, "") for label in agreement.sets]
    rows, columns = np.triu_indices(len(kinds), 1)
    known = np.array([bool(kinds[i] and kinds[j]) for i, j in zip(rows, columns, strict=True)], bool)
    same = np.array([kinds[i] == kinds[j] for i, j in zip(rows, columns, strict=True)], bool)
    values = agreement.per_image[:, rows, columns] - agreement.floor[rows, columns]
    used = known & np.isfinite(values).any(axis=0)
    values, same = values[:, used], same[used]
    values = values[np.isfinite(values).all(axis=1)]
    if not len(values) or not same.any() or same.all():
        return None
    within, between = values[:, same].mean(axis=1), values[:, ~same].mean(axis=1)
    low, high = mean_interval((within - between)[:, None])
    return Contrast(float(within.mean()), float(between.mean()), float(low[0]), float(high[0]))
