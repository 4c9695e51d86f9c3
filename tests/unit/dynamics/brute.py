"""The measures once more, image by image, in plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable

from crosslight.dynamics import MISSING, UNKNOWN, History

nan = math.nan


def said(history: History, image: int) -> list[tuple[int, int]]:
    """Epochs and predictions of an image, without those that are missing."""
    pairs = zip(history.epochs.tolist(), history.predictions[:, image].tolist(), strict=True)
    return [(epoch, prediction) for epoch, prediction in pairs if prediction != MISSING]


def frequency(history: History, image: int) -> float:
    seen = [prediction for _, prediction in said(history, image)]
    steps = len(seen) - 1
    return sum(seen[t] != seen[t + 1] for t in range(steps)) / steps if steps > 0 else nan


def variability(history: History, image: int) -> float:
    seen = {prediction for _, prediction in said(history, image)}
    return len(seen) if seen else nan


def right(history: History, image: int) -> list[bool] | None:
    label = int(history.labels[image])
    return None if label == UNKNOWN else [prediction == label for _, prediction in said(history, image)]


def misclassification(history: History, image: int) -> float:
    found = right(history, image)
    return found.count(False) / len(found) if found else nan


def correctness(history: History, image: int) -> float:
    found = right(history, image)
    return found.count(True) / len(found) if found else nan


def mean(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total / len(values) if values else nan


def shares(history: History, image: int) -> list[float]:
    assert history.probability is not None
    return [value for value in history.probability[:, image].astype(float).tolist() if not math.isnan(value)]


def confidence(history: History, image: int) -> float:
    return mean(shares(history, image))


def probability_variability(history: History, image: int) -> float:
    values = shares(history, image)
    middle = mean(values)
    return math.sqrt(mean([(value - middle) ** 2 for value in values])) if values else nan


def forgetting(history: History, image: int) -> float:
    found = right(history, image)
    if not found or True not in found:
        return nan
    return sum(found[t] and not found[t + 1] for t in range(len(found) - 1))


def never_learned(history: History, image: int) -> float:
    found = right(history, image)
    return float(True not in found) if found else nan


def aum(history: History, image: int) -> float:
    assert history.margin is not None
    return mean([value for value in history.margin[:, image].astype(float).tolist() if not math.isnan(value)])


def first_learned(history: History, image: int) -> float:
    found = right(history, image)
    if not found or True not in found:
        return nan
    return said(history, image)[found.index(True)][0]


def settled(history: History, image: int) -> float:
    seen = said(history, image)
    if len(seen) < 2 or seen[-1][1] != seen[-2][1]:
        return nan
    return next(epoch for at, (epoch, _) in enumerate(seen) if len({one for _, one in seen[at:]}) == 1)


MEASURES: dict[str, Callable[[History, int], float]] = {
    "frequency": frequency,
    "variability": variability,
    "misclassification": misclassification,
    "correctness": correctness,
    "confidence": confidence,
    "probability-variability": probability_variability,
    "forgetting": forgetting,
    "never-learned": never_learned,
    "aum": aum,
    "first-learned": first_learned,
    "settled": settled,
}
