"""Grids in maps: patterns that repeat with the patch size of a transformer or the stride of a convolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .finding import FEWEST, Finding, Severity, percent

#: periods looked for, in cells of the map: powers of two, and the patch size of the ViT family that is none
PERIODS = (4, 8, 14, 16, 32, 64)

#: bins on each side of a frequency that it is compared with
NEIGHBOURS = 3

#: share of a frequency's energy in that of itself and its neighbours from which on it is announced; 1/7 by chance
LEAST_SHARE = 0.4

#: the share exceeds chance by so many standard errors
LEAST_Z = 6.0

#: part of a profile's whole variance that the pattern has, beyond its neighbours
LEAST_ENERGY = 0.03


@dataclass
class PeriodTally:
    """Energy of the maps' profiles at the frequencies of each period.

    Attributes:
        periods: periods looked for, in cells.
        images: number of maps.
        shares: per axis and period, ``[harmonic]``: sum over images of the energy's share among its neighbours.
        energy: per axis and period, ``[harmonic]``: sum over images of the energy beyond that of its neighbours, as
            part of the profile's variance.
    """

    periods: tuple[int, ...] = PERIODS
    images: int = 0
    shares: dict[tuple[int, int], NDArray[np.float64]] = field(default_factory=dict)
    energy: dict[tuple[int, int], NDArray[np.float64]] = field(default_factory=dict)

    def add(self, finished: NDArray[np.float64]) -> None:
        """Count usable maps ``[image, y, x]`` after the final step."""
        if not len(finished) or max(finished.shape[1:]) < 4 * min(self.periods, default=1):
            return
        size = np.abs(finished)  # a grid of gradients changes its sign from patch to patch, its magnitude does not
        size /= np.maximum(size.max(axis=(1, 2), keepdims=True), np.finfo(np.float64).tiny)
        self.images += len(size)
        for axis in (1, 2):
            profile = size.mean(axis=3 - axis)
            for period in self.periods:
                self._add_profile(profile, axis, period)

    def _add_profile(self, profile: NDArray[np.float64], axis: int, period: int) -> None:
        repeats = profile.shape[1] // period
        bins = harmonics(period, repeats, self.periods)
        if not len(bins):
            return
        cut = profile[:, : repeats * period]
        power = np.abs(np.fft.rfft(cut - cut.mean(axis=1, keepdims=True), axis=1)) ** 2
        reach = min(NEIGHBOURS, repeats - 1)  # the next frequency of this pattern is `repeats` away
        around = sum(power[:, bins + step] for step in range(-reach, reach + 1) if step)
        here = power[:, bins]
        total = here + around
        share = np.where(total > 0, here / np.where(total > 0, total, 1), 1 / (2 * reach + 1))
        key = (axis, period)
        self.shares[key] = share.sum(axis=0) + self.shares.get(key, 0.0)
        variance = power[:, 1:].sum(axis=1)
        beyond = (here - around / (2 * reach)) / np.where(variance > 0, variance, 1)[:, None]
        self.energy[key] = beyond.sum(axis=0) + self.energy.get(key, 0.0)


def harmonics(period: int, repeats: int, periods: Sequence[int] = ()) -> NDArray[np.int64]:
    """Bins of a discrete spectrum, over `repeats` whole periods, that belong to this period and to no part of it.

    Args:
        period: in cells, at least 2.
        repeats: how often it fits into the profile.
        periods: others that are looked for.

    Returns:
        Odd multiples of the fundamental below the highest frequency, without those that are multiples of the
        fundamental of one of `periods`, too; none for fewer than four periods, where a frequency has no neighbours of
        its own.
    """
    if repeats < 4:
        return np.zeros(0, np.int64)
    multiples = np.arange(1, period, 2, dtype=np.int64)
    for other in periods:
        if other < period and period % other == 0:
            multiples = multiples[multiples % (period // other) > 0]
    bins = multiples * repeats
    return bins[bins + min(NEIGHBOURS, repeats - 1) <= period * repeats // 2]


def period_findings(name: str, own: PeriodTally, expected: Sequence[int] = ()) -> list[Finding]:
    """Periods whose frequencies stand out from their neighbours.

    The maps' magnitudes are averaged along each axis to a profile, and its energy at a frequency is compared with that
    at the three next ones on each side. Where the spectrum is even locally the share among these seven is Beta(1, 6),
    1/7 on average, whatever the maps look like at large; where it falls, as in smooth maps, it is less. Each period is
    judged by the odd multiples of its frequency alone, which its half does not have, so that a grid of 16 is not also
    called one of 8. Announced is a share of .4 that is 6 standard errors above chance, of a pattern with 3 % of the
    profiles' variance. Of 480 sets of smooth maps and of pixel noise of 56 x 56 cells, and 750 of 48 x 48, none was
    announced.
    Convolutions with strides do leave grids in gradients, and those are.

    Args:
        name: of the set.
        own: its energies.
        expected: periods that the classifier is known to have, such as its patch size in cells of the map.

    Returns:
        At most one finding: the strongest period, the others in its details.
    """
    if own.images < FEWEST:
        return []
    strong: dict[int, tuple[float, float]] = {}
    chance = 1 / (2 * NEIGHBOURS + 1)
    for period in own.periods:
        axes = [(axis, period) for axis in (1, 2) if len(own.shares.get((axis, period), ()))]
        if not axes:
            continue
        # Axes of different lengths have the same multiples of the frequency, but for the highest.
        count = min(len(own.shares[key]) for key in axes)
        means = np.mean([own.shares[key][:count] for key in axes], axis=0) / own.images
        beyond = np.mean([own.energy[key][:count] for key in axes], axis=0) / own.images
        error = np.sqrt(chance * (1 - chance) / (2 * NEIGHBOURS + 2) / (own.images * len(axes)))
        loud = (means >= LEAST_SHARE) & (means >= chance + LEAST_Z * error)
        energy = float(beyond[loud].sum())
        if energy >= LEAST_ENERGY:
            strong[period] = (energy, float(means.max()))
    if not strong:
        return []
    period = max(strong, key=lambda each: strong[each])
    energy, share = strong[period]
    known = ", the classifier's patch size or stride" if period in expected else ""
    sentence = (
        f"the maps have a grid of {period} x {period} cells{known}: a frequency of that period holds {percent(share)} "
        f"of the energy among its neighbours, where {percent(chance)} is chance; the pattern is {percent(energy)} of "
        "the variance of the maps' profiles."
    )
    severity: Severity = "warning" if energy >= 0.1 else "note"
    others = {str(each): strong[each][0] for each in strong if each != period}
    details = {"period": period, "energy": energy, "images": own.images, "patch": bool(known), "others": others}
    return [Finding(name, "periodic", severity, share, chance, sentence, details)]
