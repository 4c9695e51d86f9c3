"""Borrowing a network: everything changed in it is put back, whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any

import torch
from torch import nn

ASLEEP = 1e-3  # parameters that stay below this keep gradients from showing a network's structure


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Let nothing in the network require gradients, so that "requires grad" means "depends on the image"."""
    tensors = [t for t in chain(network.parameters(), network.buffers()) if t.requires_grad and t.is_leaf]
    try:
        for tensor in tensors:
            tensor.requires_grad_(False)
        yield
    finally:
        for tensor in tensors:
            tensor.requires_grad_(True)


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Evaluation mode.

    The flags are set one by one, because a network's own `train` may do more than that.
    """
    training = [module for module in network.modules() if module.training]
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module in training:
            module.training = True


def asleep(network: nn.Module) -> list[nn.Parameter]:
    """Parameters that are almost zero throughout."""
    return [p for p in network.parameters() if p.is_floating_point() and p.numel() and p.abs().max() < ASLEEP]


@contextmanager
def awake(network: nn.Module) -> Iterator[None]:
    """Stand random values in for parameters that are almost zero throughout.

    Untrained networks often have a head, a gain or a layer scale of zeros, so no gradient shows how they are
    built. The parameters themselves are not written to: others take their places for the length of the block.
    """
    generator = torch.Generator().manual_seed(0)
    stand_ins: dict[nn.Parameter, nn.Parameter] = {}
    places = [(m, key, p) for m in network.modules() for key, p in m._parameters.items() if p is not None]
    try:
        for parameter in asleep(network):
            noise = 0.1 * torch.randn(parameter.shape, generator=generator)
            stand_ins[parameter] = nn.Parameter(noise.to(parameter), requires_grad=False)
        for module, key, parameter in places:
            module._parameters[key] = stand_ins.get(parameter, parameter)
        yield
    finally:
        for module, key, parameter in places:
            module._parameters[key] = parameter


@contextmanager
def every_module_called() -> Iterator[None]:
    """Switch PyTorch's fused attention layers off, which step over the modules inside them.

    They also differ from the plain computation by rounding, so features and gradients would not match.
    """
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


@contextmanager
def hooked(
    after: Mapping[nn.Module, Callable[..., Any]],
    before: Mapping[nn.Module, Callable[..., Any]] | None = None,
    always: Mapping[nn.Module, Callable[..., Any]] | None = None,
) -> Iterator[None]:
    """Forward hooks for the length of a block.

    They come before the network's own hooks, so what they see is what the module itself computed, and a
    replacement passes through the own hooks as the original would.

    Args:
        after: hooks that run when a module is done.
        before: hooks that run when a module is called.
        always: as `after`, but also when the module raised.
    """
    with ExitStack() as stack:
        for module, hook in (before or {}).items():
            stack.callback(module.register_forward_pre_hook(hook).remove)
        for module, hook in after.items():
            stack.callback(module.register_forward_hook(hook, prepend=True).remove)
        for module, hook in (always or {}).items():
            stack.callback(module.register_forward_hook(hook, always_call=True).remove)
        yield


@contextmanager
def replaced_forward(replacements: Mapping[nn.Module, Callable[..., Any]]) -> Iterator[None]:
    """Let modules compute something else for the length of a block."""
    missing = object()
    saved = [(module, module.__dict__.get("forward", missing)) for module in replacements]
    try:
        for module, forward in replacements.items():
            module.__dict__["forward"] = forward
        yield
    finally:
        for module, own in saved:
            if own is missing:
                module.__dict__.pop("forward", None)
            else:
                module.__dict__["forward"] = own


@contextmanager
def modules_run_by(network: nn.Module) -> Iterator[list[str]]:
    """The names of the modules whose own computation runs in the block, in the order of their calls.

    A module that a tail answers from memory does not count.
    """
    ran: list[str] = []

    def recording(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def recorded(*args: Any, **kwargs: Any) -> Any:
            ran.append(name)
            return forward(*args, **kwargs)

        return recorded

    modules = {module: recording(name, module.forward) for name, module in network.named_modules()}
    with replaced_forward(modules):
        yield ran
