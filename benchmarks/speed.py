"""Gradient and CAM methods against one pass of the network, and against peers.

``python -m benchmarks.speed [--models ...] [--json]`` prints one row per measurement with its target.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

import torch

from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.images.batch import Batch
from crosslight.methods import METHODS, attribute
from crosslight.models import Classifier

from .networks import classifiers, photographs
from .timing import best, interleaved, ratio

OWN = TargetPolicy()
CAMS = {
    "grad-cam": "GradCAM",
    "grad-cam-plus-plus": "GradCAMPlusPlus",
    "hires-cam": "HiResCAM",
    "xgrad-cam": "XGradCAM",
    "layer-cam": "LayerCAM",
    "eigen-cam": "EigenCAM",
}
BATCH, SAMPLES, SIZES = 8, 48, (1, 2, 4, 8)


@dataclass(frozen=True)
class Row:
    """One measured ratio.

    `target` is what the ratio should be at most (``<=``) or at least (``>=``); empty where it only explains another.
    """

    model: str
    what: str
    ratio: float
    target: str

    @property
    def met(self) -> bool:
        if not self.target:
            return True
        sign, value = self.target.split()
        return self.ratio <= float(value) if sign == "<=" else self.ratio >= float(value)


def explain(classifier: Classifier, batch: Batch, names: list[str], batch_size: int, **settings: object) -> None:
    gathering = Gathering(classifier, batch, batch_size=batch_size)
    for name in names:
        spec = METHODS[name]
        attribute(gathering, spec, spec.settings(**settings), OWN)


def forward(classifier: Classifier, batch: Batch) -> Callable[[], object]:
    def run() -> None:
        with torch.no_grad():
            classifier.logits(batch.inputs)

    return run


def peer_cams(classifier: Classifier, batch: Batch, kinds: list[str]) -> Callable[[], object]:
    import pytorch_grad_cam as peers
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    site = classifier.site()
    layer = classifier.network.get_submodule(site.module)
    with torch.no_grad():
        targets = [ClassifierOutputTarget(int(top)) for top in classifier.logits(batch.inputs).argmax(1)]

    def reshape(tokens: torch.Tensor) -> torch.Tensor:
        return site.layout.to_features(tokens)

    def run() -> None:
        classifier.network.eval()
        for kind in kinds:
            options = {"reshape_transform": reshape} if site.layout.kind != "NCHW" else {}
            with getattr(peers, kind)(model=classifier.network, target_layers=[layer], **options) as cam:
                cam(input_tensor=batch.inputs, targets=targets)

    return run


def cam_rows(classifier: Classifier, rounds: int) -> list[Row]:
    """One CAM and all six, against a forward pass and against the grad-cam package."""
    batch = photographs(classifier, BATCH)
    names = list(CAMS)
    seconds = interleaved(
        {
            "forward": forward(classifier, batch),
            "one": lambda: explain(classifier, batch, ["grad-cam"], BATCH),
            "six": lambda: explain(classifier, batch, names, BATCH),
            "peer one": peer_cams(classifier, batch, ["GradCAM"]),
            "peer six": peer_cams(classifier, batch, list(CAMS.values())),
        },
        rounds,
    )
    label = classifier.label
    return [
        Row(label, "Grad-CAM / forward pass", ratio(seconds, "one", "forward"), "<= 1.2"),
        Row(label, "six CAMs / forward pass", ratio(seconds, "six", "forward"), "<= 1.4"),
        Row(label, "grad-cam's GradCAM / ours", ratio(seconds, "peer one", "one"), ">= 2.5"),
        Row(label, "grad-cam's GradCAM / forward pass", ratio(seconds, "peer one", "forward"), ""),
        Row(label, "grad-cam's six / ours", ratio(seconds, "peer six", "six"), ">= 8"),
    ]


def gradient_rows(classifier: Classifier, rounds: int) -> list[Row]:
    """Sampled gradients against as many forward and backward passes at the batch size that is best for them."""
    batch = photographs(classifier, 1)
    inputs = batch.inputs.expand(BATCH, -1, -1, -1).contiguous()

    def passes(size: int) -> Callable[[], object]:
        def run() -> None:
            with classifier.evaluating() as network:
                for _ in range(SAMPLES // size):
                    x = inputs[:size].detach().requires_grad_()
                    torch.autograd.grad(network(x).amax(1).sum(), x)

        return run

    # The batch that suits the network best is found first, so that the counted rounds hold little else.
    trial = interleaved({str(size): passes(size) for size in SIZES}, rounds=1, warmup=0)
    size = int(best(trial, [str(size) for size in SIZES]))
    seconds = interleaved(
        {
            "passes": passes(size),
            "integrated-gradients": partial(explain, classifier, batch, ["integrated-gradients"], size, steps=SAMPLES),
            "smoothgrad": partial(explain, classifier, batch, ["smoothgrad"], size, samples=SAMPLES),
        },
        rounds,
    )
    return [
        Row(classifier.label, f"{name} / ({SAMPLES} passes)", ratio(seconds, name, "passes"), "<= 1.1")
        for name in ("integrated-gradients", "smoothgrad")
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", default=["mobilenetv1", "mobilenetv2", "squeezenet", "resnet50"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if not options.json:
        print(
            f"{platform.machine()}, torch {torch.__version__}, {options.threads} thread(s), "
            f"medians of {options.rounds} rounds"
        )
    rows: list[Row] = []
    for classifier in classifiers(options.models):
        _ = classifier.sites
        for measure in (cam_rows, gradient_rows):
            for row in measure(classifier, options.rounds):
                rows.append(row)
                if not options.json:  # as they come: the large networks take minutes
                    verdict = ("met" if row.met else "MISSED") if row.target else ""
                    print(f"{row.model:28} {row.what:36} {row.ratio:8.2f}   {row.target:8} {verdict}", flush=True)
    if options.json:
        print(json.dumps([{**asdict(row), "met": row.met} for row in rows]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
