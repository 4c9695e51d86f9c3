"""CAMs that read gradients: one and six together, against a forward pass and against grad-cam."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from .networks import photographs
from .passes import SLOW_MS, Bench, explained
from .peers import cam_options, top
from .rows import Row
from .timing import ratio

IMAGES = 8
CAMS = {
    "grad-cam": "GradCAM",
    "grad-cam-plus-plus": "GradCAMPlusPlus",
    "hires-cam": "HiResCAM",
    "xgrad-cam": "XGradCAM",
    "layer-cam": "LayerCAM",
    "eigen-cam": "EigenCAM",
}
#: those that grad-cam defines as we do: its Grad-CAM++ weights otherwise, and signs of Eigen-CAM are arbitrary
SAME = ("grad-cam", "hires-cam", "xgrad-cam", "layer-cam")
GROUPS = {"grad-cam": ("grad-cam",), "six-cams": tuple(CAMS)}
TARGETS = {
    "grad-cam": {"faster": ">= 2.5", "limit": "<= 1.2"},
    "six-cams": {"faster": ">= 8", "limit": "<= 1.4"},
}


def cam_rows(bench: Bench, groups: list[str]) -> Iterator[Row]:
    """The groups of CAMs asked for, on one batch of images."""
    classifier, size = bench.classifier, bench.size
    batch = photographs(classifier, 2 if bench.quick else IMAGES)
    mine: dict[str, Tensor] = {}
    theirs: dict[str, Tensor] = {}
    counts: dict[str, int] = {}

    def ours(group: str) -> None:
        gathering = bench.gathering(batch, size)
        mine.update({name: explained(gathering, name).maps for name in GROUPS[group]})
        counts[group] = gathering.evaluations

    def peer(group: str) -> None:
        import pytorch_grad_cam as package
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        classifier.network.eval()
        targets = [ClassifierOutputTarget(int(label)) for label in labels]
        for name in GROUPS[group]:
            with getattr(package, CAMS[name])(**cam_options(classifier)) as cam:
                theirs[name] = torch.from_numpy(cam(input_tensor=batch.inputs, targets=targets))

    labels = top(classifier, batch)
    inputs = bench.repeated(batch.inputs)
    candidates = {"passes": lambda: bench.passes(inputs=inputs)}
    for group in groups:
        candidates |= {f"ours {group}": lambda group=group: ours(group)}
        if bench.peers:
            candidates |= {f"peer {group}": lambda group=group: peer(group)}
    seconds = bench.timed(candidates, warmup=1)
    classifier.network.zero_grad(set_to_none=True)  # the peer's
    one = [spent / bench.counted for spent in seconds["passes"]]
    for group in groups:
        spent = seconds[f"ours {group}"]
        values = {
            "evaluations": counts[group],
            "pass ms": statistics.median(one) * 1e3,
            "ours s": statistics.median(spent),
            "limit": ratio(spent, [counts[group] * each for each in one]),
        }
        if bench.peers:
            values |= {
                "peer s": statistics.median(seconds[f"peer {group}"]),
                "faster": ratio(seconds[f"peer {group}"], spent),
                "difference": max(difference(mine[name], theirs[name]) for name in SAME if name in GROUPS[group]),
            }
        goals = TARGETS[group] if values["pass ms"] >= SLOW_MS else {}
        targets = {column: target for column, target in goals.items() if column in values}
        yield Row(classifier.label, group, values, targets, f"{len(batch)} images")


def difference(mine: Tensor, theirs: Tensor) -> float:
    """Of maps as the peer finishes them: clipped at 0, scaled to [0, 1] and resized."""
    from pytorch_grad_cam.utils.image import scale_cam_image

    clipped = np.maximum(mine.float().cpu().numpy(), 0)
    finished = scale_cam_image(scale_cam_image(clipped, tuple(theirs.shape[:0:-1])))
    return float((torch.from_numpy(finished) - theirs).abs().max() / theirs.abs().max())
