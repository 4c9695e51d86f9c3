"""A recipe that takes a second, its pictures, and what came of it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from crosslight.scenes.classifiers import CLASSIFIERS, Entry, Learning, Recipe, train
from crosslight.scenes.classifiers.files import weights_file
from crosslight.scenes.classifiers.training import Pictures, held_out

TINY = Recipe(pictures=12, steps=20, batch=4, rate=2e-3)
TESTED = 12


@dataclass(frozen=True)
class Done:
    """A finished training."""

    entry: Entry
    learning: Learning
    out: Path


def tensors_equal(entry: Entry, one: Path, other: Path) -> bool:
    """Whether two folders have the same weights of a classifier; the order of a file's facts is left to chance."""
    first, second = (load_file(weights_file(entry, folder)) for folder in (one, other))
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


class Always(nn.Module):
    """Says the same class of every picture."""

    def __init__(self, label: int = 0):
        super().__init__()
        self.scores = nn.Parameter(torch.eye(10)[label], requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scores.expand(len(x), 10)


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return TINY


@pytest.fixture(scope="session")
def entry() -> Entry:
    return replace(CLASSIFIERS["levit"], recipe=TINY)


@pytest.fixture(scope="session")
def same_weights() -> Callable[[Entry, Path, Path], bool]:
    return tensors_equal


@pytest.fixture(scope="session")
def always() -> type[Always]:
    return Always


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for training pictures, so that they are made once."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="session")
def judged() -> Pictures:
    return held_out("clean", TESTED)


@pytest.fixture(scope="session")
def done(entry: Entry, pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Trained once; tests that write copy it."""
    out = tmp_path_factory.mktemp("trained")
    return Done(entry, train(entry, out, pictures=pictures, tested=TESTED), out)
