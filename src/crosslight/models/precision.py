"""Arithmetic of lower precision, where a user asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ..core.errors import InputError

#: fp32: the network's own; bf16: products of matrices, and convolutions, of numbers rounded to 8 significant bits
Precision = Literal["fp32", "bf16"]


def check_precision(precision: str) -> Precision:
    """The precision of that name.

    Raises:
        InputError: there is none.
    """
    for known in get_args(Precision):
        if precision == known:
            return known
    raise InputError(f"no precision {precision!r}; use {' or '.join(get_args(Precision))}")


class LowPrecision:
    """A network's computations in bfloat16, for a while.

    Linear layers, convolutions and attention run in bfloat16; what is sensitive to rounding (normalisation, sums of
    many terms, losses) stays as it is, by the rules of `torch.autocast`. The network keeps its weights: those of linear
    layers and convolutions are exchanged for rounded ones, which are made once, and put back at the end.

    Args:
        network: on its device.
    """

    def __init__(self, network: nn.Module):
        self._network = network
        self._rounded: dict[nn.Parameter, tuple[int, Tensor]] = {}
        device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
        self._type = device.type
        self._own: list[tuple[nn.Parameter, Tensor]] = []  # not empty while it lasts

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Compute in bfloat16 while this lasts. Backward passes have to be made inside."""
        exchanged = [(parameter, self._round(parameter)) for parameter in _weights(self._network)]
        self._own = [(parameter, parameter.data) for parameter, _ in exchanged]
        try:
            with ExitStack() as stack:
                stack.enter_context(_holding(exchanged))
                stack.enter_context(torch.autocast(self._type, torch.bfloat16))
                if self._type == "cpu":
                    stack.enter_context(_StepwiseAttention())
                yield
        finally:
            self._own = []

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """The network's own arithmetic again, for a while."""
        with _holding(self._own), torch.autocast(self._type, enabled=False):
            yield

    def _round(self, parameter: nn.Parameter) -> Tensor:
        """The rounded weight: made anew where the weight was written to, as training does."""
        version, rounded = self._rounded.get(parameter, (-1, parameter.data))
        if version != parameter._version:
            # Convolutions of bfloat16 are fastest with channels last, and pass that layout on to what follows.
            layout = torch.channels_last if parameter.dim() == 4 else torch.contiguous_format
            rounded = parameter.data.to(torch.bfloat16, memory_format=layout)
            self._rounded[parameter] = (parameter._version, rounded)
        return rounded


@contextmanager
def _holding(values: Sequence[tuple[nn.Parameter, Tensor]]) -> Iterator[None]:
    """Parameters with other values, for a while."""
    with ExitStack() as stack:
        for parameter, value in values:
            stack.callback(setattr, parameter, "data", parameter.data)
            parameter.data = value
        yield


def _weights(network: nn.Module) -> Iterator[nn.Parameter]:
    """Of layers which do nothing with their weights that is not one product. Others are rounded at every pass."""
    seen = set()
    for module in network.modules():
        plain = any(
            isinstance(module, kind) and type(module).forward is kind.forward for kind in (nn.Linear, nn.Conv2d)
        )
        weight = module._parameters.get("weight") if plain else None
        if weight is not None and weight.dtype == torch.float32 and weight not in seen:
            seen.add(weight)
            yield weight


class _StepwiseAttention(TorchFunctionMode):
    """Attention as two products and a softmax: on CPUs the fused form is no faster in bfloat16 than in float32."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is functional.scaled_dot_product_attention and len(args) == 3 and not _unusual(kwargs or {}):
            query, key, value = args
            scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
            return scores.softmax(dim=-1, dtype=value.dtype) @ value
        return func(*args, **(kwargs or {}))


def _unusual(options: dict[str, Any]) -> bool:
    """Whether attention has a mask, dropout or anything else to it."""
    return any(isinstance(value, Tensor) or value for value in options.values())
