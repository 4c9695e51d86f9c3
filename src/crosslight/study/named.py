"""Classifiers as a person names them on a command line: by name, by a pattern, or all of a study file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import InputError
from ..models import list_models, load_model
from .spec import read_study

if TYPE_CHECKING:
    from ..models import Classifier


def load_named(
    names: Sequence[str], *, weights: str | None = None, precision: str | None = None, seed: int = 0
) -> list[Classifier]:
    """Load classifiers, each label once.

    Args:
        names: such as ``timm/resnet18.a1_in1k``; a pattern such as ``scenes/*``; or a study file, ``STUDY.toml``, which
            stands for all of its models, with the options and weights that it gives them.
        weights: of those given by name: ``pretrained``, ``none`` or a file.
        precision: ``fp32`` or ``bf16``.
        seed: of random weights.

    Raises:
        InputError: a pattern fits no classifier, or two of different kinds have one label.
        ModelError: one cannot be loaded.
    """
    found: dict[str, Classifier] = {}
    for name in dict.fromkeys(names):
        for one in _load(name, weights, precision, seed):
            if one.label in found:
                raise InputError(f"two of the models are called {one.label!r}")
            found[one.label] = one
    return list(found.values())


def _load(name: str, weights: str | None, precision: str | None, seed: int) -> list[Classifier]:
    if name.endswith(".toml"):
        spec = read_study(Path(name))
        return [
            load_model(
                section.name,
                weights=section.weights,
                label=section.label,
                options=section.options,
                preprocess=section.preprocess,
                classes=section.classes,
                precision=precision or section.precision or spec.study.precision,
                multi_label=section.multi_label,
                base=spec.base,
                seed=spec.study.seed,
            )
            for section in spec.models
        ]
    matching = [name]
    if any(mark in name for mark in "*?["):
        matching = list_models(name)
        if not matching:
            raise InputError(f"no classifier is called like {name}; `crosslight models` lists them")
    return [load_model(one, weights=weights or "pretrained", precision=precision, seed=seed) for one in matching]
