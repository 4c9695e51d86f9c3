"""Counting floating-point operations while a network runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_flop_count


def _attention_flops(query: Any, key: Any, value: Any, *args: Any, out_val: Any = None, **kwargs: Any) -> int:
    return sdpa_flop_count(query.shape, key.shape, value.shape)


def _formulas() -> dict[Any, Callable[..., int]]:
    """PyTorch's formulas, with those for attention that some of its versions lack."""
    formulas = dict(flop_registry)
    for name in (
        "_scaled_dot_product_flash_attention_for_cpu",
        "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_efficient_attention",
        "_scaled_dot_product_cudnn_attention",
        "_scaled_dot_product_fused_attention_overrideable",
    ):
        operator = getattr(torch.ops.aten, name, None)
        if operator is not None:
            formulas.setdefault(operator, _attention_flops)
    return formulas


class FlopMeter(TorchDispatchMode):
    """Adds up the FLOPs of matrix products, convolutions and attention; `total` can be read at any moment."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0
        self._formulas = _formulas()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        formula = self._formulas.get(getattr(func, "_overloadpacket", None))
        if formula is not None:
            self.total += int(formula(*args, **kwargs, out_val=out))
        return out
