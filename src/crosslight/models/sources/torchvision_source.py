"""Classifiers of torchvision, with the transforms and categories of their published weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.errors import ModelError
from ..facts import count_outputs
from . import hub
from .built import Built, build
from .class_names import imagenet_classes, named_classes
from .naming import unknown_model

PREFIX = "torchvision/"
#: the option that sets the number of classes
CLASSES = "num_classes"


def names() -> list[str]:
    """Every image classifier, as ``torchvision/NAME``."""
    from torchvision import models

    return [PREFIX + name for name in models.list_models(module=models)]


def check(name: str, base: Path | None = None) -> None:
    """Raise `UnknownNameError` unless torchvision has an image classifier of that name."""
    known = names()
    if name not in known:
        raise unknown_model(name, known, PREFIX)


def load(name: str, *, pretrained: bool, options: Mapping[str, Any], base: Path | None = None) -> Built:
    """Build a classifier of torchvision; pretrained means its ``DEFAULT`` weights.

    Args:
        name: ``torchvision/NAME``.
        pretrained: fetch the weights, else leave random ones.
        options: for the constructor.
        base: not used.

    Raises:
        UnknownNameError: there is no such classifier.
        ModelError: it cannot be built, or its weights cannot be fetched.
    """
    from torchvision import models

    check(name)
    bare = name.removeprefix(PREFIX)
    builder = models.get_model_builder(bare)
    published = list(models.get_model_weights(bare))
    default = models.get_model_weights(bare).DEFAULT if published else None
    if pretrained:
        if default is None:
            raise ModelError(f'{name} has no pretrained weights; set a file or weights = "none"')
        cache = hub.torch_cache()
        cached = (cache / default.url.rsplit("/", 1)[-1]).is_file()
        with hub.fetching(name, default.url, cache, cached=cached):
            network = build(name, builder, options, weights=default)
    else:
        network = build(name, builder, options, weights=None)
    if hasattr(network, "transform_input") and "transform_input" not in options:
        # Inception and GoogLeNet: the published weights need it, whether they come from the hub or a file.
        network.transform_input = True  # type: ignore[assignment]
    outputs = count_outputs(network)
    if default is None:
        return Built(network, {"size": 224, "resize": 256}, imagenet_classes(outputs) if outputs else None)
    transforms = default.transforms()
    return Built(
        network,
        {
            "size": (transforms.crop_size[0], transforms.crop_size[-1]),
            "resize": transforms.resize_size[0],
            "interpolation": transforms.interpolation.value,
            "mean": tuple(transforms.mean),
            "std": tuple(transforms.std),
        },
        named_classes(outputs, default.meta.get("categories")),
        reference=str(default.meta.get("recipe") or ""),
        accuracy=_accuracy(default.meta),
    )


def _accuracy(meta: Mapping[str, Any]) -> float | None:
    """Top-1 accuracy on ImageNet-1k, in [0, 1]."""
    percent = meta.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1")
    return None if percent is None else round(float(percent) / 100, 5)
