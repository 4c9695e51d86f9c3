"""Weights and states on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from crosslight.core.errors import StoreError
from crosslight.dynamics.training import checkpoints


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 2)).to(
        memory_format=torch.channels_last
    )


def optimizer(of: nn.Module, kind: str) -> torch.optim.Optimizer:
    if kind == "sgd":
        return torch.optim.SGD(of.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    return torch.optim.AdamW(of.parameters(), lr=0.1, fused=True)


def step(of: nn.Module, by: torch.optim.Optimizer, seed: int) -> None:
    inputs = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    by.zero_grad()
    of(inputs).square().sum().backward()
    by.step()


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_going_on_from_a_state_is_bit_equal(kind: str, tmp_path: Path) -> None:
    one = network()
    by = optimizer(one, kind)
    step(one, by, 1)
    checkpoints.save_state(tmp_path, 0, one, by, {"rows": [1]})
    state = checkpoints.last_state(tmp_path)
    assert state is not None
    assert (state["epoch"], state["rows"]) == (0, [1])
    other = network()
    checkpoints.restore_network(state, other)
    again = optimizer(other, kind)
    checkpoints.restore_optimizer(state, again)
    for seed in (2, 3):
        step(one, by, seed)
        step(other, again, seed)
    for name, value in one.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_only_the_newest_state_stays(tmp_path: Path) -> None:
    one = nn.Linear(2, 2)
    by = optimizer(one, "sgd")
    assert checkpoints.last_state(tmp_path) is None
    for epoch in range(3):
        checkpoints.save_state(tmp_path, epoch, one, by, {})
    assert [path.name for path in (tmp_path / "resume").iterdir() if path.name != "partial"] == ["00002"]
    (tmp_path / "resume/00002/state.json").write_text("{")
    with pytest.raises(StoreError, match="is damaged"):
        checkpoints.last_state(tmp_path)
    checkpoints.drop_states(tmp_path)
    assert checkpoints.last_state(tmp_path) is None


def test_weights_that_share_memory_and_nothing_is_pickled(tmp_path: Path) -> None:
    one = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    one[1].weight = one[0].weight
    (tmp_path / "resume").mkdir()
    checkpoints.write_weights(one, tmp_path / "a.safetensors", tmp_path / "b.safetensors")
    assert torch.equal(load_file(tmp_path / "a.safetensors")["1.weight"], one[0].weight)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    by = optimizer(one, "adamw")
    checkpoints.save_state(tmp_path, 4, one, by, {"rows": []})
    files = {path.name for path in (tmp_path / "resume/00004").iterdir()}
    assert files == {"weights.safetensors", "optimizer.safetensors", "state.json"}
    assert json.loads((tmp_path / "resume/00004/state.json").read_text())["epoch"] == 4
