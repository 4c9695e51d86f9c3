"""Networks as people hand them over: compiled, wrapped for several devices, or made to spare memory in training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

#: attributes by which timm, transformers and torchvision recompute activations in the backward pass
_RECOMPUTING = ("grad_checkpointing", "gradient_checkpointing", "memory_efficient")


def unwrapped(network: nn.Module) -> nn.Module:
    """The network inside `torch.compile` and `torch.nn.DataParallel`, whose layers can be looked into.

    It shares its weights with the wrapper, which is left as it is.
    """
    while True:
        inner = getattr(network, "_orig_mod", None)
        if isinstance(network, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = network.module
        if not isinstance(inner, nn.Module):
            return network
        network = inner


def floating_type(network: nn.Module) -> torch.dtype:
    """The type of a network's numbers: of its first floating-point parameter, else float32."""
    return next((p.dtype for p in network.parameters() if p.is_floating_point()), torch.float32)


@contextmanager
def without_recomputing(network: nn.Module) -> Iterator[None]:
    """No gradient checkpointing for a while: a layer that runs again in the backward pass would be seen twice."""
    switched = [
        (module, name) for module in network.modules() for name in _RECOMPUTING if vars(module).get(name) is True
    ]
    for module, name in switched:
        setattr(module, name, False)
    try:
        yield
    finally:
        for module, name in switched:
            setattr(module, name, True)
