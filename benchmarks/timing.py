"""Timing that a busy machine cannot spoil: candidates in turn, medians of per-round ratios, CPU time on a CPU."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

import torch

Seconds = Mapping[str, list[float]]


def now(device: torch.device) -> float:
    """Seconds that this process has computed; on a GPU, which computes on its own, wall time once it is idle."""
    if device.type == "cpu":
        return time.process_time()
    torch.get_device_module(device).synchronize(device)
    return time.perf_counter()


def interleaved(
    candidates: Mapping[str, Callable[[], object]],
    rounds: int = 7,
    warmup: int = 1,
    device: torch.device | None = None,
) -> dict[str, list[float]]:
    """Seconds of every candidate, measured in turn.

    Args:
        candidates: functions by name.
        rounds: counted rounds; in each, every candidate runs once.
        warmup: rounds that are not counted.
        device: where they compute; by default on the CPU.
    """
    device = device or torch.device("cpu")
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + warmup):
        for name, run in candidates.items():
            start = now(device)
            run()
            spent = now(device) - start
            if number >= warmup:
                seconds[name].append(spent)
    return seconds


def ratio(over: list[float], under: list[float]) -> float:
    """Median over rounds of one candidate's seconds over another's, each within one round."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def best(seconds: Seconds) -> str:
    """The name of the candidate with the lowest median."""
    return min(seconds, key=lambda name: statistics.median(seconds[name]))
