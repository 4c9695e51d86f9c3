"""What recording a training costs beside the evaluation pass, how much disk it takes, and how long measures take."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from crosslight.dynamics import History, Recorder, measure_all, open_history
from crosslight.dynamics.measures import in_order

from .rows import Row
from .timing import interleaved, ratio

COLUMNS = ("ours s", "pass s", "share %", "MB")
IMAGES, CLASSES, BATCH, SIDE = 10_000, 10, 256, 32
MANY, EPOCHS = 50_000, 100


def small_network() -> nn.Module:
    """A small CNN for pictures of 32 x 32: 0.3 million parameters, 13 million multiplications a picture."""
    torch.manual_seed(0)
    parts: list[nn.Module] = []
    for before, after in ((3, 32), (32, 64), (64, 128)):
        for one in (before, after):
            parts += [nn.Conv2d(one, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(True)]
        parts.append(nn.MaxPool2d(2))
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, CLASSES)).eval()


def dynamics_rows(rounds: int, quick: bool) -> Iterator[Row]:
    """The cost of recording, then the sizes and times of a large history."""
    yield from _overhead(rounds, IMAGES // 10 if quick else IMAGES)
    yield from _large(MANY // 10 if quick else MANY, EPOCHS)


def _overhead(rounds: int, images: int) -> Iterator[Row]:
    network = small_network()
    pictures = torch.rand(BATCH, 3, SIDE, SIDE)
    starts = range(0, images, BATCH)
    rng = np.random.default_rng(0)
    order = rng.permutation(images)
    ids = [f"test/{at:05}.png" for at in order]
    labels = torch.from_numpy(order % CLASSES)
    logits = torch.from_numpy(rng.standard_normal((images, CLASSES), np.float32))

    def evaluate() -> None:
        with torch.no_grad():
            for start in starts:
                network(pictures[: min(BATCH, images - start)])

    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(folder, [f"class {at}" for at in range(CLASSES)])
        epochs = iter(range(10_000))

        def record() -> None:
            epoch = next(epochs)
            for start in starts:
                rows = slice(start, start + BATCH)
                recorder.log(epoch, ids[rows], logits[rows], labels[rows])
            recorder.end_epoch(epoch)
            recorder.log_metrics(epoch, {"train/loss": 1.0})

        seconds = interleaved({"record": record, "pass": evaluate}, rounds)
    values = {
        "ours s": float(np.median(seconds["record"])),
        "pass s": float(np.median(seconds["pass"])),
        "share %": 100 * ratio(seconds["record"], seconds["pass"]),
    }
    note = f"CPU seconds; {images:,} images, batches of {BATCH}, {CLASSES} classes, with probability and margin"
    yield Row("small CNN", "recording an epoch", values, {"share %": "<= 1"}, note)


def _large(images: int, epochs: int) -> Iterator[Row]:
    name = f"{images:,} x {epochs}"
    limit = 12 * images * epochs / (MANY * EPOCHS)
    rng = np.random.default_rng(0)
    for classes in (10, 1000):
        with tempfile.TemporaryDirectory() as folder:
            seconds = _written(Path(folder), images, epochs, classes, rng)
            size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 1e6
            note = f"random predictions of {classes} classes, without probabilities: the worst case"
            yield Row(name, "recording", {"ours s": seconds, "MB": size}, {"MB": f"<= {limit:g}"}, note)
            start = time.process_time()
            found = open_history(folder)
            yield Row(
                name, "opening", {"ours s": time.process_time() - start}, {"ours s": "<= 2"}, f"{classes} classes"
            )
            yield from _measured(name, found, rng)


def _written(folder: Path, images: int, epochs: int, classes: int, rng: np.random.Generator) -> float:
    names = [f"validation/{at:05}.png" for at in range(images)]
    labels = rng.integers(0, classes, images)
    start = time.process_time()
    with Recorder(folder, [f"class {at}" for at in range(classes)]) as recorder:
        for epoch in range(epochs):
            recorder.log(epoch, names, rng.integers(0, classes, images), labels)
            recorder.end_epoch(epoch)
    return time.process_time() - start


def _measured(name: str, found: History, rng: np.random.Generator) -> Iterator[Row]:
    shape = found.predictions.shape
    parts: dict[str, Any] = {
        "probability": rng.random(shape, np.float32).astype(np.float16),
        "margin": rng.standard_normal(shape, np.float32),
    }
    whole = History(**{**found.__dict__, **parts})
    start = time.process_time()
    measure_all(whole)
    spent = time.process_time() - start
    note = f"{len(found.classes)} classes"
    yield Row(name, f"all {len(in_order())} measures", {"ours s": spent}, {"ours s": "<= 1"}, note)
