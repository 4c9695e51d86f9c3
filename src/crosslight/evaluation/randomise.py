"""A network whose parameters are drawn anew, layer by layer or all of them."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from ..core.errors import ModelError
from ..core.seeds import seed_for
from ..models import Classifier
from ..models.taps import logits_of, modules_run_by
from ..models.wrappers import without_recomputing

#: which layers are random after each step: those from the head on, those from the input on, or one group at a time
Order = Literal["top-down", "bottom-up", "independent"]

#: the standard deviation at which tokens, position embeddings and tables of biases start in vision transformers
STD = 0.02
#: buffers that are learned from data, with what they start at (FrozenBatchNorm holds its weights in buffers)
LEARNED_BUFFERS = {"running_mean": 0.0, "running_var": 1.0, "weight": 1.0, "bias": 0.0, "num_batches_tracked": 0}


@dataclass(frozen=True)
class Randomised:
    """A copy of a classifier whose layers are drawn anew and restored in turn.

    Attributes:
        classifier: the copy; it keeps the original's site, preprocessing, class names and facts.
        layers: names of the modules that hold parameters of their own and take part in the output, in the order in
            which they first run; the network itself is the empty name.
        idle: those that take no part, such as auxiliary heads.
        seed: what each layer becomes depends on it and on the layer's name alone.
    """

    classifier: Classifier
    layers: tuple[str, ...]
    idle: tuple[str, ...]
    seed: int

    def randomise(self, layers: Iterable[str]) -> None:
        """Draw layers anew.

        Raises:
            ModelError: a parameter of theirs stays what it was.
        """
        for name in layers:
            _draw(self.classifier.network.get_submodule(name), name, self.seed)

    def restore(self, original: Classifier, layers: Iterable[str]) -> None:
        """Give layers the original's parameters again."""
        with original.evaluating(plain=True) as network, torch.no_grad():
            for name in layers:
                own, other = self.classifier.network.get_submodule(name), network.get_submodule(name)
                for key, tensor in _tensors(own).items():
                    tensor.copy_(_tensors(other)[key])


def randomisable(classifier: Classifier, seed: int) -> Randomised:
    """A copy of a classifier to randomise, not random yet.

    Args:
        classifier: left as it is.
        seed: of the random parameters.

    Raises:
        ModelError: the network's layers cannot be reached, or it has no parameters.
    """
    if isinstance(classifier.network, torch.jit.ScriptModule):
        raise ModelError(
            f"{classifier.label} is a TorchScript program, whose layers cannot be randomised; hand over the nn.Module "
            "that it was made from"
        )
    with classifier.evaluating(plain=True) as network:
        made = copy.deepcopy(network)
    twin = Classifier(
        made,
        classifier.preprocess,
        classifier.classes,
        label=f"{classifier.label} (randomised)",
        facts=classifier.facts,
        prefix_tokens=classifier.prefix_tokens,
        device=classifier.device,
        multi_label=classifier.multi_label,
        precision=classifier.precision,
    )
    # Where features and attention are read is found by what the trained network does, and must not move.
    with suppress(ModelError):
        twin.sites = classifier.sites
        twin.attention = classifier.attention
    layers, idle = _layers(twin)
    if not layers:
        raise ModelError(f"{classifier.label}: this network has no parameters, so there is nothing to randomise")
    return Randomised(twin, layers, idle, seed)


def randomised(classifier: Classifier, seed: int) -> Classifier:
    """A classifier of the same architecture with all parameters drawn anew.

    It keeps the original's site, preprocessing, class names and facts.

    Each layer is drawn as its own ``reset_parameters`` draws it. What that leaves as it was, and what has no such
    function, is drawn as its kind usually starts: tokens, position embeddings and tables of biases from a normal
    distribution of standard deviation .02 cut off at two of them, scales 1 (or the layer's own ``init_values``),
    biases 0, running means 0 and variances 1. A parameter that starts at a constant and still has it is left there:
    it has learned nothing.

    Args:
        classifier: left as it is.
        seed: of the random parameters; with the name of a layer it says what the layer becomes, on every device.

    Raises:
        ModelError: a parameter stays what it was, or the network has none.
    """
    made = randomisable(classifier, seed)
    made.randomise((*made.layers, *made.idle))
    return made.classifier


def _layers(classifier: Classifier) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Modules with tensors of their own in the order in which they first run, and those that the output ignores."""
    network, size = classifier.network, (classifier.preprocess.channels, *classifier.preprocess.size)
    modules = {name: module for name, module in network.named_modules() if _tensors(module)}  # shared ones once
    parameters = list(network.parameters())
    example = torch.zeros((1, *size), device=classifier.device, dtype=_dtype(parameters))
    network.eval()
    with without_recomputing(network), torch.enable_grad(), modules_run_by(network) as ran:
        network.requires_grad_(True)
        try:
            logits = logits_of(network(example))
            used = _reached(logits, parameters)
        finally:
            network.requires_grad_(False)
    first = {name: place for place, name in reversed(list(enumerate(ran)))}
    places = list(modules)

    def when(name: str) -> tuple[int, int]:
        """When it first runs; a module whose parameters another one uses, together with that one."""
        parent = name
        while parent and parent not in first:
            parent = parent.rpartition(".")[0]
        return first.get(parent, 0), places.index(name)

    ordered = sorted(modules, key=when)
    owned = {name: [id(parameter) for parameter in modules[name].parameters(recurse=False)] for name in ordered}
    idle = tuple(name for name, own in owned.items() if own and used.isdisjoint(own))
    return tuple(name for name in ordered if name not in idle), idle


def _reached(logits: Tensor, parameters: list[nn.Parameter]) -> set[int]:
    """Which parameters the logits depend on; all of them where that cannot be told."""
    if not logits.requires_grad:
        return {id(parameter) for parameter in parameters}
    gradients = torch.autograd.grad(logits.sum(), parameters, allow_unused=True)
    return {id(p) for p, gradient in zip(parameters, gradients, strict=True) if gradient is not None}


def _dtype(parameters: list[nn.Parameter]) -> torch.dtype:
    return next((p.dtype for p in parameters if p.is_floating_point()), torch.float32)


def _tensors(module: nn.Module) -> dict[str, Tensor]:
    """What a module itself holds that is learned."""
    own: dict[str, Tensor] = {key: value for key, value in module._parameters.items() if value is not None}
    buffers = {key: value for key, value in module._buffers.items() if key in LEARNED_BUFFERS and value is not None}
    return own | buffers


def _draw(module: nn.Module, name: str, seed: int) -> None:
    """Draw what a module itself holds anew."""
    tensors = _tensors(module)
    before = {key: value.detach().cpu() for key, value in tensors.items()}
    fresh = _reset(module, name, seed_for(seed, "randomise", name))
    chance = torch.Generator().manual_seed(seed_for(seed, "randomise more", name))
    with torch.no_grad():
        for key, tensor in tensors.items():
            new = fresh.get(key)
            if new is None or (not _constant(before[key]) and torch.equal(new, before[key])):
                new = _start(module, key, before[key], chance)
            if not _constant(before[key]) and torch.equal(new, before[key]):
                raise ModelError(f"the parameter {key!r} of the layer {name!r} could not be randomised")
            tensor.copy_(new)


def _reset(module: nn.Module, name: str, seed: int) -> dict[str, Tensor]:
    """What its own ``reset_parameters`` makes of a module without parts, on the CPU; nothing where it has none.

    Modules with parts may reset those too, which are layers of their own.
    """
    reset = getattr(module, "reset_parameters", None)
    if not callable(reset) or next(module.children(), None) is not None:
        return {}
    twin = copy.deepcopy(module).cpu()
    with torch.random.fork_rng(devices=[]):  # what the layer itself draws with is torch's default generator
        torch.default_generator.manual_seed(seed)  # this one alone: torch.manual_seed looks at all devices each time
        try:
            twin.reset_parameters()  # type: ignore[operator]
        except Exception as error:
            raise ModelError(f"the layer {name!r} could not be randomised: its reset_parameters: {error}") from error
    return {key: value.detach() for key, value in _tensors(twin).items()}


def _start(module: nn.Module, key: str, before: Tensor, chance: torch.Generator) -> Tensor:
    """What a tensor that no ``reset_parameters`` knows starts at."""
    if key in module._buffers:
        return torch.full_like(before, LEARNED_BUFFERS[key])
    table = before.dim() >= 2 and before.numel() > max(before.shape)
    if table or "token" in key or "embed" in key:
        return nn.init.trunc_normal_(torch.empty_like(before), std=STD, a=-2 * STD, b=2 * STD, generator=chance)
    if "bias" in key or key in ("beta", "shift"):
        return torch.zeros_like(before)
    return torch.full_like(before, float(getattr(module, "init_values", None) or 1))


def _constant(values: Tensor) -> bool:
    return bool((values == values.flatten()[:1]).all()) if values.numel() else True


def steps_of(layers: tuple[str, ...], steps: int | None, order: Order) -> list[tuple[str, ...]]:
    """Layers in groups that are as even as they come, in the order in which they are randomised.

    Args:
        layers: in the order in which they run.
        steps: how many groups; None for each layer on its own.
        order: from the head, or from the input.
    """
    ordered = layers[::-1] if order == "top-down" else layers
    parts = np.array_split(np.arange(len(ordered)), min(steps or len(ordered), len(ordered)))
    return [tuple(ordered[int(i)] for i in part) for part in parts]
