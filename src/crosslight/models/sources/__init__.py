"""Classifiers by name: timm, torchvision, transformers, scenes, a user's own Python file, or a network at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from ...core.classes import Classes
from ...core.errors import InputError, ModelError, UnknownNameError, suggestion
from ..classifier import Classifier
from ..facts import describe
from ..weights import load_weights, other_classes
from . import hf_source, python_source, scenes_source, timm_source, torchvision_source
from .built import Built, seeded
from .class_names import read_classes
from .naming import one_of, unknown_model
from .preprocessing import make_preprocess

#: By the name of the source. Each has ``PREFIX``, ``check(name, base)`` and ``load(name, ...)``.
SOURCES: dict[str, ModuleType] = {
    "timm": timm_source,
    "torchvision": torchvision_source,
    "hf": hf_source,
    "scenes": scenes_source,
    "python": python_source,
}
#: those that know all their names
LISTED = {name: module for name, module in SOURCES.items() if hasattr(module, "names")}


def load_model(
    name: str | nn.Module | Classifier,
    *,
    weights: str | Path = "pretrained",
    label: str | None = None,
    options: Mapping[str, Any] | None = None,
    preprocess: Mapping[str, Any] | None = None,
    classes: str | Path | Sequence[str] | None = None,
    device: str | torch.device | None = None,
    precision: str | None = None,
    multi_label: bool | None = None,
    base: Path | None = None,
    seed: int = 0,
) -> Classifier:
    """A classifier by name, or from a network at hand.

    Args:
        name: ``timm/NAME``, ``timm/NAME.TAG``, ``torchvision/NAME``, ``hf/OWNER/NAME``, ``hf/FOLDER``,
            ``scenes/NAME``, ``python:FILE.py:FUNCTION``, a network, or a classifier, which is returned as it is
            unless something else is asked for here.
        weights: ``pretrained`` (for a user's own network: as built), ``none`` (random ones, the same for the
            same name and seed in every process) or a file, see `models.weights.load_weights`. A file is
            loaded into the very network that was handed over.
        label: how reports call it; by default the name.
        options: for the constructor, or a user's function.
        preprocess: overrides, see `models.sources.preprocessing`.
        classes: names of the outputs: a file with one a line, or the names themselves.
        device: where to run; by default the CPU, or where a network at hand is.
        precision: ``fp32`` or ``bf16``, see `Classifier`; by default fp32, or that of a classifier at hand.
        multi_label: whether an image may be of several classes; by default as the source says, which most do not.
        base: folder that relative paths start from.
        seed: of random weights.

    Raises:
        UnknownNameError: no source knows the name.
        ModelError: it cannot be built, or its weights are missing, out of reach or do not fit.
        InputError: `preprocess`, `classes` or `precision` are not valid.
    """
    options = dict(options or {})
    file = weights if isinstance(weights, Path) else None if weights in ("pretrained", "none", "") else Path(weights)
    asked = (label, preprocess, classes, file, device, precision, multi_label)
    if isinstance(name, str):
        written, source = name, source_of(name)
        if file is not None:
            file = _find_weights(name, file, base)
        with seeded(name, seed):
            pretrained = file is None and weights != "none"
            built = SOURCES[source].load(name, pretrained=pretrained, options=options, base=base)
        if file is not None and isinstance(built, Built):
            built = _with_classes_of(file, built, name, source, options, base)
        state = file.name if file else "as built" if source == "python" else str(weights)
    else:
        if options:
            raise InputError("options are for a classifier given by name; this network is built already")
        source, built = "module", name if isinstance(name, Classifier) else python_source.from_module(name)
        network = built.network
        written = f"module:{type(network).__qualname__}"
        file = _find_weights(written, file, base) if file is not None else None
        state = file.name if file else "as built"

    if isinstance(built, Classifier):
        if built.facts is not None and not any(value is not None for value in asked):
            return built
        label = label or built.label
        device = device or built.device
        precision = precision or built.precision
        state = built.facts.weights if built.facts is not None and file is None else state
        built = python_source.base_of(built)
    if multi_label is not None:
        built = replace(built, multi_label=multi_label)
    return _finish(built, written, source, file, state, label, preprocess, classes, device, precision or "fp32", base)


def _finish(
    built: Built,
    name: str,
    source: str,
    file: Path | None,
    state: str,
    label: str | None,
    preprocess: Mapping[str, Any] | None,
    classes: str | Path | Sequence[str] | None,
    device: str | torch.device | None,
    precision: str,
    base: Path | None,
) -> Classifier:
    """Put a user's weights, preprocessing and class names on top of what a source gave."""
    if file is not None:
        load_weights(built.network, file)
    ready = make_preprocess(built.preprocess, preprocess)
    facts = describe(
        built.network,
        name=name,
        source=source,
        input_size=ready.size,
        weights=state,
        reference=built.reference,
        licence=built.licence if state == "pretrained" else "",
        accuracy=built.accuracy if state == "pretrained" else None,
        lineage=built.lineage,
        replicate=built.replicate if state == "pretrained" else "",
    )
    names = read_classes(classes, base) if classes else built.classes
    if names is not None and len(names) == 1:  # of a single logit
        names = Classes((f"not {names.names[0]}", names.names[0]))
    classifier = Classifier(
        built.network,
        ready,
        names,
        label=label or (name if source != "module" else type(built.network).__name__),
        facts=facts,
        prefix_tokens=built.prefix_tokens,
        device=device,
        precision=precision,
        multi_label=built.multi_label,
    )
    if classes and names is not None and facts.outputs != len(names):
        # Only the network itself knows for sure: this runs it once, and raises where the numbers differ.
        classifier.facts = replace(facts, outputs=classifier.outputs)
    return classifier


def _with_classes_of(
    file: Path, built: Built, name: str, source: str, options: Mapping[str, Any], base: Path | None
) -> Built:
    """The classifier with as many classes as the file has weights for, where nobody said how many."""
    option = getattr(SOURCES[source], "CLASSES", None)
    if option is None or option in options:
        return built
    count = other_classes(built.network, file)
    if count is None:
        return built
    return SOURCES[source].load(name, pretrained=False, options={**options, option: count}, base=base)


def source_of(name: str) -> str:
    """The source that a name belongs to.

    Raises:
        UnknownNameError: it has the prefix of none.
    """
    for source, module in SOURCES.items():
        if name.startswith(module.PREFIX):
            return source
    head, slash, _ = name.partition("/")
    if slash or ":" in name:
        known = [module.PREFIX for module in SOURCES.values()]
        raise UnknownNameError("source of models", head + slash if slash else name, known)
    complete = [known for known in (module.PREFIX + name for module in LISTED.values()) if _is_known(known)]
    if complete:
        raise one_of(name, complete)
    raise unknown_model(name, list_models())


def check_model_name(name: str, base: Path | None = None) -> None:
    """Raise unless a source knows the name; nothing is built, fetched or run.

    Args:
        name: as for `load_model`.
        base: folder that a relative Python file starts from.

    Raises:
        UnknownNameError: with the nearest names.
        ModelError: a Python file that is missing or cannot be parsed.
    """
    SOURCES[source_of(name)].check(name, base)


def list_models(pattern: str = "", source: str | None = None) -> list[str]:
    """The names of all classifiers of timm, torchvision and scenes.

    Args:
        pattern: part of a name, or a pattern with ``*`` and ``?`` for the whole name or what follows its ``/``.
        source: ``timm``, ``torchvision`` or ``scenes``; by default all.
    """
    if source is not None and source not in LISTED:
        raise UnknownNameError("source of models", source, LISTED)
    names = [name for key, module in LISTED.items() if source in (None, key) for name in module.names()]
    if any(character in pattern for character in "*?["):
        return [n for n in names if fnmatchcase(n, pattern) or fnmatchcase(n.partition("/")[2], pattern)]
    return [name for name in names if pattern in name]


def _is_known(name: str) -> bool:
    try:
        check_model_name(name)
    except UnknownNameError:
        return False
    return True


def _find_weights(name: str, file: Path, base: Path | None) -> Path:
    """A user's file of weights, checked before the network is built."""
    path = (base or Path()) / file.expanduser()
    if not path.exists() and not file.suffix:
        near = suggestion(str(file), ("pretrained", "none"))
        near = near if near.startswith("; did") else ""
        raise ModelError(f"{name}: weights are 'pretrained', 'none' or a file, and there is no file {path}{near}")
    return path


__all__ = ["SOURCES", "check_model_name", "list_models", "load_model", "source_of"]
