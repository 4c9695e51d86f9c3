"""Weights and the state of a training on disk: tensors as safetensors, the rest as JSON, never a pickle."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from ...core.errors import StoreError
from ...store.durable import make_folder, place_folder, sweep_partial, write_files

#: the folder of what a resumed run goes on from
FOLDER = "resume"
WEIGHTS, OPTIMIZER, STATE = "weights.safetensors", "optimizer.safetensors", "state.json"


def weights_bytes(network: nn.Module) -> bytes:
    """A network's weights as a safetensors file."""
    state = {name: value for name, value in network.state_dict().items() if isinstance(value, Tensor)}
    # Tensors that share their memory are written each by itself.
    return to_bytes({name: value.detach().cpu().contiguous().clone() for name, value in state.items()})


def write_weights(network: nn.Module, *paths: Path) -> None:
    """Write a network's weights, each file complete or not at all."""
    content = weights_bytes(network)
    make_folder(paths[0].parent / FOLDER / "partial")
    write_files(dict.fromkeys(paths, content), paths[0].parent / FOLDER / "partial")


def save_state(
    out: Path, epoch: int, network: nn.Module, optimizer: torch.optim.Optimizer, state: Mapping[str, Any]
) -> None:
    """Write everything that the next epoch goes on from, and drop what earlier ones left.

    Args:
        out: the training's folder.
        epoch: the one that is done.
        network: its weights.
        optimizer: its state.
        state: anything else that JSON can hold.
    """
    tensors, plain = _split(optimizer.state_dict()["state"])
    partial = out / FOLDER / "partial"
    make_folder(partial)
    sweep_partial(partial)
    target = out / FOLDER / f"{epoch:05d}"
    files = {
        WEIGHTS: weights_bytes(network),
        OPTIMIZER: to_bytes(tensors),
        STATE: json.dumps({"epoch": epoch, "optimizer": plain, **state}, indent=1).encode(),
    }
    if target.exists():
        shutil.rmtree(target)
    place_folder(files, target, partial)
    for other in _epochs(out).values():
        if other != target:
            shutil.rmtree(other, ignore_errors=True)


def last_state(out: Path) -> dict[str, Any] | None:
    """What the newest checkpoint says; None where there is none.

    Raises:
        StoreError: it is damaged.
    """
    found = _epochs(out)
    if not found:
        return None
    path = found[max(found)] / STATE
    try:
        return dict(json.loads(path.read_bytes())) | {"folder": str(path.parent)}
    except (OSError, ValueError) as error:
        raise StoreError(f"{path} is damaged ({error}); remove {path.parent} to start anew") from error


def restore_network(state: Mapping[str, Any], network: nn.Module) -> None:
    """Load a checkpoint's weights."""
    network.load_state_dict(load_file(Path(state["folder"]) / WEIGHTS), strict=True)


def restore_optimizer(state: Mapping[str, Any], optimizer: torch.optim.Optimizer) -> None:
    """Load a checkpoint's optimiser state, in the memory layout that the parameters have."""
    tensors = load_file(Path(state["folder"]) / OPTIMIZER)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    restored: dict[int, dict[str, Any]] = {int(key): dict(value) for key, value in state["optimizer"].items()}
    for name, value in tensors.items():
        number, _, key = name.partition("/")
        like = parameters[int(number)]
        if value.shape == like.shape:
            value = torch.empty_like(like, dtype=value.dtype).copy_(value)
        restored.setdefault(int(number), {})[key] = value
    whole = optimizer.state_dict()
    optimizer.load_state_dict({"state": restored, "param_groups": whole["param_groups"]})


def drop_states(out: Path) -> None:
    """Remove what a resumed run would go on from, because all is done."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)


def _epochs(out: Path) -> dict[int, Path]:
    folder = out / FOLDER
    found = folder.iterdir() if folder.is_dir() else ()
    return {int(path.name): path for path in found if path.name.isdecimal() and (path / STATE).is_file()}


def _split(state: Mapping[Any, Mapping[str, Any]]) -> tuple[dict[str, Tensor], dict[str, dict[str, Any]]]:
    """An optimiser's state as tensors by ``NUMBER/KEY``, and everything else."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, dict[str, Any]] = {}
    for number, values in state.items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{number}/{key}"] = value.detach().cpu().contiguous().clone()
            elif value is not None:
                plain.setdefault(str(number), {})[key] = value
    return tensors, plain
