"""Timing that a busy machine cannot spoil: CPU time, candidates in turn, medians of per-round ratios."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(
    candidates: Mapping[str, Callable[[], object]], rounds: int = 7, warmup: int = 1
) -> dict[str, list[float]]:
    """CPU seconds of every candidate, measured in turn.

    Args:
        candidates: functions by name.
        rounds: counted rounds; in each, every candidate runs once.
        warmup: rounds that are not counted.
    """
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + warmup):
        for name, run in candidates.items():
            start = time.process_time()
            run()
            spent = time.process_time() - start
            if number >= warmup:
                seconds[name].append(spent)
    return seconds


def ratio(seconds: Mapping[str, list[float]], name: str, base: str, factor: float = 1.0) -> float:
    """Median over rounds of `name` over `factor` times `base`, each within one round."""
    return statistics.median(a / (factor * b) for a, b in zip(seconds[name], seconds[base], strict=True))


def best(seconds: Mapping[str, list[float]], names: list[str]) -> str:
    """The name with the lowest median."""
    return min(names, key=lambda name: statistics.median(seconds[name]))
