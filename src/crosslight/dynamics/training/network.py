"""The network that is trained: built or fetched, and given the classes of the pictures."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...core.errors import CrosslightError, ModelError
from ...core.geometry import Preprocess
from ...models import Classifier, load_model
from ...models.sources import SOURCES, source_of
from ...models.sources.built import seeded
from ...models.sources.python_source import split
from ...models.sources.preprocessing import KEYS
from .head import replace_head


@dataclass(frozen=True)
class Start:
    """A network that is ready to be trained, and how a study names it once it is.

    Attributes:
        network: with as many outputs as there are classes, in training.
        preprocess: its own preprocessing.
        name: as a study names it.
        options: for the constructor, so that the trained weights fit.
        overrides: of its preprocessing.
        finetuned: whether trained weights were the start.
    """

    network: nn.Module
    preprocess: Preprocess
    name: str
    options: Mapping[str, Any]
    overrides: Mapping[str, Any]
    finetuned: bool


def build_network(
    name: str,
    classes: int,
    *,
    weights: str = "pretrained",
    options: Mapping[str, Any] | None = None,
    preprocess: Mapping[str, Any] | None = None,
    size: int | None = None,
    seed: int = 0,
    base: Path | None = None,
) -> Start:
    """Build a classifier for training.

    Args:
        name: as for `load_model`.
        classes: how many it is to tell apart.
        weights: ``pretrained``, ``none`` or a file; from either of the trained ones only the head is new.
        options: for the constructor.
        preprocess: overrides.
        size: height and width of the input; the whole picture is seen then, unless `preprocess` says otherwise. An
            option ``img_size`` says the same.
        seed: of random weights.
        base: folder that relative paths start from.

    Raises:
        CrosslightError: it cannot be built, or not with so many classes.
    """
    options, overrides = dict(options or {}), dict(preprocess or {})
    size = size or (options["img_size"] if isinstance(options.get("img_size"), int) else None)
    if size is not None and "size" not in overrides:
        overrides["size"] = size
        if not {"crop_pct", "resize"} & set(overrides):
            overrides["crop_pct"] = 1.0
    source = source_of(name)
    option = _classes_option(name, source, base)
    scratch = weights == "none"
    if scratch and option is not None:
        options.setdefault(option, classes)
    if source == "torchvision" and scratch and "aux_logits" in _arguments(name):
        options.setdefault("aux_logits", False)
    classifier = load_model(
        name, weights=weights, options=options, preprocess=overrides or None, base=base, seed=seed
    )
    network = classifier.network
    outputs = classifier.outputs
    if outputs != classes:
        if option is None or source == "python":
            raise _wrong_number(name, source, outputs, classes, option)
        with seeded(f"{name} head", seed):
            replace_head(network, outputs, classes)
        options[option] = classes
    elif not scratch and option is not None and source != "python":
        options.setdefault(option, classes)
    if getattr(network, "AuxLogits", None) is not None or getattr(network, "aux1", None) is not None:
        _without_auxiliary(network)
        options["aux_logits"] = False
    _check_outputs(name, network, classifier, classes)
    kept = {key: value for key, value in overrides.items() if key in KEYS}
    return Start(network, classifier.preprocess, name, options, kept, not scratch and source != "python" or _is_file(weights))


def _is_file(weights: str) -> bool:
    return weights not in ("pretrained", "none", "")


def _classes_option(name: str, source: str, base: Path | None) -> str | None:
    """The option of the constructor that says how many classes there are."""
    if source != "python":
        return getattr(SOURCES[source], "CLASSES", None)
    path, function = split(name, base)
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            named = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
            return "num_classes" if "num_classes" in named else None
    return None


def _arguments(name: str) -> set[str]:
    from torchvision import models

    builder = models.get_model_builder(name.partition("/")[2])
    return set(inspect.signature(builder).parameters) | ({"aux_logits"} if "inception" in name or "googlenet" in name else set())


def _wrong_number(name: str, source: str, outputs: int, classes: int, option: str | None) -> ModelError:
    if source == "python":
        advice = f"set the option {option}={classes}" if option else "let the function take num_classes"
        return ModelError(f"{name} returns a network with {outputs} outputs for {classes} classes of pictures; {advice}")
    return ModelError(f"{name} tells {outputs} classes apart and cannot be built for {classes}; choose another classifier")


def _without_auxiliary(network: nn.Module) -> None:
    """Take off classifiers in the middle that only helped in the original training."""
    for name in ("AuxLogits", "aux1", "aux2"):
        if getattr(network, name, None) is not None:
            setattr(network, name, None)
    network.aux_logits = False  # type: ignore[assignment]


def _check_outputs(name: str, network: nn.Module, before: Classifier, classes: int) -> None:
    """Run the network once, so that what does not fit is told before pictures are decoded."""
    try:
        with torch.no_grad():
            outputs = Classifier(network, before.preprocess, precision="fp32").outputs
    except CrosslightError:
        raise
    except Exception as error:
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        height, width = before.preprocess.size
        raise ModelError(f"{name} cannot be run on inputs of {height} x {width} pixels: {text}") from error
    if outputs != classes:
        raise ModelError(f"{name} has {outputs} outputs although it was built for {classes} classes")
