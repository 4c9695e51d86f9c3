"""bf16 against fp32: how much faster, and how alike the maps are."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from crosslight.core.targets import TargetPolicy
from crosslight.images.batch import Batch
from crosslight.methods import METHODS
from crosslight.models import load_model

from .networks import classifier, photographs
from .passes import Bench, explained
from .peers import top
from .rows import Row, attempted
from .timing import ratio

COLUMNS = ("fp32 s", "bf16 s", "faster", "correlation")
#: how many times faster, by network
TARGETS = {"resnet50": ">= 2", "vit_small": ">= 2", "mobilenetv1": ">= 1.6", "mobilenetv2": ">= 1.6"}
CORRELATION = ">= 0.98"
TIMED = ("occlusion", "score-cam")
COMPARED: dict[str, dict[str, Any]] = {
    "grad-cam": {},
    "layer-cam": {},
    "saliency": {},
    "integrated-gradients": {"steps": 12},
    "occlusion": {"window": 0.25},
    "rise": {"masks": 32},
    "kernel-shap": {"segmentation": "grid", "segments": 12, "samples": 32},
}
IMAGES = 6
#: seconds in fp32 beyond which a method is not timed
LONGEST = 30.0


def precision_rows(rounds: int, quick: bool, device: str, models: list[str]) -> Iterator[Row]:
    """A forward pass and methods in both precisions, on one network."""
    for name in models:
        single = Bench(classifier(name, device), rounds=rounds, quick=quick)
        _ = single.classifier.sites
        half = replace(single, classifier=load_model(single.classifier, precision="bf16"))
        yield from _timed(single, half, TARGETS.get(name, ">= 1"))
        yield from _compared(single, half)


def _timed(single: Bench, half: Bench, target: str) -> Iterator[Row]:
    candidates: dict[str, Callable[[], object]] = {}
    methods = [name for name in TIMED if _seconds(single, name) <= (1 if single.quick else LONGEST)]
    for precision, bench in (("fp32", single), ("bf16", half)):
        candidates[f"{precision} forward"] = bench.passes
        candidates |= {f"{precision} {name}": partial(_maps, bench, name, bench.batch) for name in methods}
        _ = bench.size  # found before anything counts
    seconds = single.timed(candidates)
    for what in ("forward", *methods):
        slow, fast = seconds[f"fp32 {what}"], seconds[f"bf16 {what}"]
        values = {"fp32 s": statistics.median(slow), "bf16 s": statistics.median(fast), "faster": ratio(slow, fast)}
        note = f"{single.counted} passes" if what == "forward" else f"batches of {single.size} and {half.size}"
        yield Row(single.classifier.label, what, values, {"faster": target}, note)


def _seconds(bench: Bench, name: str) -> float:
    """About how long a method takes."""
    spec = METHODS[name]
    return spec.evaluations(spec.settings(), bench.classifier) * bench.best_pass


def _compared(single: Bench, half: Bench) -> Iterator[Row]:
    """Both explain the class that fp32 sees."""
    batch = photographs(single.classifier, 2 if single.quick else IMAGES)
    tops = top(single.classifier, batch)
    agree = int((top(half.classifier, batch) == tops).sum())
    batch = replace(batch, labels=tuple(tops.tolist()))
    label, everything = single.classifier.label, []

    def compared(method: str, settings: dict[str, Any]) -> Iterator[Row]:
        maps = (_maps(bench, method, batch, TargetPolicy("label"), **settings) for bench in (single, half))
        everything.append(correlations(*maps))
        values = {"correlation": float(everything[-1].nanmedian())}
        yield Row(label, f"{method}, maps", values, {"correlation": CORRELATION})

    for method, settings in COMPARED.items():
        yield from attempted(label, f"{method}, maps", compared(method, settings))
    values = {"correlation": float(torch.cat(everything).nanmedian())}
    note = f"{len(everything)} of {len(COMPARED)} methods; {len(batch)} images; top class the same of {agree}"
    yield Row(label, "all maps", values, {"correlation": CORRELATION}, note)


def _maps(bench: Bench, method: str, batch: Batch, policy: TargetPolicy | None = None, **settings: object) -> Tensor:
    return explained(bench.gathering(batch, bench.size), method, policy, **settings).maps


def correlations(first: Tensor, second: Tensor) -> Tensor:
    """Pearson's, of each image's two maps; NaN where one is constant."""
    found = [
        torch.corrcoef(torch.stack([a.flatten(), b.flatten()]).double())[0, 1]
        for a, b in zip(first, second, strict=True)
    ]
    return torch.stack(found)
