"""Parameter randomisation by Crosslight and by Quantus: the same networks, images, methods, layers and measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from crosslight.core.geometry import Preprocess
from crosslight.evaluation.probing import parameter_randomisation
from crosslight.evaluation.probing.anew import subject_of
from crosslight.evaluation.probing.parameter_randomisation import randomisation_curves
from crosslight.evidence import Gathering
from crosslight.images import make_batch, open_images
from crosslight.images.batch import Batch
from crosslight.models import Classifier, load_model

from .rows import Row, attempted
from .timing import interleaved, ratio

COLUMNS = ("images", "layers", "ours s", "peer s", "faster", "difference")
#: our methods under captum's names
METHODS = {"saliency": "Saliency", "input-x-gradient": "InputXGradient"}


@dataclass(frozen=True)
class Case:
    """What one row measures.

    Attributes:
        network: its name.
        side: of the input.
        images: how many.
        methods: of `METHODS`; ours share each random network and its gradients.
        targets: as in `Row`. Both make the same passes for one method, so the factor falls to 1 as passes grow.
    """

    network: str
    side: int
    images: int
    methods: tuple[str, ...]
    targets: Mapping[str, str] = field(default_factory=dict)


CASES = (
    Case("lenet", 32, 32, ("saliency",), {"faster": ">= 3"}),
    Case("lenet", 32, 32, tuple(METHODS), {"faster": ">= 3"}),
    Case("scenes/resnet", 96, 8, ("saliency",)),
    Case("scenes/resnet", 96, 8, tuple(METHODS)),
)
QUICK = (Case("lenet", 32, 4, ("saliency",)),)


def sanity_rows(rounds: int = 3, quick: bool = False, peers: bool = True) -> Iterator[Row]:
    """One row for each network, top down, every layer on its own.

    Args:
        rounds: counted rounds.
        quick: fewer images of one network.
        peers: whether Quantus runs, too.
    """
    for case in QUICK if quick else CASES:
        yield from attempted(case.network, " ".join(case.methods), _row(case, rounds, peers))


def _row(case: Case, rounds: int, peers: bool) -> Iterator[Row]:
    classifier = _network(case.network, case.side)
    batch = _scenes(classifier, case.images)
    name, found = " ".join(case.methods), dict[str, Any]()

    def ours() -> None:
        parameter_randomisation._COPIES.clear()  # Quantus copies the network each time, too
        gathering = Gathering(classifier, batch, batch_size=case.images)  # as Quantus'
        subjects = [subject_of(gathering, method) for method in case.methods]
        found["ours"] = randomisation_curves(subjects, order="top-down")

    candidates = {"ours": ours}
    if peers:
        import_module("quantus")  # which takes seconds that no row should pay
        with torch.no_grad():
            targets = classifier.logits(batch.inputs).argmax(dim=1).numpy()
        inputs = batch.inputs.numpy()

        def peer() -> None:
            found["peer"] = [quantus_mprt(classifier, inputs, targets, METHODS[method]) for method in case.methods]

        candidates["peer"] = peer
    seconds = interleaved(candidates, rounds, warmup=1)
    layers = len(found["ours"][0].steps)
    known = {"images": case.images, "layers": layers, "ours s": median(seconds["ours"])}
    if not peers:
        yield Row(case.network, name, known)
        return
    # Quantus counts the untouched maps as one more layer, and draws other parameters: means are compared
    theirs = (np.array(found["peer"]).mean(axis=1) * (layers + 1) - 1) / layers
    means = np.array([float(one.values.nanmean()) for one in found["ours"]])
    known |= {
        "peer s": median(seconds["peer"]),
        "faster": ratio(seconds["peer"], seconds["ours"]),
        "difference": float(abs(means - theirs).max()),
    }
    note = f"{case.side} x {case.side} pixels; difference of means over layers and images, of other random parameters"
    yield Row(case.network, name, known, case.targets, note)


def quantus_mprt(
    classifier: Classifier, inputs: NDArray[np.float32], targets: NDArray[np.int64], method: str
) -> list[float]:
    """The mean similarity over layers of each image, by Quantus with a method of captum as documented."""
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
        explain_func_kwargs={"method": method},
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
