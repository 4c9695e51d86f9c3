"""Maps that were scaled together, or shifted by a common offset, so that everything is alike."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .finding import FEWEST, Finding, percent

#: at most this part of the maps reaches the ends of a scale that whole batches share; batches are of 4 maps or more
MOST_AT_ENDS = 0.25

#: cells of a map that are looked at for its most frequent value
CELLS = 1024

#: the most frequent value counts where it fills this part of the cells looked at, and three of them
LEAST_BACKGROUND = 0.02

#: the background is announced where this part of the maps has the same one
LEAST_COMMON = 0.5

#: part of the squared length that is the mean; two maps of .95 have cosine .9 and more, whatever they show
LEAST_OFFSET = 0.95


@dataclass
class ScaleTally:
    """Ends of the maps' values, their most frequent value, and their mean.

    Attributes:
        images: number of maps.
        inside: whether all values are in [0, 1]; whether all are in [-1, 1].
        at_zero: maps whose smallest value is exactly 0.
        at_one: maps whose largest value is exactly 1.
        at_unit: maps whose largest magnitude is exactly 1.
        backgrounds: per map the value that many of its cells share, or NaN.
        offsets: per map the part of its squared length, after the final step, that is its mean; zeros left out.
    """

    images: int = 0
    inside: tuple[bool, bool] = (True, True)
    at_zero: int = 0
    at_one: int = 0
    at_unit: int = 0
    backgrounds: list[float] = field(default_factory=list)
    offsets: list[float] = field(default_factory=list)

    def add(self, raw: NDArray[np.float64], finished: NDArray[np.float64]) -> None:
        """Count usable maps ``[image, y, x]``, as stored and after the final step."""
        if not len(raw):
            return
        flat = raw.reshape(len(raw), -1)
        low, high = flat.min(axis=1), flat.max(axis=1)
        reach = np.maximum(-low, high)
        self.images += len(flat)
        unsigned, signed = self.inside
        self.inside = (unsigned and bool((low >= 0).all() and (high <= 1).all()), signed and bool((reach <= 1).all()))
        self.at_zero += int((low == 0).sum())
        self.at_one += int((high == 1).sum())
        self.at_unit += int((reach == 1).sum())
        some = flat[:, :: max(1, flat.shape[1] // CELLS)]
        self.backgrounds += [_background(one) for one in some]
        flat = finished.reshape(len(raw), -1)
        largest = np.abs(flat).max(axis=1, keepdims=True)
        flat = (flat / np.where(largest > 0, largest, 1))[largest[:, 0] > 0]
        self.offsets += (flat.mean(axis=1) ** 2 / (flat**2).mean(axis=1)).tolist()


def scale_findings(name: str, own: ScaleTally) -> list[Finding]:
    """Signs of a scale that several maps share.

    A map scaled by itself reaches both ends of its scale. Where all values lie in [0, 1] and the ends 0 and 1 are
    reached exactly, but by few maps, the scale is that of a batch: a real-valued map meets the number 1 by accident
    once in millions. A background other than 0 that half of the maps share to the last bit is what 0 was mapped to.
    The offset is a matter of degree: announced where in half of the maps 95 % of the squared length is the mean,
    because then all cosines are near 1, whatever made it so.

    Args:
        name: of the set.
        own: what was counted.

    Returns:
        At most two findings: the scale or the background, else the offset.
    """
    if own.images < FEWEST:
        return []
    n = own.images
    offset = float(np.median(own.offsets)) if own.offsets else 0.0
    most = max(1, int(MOST_AT_ENDS * n))
    alike = f" {percent(offset)} of their squared length is their mean, so every cosine is near {offset:.2f}."
    tail = alike if offset >= LEAST_OFFSET else ""
    details = {"images": n, "offset": offset}
    found = []
    if own.inside[0] and 1 <= own.at_one <= most and 1 <= own.at_zero <= most:
        share = max(own.at_one, own.at_zero) / n
        sentence = (
            f"all values lie in [0, 1], but only {own.at_zero} of {n} maps reach 0 and {own.at_one} reach 1: the maps "
            f"look min-max scaled over a whole batch, which gives them a common offset.{tail} Scale each map by itself."
        )
        counts = {**details, "at_zero": own.at_zero, "at_one": own.at_one, "step": "minmax"}
        found.append(Finding(name, "batch-scaling", "severe", share, 1.0, sentence, counts))
    elif own.inside[1] and 1 <= own.at_unit <= most:
        share = own.at_unit / n
        sentence = (
            f"no magnitude exceeds 1, but only {own.at_unit} of {n} maps reach it: the maps look divided by the "
            f"maximum of a whole batch, so that their values do not compare between images.{tail}"
        )
        counts = {**details, "at_unit": own.at_unit, "step": "max"}
        found.append(Finding(name, "batch-scaling", "warning", share, 1.0, sentence, counts))
    share, value = _common(own.backgrounds)
    if share >= LEAST_COMMON:
        sentence = (
            f"the most frequent value of {percent(share)} of {n} maps is one that other maps have, too (such as "
            f"{value:.6g}), and not 0: a common constant was added, or 0 was mapped to it.{tail}"
        )
        found.append(Finding(name, "common-background", "severe", share, 0.0, sentence, {**details, "constant": value}))
    if not found and offset >= LEAST_OFFSET:
        sentence = (
            f"{percent(offset)} of the maps' squared length is their mean (median of {len(own.offsets)} maps): a "
            "cosine with any other map without negative values is high, whatever both show; correlations do not suffer."
        )
        found.append(
            Finding(name, "common-offset", "severe" if offset >= 0.99 else "warning", offset, 0.0, sentence, details)
        )
    return found


def _background(cells: NDArray[np.float64]) -> float:
    """The value that most cells have, if many have it and it is not 0; else NaN."""
    values, counts = np.unique(cells, return_counts=True)
    best = int(counts.argmax())
    many = counts[best] >= max(3, LEAST_BACKGROUND * len(cells))
    return float(values[best]) if many and values[best] != 0 else float("nan")


def _common(backgrounds: list[float]) -> tuple[float, float]:
    """Share of the maps whose background another map has, too, and the most frequent such value."""
    known = np.array([value for value in backgrounds if not np.isnan(value)])
    if not len(known):
        return 0.0, float("nan")
    values, counts = np.unique(known, return_counts=True)
    return float(counts[counts > 1].sum()) / len(backgrounds), float(values[counts.argmax()])
