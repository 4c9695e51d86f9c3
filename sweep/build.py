"""A classifier ready to be checked: random weights that hide nothing, and an input that is not larger than need be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from crosslight.core.geometry import Preprocess
from crosslight.models import Classifier, load_model

from . import tiny
from .inventory import Entry

ADDED_CLASSES = 10
LOW = 0.3  # mean of gains that are meant to be about one
DEAD = 1e-4  # logits that differ less between two images, as a share of the largest, say nothing of them
CALIBRATION = 4  # images


@dataclass(frozen=True)
class Ready:
    """A classifier and what was done to it.

    Attributes:
        classifier: in evaluation mode.
        note: how it differs from the default, such as a smaller input.
    """

    classifier: Classifier
    note: str


def build(entry: Entry, side: int = 224) -> Ready:
    """Build the classifier of an entry.

    Args:
        entry: from the inventory.
        side: of the input, in pixels, where the network's own is more than an eighth larger and it takes this one.

    Raises:
        Exception: whatever its constructor raises.
    """
    if entry.source == "transformers":
        made = tiny.classifiers()[entry.name]
        assert not isinstance(made, str)
        torch.manual_seed(0)
        network, side = made()
        ready = Ready(Classifier(network, Preprocess((side, side), None), label=entry.key), "tiny configuration")
    else:
        ready = _smaller(entry, side)
    wake(ready.classifier)
    return ready


def _smaller(entry: Entry, wanted: int) -> Ready:
    """With the default input, or a smaller one where that is large and the network takes it."""
    options, notes = _head(entry)
    classifier = load_model(entry.key, weights="none", options=options)
    side = max(classifier.preprocess.size)
    if side <= wanted * 9 / 8:
        return Ready(classifier, ", ".join(notes))
    notes.append(f"input {wanted} instead of {side}")
    for added in ({}, {"img_size": wanted}):
        try:
            if added:
                classifier = load_model(entry.key, weights="none", options={**options, **added})
            small = _resized(classifier, wanted)
            with torch.no_grad():
                small.logits(images(small, 1))
            return Ready(small, ", ".join(notes))
        except Exception:  # it takes no other size in this way
            continue
    return Ready(load_model(entry.key, weights="none", options=options), ", ".join(notes[:-1]))


def _resized(classifier: Classifier, side: int) -> Classifier:
    preprocess = replace(classifier.preprocess, size=(side, side), resize=None)
    return Classifier(
        classifier.network,
        preprocess,
        classifier.classes,
        label=classifier.label,
        facts=classifier.facts,
        prefix_tokens=classifier.prefix_tokens,
    )


def _head(entry: Entry) -> tuple[dict[str, Any], list[str]]:
    """Options that give a network a head where it has none of its own."""
    if entry.source != "timm":
        return {}, []
    import timm

    config = timm.get_pretrained_cfg(entry.name)
    if config is None or config.num_classes:
        return {}, []
    return {"num_classes": ADDED_CLASSES}, ["head added"]


def images(classifier: Classifier, count: int, seed: int = 0) -> Tensor:
    """Normal noise ``[count, c, h, w]`` of the size that a classifier takes."""
    generator = torch.Generator().manual_seed(seed)
    shape = (count, classifier.preprocess.channels, *classifier.preprocess.size)
    return torch.randn(shape, generator=generator)


def wake(classifier: Classifier) -> None:
    """Let untrained weights behave as trained ones do: no gain of zero, and statistics that fit the signal."""
    generator = torch.Generator().manual_seed(0)
    network: nn.Module = classifier.network
    network.eval()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.is_floating_point() and (parameter.numel() < 2 or parameter.std() < 1e-3):
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator).to(parameter))
        _calibrate(classifier)
        logits = classifier.logits(images(classifier, 2))
        if not (logits[0] - logits[1]).abs().max() > DEAD * logits.abs().max():
            for module in network.modules():  # gains about zero, by which the signal dies on its way
                if isinstance(module, _BatchNorm) and module.affine and module.weight.abs().mean() < LOW:
                    module.weight.add_(1)
            _calibrate(classifier)


def _calibrate(classifier: Classifier) -> None:
    """Let batch normalisation know the statistics of the signal; called without gradients."""
    norms = [m for m in classifier.network.modules() if isinstance(m, _BatchNorm) and m.track_running_stats]
    momenta = [norm.momentum for norm in norms]
    try:
        for norm in norms:
            norm.training, norm.momentum = True, 1.0
        if norms:
            classifier.network(images(classifier, CALIBRATION, seed=1))
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.training, norm.momentum = False, momentum
