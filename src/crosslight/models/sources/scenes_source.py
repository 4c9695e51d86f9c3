"""Classifiers of scenes: small networks that come with the package, for pictures of 96 pixels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core.classes import Classes
from ...core.errors import ModelError
from ...scenes import CLASSES
from ...scenes.classifiers import CLASSIFIERS, WEIGHTS, load_network
from ...scenes.classifiers import build as build_network
from ...scenes.classifiers.networks import SIZE
from .built import Built, build
from .naming import unknown_model

PREFIX = "scenes/"

#: as in training: the whole picture, from [0, 1] to [-1, 1]
_PREPROCESS: Mapping[str, Any] = {
    "size": SIZE,
    "crop_pct": 1.0,
    "interpolation": "bilinear",
    "mean": (0.5, 0.5, 0.5),
    "std": (0.5, 0.5, 0.5),
}


def names() -> list[str]:
    """Every classifier, as ``scenes/NAME``."""
    return [PREFIX + name for name in CLASSIFIERS]


def check(name: str, base: Path | None = None) -> None:
    """Raise `UnknownNameError` unless there is a classifier of that name."""
    if name.removeprefix(PREFIX) not in CLASSIFIERS:
        raise unknown_model(name, names(), PREFIX)


def load(name: str, *, pretrained: bool, options: Mapping[str, Any], base: Path | None = None) -> Built:
    """Build a classifier of scenes.

    Args:
        name: ``scenes/NAME``.
        pretrained: with the weights that came with the package, else random ones.
        options: none: weights belong to one construction.
        base: not used.

    Raises:
        UnknownNameError: there is no such classifier.
        ModelError: it was given options, or its weights did not come with the package.
    """
    check(name)
    if options:
        raise ModelError(f"{name} takes no options (given: {', '.join(sorted(options))}); its construction is fixed")
    entry = CLASSIFIERS[name.removeprefix(PREFIX)]
    network = load_network(entry, WEIGHTS) if pretrained else build(name, build_network, {}, lineage=entry.lineage)
    return Built(
        network,
        _PREPROCESS,
        Classes(CLASSES),
        getattr(network, "num_prefix_tokens", None),
        reference=f"{entry.reference}: {entry.title}, made small for scenes of {SIZE} pixels",
        licence="Apache-2.0",
        lineage=PREFIX + entry.lineage,
        replicate=f"{PREFIX}{entry.lineage} on {entry.variant} pictures",
    )
