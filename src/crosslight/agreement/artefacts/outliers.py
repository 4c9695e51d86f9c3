"""A set that is off all others by a mile: robust z scores of the mean similarities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from .finding import Finding, Severity

#: fewer sets have no robust spread
FEWEST_SETS = 4

#: a spread below this similarity counts as this, so that sets that are all but equal have no outlier
LEAST_SPREAD = 0.01

#: where more than this part of the sets is off, it is a group, and the family question is the place for it
MOST_OFF = 0.2


#: what the largest z of 5 % of the matrices without outliers exceeds, by number of sets: the largest over three ways in
#: which similarities vary (by set, by pair, by both), from 20,000 simulated matrices each
_FIVE_PERCENT = {4: 4.6, 5: 5.5, 6: 4.5, 7: 4.7, 8: 4.1, 10: 3.9, 14: 3.7, 20: 3.6, 30: 3.5}


def critical_z(sets: int) -> tuple[float, float]:
    """How many robust standard deviations below the others is far, and how many are a mile.

    Few sets need more, because the median of few deviations can be tiny.

    Args:
        sets: number of sets, at least 4.

    Returns:
        What at most 5 % and 1 % of simulated matrices without any outlier reach; the latter is ``4 + 30 / (n - 1)``.
    """
    far = float(np.interp(sets, list(_FIVE_PERCENT), list(_FIVE_PERCENT.values())))
    return far, 4 + 30 / (sets - 1)


def robust_z(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance from the median in units of 1.4826 times the median distance, but no less than `LEAST_SPREAD`.

    Args:
        values: ``[set]``, NaN where unknown.
    """
    middle = np.nanmedian(values)
    spread = 1.4826 * np.nanmedian(np.abs(values - middle))
    return np.asarray((values - middle) / max(float(spread), LEAST_SPREAD))


def outlying_sets(
    mean: NDArray[np.float64],
    sets: Sequence[str],
    *,
    method: str = "",
    answers: Mapping[str, str] | None = None,
) -> list[Finding]:
    """Sets whose mean similarity with the others is far below what the others have.

    Args:
        mean: ``[set, set]``: mean similarities; NaN where unknown. The diagonal is not read.
        sets: names of the sets.
        method: the method compared; its sets are called ``MODEL/METHOD`` then.
        answers: what becomes of the family question without a set, by name, where that is known.

    Returns:
        A finding per set that is far off, a ``warning`` where it is a mile, see `critical_z`, else a ``note``; none
        where more than a fifth of the sets are (but one always may be).

    Raises:
        InputError: the matrix and the names do not fit.

    Source:
        Hampel, "The influence curve and its role in robust estimation", JASA 69, 1974, for the median distance.
        Deviation: critical values by simulation, for few sets.
    """
    mean = np.array(mean, np.float64)
    number = len(sets)
    if mean.shape != (number, number):
        raise InputError(f"{number} sets need a matrix of {number} x {number}, not {' x '.join(map(str, mean.shape))}")
    np.fill_diagonal(mean, np.nan)
    known = np.isfinite(mean).any(axis=1)
    alive = int(known.sum())
    if alive < FEWEST_SETS:
        return []
    own = np.full(number, np.nan)
    own[known] = np.nanmean(mean[known], axis=1)
    scores = robust_z(own)
    far, mile = critical_z(alive)
    off = np.flatnonzero(scores < -far)
    if len(off) > max(1, int(MOST_OFF * alive)):
        return []
    middle = float(np.nanmedian(own))
    found = []
    for i in off.tolist():
        answer = (answers or {}).get(sets[i], "")
        without = f"without it: {answer}" if answer else "ask the family question again without it"
        sentence = (
            f"its mean similarity with the other {alive - 1} sets is {own[i]:.2f}, theirs {middle:.2f} (median): it is "
            f"off by {-scores[i]:.1f} robust standard deviations, where one study in 20 has a set off by {far:.1f} by "
            f"chance, and one in 100 by {mile:.1f}; {without}."
        )
        details = {"z": float(scores[i]), "far": far, "mile": mile, "sets": alive}
        severity: Severity = "warning" if scores[i] < -mile else "note"
        name = f"{sets[i]}/{method}" if method else sets[i]
        found.append(Finding(name, "outlier", severity, float(own[i]), middle, sentence, details))
    return found
