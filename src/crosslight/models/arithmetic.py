"""How networks compute: in the layout that is fastest, and in lower precision where a user asks for it."""

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


class Arithmetic:
    """How a network computes while it is measured: in which precision, and on a CPU with channels last.

    In bf16, linear layers, convolutions and attention run in bfloat16; what is sensitive to rounding (normalisation,
    sums of many terms, losses) stays as it is, by the rules of `torch.autocast`.

    On a CPU convolutions are up to twice as fast with channels last, in either precision, and pass that layout on.
    Whether a network can compute with it is found out by a trial; one that views features as a row cannot, and keeps
    its own layout.

    The network keeps its weights: they are exchanged for others, which are made once, and put back at the end.

    Args:
        network: on its device.
        precision: of the computations.
        example: makes an input for the trial.
    """

    def __init__(self, network: nn.Module, precision: Precision, example: Callable[[], Tensor]):
        self._network, self._precision, self._example = network, precision, example
        device = next((parameter.device for parameter in network.parameters()), torch.device("cpu"))
        self._type = device.type
        self._last: bool | None = None  # whether channels are last; not known yet
        self._made: dict[nn.Parameter, tuple[int, Tensor]] = {}
        self._own: list[tuple[nn.Parameter, Tensor]] = []  # not empty while it lasts

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Compute in this way for a while. Backward passes have to be made inside."""
        if self._last is None:
            self._last = (self._type == "cpu" or self._precision == "bf16") and self._trial()
        with self._computing():
            yield

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """The network's own arithmetic again, for a while."""
        with _holding(self._own), torch.autocast(self._type, enabled=False):
            yield

    @contextmanager
    def _computing(self) -> Iterator[None]:
        exchanged = [(parameter, self._other(parameter)) for parameter in self._exchangeable()]
        self._own = [(parameter, parameter.data) for parameter, _ in exchanged]
        try:
            with ExitStack() as stack:
                stack.enter_context(_holding(exchanged))
                if self._precision == "bf16":
                    stack.enter_context(torch.autocast(self._type, torch.bfloat16))
                    if self._type == "cpu":
                        stack.enter_context(_StepwiseAttention())
                yield
        finally:
            self._own = []

    def _trial(self) -> bool:
        """Whether the network can compute with channels last."""
        self._last = True
        if not any(parameter.dim() == 4 for parameter in self._exchangeable()):
            return False
        try:
            with torch.no_grad(), self._computing():
                self._network(self._example())
        except Exception:  # if that is not the layout's fault, it comes up again where it can be told
            self._made.clear()
            return False
        return True

    def _exchangeable(self) -> Iterator[nn.Parameter]:
        for parameter in _weights(self._network):
            if self._precision == "bf16" or (self._last and parameter.dim() == 4):
                yield parameter

    def _other(self, parameter: nn.Parameter) -> Tensor:
        """What a weight is exchanged for: made anew where it was written to, as training does."""
        version, other = self._made.get(parameter, (-1, parameter.data))
        if version != parameter._version:
            layout = torch.channels_last if parameter.dim() == 4 and self._last else torch.contiguous_format
            dtype = torch.bfloat16 if self._precision == "bf16" else parameter.dtype
            other = parameter.data.to(dtype, memory_format=layout)
            self._made[parameter] = (parameter._version, other)
        return other


@contextmanager
def _holding(values: Sequence[tuple[nn.Parameter, Tensor]]) -> Iterator[None]:
    """Parameters with other values, for a while."""
    with ExitStack() as stack:
        for parameter, value in values:
            stack.callback(setattr, parameter, "data", parameter.data)
            parameter.data = value
        yield


def _weights(network: nn.Module) -> Iterator[nn.Parameter]:
    """Of layers which do nothing with their weights that is not one product. Others keep theirs."""
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
