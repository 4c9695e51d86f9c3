"""The files of a classifier of scenes: its weights, and how it learned."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ModelError
from .networks import build
from .table import Entry

if TYPE_CHECKING:
    from torch import nn

#: the files that came with the package
WEIGHTS = Path(__file__).parent / "weights"


@dataclass(frozen=True)
class Learning:
    """How a network learned: what it said of each test picture after every epoch.

    In memory numbers are float32; files keep them as float16.

    Attributes:
        predictions: uint8 ``[epochs, pictures]``: classes.
        losses: ``[epochs, pictures]``: cross-entropy in nats.
        margins: ``[epochs, pictures]``: the label's logit minus the largest other.
        labels: uint8 ``[pictures]``.
        train_loss: ``[epochs]``: mean over the epoch's batches, in nats.
        train_accuracy: ``[epochs]``: of the epoch's batches, in [0, 1].
    """

    predictions: NDArray[np.uint8]
    losses: NDArray[np.floating]
    margins: NDArray[np.floating]
    labels: NDArray[np.uint8]
    train_loss: NDArray[np.floating]
    train_accuracy: NDArray[np.floating]

    @property
    def accuracy(self) -> NDArray[np.float64]:
        """The share of test pictures predicted right, ``[epochs]``."""
        return (self.predictions == self.labels).mean(axis=1)


def weights_file(entry: Entry, folder: Path = WEIGHTS) -> Path:
    """Where a classifier's weights are, or would be."""
    return folder / f"{entry.name}.safetensors"


def learning_file(entry: Entry, folder: Path = WEIGHTS) -> Path:
    """Where it is written how a classifier learned."""
    return folder / f"{entry.name}.learning.npz"


def save(entry: Entry, network: nn.Module, learning: Learning, folder: Path) -> None:
    """Write a network's weights as float16, and how it learned; the weights last, for they say that all is done."""
    folder.mkdir(parents=True, exist_ok=True)
    with _whole(learning_file(entry, folder)) as part:
        _write_learning(part, learning)
    with _whole(weights_file(entry, folder)) as part:
        _write_weights(part, entry, network)


def load_network(entry: Entry, folder: Path = WEIGHTS) -> nn.Module:
    """A trained network in evaluation mode, in float32.

    Args:
        entry: which one.
        folder: where its weights are; by default those that came with the package.

    Raises:
        ModelError: they are not there, were made by another recipe, or do not fit.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    check_trained(entry, folder)
    path, network = weights_file(entry, folder), build(entry.lineage)
    try:
        network.load_state_dict(load_file(path))
    except (SafetensorError, OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0][:160]
        raise ModelError(f"{path} does not hold the weights of {entry.name}: {reason}") from error
    return network.eval()


def check_trained(entry: Entry, folder: Path = WEIGHTS) -> None:
    """Raise unless a folder has the weights of a classifier, trained by its present recipe.

    Raises:
        ModelError: with the command that makes them.
    """
    path = weights_file(entry, folder)
    facts, command = facts_of(path), _command(entry, folder)
    if not path.is_file():
        raise ModelError(f"scenes/{entry.name}: there is no file of weights {path}; {command}")
    if not facts:
        raise ModelError(f"{path} is damaged or not a file of weights; {command}")
    if facts.get("digest") != entry.digest:
        raise ModelError(f"{path} was trained by another recipe than that of scenes/{entry.name}; {command}")


def is_trained(entry: Entry, folder: Path) -> bool:
    """Whether a folder has both files of a classifier, trained by its present recipe."""
    return has_weights(entry, folder) and learning_file(entry, folder).is_file()


def has_weights(entry: Entry, folder: Path) -> bool:
    """Whether a folder has the weights of a classifier, made by its present recipe."""
    return facts_of(weights_file(entry, folder)).get("digest") == entry.digest


def facts_of(path: Path) -> Mapping[str, str]:
    """What stands beside the weights in a file; nothing where it cannot be read."""
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        return {}
    try:
        with safe_open(path, framework="numpy") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError):
        return {}


def read_learning(entry: Entry, folder: Path = WEIGHTS) -> Learning:
    """How a classifier learned.

    Raises:
        ModelError: it was not trained there.
    """
    path = learning_file(entry, folder)
    if not path.is_file():
        raise ModelError(f"scenes/{entry.name}: there is no record {path} of how it learned; {_command(entry, folder)}")
    with np.load(path, allow_pickle=False) as arrays:
        return Learning(**{field.name: arrays[field.name] for field in fields(Learning)})


def _command(entry: Entry, folder: Path) -> str:
    return f"`crosslight scenes train {entry.name} --out {folder}` makes it"


def _write_learning(path: Path, learning: Learning) -> None:
    arrays = {field.name: getattr(learning, field.name) for field in fields(learning)}
    small = {name: value.astype(np.float16) if value.dtype.kind == "f" else value for name, value in arrays.items()}
    with path.open("wb") as file:  # given a name, NumPy would add a suffix to it
        np.savez_compressed(file, **small)


def _write_weights(path: Path, entry: Entry, network: nn.Module) -> None:
    import torch
    from safetensors.torch import save_file

    state = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    halves = {name: value.to(torch.float16) if value.is_floating_point() else value for name, value in state.items()}
    facts = {"digest": entry.digest, "facts": json.dumps(entry.facts, sort_keys=True)}
    save_file(halves, path, metadata={**facts, "torch": str(torch.__version__), "licence": "Apache-2.0"})


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Another name to write under: only a whole file gets the one that is looked for."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
