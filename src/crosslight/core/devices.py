"""Choosing a device, and telling running out of memory from every other error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import InputError

if TYPE_CHECKING:
    import torch


def resolve_device(name: str = "auto") -> torch.device:
    """The device a name stands for.

    Args:
        name: ``auto`` (CUDA, else MPS, else CPU) or anything `torch.device` takes (``cpu``, ``cuda:1``).

    Raises:
        InputError: there is no such device here.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"no such device {name!r}; use auto, cpu, mps, cuda or cuda:N") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device {name!r} is not here: PyTorch sees {torch.cuda.device_count()} CUDA devices")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError("device 'mps' is not here")
    return device


def resolve_devices(name: str = "auto") -> list[torch.device]:
    """The devices to spread a study over: every CUDA device for ``auto`` or ``cuda``, else one.

    Several can be named with commas: ``cuda:0,cuda:2``.
    """
    import torch

    if name in ("auto", "cuda") and torch.cuda.device_count() > 1:
        return [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    return [resolve_device(part.strip()) for part in name.split(",")]


def to_float64(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in double precision: on its own device, or on the CPU where the device (MPS) has none."""
    return tensor.cpu().double() if tensor.device.type == "mps" else tensor.double()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that a smaller batch could succeed (CUDA, MPS or the CPU allocator)."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and (
        "out of memory" in text or "not enough memory" in text or "can't allocate memory" in text
    )
