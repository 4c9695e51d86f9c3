"""How many predictions change from epoch to epoch, and from when on few do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .history import MISSING, History

#: predictions are called stable where no later step changes more than this share of them
STABLE = 0.01
#: the fewest steps at the end of a run that predictions are called stable by
STABLE_STEPS = 2
#: the fewest steps of which an elbow is sought
ELBOW_STEPS = 4
#: the smallest depth of an elbow below the straight line, as a share of the whole fall
ELBOW_DEPTH = 0.1


def changes(history: History) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """At each step from one epoch to the next, how many predictions change, and of how many.

    A prediction is compared with the image's last one before it, which is that of the epoch before unless that is
    missing.

    Returns:
        Both ``[epochs - 1]``; empty for fewer than two epochs.
    """
    size = len(history.ids)
    last = np.full(size, MISSING, np.uint16)
    changed, of = [], []
    for predictions in history.predictions:
        there = predictions != MISSING
        both = there & (last != MISSING)
        changed.append(int((both & (predictions != last)).sum()))
        of.append(int(both.sum()))
        last = np.where(there, predictions, last)
    return np.array(changed[1:], np.int64), np.array(of[1:], np.int64)


def changing_share(history: History) -> NDArray[np.float64]:
    """The share of predictions that change at each step, ``[epochs - 1]``; NaN at a step of which none is known."""
    changed, of = changes(history)
    return np.where(of > 0, changed / np.maximum(of, 1), np.nan)


def stable_from(shares: NDArray[np.float64], most: float = STABLE) -> int | None:
    """The place of the epoch after which no step changes more than a share of the predictions.

    Args:
        shares: ``[epochs - 1]``, as `changing_share` gives them.
        most: the share.

    Returns:
        A place in ``History.epochs``, at least `STABLE_STEPS` before the last; None where fewer steps at the end are so
        quiet, or a step is unknown.
    """
    above = np.flatnonzero(~(shares <= most))
    place = int(above[-1]) + 1 if len(above) else 0
    return place if place <= len(shares) - STABLE_STEPS else None


def elbow(shares: NDArray[np.float64]) -> int | None:
    """Where a falling curve bends: the place of its step that lies furthest below the line from its first to its last.

    Args:
        shares: ``[epochs - 1]``, as `changing_share` gives them.

    Returns:
        A place in ``History.epochs``: the epoch that this step leads to. None for fewer than `ELBOW_STEPS` steps, for a
        curve that does not fall, and for one that nowhere lies `ELBOW_DEPTH` of its fall below the line.

    Source:
        Satopää et al., Finding a "kneedle" in a haystack, ICDCS workshops 2011, for the distance from the line.
        Deviation: the curve is not smoothed.
    """
    fall = float(shares[0] - shares[-1]) if len(shares) else 0.0
    if len(shares) < ELBOW_STEPS or not fall > 0 or not np.isfinite(shares).all():
        return None
    line = np.linspace(shares[0], shares[-1], len(shares))
    below = line - shares
    deepest = int(below.argmax())
    return deepest + 1 if below[deepest] >= ELBOW_DEPTH * fall else None
