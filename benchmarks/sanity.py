"""Parameter randomisation of Saliency by Crosslight and by Quantus: the same network, images, layers and measure."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from crosslight.core.geometry import Preprocess
from crosslight.evaluation.probing.anew import subject_of
from crosslight.evaluation.probing.parameter_randomisation import parameter_randomisation
from crosslight.evidence import Gathering
from crosslight.images import make_batch, open_images
from crosslight.images.batch import Batch
from crosslight.models import Classifier

from .rows import Row, attempted
from .timing import interleaved, ratio

COLUMNS = ("images", "layers", "ours s", "peer s", "faster", "difference")
#: how much faster than Quantus
TARGET = ">= 3"
#: networks by name, with their input's side and how many images
CASES = {"resnet18": (64, 16), "vit_tiny_patch16_224": (64, 16)}


def sanity_rows(rounds: int = 3, quick: bool = False, peers: bool = True) -> Iterator[Row]:
    """One row for each network, top down, every layer on its own.

    Args:
        rounds: counted rounds.
        quick: fewer images of one network.
        peers: whether Quantus runs, too.
    """
    for name, (side, count) in CASES.items() if not quick else [("resnet18", (32, 4))]:
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
        targets = subject.targets.classes.numpy()
        candidates["peer"] = lambda: found.update(peer=quantus_mprt(classifier, batch.inputs.numpy(), targets))
    seconds = interleaved(candidates, rounds, warmup=1)
    values, curve = found["ours"]
    layers = sum(key.startswith("spearman") for key in curve)
    known = {"images": count, "layers": layers, "ours s": median(seconds["ours"])}
    if not peers:
        yield Row(name, "parameter-randomisation", known)
        return
    # Quantus draws other numbers, and leaves out what has no reset_parameters: the mean over all is compared
    known |= {
        "peer s": median(seconds["peer"]),
        "faster": ratio(seconds["peer"], seconds["ours"]),
        "difference": abs(float(values.nanmean()) - float(np.mean(found["peer"]))),
    }
    note = f"{side} x {side} pixels; Quantus' batch {count}, its best; difference of means: other random parameters"
    yield Row(name, "parameter-randomisation", known, {"faster": TARGET}, note)


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
    import timm

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        options = {"img_size": side, "patch_size": 8} if name.startswith("vit") else {}
        network = timm.create_model(name, num_classes=10, **options).eval()
    return Classifier(network, Preprocess(size=(side, side), resize=side), label=name)


def _scenes(classifier: Classifier, count: int) -> Batch:
    images = list(open_images("scenes", limit=count, sample="first"))
    return make_batch([image.load() for image in images], classifier.preprocess, [image.identity for image in images])
