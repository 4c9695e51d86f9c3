"""What a mask costs beside the pass, on a network that costs next to nothing; and what samples added later cost."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import replace

from .networks import tiny
from .passes import Bench, explained
from .peers import PEERS
from .rows import Row
from .sampled import SETTINGS

COLUMNS = ("evaluations", "our us", "peer us", "share")
TARGET = "<= 0.2"
ROUNDS = 7


def mask_rows(rounds: int = ROUNDS, quick: bool = False, device: str = "cpu", peers: bool = True) -> Iterator[Row]:
    """Occlusion and KernelSHAP, ours and captum's each at its best batch size; and KernelSHAP with more samples."""
    bench = Bench(tiny(device), rounds=rounds, quick=quick)
    for name in ("occlusion", "kernel-shap"):
        yield _cost(bench, name, peers)
    yield continued(bench)


def _cost(bench: Bench, name: str, peers: bool) -> Row:
    settings, classifier = SETTINGS[name], bench.classifier
    batch = bench.batch if name == "kernel-shap" else replace(bench.batch, pictures=None)
    count = 0

    def ours(size: int) -> None:
        nonlocal count
        gathering = bench.gathering(batch, size)
        explained(gathering, name, **settings)
        count = gathering.evaluations

    def peer(size: int) -> None:
        PEERS[name](classifier, batch, size, settings)

    own = bench.best_size(ours)
    candidates = {"passes": lambda: [bench.passes() for _ in range(16)], "ours": lambda: ours(own)}
    if peers:
        other = bench.best_size(peer)
        candidates["peer"] = lambda: peer(other)
    seconds = bench.timed(candidates, warmup=1)
    one = [spent / (16 * bench.counted) for spent in seconds["passes"]]
    cost = {
        who: statistics.median(spent / count - alone for spent, alone in zip(seconds[who], one, strict=True)) * 1e6
        for who in candidates
        if who != "passes"
    }
    values = {"evaluations": count, "our us": cost["ours"]}
    if not peers:
        return Row(classifier.label, f"{name}, a mask", values)
    values |= {"peer us": cost["peer"], "share": cost["ours"] / cost["peer"]}
    return Row(classifier.label, f"{name}, a mask", values, {"share": TARGET}, f"batch {own}, peer's {other}")


def continued(bench: Bench) -> Row:
    """Evaluations that 400 samples cost where 200 have been measured."""
    gathering = bench.gathering(bench.batch, 8)
    explained(gathering, "kernel-shap", samples=200)
    before = gathering.evaluations
    explained(gathering, "kernel-shap", samples=400)
    values = {"evaluations": gathering.evaluations - before}
    note = f"the first 200 cost {before}"
    return Row(bench.classifier.label, "kernel-shap, 200 + 200", values, {"evaluations": "<= 200"}, note)
