from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from crosslight.core.errors import ModelError
from crosslight.models.weights import load_weights


def small(classes: int = 2) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, classes))


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    return {
        name: torch.rand(value.shape, generator=generator) if value.is_floating_point() else value
        for name, value in small().state_dict().items()
    }


def refusal(network: nn.Module, path: Path) -> str:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(ModelError) as caught:
        load_weights(network, path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    return message


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {"state_dict": s, "epoch": 3, "optimizer": {"lr": 0.1}},
        lambda s: {"model": {f"module.{name}": value for name, value in s.items()}},
        lambda s: {"model_state_dict": {f"module._orig_mod.{name}": value for name, value in s.items()}},
    ],
)
@pytest.mark.parametrize("suffix", [".pt", ".pth", ".bin"])
def test_checkpoints_are_unwrapped(tmp_path: Path, state: dict, wrap: object, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    torch.save(wrap(state), path)  # type: ignore[operator]
    network = small()
    load_weights(network, path)
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())


def test_half_precision_is_cast_and_counters_may_be_absent(tmp_path: Path, state: dict) -> None:
    halves = {n: v.half() for n, v in state.items() if "num_batches" not in n}
    save_file(halves, tmp_path / "half.safetensors")
    network = small()
    load_weights(network, tmp_path / "half.safetensors")
    assert network[0].weight.dtype is torch.float32
    assert torch.equal(network[0].weight, halves["0.weight"].float())


def test_a_missing_file_names_the_nearest(tmp_path: Path, state: dict) -> None:
    save_file(state, tmp_path / "resnet.safetensors")
    assert "did you mean 'resnet.safetensors'?" in refusal(small(), tmp_path / "resnet.safetensor")
    assert "no folder" in refusal(small(), tmp_path / "nowhere" / "resnet.safetensors")
    assert "is a folder" in refusal(small(), tmp_path)


def test_wrong_shapes_name_the_first(tmp_path: Path, state: dict) -> None:
    save_file(state, tmp_path / "two.safetensors")
    message = refusal(small(classes=5), tmp_path / "two.safetensors")
    assert "3.weight should be [5, 4] and is [2, 4]" in message or "3.bias should be [5] and is [2]" in message
    assert "1 more" in message


def test_missing_and_unexpected_tensors_are_counted(tmp_path: Path, state: dict) -> None:
    state["head.weight"] = state.pop("3.weight")
    save_file(state, tmp_path / "renamed.safetensors")
    message = refusal(small(), tmp_path / "renamed.safetensors")
    assert "lacks 1 of the network's 9 tensors (3.weight)" in message
    assert "has 1 that the network lacks (head.weight)" in message


class Evil:
    def __reduce__(self) -> tuple:
        return (Path.touch, (Path("crosslight-was-here"),))


@pytest.mark.parametrize("content", [small(), Evil(), {"model": small()}])
def test_objects_are_refused_and_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "object.pth"
    torch.save(content, path)
    assert "holds objects rather than tensors" in refusal(small(), path)
    assert not (tmp_path / "crosslight-was-here").exists()


def test_other_contents_are_refused(tmp_path: Path, state: dict) -> None:
    torch.save([1, 2], tmp_path / "list.pt")
    assert "holds a list" in refusal(small(), tmp_path / "list.pt")
    torch.save({"epoch": 3, "net": state}, tmp_path / "net.pt")
    assert "'epoch' is a int" in refusal(small(), tmp_path / "net.pt")
    torch.jit.script(nn.Linear(2, 2)).save(str(tmp_path / "script.pt"))
    assert "TorchScript" in refusal(small(), tmp_path / "script.pt")
    (tmp_path / "weights.h5").write_bytes(b"x")
    assert "end in .safetensors" in refusal(small(), tmp_path / "weights.h5")
    state["0.weight"] = state["0.weight"].to(torch.int8)
    save_file(state, tmp_path / "int8.safetensors")
    assert "0.weight is int8" in refusal(small(), tmp_path / "int8.safetensors")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("keep", [0, 5, 0.5, 0.98])
def test_damaged_files_are_refused(tmp_path: Path, state: dict, suffix: str, keep: float) -> None:
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep if keep > 1 else keep * len(whole))])
    assert "damaged" in refusal(small(), path)


def test_a_page_of_text_is_refused(tmp_path: Path) -> None:
    for suffix in (".safetensors", ".pth"):
        path = tmp_path / f"page{suffix}"
        path.write_text("<!DOCTYPE html><html>Not found</html>")
        assert "damaged" in refusal(small(), path)
