"""A small study, and blocks of it that are known by heart."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crosslight.core.maps import Status
from crosslight.core.seeds import digest
from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks are slow and shared; `monkeypatch.undo()` brings the real `os.fsync` back."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def make_manifest(images: int = 10, block: int = 4, **changes: object) -> Manifest:
    entries = tuple(ImageEntry(f"id{i}", f"photo{i}.jpg", "cat" if i % 2 else None) for i in range(images))
    values: dict = {"name": "study", "images": entries, "block": block, "seed": 0, "facts": {"version": "1"}}
    values |= changes
    identity = digest([values["name"], values["seed"], block, [entry.identity for entry in values["images"]]])
    return Manifest(**({"identity": identity} | values))


def map_block(images: int, shape: tuple[int, int] = (3, 5), seed: int = 0, gap: bool = True) -> MapBlock:
    rng = np.random.default_rng(seed)
    return MapBlock(
        values=rng.standard_normal((images, *shape)).astype(np.float32),
        boxes=rng.uniform(0, 500, (images, 4)),
        targets=rng.integers(-1, 10, (images, 2)).astype(np.int32),
        status=np.full(images, Status.OK, np.uint8),
        diagnostics={"gap": rng.standard_normal(images)} if gap else {},
    )


def prediction_block(images: int, classes: int = 6, seed: int = 0) -> PredictionBlock:
    rng = np.random.default_rng(seed)
    return PredictionBlock(
        logits=rng.standard_normal((images, classes)).astype(np.float32),
        sizes=rng.integers(1, 900, (images, 2)).astype(np.int32),
        status=np.full(images, Status.OK, np.uint8),
    )


class Filled:
    """A store with one model and one set of maps, and a way to write its blocks."""

    def __init__(self, path: Path, manifest: Manifest | None = None, shape: tuple[int, int] = (3, 5)):
        self.shape = shape
        self.store = Store.create(path, manifest or make_manifest())
        self.store.add_model("Net", 6, {"digest": "weights-1", "classes": list("abcdef")})
        self.key = self.add("Grad-CAM", "settings-1")

    def add(self, label: str, settings: str, **attributes: object) -> str:
        given = {"method": "grad-cam", "site": "layer4"} | attributes
        return self.store.add_maps("Net", label, settings, self.shape, given, ["gap"])

    def count(self, block: int) -> int:
        rows = self.store.block_slice(block)
        return rows.stop - rows.start

    def write(self, block: int, key: str | None = None, **others: object) -> MapBlock:
        content = map_block(self.count(block), self.shape, seed=block)
        predictions = prediction_block(self.count(block), seed=block)
        self.store.write("Net", block, predictions=predictions, maps={key or self.key: content}, **others)
        return content


@pytest.fixture
def filled(tmp_path: Path) -> Filled:
    return Filled(tmp_path / "out")


@pytest.fixture
def make_filled(tmp_path: Path) -> Callable[..., Filled]:
    return lambda name="out", **options: Filled(tmp_path / name, **options)


@pytest.fixture
def snapshot() -> Callable[[Path], dict[str, bytes]]:
    """Every file below a folder, by relative path."""
    return lambda root: {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
