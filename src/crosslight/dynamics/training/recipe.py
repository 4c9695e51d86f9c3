"""How a classifier is trained: everything about it that can be chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from ...core.errors import InputError, UnknownNameError

Augment = Literal["none", "light", "strong"]
Optimizer = Literal["adamw", "sgd"]
Schedule = Literal["one-cycle", "cosine", "constant"]
Precision = Literal["fp32", "bf16", "16"]
Select = Literal["accuracy", "loss", "last"]

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "augment": get_args(Augment),
    "optimizer": get_args(Optimizer),
    "schedule": get_args(Schedule),
    "precision": get_args(Precision),
    "select": get_args(Select),
}
#: the largest value of each number that is a share
_BELOW_ONE = ("smoothing", "warmup")


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained.

    Attributes:
        epochs: walks through the training pictures, those with a frozen backbone among them.
        freeze_epochs: so many of them, the first ones, train the head alone.
        batch: pictures per step.
        lr: largest learning rate of the head.
        spread: how many times smaller the rate of the first layers is; layers between lie between, geometrically.
        optimizer: ``adamw`` or ``sgd`` (with Nesterov momentum 0.9).
        schedule: of the rate in each phase: ``one-cycle``, ``cosine`` or ``constant``.
        warmup: share of a phase's steps in which the rate rises.
        weight_decay: of weights; biases and normalisations have none.
        smoothing: of labels, in [0, 1).
        mixup: parameter of the beta distribution that pictures are mixed by; 0 mixes none.
        augment: ``none``, ``light`` (shifted and flipped) or ``strong`` (also scaled, recoloured and erased in part).
        clip: largest norm of the gradient; 0 for none.
        precision: ``fp32``, ``bf16`` or ``16`` (mixed; the last on GPUs alone).
        select: which epoch's weights are the best: by validation ``accuracy`` or ``loss``, or always the ``last``.
        patience: stop after so many epochs without a better one; 0 never stops.
        seed: of everything random.
    """

    epochs: int = 30
    freeze_epochs: int = 0
    batch: int = 64
    lr: float = 1e-3
    spread: float = 1.0
    optimizer: Optimizer = "adamw"
    schedule: Schedule = "one-cycle"
    warmup: float = 0.25
    weight_decay: float = 0.05
    smoothing: float = 0.1
    mixup: float = 0.0
    augment: Augment = "light"
    clip: float = 1.0
    precision: Precision = "fp32"
    select: Select = "accuracy"
    patience: int = 0
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The recipe as JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True)
class Phase:
    """Epochs that have a schedule of their own.

    Attributes:
        start: first epoch, from 0.
        end: the one after the last.
        lr: largest learning rate of the head.
        frozen: whether the head alone is trained.
    """

    start: int
    end: int
    lr: float
    frozen: bool


def make_recipe(*, finetune: bool, **given: Any) -> Recipe:
    """A recipe from what was given and, where that is None, from what suits the task.

    Args:
        finetune: whether trained weights are the start. Then two epochs, the first with a frozen backbone, and rates
            a hundred times smaller in the first layers.
        given: attributes of `Recipe`.

    Raises:
        InputError: a value is not valid.

    Source: Howard and Ruder, arXiv:1801.06146 (discriminative rates), and fastai's ``fine_tune``: a frozen epoch, then
        half the rate with a factor of 100 between the first layers and the head.
    """
    base = Recipe(epochs=2, freeze_epochs=1, spread=100.0) if finetune else Recipe()
    unknown = sorted(set(given) - {field.name for field in fields(Recipe)})
    if unknown:
        raise UnknownNameError("setting of a training", unknown[0], [field.name for field in fields(Recipe)])
    chosen = {key: value for key, value in given.items() if value is not None}
    if "epochs" in chosen and "freeze_epochs" not in chosen:
        chosen["freeze_epochs"] = min(base.freeze_epochs, max(0, int(chosen["epochs"]) - 1))
    return check_recipe(replace(base, **chosen))


def check_recipe(recipe: Recipe) -> Recipe:
    """The recipe itself.

    Raises:
        InputError: a value is not valid.
    """
    for key, known in _CHOICES.items():
        if getattr(recipe, key) not in known:
            raise UnknownNameError(key, str(getattr(recipe, key)), known)
    for key in ("epochs", "batch"):
        if getattr(recipe, key) < 1:
            raise InputError(f"{key} must be at least 1, not {getattr(recipe, key)}")
    for key in ("freeze_epochs", "weight_decay", "mixup", "clip", "patience", "seed", *_BELOW_ONE):
        if not (math.isfinite(getattr(recipe, key)) and getattr(recipe, key) >= 0):
            raise InputError(f"{key} must not be below 0, and is {getattr(recipe, key)}")
    for key in _BELOW_ONE:
        if getattr(recipe, key) >= 1:
            raise InputError(f"{key} lies in [0, 1), and is {getattr(recipe, key)}")
    if not (math.isfinite(recipe.lr) and recipe.lr > 0):
        raise InputError(f"lr must be above 0, not {recipe.lr}")
    if not (math.isfinite(recipe.spread) and recipe.spread >= 1):
        raise InputError(f"spread must be at least 1, not {recipe.spread}")
    if recipe.freeze_epochs > recipe.epochs:
        raise InputError(f"{recipe.freeze_epochs} frozen epochs are more than the {recipe.epochs} epochs there are")
    return recipe


def phases(recipe: Recipe) -> tuple[Phase, ...]:
    """The phases of a training: with a frozen backbone, where that is asked for, and without."""
    cut = recipe.freeze_epochs
    frozen = [Phase(0, cut, recipe.lr, True)] if cut else []
    rest = [Phase(cut, recipe.epochs, recipe.lr / 2 if cut else recipe.lr, False)] if cut < recipe.epochs else []
    return (*frozen, *rest)


def rate(recipe: Recipe, epoch: int, step: int, steps: int) -> float:
    """The head's learning rate in one step, which depends on nothing but where the step stands.

    Args:
        recipe: of the training.
        epoch: from 0.
        step: within the epoch, from 0.
        steps: of an epoch.

    Source: Smith and Topin, arXiv:1708.07120, in fastai's form: two halves of a cosine, from 1/25 of the largest rate
        up to it and down to 1e-5 of it. ``cosine`` rises linearly instead and ends at 0.
    """
    phase = next(phase for phase in phases(recipe) if phase.start <= epoch < phase.end)
    total = (phase.end - phase.start) * steps
    at = (epoch - phase.start) * steps + step
    rising = recipe.warmup * total
    if recipe.schedule == "constant":
        return phase.lr
    if at < rising:
        share = (at + 1) / (math.ceil(rising) + 1) if recipe.schedule == "cosine" else at / rising
        return phase.lr * (share if recipe.schedule == "cosine" else _between(1 / 25, 1.0, share))
    share = (at - rising) / max(1.0, total - rising)
    return phase.lr * _between(1.0, 0.0 if recipe.schedule == "cosine" else 1e-5, share)


def _between(start: float, end: float, share: float) -> float:
    """From `start` to `end` along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
