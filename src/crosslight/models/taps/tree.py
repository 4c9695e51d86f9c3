"""Tensors inside the nested outputs that modules return: tuples, lists, mappings and data classes."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from ...core.errors import ModelError

Path = tuple[int | str, ...]


def _children(value: Any) -> list[tuple[int | str, Any]]:
    """The direct parts of a container, with the key of each; none for anything else."""
    if isinstance(value, (tuple, list)):
        return list(enumerate(value))
    if isinstance(value, Mapping):
        return [(key, value[key]) for key in list(value.keys()) if isinstance(key, (int, str))]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    return []


def _rebuilt(value: Any, parts: dict[int | str, Any]) -> Any:
    """A container like `value` with some parts replaced; `value` itself stays as it is."""
    if isinstance(value, tuple):
        items = [parts.get(i, item) for i, item in enumerate(value)]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, list):
        return [parts.get(i, item) for i, item in enumerate(value)]
    # Copying, not constructing: such classes may have constructors of any signature.
    other = copy.copy(value)
    for key, part in parts.items():
        if isinstance(value, Mapping):
            other[key] = part
        else:
            object.__setattr__(other, str(key), part)
    return other


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Tensor]]:
    """Every tensor inside `value`, with the path that leads to it, in order."""
    if isinstance(value, Tensor):
        yield path, value
        return
    for key, part in _children(value):
        yield from leaves(part, (*path, key))


def get(value: Any, path: Path) -> Any:
    """What stands at `path` inside `value`."""
    for key in path:
        indexed: Any = value if isinstance(value, (tuple, list, Mapping)) else vars(value)
        value = indexed[key]
    return value


def put(value: Any, path: Path, new: Any) -> Any:
    """A copy of `value` in which `new` stands at `path`; the containers on the way are copied, not changed."""
    if not path:
        return new
    return _rebuilt(value, {path[0]: put(get(value, path[:1]), path[1:], new)})


def transform(value: Any, change: Callable[[Any], Any]) -> Any:
    """A copy of `value` with `change` applied to everything in it that is not a container."""
    parts = _children(value)
    if not parts:
        return change(value)
    return _rebuilt(value, {key: transform(part, change) for key, part in parts})


def logits_of(output: Any) -> Tensor:
    """The class scores in what a network returned.

    Args:
        output: a tensor, something with a tensor attribute ``logits``, or nested containers of tensors.

    Returns:
        The tensor itself, its ``logits``, or the first tensor of two dimensions: ``[b, k]``. A single logit z,
        ``[b, 1]`` or ``[b]``, becomes the two -z/2 and z/2 of the classes that it tells apart: their softmax is its
        sigmoid.

    Raises:
        ModelError: there is no such tensor.
    """
    if not isinstance(output, Tensor):
        named = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
        flat = (tensor for _, tensor in leaves(output) if tensor.dim() == 2)
        output = named if isinstance(named, Tensor) else next(flat, None)
    if output is not None and (output.dim() == 1 or (output.dim() == 2 and output.shape[1] == 1)):
        # A graph that a capture began inside the network goes on, though gradients are off around it.
        with torch.set_grad_enabled(output.requires_grad):
            half = output.reshape(-1, 1) / 2
            return torch.cat([-half, half], dim=1)
    if output is None or output.dim() != 2:
        found = "nothing of that kind" if output is None else f"shape {tuple(output.shape)}"
        raise ModelError(f"the network must return class scores of shape [batch, classes]; it returned {found}")
    return output
