"""The network that is trained: built or fetched, and given the classes of the pictures."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from ...core.devices import is_out_of_memory
from ...core.errors import CrosslightError, ModelError
from ...core.geometry import Preprocess
from ...models import Classifier, load_model
from ...models.sources import SOURCES, source_of
from ...models.sources.built import seeded
from ...models.sources.preprocessing import KEYS
from ...models.sources.python_source import split
from .head import replace_head

#: classifiers with others in the middle, which only help in their original training
AUXILIARY = ("torchvision/inception_v3", "torchvision/googlenet")
#: names under which a user's own function may take the number of classes
CLASSES_OPTIONS = ("num_classes", "classes", "num_labels", "n_classes")


@dataclass(frozen=True)
class Start:
    """A network that is ready to be trained, and how a study names it once it is.

    Attributes:
        network: with as many outputs as there are classes, in training.
        preprocess: its own preprocessing.
        name: as a study names it.
        options: for the constructor, so that the trained weights fit.
        overrides: of its preprocessing.
    """

    network: nn.Module
    preprocess: Preprocess
    name: str
    options: Mapping[str, Any]
    overrides: Mapping[str, Any]


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
    if scratch and name in AUXILIARY:
        options.setdefault("aux_logits", False)
    classifier = load_model(name, weights=weights, options=options, preprocess=overrides or None, base=base, seed=seed)
    network = classifier.network
    outputs = _outputs(name, classifier)
    if outputs != classes:
        if option is None:
            raise _wrong_number(name, source, outputs, classes)
        with seeded(f"{name} head", seed):
            replace_head(network, outputs, classes)
        options[option] = classes
    elif option is not None:
        options.setdefault(option, classes)
    if getattr(network, "AuxLogits", None) is not None or getattr(network, "aux1", None) is not None:
        _without_auxiliary(network)
        options["aux_logits"] = False
    if (now := _outputs(name, classifier)) != classes:
        raise ModelError(f"{name} has {now} outputs although it was built for {classes} classes")
    kept = {key: value for key, value in overrides.items() if key in KEYS}
    return Start(network, classifier.preprocess, name, options, kept)


def _classes_option(name: str, source: str, base: Path | None) -> str | None:
    """The option of the constructor that says how many classes there are."""
    if source != "python":
        option = getattr(SOURCES[source], "CLASSES", None)
        return option if isinstance(option, str) else None  # classifiers of scenes have names of classes there
    path, function = split(name, base)
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            named = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
            return next((one for one in CLASSES_OPTIONS if one in named), None)
    return None


def _wrong_number(name: str, source: str, outputs: int, classes: int) -> ModelError:
    if source == "python":
        return ModelError(
            f"{name} returns a network with {outputs} outputs for {classes} classes of pictures; let the function take "
            "num_classes"
        )
    return ModelError(
        f"{name} tells {outputs} classes apart and cannot be built for {classes}; choose another classifier"
    )


def _without_auxiliary(network: nn.Module) -> None:
    """Take off classifiers in the middle that only helped in the original training."""
    for name in ("AuxLogits", "aux1", "aux2"):
        if getattr(network, name, None) is not None:
            setattr(network, name, None)
    network.aux_logits = False  # type: ignore[assignment]


def _outputs(name: str, classifier: Classifier) -> int:
    """Run the network once, so that what does not fit is told before pictures are decoded; how many outputs it has."""
    try:
        return Classifier(classifier.network, classifier.preprocess, label=name).outputs
    except CrosslightError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        text = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        height, width = classifier.preprocess.size
        raise ModelError(
            f"{name} cannot be run on inputs of {height} x {width} pixels: {type(error).__name__}: {text}"
        ) from error
