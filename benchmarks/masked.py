"""Methods that hide parts of an image, against their limit and against peers.

``python -m benchmarks.masked [--models ...] [--methods ...] [--json]`` prints one row for each method and network:
evaluations, CPU seconds of ours and of the peer, how many times faster ours is, how far it is from the limit, and the
largest difference between the maps, as a share of the peer's largest value. The limit is as many passes as there are
evaluations, at the batch size that is best for them; for Ablation-CAM one pass and as many tails.

Score-CAM and Ablation-CAM of ResNet-50 take 2,048 passes of the peer's: minutes to hours, so one round is enough there.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from dataclasses import asdict, dataclass, replace
from functools import partial
from io import StringIO
from typing import Any

import torch
from torch import Tensor, nn

from crosslight.core.geometry import Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.images.batch import Batch
from crosslight.methods import METHODS, attribute
from crosslight.models import Classifier
from crosslight.models.taps import Tail

from .networks import classifiers, photographs
from .timing import best, interleaved, ratio

OWN = TargetPolicy()
SIZES = (1, 2, 4, 8, 16)
PASSES, TAILS = 16, 64
#: settings of ours; captum's windows are the same in pixels of the input
SETTINGS: dict[str, dict[str, Any]] = {
    "occlusion": {"window": 0.25, "stride": 0.5, "fill": "zero"},
    "rise": {"masks": 64},
    "score-cam": {},
    "ablation-cam": {},
}


@dataclass(frozen=True)
class Row:
    """One method on one network.

    Attributes:
        model: the network.
        method: the method.
        evaluations: passes, or tails where the method runs those.
        ours: CPU seconds, median.
        peer: the same of the peer; None where there is none.
        faster: median of the rounds' ratios.
        limit: ours over the limit.
        difference: of the maps.
    """

    model: str
    method: str
    evaluations: int
    ours: float
    peer: float | None
    faster: float | None
    limit: float
    difference: float | None


def explained(classifier: Classifier, batch: Batch, name: str, size: int) -> Tensor:
    spec = METHODS[name]
    return attribute(Gathering(classifier, batch, batch_size=size), spec, spec.settings(**SETTINGS[name]), OWN).maps


def passes(classifier: Classifier, inputs: Tensor, size: int) -> None:
    with torch.no_grad(), classifier.evaluating():
        for _ in range(PASSES // size):
            classifier.logits(inputs[:size])


def tails(classifier: Classifier, tail: Tail, features: Tensor, size: int) -> None:
    with torch.no_grad(), classifier.evaluating():
        for _ in range(TAILS // size):
            tail(features[:size])


def best_size(run: Callable[[int], object]) -> int:
    """The batch size at which something is fastest."""
    trial = interleaved({str(size): partial(run, size) for size in SIZES}, rounds=1, warmup=1)
    return int(best(trial, [str(size) for size in SIZES]))


def captum_occlusion(classifier: Classifier, batch: Batch, size: int) -> Tensor:
    from captum.attr import Occlusion

    side, settings = classifier.preprocess.size[0], SETTINGS["occlusion"]
    window = round(side * settings["window"])
    step = round(window * settings["stride"])
    with torch.no_grad(), classifier.evaluating() as network:
        target = int(network(batch.inputs).argmax())
        found: Tensor = Occlusion(network).attribute(
            batch.inputs, (3, window, window), (3, step, step), 0, target, perturbations_per_eval=size
        )
    return found[:, 0]


def grad_cam(kind: str, classifier: Classifier, batch: Batch, size: int) -> Tensor:
    import pytorch_grad_cam as peers
    from pytorch_grad_cam.ablation_layer import AblationLayer, AblationLayerVit
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    site = classifier.site()
    tokens = site.layout.kind != "NCHW"
    options: dict[str, Any] = {"reshape_transform": site.layout.to_features} if tokens else {}
    if kind == "AblationCAM":
        options |= {"batch_size": size, "ablation_layer": AblationLayerVit() if tokens else AblationLayer()}
    quiet = redirect_stderr(StringIO())  # progress bars
    with torch.no_grad(), classifier.evaluating() as network, quiet:
        targets = [ClassifierOutputTarget(int(network(batch.inputs).argmax()))]
        layer = network.get_submodule(site.module)
        with getattr(peers, kind)(model=network, target_layers=[layer], **options) as method:
            method.batch_size = size
            method.activations_and_grads(batch.inputs)
            activations = method.activations_and_grads.activations[0].detach().numpy()
            weights = method.get_cam_weights(batch.inputs, layer, targets, activations, None)
    return torch.from_numpy((weights[:, :, None, None] * activations).sum(axis=1))


PEERS: dict[str, Callable[[Classifier, Batch, int], Tensor]] = {
    "occlusion": captum_occlusion,
    "score-cam": partial(grad_cam, "ScoreCAM"),
    "ablation-cam": partial(grad_cam, "AblationCAM"),
}


def measured(classifier: Classifier, name: str, rounds: int, peers: bool, peer_size: int) -> Row:
    """One method on one network, ours, the peer and passes in turn."""
    # The photograph's crop is taken for the whole picture, as peers see it.
    batch = replace(photographs(classifier, 1), pictures=None)
    many = batch.inputs.repeat(max(SIZES), 1, 1, 1)
    size = best_size(partial(passes, classifier, many))
    found: dict[str, Tensor] = {}

    def ours() -> None:
        found["ours"] = explained(classifier, batch, name, size)

    def theirs() -> None:
        found["peer"] = PEERS[name](classifier, batch, peer_size)

    one_pass = partial(passes, classifier, many, size)
    spec = METHODS[name]
    count = spec.evaluations(spec.settings(**SETTINGS[name]), classifier) + (not spec.reads.gives_logits)
    candidates: dict[str, Callable[[], object]] = {"passes": one_pass, "ours": ours}
    if name == "ablation-cam":
        features = classifier.features(batch.inputs)
        repeated = features.activations.repeat(max(SIZES), 1, 1, 1)
        size = best_size(partial(tails, classifier, features.tail, repeated))
        count = features.site.channels
        candidates["tails"] = partial(tails, classifier, features.tail, repeated, size)
    if peers and name in PEERS:
        candidates["peer"] = theirs
    seconds = interleaved(candidates, rounds, warmup=0)
    limits = []
    for round_ in range(rounds):
        one = seconds["passes"][round_] / PASSES
        limits.append(one + count * seconds["tails"][round_] / TAILS if "tails" in seconds else count * one)
    return Row(
        classifier.label,
        name,
        count,
        statistics.median(seconds["ours"]),
        statistics.median(seconds["peer"]) if "peer" in found else None,
        ratio(seconds, "peer", "ours") if "peer" in found else None,
        statistics.median(spent / limit for spent, limit in zip(seconds["ours"], limits, strict=True)),
        float((found["ours"] - found["peer"]).abs().max() / found["peer"].abs().max()) if "peer" in found else None,
    )


class Tiny(nn.Module):
    """Next to nothing: what is left is the cost of making the masks."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Conv2d(3, 4, 32, stride=32), nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.embed(x).mean(dim=(2, 3)))


def overhead(rounds: int) -> tuple[float, float, float]:
    """What a mask costs beside the pass: microseconds of ours, of captum's at its best, and their ratio."""
    torch.manual_seed(0)
    classifier = Classifier(Tiny(), Preprocess(size=(224, 224), resize=None), label="tiny")
    batch = replace(photographs(classifier, 1), pictures=None)
    many = batch.inputs.repeat(max(SIZES), 1, 1, 1)
    ours = best_size(lambda size: explained(classifier, batch, "occlusion", size))
    theirs = best_size(lambda size: captum_occlusion(classifier, batch, size))
    seconds = interleaved(
        {
            "passes": lambda: [passes(classifier, many, 8) for _ in range(16)],
            "ours": partial(explained, classifier, batch, "occlusion", ours),
            "peer": partial(captum_occlusion, classifier, batch, theirs),
        },
        rounds,
    )
    count = METHODS["occlusion"].evaluations(METHODS["occlusion"].settings(**SETTINGS["occlusion"]))
    one = [spent / (16 * PASSES) for spent in seconds["passes"]]
    costs = {
        name: statistics.median(spent / count - alone for spent, alone in zip(seconds[name], one, strict=True))
        for name in ("ours", "peer")
    }
    return costs["ours"] * 1e6, costs["peer"] * 1e6, costs["ours"] / costs["peer"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=["mobilenetv1", "mobilenetv2", "resnet50", "vit_small"])
    parser.add_argument("--methods", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--peer-batch", type=int, default=8, help="images the peers run at once")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    head = f"{platform.machine()}, torch {torch.__version__}, {options.threads} thread(s), {options.rounds} round(s)"
    if not options.json:
        print(head)
        ours, theirs, share = overhead(max(options.rounds, 5))
        print(f"a window costs {ours:.0f} us beside the pass, captum's {theirs:.0f}: {share:.2f} of it (target <= 0.2)")
        print(f"{'network':28} {'method':14} {'n':>5} {'ours s':>8} {'peer s':>8} {'faster':>7} {'limit':>6} differ")
    rows = []
    for classifier in classifiers(options.models):
        _ = classifier.sites
        for name in options.methods:
            row = measured(classifier, name, options.rounds, not options.no_peers, options.peer_batch)
            rows.append(row)
            if not options.json:
                peer, faster, difference = (
                    (f"{row.peer:8.2f}", f"{row.faster:6.1f}x", f"{row.difference:.0e}")
                    if row.peer is not None
                    else ("", "", "")
                )
                print(
                    f"{row.model:28} {row.method:14} {row.evaluations:5} {row.ours:8.2f} {peer:>8} {faster:>7} "
                    f"{row.limit:6.2f} {difference}",
                    flush=True,
                )
    if options.json:
        print(
            json.dumps({"where": head, "overhead": overhead(max(options.rounds, 5)), "rows": [asdict(r) for r in rows]})
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
