"""Parameter randomisation of Saliency by Crosslight and by Quantus: the same network, images, layers and measure."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from crosslight.core.geometry import Preprocess
from crosslight.evaluation.probing.anew import subject_of
from crosslight.evaluation.probing.parameter_randomisation import parameter_randomisation
from crosslight.evidence import Gathering
from crosslight.images import make_batch, open_images
from crosslight.images.batch import Batch
from crosslight.models import Classifier, load_model

from .rows import Row, attempted
from .timing import interleaved, ratio

COLUMNS = ("images", "layers", "ours s", "peer s", "faster", "difference")
#: how much faster than Quantus, where what surrounds the passes weighs; both make the same passes
TARGETS = {"lenet": {"faster": ">= 3"}, "scenes/resnet": {"faster": ">= 1"}}
#: networks by name, with their input's side and how many images
CASES = {"lenet": (32, 32), "scenes/resnet": (96, 8)}


def sanity_rows(rounds: int = 3, quick: bool = False, peers: bool = True) -> Iterator[Row]:
    """One row for each network, top down, every layer on its own.

    Args:
        rounds: counted rounds.
        quick: fewer images of one network.
        peers: whether Quantus runs, too.
    """
    for name, (side, count) in CASES.items() if not quick else [("lenet", (32, 4))]:
        yield from attempted(name, "parameter-randomisation", _row(name, side, count, rounds, peers))


def _row(name: str, side: int, count: int, rounds: int, peers: bool) -> Iterator[Row]:
    classifier = _network(name, side)
    batch = _scenes(classifier, count)
    subject = subject_of(Gathering(classifier, batch, batch_size=8), "saliency")
    found: dict[str, Any] = {}

    def ours() -> None:
        made = subject_of(Gathering(classifier, batch, batch_size=8), "saliency")
        found["ours"] = parameter_randomisation(made, order="top-down", steps=None)

    candidates = {"ours": ours}
    if peers:
        import_module("quantus")  # which takes seconds that no row should pay
        targets = subject.targets.classes.numpy()
        candidates["peer"] = lambda: found.update(peer=quantus_mprt(classifier, batch.inputs.numpy(), targets))
    seconds = interleaved(candidates, rounds, warmup=1)
    values, curve = found["ours"]
    layers = sum(key.startswith("spearman") for key in curve)
    known = {"images": count, "layers": layers, "ours s": median(seconds["ours"])}
    if not peers:
        yield Row(name, "parameter-randomisation", known)
        return
    # Quantus counts the untouched maps as one more layer, and draws other parameters: means are compared
    theirs = (float(np.mean(found["peer"])) * (layers + 1) - 1) / layers
    known |= {
        "peer s": median(seconds["peer"]),
        "faster": ratio(seconds["peer"], seconds["ours"]),
        "difference": abs(float(values.nanmean()) - theirs),
    }
    note = f"{side} x {side} pixels; Quantus' batch {count}, its best; difference of means: other random parameters"
    yield Row(name, "parameter-randomisation", known, TARGETS[name], note)


def quantus_mprt(classifier: Classifier, inputs: NDArray[np.float32], targets: NDArray[np.int64]) -> list[float]:
    """The mean similarity over layers of each image, by Quantus with Saliency of its own documentation."""
    import quantus

    metric = quantus.MPRT(
        layer_order="top_down", return_average_correlation=True, disable_warnings=True, display_progressbar=False
    )
    found: list[float] = metric(
        model=classifier.network,
        x_batch=inputs,
        y_batch=targets,
        channel_first=True,
        device="cpu",
        explain_func=quantus.explain,
        explain_func_kwargs={"method": "Saliency"},
        batch_size=len(inputs),
    )
    return found


def _network(name: str, side: int) -> Classifier:
    if name != "lenet":
        return load_model(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(3, 6, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
        )  # fmt: skip
    return Classifier(network.eval(), Preprocess(size=(side, side), resize=side), label=name)


def _scenes(classifier: Classifier, count: int) -> Batch:
    images = list(open_images("scenes", limit=count, sample="first"))
    return make_batch([image.load() for image in images], classifier.preprocess, [image.identity for image in images])
