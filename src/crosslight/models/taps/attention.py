"""Every attention matrix of a forward pass, as a node of its graph, whatever the network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ...core.errors import ModelError
from .state import every_module_called

#: all ways to write a softmax; hidden ones, such as exponentials divided by their sum, are not seen
_SOFTMAX = frozenset({functional.softmax, torch.softmax, Tensor.softmax, torch.special.softmax})


@contextmanager
def recorded_attention() -> Iterator[list[Tensor]]:
    """Keep every attention matrix that this thread computes in the block, in the order of computation.

    Attention is told by what is computed, not by what modules are called: ``scaled_dot_product_attention``, which
    is computed step by step here so that there is a matrix, and every softmax over the last of three or more axes.
    Fused layers of PyTorch are switched off. Dropout of attention weights is left out, as in evaluation mode.

    The kept matrices are the very tensors that the network goes on with. Where gradients are enabled, they can be
    had by ``torch.autograd.grad(score, matrices)``. If neither parameters nor inputs require gradients, the graph
    begins at the first matrix, so that nothing before it is recorded.

    Yields:
        The list that fills: ``[..., queries, keys]`` each.

    Raises:
        ModelError: inference mode is on, in which there is no graph.
    """
    if torch.is_inference_mode_enabled():
        raise ModelError("attention cannot be recorded under torch.inference_mode(): use torch.no_grad()")
    recorder = _Recorder()
    with every_module_called(), recorder:
        yield recorder.matrices


class _Recorder(TorchFunctionMode):
    """Sees every function of PyTorch that is called while it is active, in its own thread alone."""

    def __init__(self) -> None:
        super().__init__()
        self.matrices: list[Tensor] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is functional.scaled_dot_product_attention:
            return self._attend(*args, **kwargs)
        if func is functional.multi_head_attention_forward:
            with self:
                return _multi_head_attention_forward(*args, **kwargs)
        result = func(*args, **kwargs)
        if func in _SOFTMAX and result.dim() >= 3 and _axis(args, kwargs) in (-1, result.dim() - 1):
            return self._keep(result)
        return result

    def _attend(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        if enable_gqa:  # several heads of queries share one of keys and values
            share = query.shape[-3] // key.shape[-3]
            key, value = key.repeat_interleave(share, dim=-3), value.repeat_interleave(share, dim=-3)
        scores = query * (1 / math.sqrt(query.shape[-1]) if scale is None else scale) @ key.transpose(-2, -1)
        if is_causal:
            later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
            scores = scores.masked_fill(later, -math.inf)
        if attn_mask is not None:
            masked = attn_mask.dtype == torch.bool
            scores = scores.masked_fill(~attn_mask, -math.inf) if masked else scores + attn_mask
        return self._keep(scores.softmax(dim=-1)) @ value

    def _keep(self, matrix: Tensor) -> Tensor:
        leaf = torch.is_grad_enabled() and not matrix.requires_grad
        self.matrices.append(matrix.requires_grad_() if leaf else matrix)
        return matrix.clone() if leaf else matrix  # a leaf must not be written to, and the network may do so


def _axis(args: Sequence[Any], kwargs: dict[str, Any]) -> int | None:
    """The axis that a softmax was asked for."""
    return cast("int | None", kwargs.get("dim", args[1] if len(args) > 1 else None))


def _transparent(function: Callable[..., Any]) -> Callable[..., Any]:
    """A copy of a composite function of PyTorch that does not hand itself over as a whole.

    A mode is told of such a function instead of what is computed inside it, and is suspended meanwhile. The copy
    finds that no one is to be told, so a mode sees the inside.
    """
    assert isinstance(function, FunctionType)
    names = {**function.__globals__, "has_torch_function": lambda tensors: False}
    copy = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


_multi_head_attention_forward = _transparent(functional.multi_head_attention_forward)
