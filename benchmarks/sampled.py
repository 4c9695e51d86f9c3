"""Methods that evaluate a network many times, against as many passes and against peers."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import torch

from crosslight.images.superpixels import CACHE
from crosslight.methods import METHODS
from crosslight.models.taps import Tail

from .passes import OWN, SLOW_MS, Bench, Recording, explained
from .peers import PEERS, Said
from .rows import Row
from .timing import ratio

#: settings of ours; peers are given what they have of it
SETTINGS: dict[str, dict[str, Any]] = {
    "occlusion": {"window": 0.25, "stride": 0.5, "fill": "zero"},
    "rise": {"masks": 64},
    "score-cam": {},
    "ablation-cam": {},
    "kernel-shap": {"samples": 200},
    "lime": {"num_samples": 500, "segmentation": "quickshift", "segment_input": True},
    "integrated-gradients": {"steps": 48, "baseline": "mean"},
    "smoothgrad": {"samples": 48},
}
QUICK: dict[str, dict[str, Any]] = {
    "rise": {"masks": 16},
    "kernel-shap": {"samples": 100},
    "lime": {"num_samples": 64},
    "integrated-gradients": {"steps": 8},
    "smoothgrad": {"samples": 8},
}
GRADIENTS = {"integrated-gradients": "steps", "smoothgrad": "samples"}
#: seconds of evaluations from which on one round is enough: hundreds of passes are their own median
LONG = 3.0
LIMIT = "<= 1.1"
FASTER = {
    ("ablation-cam", "resnet50"): ">= 100",
    ("ablation-cam", "vit_small"): ">= 8",
    ("lime", "resnet50"): ">= 1.15",
    ("lime", "mobilenetv2"): ">= 1.3",
}
LIME_BATCH = 10  # the package's default


def sampled_row(bench: Bench, name: str) -> Iterator[Row]:
    """A row for a method on a network; two of LIME, whose peer's batch size is a choice of its own."""
    if name not in METHODS:
        print(f"{name}: left out, no such method is registered", file=sys.stderr)
        return
    settings = SETTINGS[name] | (QUICK.get(name, {}) if bench.quick else {})
    measured = Sampled(bench, name, settings)
    seconds = bench.timed(measured.candidates(), rounds=1 if measured.expected * bench.best_pass > LONG else None)
    spent, limits = seconds["ours"], measured.limits(seconds)
    values = {
        "evaluations": measured.evaluations,
        "pass ms": statistics.median(measured.one(seconds)) * 1e3,
        "ours s": statistics.median(spent),
        "limit": ratio(spent, limits),
    }
    label = bench.classifier.label
    goals = {"limit": LIMIT} if values["pass ms"] >= SLOW_MS and name != "ablation-cam" else {}
    peers = measured.peer_sizes
    if not peers:
        yield Row(label, name, values, goals)
    for size in peers:
        theirs, note = measured.peer_seconds(seconds, size)
        found = values | {"peer s": statistics.median(theirs), "faster": ratio(theirs, spent)}
        found |= measured.differences(size)
        faster = FASTER.get((name, label.split(" ")[0]))
        targets = (
            goals | ({"faster": faster} if faster else {}) | ({"weights": "<= 1e-5"} if "weights" in found else {})
        )
        yield Row(label, name, found, targets, ", ".join(part for part in (f"peer's batch {size}", note) if part))


class Sampled:
    """What is run for a row, and what it found."""

    def __init__(self, bench: Bench, name: str, settings: dict[str, Any]):
        self.bench, self.name, self.settings = bench, name, settings
        # Where no picture is known, what is laid over it is laid over the input, as peers do it.
        pictures = name in ("kernel-shap", "lime")
        self.batch = bench.batch if pictures else replace(bench.batch, pictures=None)
        self.size = bench.gradient_size if name in GRADIENTS else bench.size
        self.gathering = Recording(bench, self.batch, self.size, 1)
        self.evaluations = 0
        self.said: dict[int, Said] = {}
        sizes = (LIME_BATCH, self.size) if name == "lime" else (self.size,)
        self.peer_sizes = sizes if bench.peers and name in PEERS else ()
        if name == "kernel-shap":
            explained(bench.gathering(self.batch, self.size), name, **settings)  # superpixels are made once for all
        self.peer_settings = settings | {"channels": bench.peer_channels}

    def candidates(self) -> dict[str, Callable[[], object]]:
        """Passes stand between ours and the peers and after them, so that one slow minute does not spoil a row."""
        found: dict[str, Callable[[], object]] = {"ours": self._ours, "passes": self._passes}
        if self.name == "ablation-cam":
            found = {"tails": self._tails(), **found}
        found |= {f"peer {size}": partial(self._peer, size) for size in self.peer_sizes}
        return found | {"passes after": self._passes}

    def one(self, seconds: dict[str, list[float]]) -> list[float]:
        """Seconds of a pass in each round."""
        pairs = zip(seconds["passes"], seconds["passes after"], strict=True)
        return [(before + after) / (2 * self.bench.counted) for before, after in pairs]

    def limits(self, seconds: dict[str, list[float]]) -> list[float]:
        """Seconds that evaluations alone would take in each round; forward passes beside gradients do not count."""
        one = self.one(seconds)
        if self.name == "ablation-cam":
            tails = zip(one, seconds["tails"], strict=True)
            return [each + self.channels * spent / self.counted_tails for each, spent in tails]
        count = self.settings[GRADIENTS[self.name]] if self.name in GRADIENTS else self.evaluations
        return [count * each for each in one]

    def _ours(self) -> None:
        if self.name == "lime":
            CACHE.clear()  # end to end: superpixels are made anew
        self.gathering = Recording(self.bench, self.batch, self.size, self.expected)
        self.maps = explained(self.gathering, self.name, **self.settings).maps
        self.evaluations = self.gathering.evaluations

    @cached_property
    def expected(self) -> int:
        """About how many evaluations ours or the peer makes."""
        if self.name == "ablation-cam" and self.peer_sizes:
            return self.bench.peer_channels or self.bench.classifier.site().channels
        spec = METHODS[self.name]
        return spec.evaluations(spec.settings(**self.settings), self.bench.classifier)

    def _passes(self) -> None:
        """Over some of the inputs that ours has just evaluated."""
        inputs = self.bench.repeated(self.gathering.kept if len(self.gathering.kept) else self.batch.inputs)
        if self.name in GRADIENTS:
            self.bench.gradients(inputs=inputs)
        else:
            self.bench.passes(inputs=inputs)

    def _peer(self, size: int) -> None:
        self.said[size] = PEERS[self.name](self.bench.classifier, self.batch, size, self.peer_settings)

    def _tails(self) -> Callable[[], object]:
        """Tails at the batch size that is best for them, which is also ours."""
        classifier = self.bench.classifier
        features = classifier.features(self.batch.inputs)
        repeated = torch.cat([features.activations] * max(self.bench.sizes))
        self.channels, self.counted_tails = features.site.channels, 4 * max(self.bench.sizes)

        def run(tail: Tail = features.tail, size: int = 0) -> None:
            with torch.no_grad(), classifier.evaluating():
                for _ in range(self.counted_tails // size):
                    tail(repeated[:size])

        self.size = self.bench.best_size(run)
        return partial(run, size=self.size)

    def peer_seconds(self, seconds: dict[str, list[float]], size: int) -> tuple[list[float], str]:
        """The peer's, extrapolated from the channels that it ran where it did not run all."""
        spent, ran = seconds[f"peer {size}"], self.said[size].channels
        total = self.bench.classifier.site().channels
        if ran is None or ran == total:
            return spent, ""
        # Beside its channels it makes a pass for the class, one for the features and, of ablations, one for the score.
        fixed = [(2 + (self.name == "ablation-cam")) * each for each in self.one(seconds)]
        pairs = zip(spent, fixed, strict=True)
        return [rest + (all_ - rest) * total / ran for all_, rest in pairs], f"peer EXTRAPOLATED from {ran} channels"

    def differences(self, size: int) -> dict[str, float]:
        """Between our maps and the peer's as a share of its largest value; of Ablation-CAM between weights too."""
        said, found = self.said[size], {}
        if said.maps is not None:
            mine, theirs = self.maps.cpu(), said.maps.cpu()
            found["difference"] = float((mine - theirs).abs().max() / theirs.abs().max())
        if self.name == "ablation-cam" and said.weights is not None:
            spec = METHODS[self.name]
            read = spec.evidence_settings(spec.settings(**self.settings))
            evidence = self.gathering.get(spec.reads, read, OWN)
            scores = evidence.outcomes.scores(evidence.targets)[0].cpu()
            weights = (scores[0] - scores[1:]) / scores[0]
            theirs = said.weights[0].cpu()
            found["weights"] = float((weights[: len(theirs)] - theirs).abs().max())
        return found
