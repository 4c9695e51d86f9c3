"""Maps that do not depend on the image: copies of one another, or all of them nearly their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...core.seeds import seed_for
from .finding import FEWEST, Finding, Severity, percent

#: maps of length 1 that are no farther apart are the same but for rounding
CLOSE = 1e-5

#: each map is remembered by so many random projections
PROJECTIONS = 8

#: from this mean correlation between maps of different images on, the set is announced
LEAST_CORRELATION = 0.9


@dataclass
class SamenessTally:
    """What has to be remembered of the maps to say how alike they are: 64 bytes of each, and one sum.

    Attributes:
        images: number of maps.
        marks: per block, ``[image, projection]``: random projections of the raw maps, made length 1.
        total: ``[cell]``: sum of the maps after the final step, each less its mean and of length 1.
        centred: how many maps are in `total`.
    """

    images: int = 0
    marks: list[NDArray[np.float64]] = field(default_factory=list)
    total: NDArray[np.float64] | None = None
    centred: int = 0

    def add(self, raw: NDArray[np.float64], finished: NDArray[np.float64]) -> None:
        """Count usable maps ``[image, y, x]``, as stored and after the final step."""
        if not len(raw):
            return
        flat = _unit(raw.reshape(len(raw), -1))
        self.marks.append(flat @ _directions(flat.shape[1]))
        self.images += len(flat)
        flat = finished.reshape(len(raw), -1)
        flat = _unit(flat - flat.mean(axis=1, keepdims=True))
        self.centred += int(flat.any(axis=1).sum())
        self.total = flat.sum(axis=0) + (0.0 if self.total is None else self.total)

    @property
    def correlation(self) -> float:
        """Mean correlation between maps of two different images: the share of the variance that their mean explains.

        It is corrected for the share that any maps' mean explains because they are in it. NaN below two maps.
        """
        if self.total is None or self.centred < 2:
            return float("nan")
        n = self.centred
        return (float(self.total @ self.total) - n) / (n * (n - 1))

    def copies(self) -> NDArray[np.int64]:
        """Sizes of the groups of two maps or more that are the same up to a positive factor, largest first."""
        if not self.marks:
            return np.zeros(0, np.int64)
        marks = np.concatenate(self.marks)
        group = np.zeros(len(marks), np.int64)
        for column in marks.T:  # a group falls apart wherever a projection has a gap
            order = np.lexsort((column, group))
            apart = (np.diff(group[order]) > 0) | (np.diff(column[order]) > 4 * CLOSE)
            group[order] = np.concatenate([[0], np.cumsum(apart)])
        sizes = np.bincount(group)
        return np.sort(sizes[sizes > 1])[::-1]


def sameness_findings(name: str, own: SamenessTally, others: Sequence[SamenessTally] = ()) -> list[Finding]:
    """Copies, and sets in which the image hardly matters.

    Two different maps of a study never have the same eight projections to five digits, so a single pair of copies is
    announced. The mean correlation of independent maps is 0; of maps that all light up the middle, .3 and more is
    common, and what is announced, .9, was never reached in the simulations.

    Args:
        name: of the set.
        own: what is remembered of it.
        others: the same of all other sets, of any method, to tell copied pictures from copied maps.

    Returns:
        At most two findings.
    """
    found = []
    copies = own.copies()
    share = float(copies.sum()) / max(own.images, 1)
    if share > 0:
        beside = [float(other.copies().sum()) / other.images for other in others if other.images]
        everywhere = bool(beside) and min(beside) >= share / 2
        severity: Severity = "severe" if share >= 0.5 else "warning" if share >= 0.1 and not everywhere else "note"
        sentence = (
            f"{int(copies.sum())} of {own.images} maps ({percent(share)}) are the same as that of another image but "
            f"for a factor; the largest group has {copies[0]} images."
        )
        if everywhere:
            sentence += " The other sets have such copies, too: the pictures themselves may be copies."
        details = {"copies": int(copies.sum()), "largest": int(copies[0]), "images": own.images}
        found.append(Finding(name, "duplicates", severity, share, 0.0, sentence, details))
    value = own.correlation
    if own.centred >= FEWEST and value >= LEAST_CORRELATION:
        known = [other.correlation for other in others if other.centred >= FEWEST]
        middle = float(np.median(known)) if known else float("nan")
        beside_words = f"; in the other sets it is {middle:.2f} (median)" if known else ""
        sentence = (
            f"maps of different images correlate {value:.3f} on average{beside_words}: the image hardly matters, "
            f"the mean map explains {percent(value)} of the variance."
        )
        severity = "severe" if value >= 0.98 else "warning"
        found.append(Finding(name, "same-map", severity, value, middle, sentence, {"images": own.centred}))
    return found


@lru_cache(maxsize=8)
def _directions(cells: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed_for("copies of maps", cells))
    return random.standard_normal((cells, PROJECTIONS))


def _unit(flat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1; rows of zeros stay."""
    largest = np.abs(flat).max(axis=1, keepdims=True)
    flat = flat / np.where(largest > 0, largest, 1)  # squares of tiny gradients would underflow
    length = np.sqrt((flat * flat).sum(axis=1, keepdims=True))
    return np.asarray(flat / np.where(length > 0, length, 1))
