from __future__ import annotations

import pytest
import torch

from crosslight.core.devices import is_out_of_memory, resolve_device, resolve_devices
from crosslight.core.errors import InputError


@pytest.fixture
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with two CUDA devices and no MPS."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing but its CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("bare")
def test_without_cards() -> None:
    assert resolve_device() == torch.device("cpu")
    assert resolve_devices() == [torch.device("cpu")]
    with pytest.raises(InputError, match="PyTorch sees 0 CUDA devices"):
        resolve_device("cuda")
    with pytest.raises(InputError, match="'mps' is not here"):
        resolve_device("mps")


@pytest.mark.usefixtures("cards")
def test_with_cards() -> None:
    assert resolve_device() == torch.device("cuda:0")
    assert resolve_device("cpu") == torch.device("cpu")
    both = [torch.device("cuda:0"), torch.device("cuda:1")]
    assert resolve_devices() == resolve_devices("cuda") == resolve_devices("cuda:0, cuda:1") == both
    assert resolve_devices("cuda:1") == both[1:]
    with pytest.raises(InputError, match="'cuda:2' is not here: PyTorch sees 2"):
        resolve_devices("cuda:0,cuda:2")


def test_mps_is_taken_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device() == torch.device("mps")


@pytest.mark.parametrize("name", ["banana", "", "cuda:x", "cpu,"])
def test_no_such_device(name: str) -> None:
    with pytest.raises(InputError, match=r"no such device .*use auto, cpu, mps, cuda"):
        resolve_devices(name)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (MemoryError(), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"), True),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 1 bytes"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_out_of_memory_is_told_apart(error: BaseException, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_the_allocator_itself_is_understood() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**55, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
