"""Small studies of tiny networks, and ways to look at what they leave."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crosslight.models import Classifier
from crosslight.store import Store
from crosslight.study import Study

HERE = Path(__file__).parent
SIZE = {"size": 16, "resize": 16}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks are slow and shared, and no machine fails here."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def make_photos(folder: Path, count: int = 7, seed: int = 0) -> Path:
    """So many pictures of noise, 20 pixels and more on a side."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for i in range(count):
        Image.fromarray(rng.integers(0, 256, (20, 20 + i, 3), dtype=np.uint8)).save(folder / f"p{i}.png")
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return make_photos(tmp_path / "photos")


def model(function: str = "tiny", label: str | None = None, **others: Any) -> dict[str, Any]:
    """A ``[[models]]`` table of one of the networks in ``networks.py``."""
    found = {"name": f"python:{HERE / 'networks.py'}:{function}", "label": label or function, "preprocess": SIZE}
    return found | others


def tables(photos: Path, methods: list[Any], models: list[Any] | None = None, **study: Any) -> dict[str, Any]:
    """A study; methods may be given by name."""
    return {
        "study": {"name": "small", "block": 4, "batch_size": 4, "threads": 1, "device": "cpu"} | study,
        "images": {"source": str(photos)},
        "models": models or [model()],
        "methods": [{"name": method} if isinstance(method, str) else method for method in methods],
    }


def run(out: Path, *arguments: Any, progress: Any = None, **options: Any) -> Store:
    """Check, plan and run a study given as to `tables`."""
    return Study.from_dict(tables(*arguments, **options)).run(out, progress=progress)


class Evaluations:
    """Counts the images that went through classifiers, by label."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def clear(self) -> None:
        self.rows.clear()

    @property
    def total(self) -> int:
        return sum(self.rows.values())


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> Evaluations:
    counter = Evaluations()
    logits = Classifier.logits

    def counting(self: Classifier, inputs: Any) -> Any:
        counter.rows[self.label] = counter.rows.get(self.label, 0) + len(inputs)
        return logits(self, inputs)

    monkeypatch.setattr(Classifier, "logits", counting)
    return counter


@pytest.fixture
def snapshot() -> Callable[[Path], dict[str, bytes]]:
    """Every file below a folder, by relative path."""
    return lambda root: {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.total = self.done = 0
        self.messages: list[str] = []

    def start(self, total: int, what: str) -> None:
        self.total = total

    def advance(self, units: int, what: str) -> None:
        self.done += units

    def message(self, text: str) -> None:
        self.messages.append(text)

    def finish(self) -> None:
        pass


@pytest.fixture
def listener() -> Listener:
    return Listener()
