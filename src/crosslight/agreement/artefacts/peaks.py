"""Where maps peak: in corners, on the border, or all of them in one cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .finding import FEWEST, PEERS, Finding, Severity, percent
from .smooth_peaks import neighbour_correlation, smooth_chance

#: peaks of larger maps are counted in this many bins per axis: a corner of a 224 x 224 map is 16 x 16 pixels
BINS = 14

#: the binomial tail of an announced share against the reference is smaller than this
LEVEL = 1e-4

#: the smallest shares announced of corners, of the border, and of one cell
LEAST_CORNER, LEAST_BORDER, LEAST_CELL = 0.35, 0.6, 0.5

#: from this share on, corners and single cells are announced whatever the other sets do
ALWAYS = 0.9

CORNERS: dict[str, tuple[int, int]] = {
    "top-left": (0, 0),
    "top-right": (0, -1),
    "bottom-left": (-1, 0),
    "bottom-right": (-1, -1),
}


#: from rows and columns of a grid to the cells that count
_Mask = Callable[[tuple[int, ...]], NDArray[np.bool_]]


@dataclass
class PeakTally:
    """How many maps peak where.

    Attributes:
        images: number of maps counted.
        cells: ``[row, column]``: how many of them peak there; a map with several equal peaks counts in parts.
        area: ``[row, column]``: each cell's share of the map.
        shape: height and width of the maps.
        correlation: sum over maps of the correlation between neighbouring cells.
        signed: whether any map has negative values after the final step.
    """

    images: int = 0
    cells: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    area: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    shape: tuple[int, int] = (0, 0)
    correlation: float = 0.0
    signed: bool = False

    def add(self, finished: NDArray[np.float64]) -> None:
        """Count maps ``[image, y, x]``, after the final step, none of them 0 everywhere."""
        if not len(finished) or min(finished.shape[1:]) < 3:
            return
        size = np.abs(finished)
        height, width = size.shape[1:]
        rows, columns = _bins(height), _bins(width)
        if not self.images:
            self.cells, self.shape = np.zeros((len(rows), len(columns))), (height, width)
            self.area = np.outer(rows.sum(axis=1), columns.sum(axis=1)) / (height * width)
        top = size == size.max(axis=(1, 2), keepdims=True)
        # Clipped or saturated maps have many equal peaks; the first one would always be at the top left.
        for one in top:
            self.cells += rows @ (one / one.sum()) @ columns.T
        lag = (round(height / len(rows)), round(width / len(columns)))
        size /= size.max(axis=(1, 2), keepdims=True)
        self.correlation += float(neighbour_correlation(size, lag).sum())
        self.signed = self.signed or bool((finished < 0).any())
        self.images += len(top)

    @property
    def chance(self) -> NDArray[np.float64]:
        """``[row, column]``: share of the peaks by chance: that of the area, or of smooth maps where it is larger."""
        smooth = smooth_chance((self.cells.shape[0], self.cells.shape[1]), self.correlation / self.images, self.signed)
        return np.maximum(self.area, smooth)

    @property
    def entropy(self) -> float:
        """Entropy of the position of the peak over that of a uniform one: 0 where all peak in one cell, 1 at most."""
        shares = self.cells[self.cells > 0] / self.cells.sum()
        return max(0.0, float(-(shares * np.log(shares)).sum() / np.log(self.cells.size)))


def peak_findings(name: str, own: PeakTally, peers: Sequence[PeakTally] = ()) -> list[Finding]:
    """Corners, the border and single cells that hold too many peaks.

    A share is announced where it is large in itself (`LEAST_CORNER` and so on; three times the reference, or half the
    way from it to 1 where that is less), and its exact binomial tail against the reference is below `LEVEL`. The
    reference is what smooth maps give by chance, see `smooth_chance`, or where there are `PEERS` other sets their
    median, at least the share of the area: pictures whose objects all stand in the middle are no artefact of one
    model. Corners say more than the border, so only one of the two is announced.

    False alarms, measured on 10,080 single sets of stationary Gaussian maps (7 x 7, 14 x 14 and 56 x 56 cells, widths
    from 0 to a fifth of the map, 8 to 256 images, with and without ReLU): one in a corner, one on the border, none of
    one cell.

    Args:
        name: of the set.
        own: its peaks.
        peers: those of the other sets of the same method.

    Returns:
        At most two findings.
    """
    if own.images < FEWEST:
        return []
    others = [peer for peer in peers if peer.images >= FEWEST]
    corner = _corner_finding(name, own, others)
    found = [corner] if corner else _border_finding(name, own, others)
    row, column = (int(i) for i in np.unravel_index(own.cells.argmax(), own.cells.shape))
    if corner and row in (0, len(own.cells) - 1) and column in (0, own.cells.shape[1] - 1):
        return found
    same = [peer for peer in others if peer.cells.shape == own.cells.shape]
    case = _Case.of(own, same, _one(own.cells.shape, row, column))
    if case.announced(LEAST_CELL, ALWAYS, trials=own.cells.size):
        what = "cell" if own.cells.shape == own.shape else f"field of {len(own.cells)} x {own.cells.shape[1]}"
        sentence = (
            f"{percent(case.share)} of {own.images} maps have their largest value in the same {what}, row {row} and "
            f"column {column} from the top left, counted from 0; {case.chance_in_words}."
        )
        details = {"cell": [row, column], "grid": list(own.cells.shape)}
        found.append(case.finding(name, "one-cell", sentence, own, details))
    return found


def _corner_finding(name: str, own: PeakTally, others: Sequence[PeakTally]) -> Finding | None:
    shares = {each: float(own.cells[place]) / own.images for each, place in CORNERS.items()}
    corner = max(shares, key=lambda each: shares[each])
    case = _Case.of(own, others, _corner_mask)
    if not case.announced(LEAST_CORNER, ALWAYS):
        return None
    where = f"{percent(shares[corner])} in the {corner} one" if shares[corner] < case.share else f"the {corner} one"
    remedy = ""
    if own.cells.shape == own.shape and case.severity != "note":
        remedy = f' Compare again without that cell: --repair "{name}:corner={corner}".'
    sentence = (
        f"{percent(case.share)} of {own.images} maps have their largest value in a corner, {where}; "
        f"{case.chance_in_words}.{remedy}"
    )
    return case.finding(name, "corner", sentence, own, {"corner": corner, "corners": shares})


def _border_finding(name: str, own: PeakTally, others: Sequence[PeakTally]) -> list[Finding]:
    case = _Case.of(own, others, _border_mask)
    if not case.announced(LEAST_BORDER, always=2.0):
        return []
    sentence = (
        f"{percent(case.share)} of {own.images} maps have their largest value on the border; {case.chance_in_words}."
    )
    return [case.finding(name, "border", sentence, own, {})]


@dataclass(frozen=True)
class _Case:
    """A share of peaks beside what it is held against."""

    share: float
    images: int
    area: float
    smooth: float
    beside: tuple[float, ...]

    @classmethod
    def of(cls, own: PeakTally, others: Sequence[PeakTally], mask: _Mask) -> _Case:
        def part(cells: NDArray[np.float64]) -> float:
            return float((cells * mask(cells.shape)).sum())

        beside = tuple(part(peer.cells) / peer.images for peer in others)
        return cls(part(own.cells) / own.images, own.images, part(own.area), min(part(own.chance), 1.0), beside)

    @property
    def reference(self) -> float:
        """What the share is held against."""
        return max(self.area, float(np.median(self.beside))) if len(self.beside) >= PEERS else self.smooth

    def announced(self, least: float, always: float, trials: int = 1) -> bool:
        """Whether the share is beyond the reference; from `always` on, whether it is beyond that of smooth maps."""
        return self._exceeds(self.reference, least, trials) or (
            self.share >= always and self._exceeds(self.smooth, least, trials)
        )

    def _exceeds(self, reference: float, least: float, trials: int) -> bool:
        from scipy.stats import binom

        needed = max(least, min(3 * reference, (1 + reference) / 2))
        hits = int(np.floor(self.share * self.images + 1e-6))
        return self.share >= needed and trials * float(binom.sf(hits - 1, self.images, reference)) < LEVEL

    @property
    def severity(self) -> Severity:
        """``note`` where the other sets are alike: the pictures or the method, not this model."""
        if len(self.beside) >= PEERS and float(np.median(self.beside)) >= 0.75 * self.share:
            return "note"
        return "severe" if self.share >= 0.75 else "warning"

    @property
    def chance_in_words(self) -> str:
        """What the share is held against, as the end of a sentence."""
        words = f"smooth maps have {percent(self.smooth)} there by chance"
        if not self.beside:
            return words
        sets = "other set of this method has" if len(self.beside) == 1 else "other sets of this method have"
        median = " (median)" if len(self.beside) > 1 else ""
        return f"{words}, the {len(self.beside)} {sets} {percent(float(np.median(self.beside)))}{median}"

    def finding(self, name: str, kind: str, sentence: str, own: PeakTally, details: Mapping[str, object]) -> Finding:
        """The finding, with the entropy of the peak's position."""
        numbers = {"images": own.images, "entropy": own.entropy, "area": self.area, "smooth": self.smooth}
        return Finding(name, kind, self.severity, self.share, self.reference, sentence, {**numbers, **details})


def _corner_mask(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    for place in CORNERS.values():
        mask[place] = True
    return mask


def _border_mask(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.ones(shape, bool)
    mask[1:-1, 1:-1] = False
    return mask


def _one(shape: tuple[int, ...], row: int, column: int) -> _Mask:
    mask = np.zeros(shape, bool)
    mask[row, column] = True
    return lambda _: mask


def _bins(size: int) -> NDArray[np.float64]:
    """``[bin, cell]``: which cells of an axis count in which bin."""
    count = min(size, BINS)
    return np.asarray(np.arange(size) * count // size == np.arange(count)[:, None], np.float64)
