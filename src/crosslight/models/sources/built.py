"""What every source hands back, and building a network so that it is the same in every process."""

from __future__ import annotations

import inspect
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from ...core.classes import Classes
from ...core.devices import is_out_of_memory
from ...core.errors import CrosslightError, ModelError, suggestion
from ...core.seeds import seed_for


@dataclass(frozen=True)
class Built:
    """A network from a source, before its user's own settings.

    Attributes:
        network: with pretrained weights, or with random ones.
        preprocess: its own preprocessing, in the terms of `sources.preprocessing`.
        classes: names of its outputs where the source knows them.
        prefix_tokens: number of tokens before the patches, where the network says so.
        reference: the paper, or the page that describes the network.
        licence: of the pretrained weights.
        accuracy: published top-1 accuracy of the pretrained weights on ImageNet-1k, in [0, 1].
        multi_label: whether an image may be of several classes.
        lineage, replicate: see `crosslight.models.facts.Facts`.
    """

    network: nn.Module
    preprocess: Mapping[str, Any]
    classes: Classes | None = None
    prefix_tokens: int | None = None
    reference: str = ""
    licence: str = ""
    accuracy: float | None = None
    multi_label: bool = False
    lineage: str = ""
    replicate: str = ""


@contextmanager
def seeded(name: str, seed: int) -> Iterator[None]:
    """Random numbers that depend on a classifier's name and a seed; the caller's own go on undisturbed.

    Only generators of the CPU are set: sources build there.
    """
    number = seed_for("weights", name, seed)
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - a user's network may use it
    with torch.random.fork_rng(devices=[]):
        try:
            torch.default_generator.manual_seed(number)
            random.seed(number)
            np.random.seed(number % 2**32)  # noqa: NPY002
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


def build(name: str, function: Callable[..., nn.Module], options: Mapping[str, Any], **others: Any) -> nn.Module:
    """Call a library's constructor; what it refuses becomes one line that names the classifier.

    Args:
        name: of the classifier.
        function: the constructor.
        options: the user's own.
        others: ours, which options may not name.

    Raises:
        ModelError: the constructor refused.
    """
    taken = sorted(set(options) & set(others))
    if taken:
        raise ModelError(f"{name}: {taken[0]!r} cannot be set in options; use the key of the model itself")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(**others, **options)
    except CrosslightError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise refused(name, error, options) from error


def refused(name: str, error: BaseException, options: Mapping[str, Any]) -> ModelError:
    """The error for a constructor that refused, in one line."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    for option in options:
        if isinstance(error, TypeError) and "unexpected keyword" in text and repr(option) in text:
            return ModelError(f"{name}: it has no option {option!r}")
    given = f" with options {dict(options)}" if options else ""
    return ModelError(f"{name} cannot be built{given}: {type(error).__name__}: {text}")


def unknown_option(name: str, function: Callable[..., Any], options: Mapping[str, Any]) -> ModelError | None:
    """The error for the first option that a function does not take, with the nearest one that it does."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    known = [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    for option in options:
        if option not in known:
            return ModelError(f"{name}: it has no option {option!r}{suggestion(option, known)}")
    return None
