"""Maps as real ones are: smooth or as rough as pixels, of several sizes, and nothing wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from crosslight.core.maps import Maps, judge
from crosslight.store import ImageEntry, Manifest, MapBlock, Store

IMAGES, BLOCK = 24, 8
MODELS = {"Big": 14, "EfficientNet-B4": 7, "Small": 7, "Tiny": 6, "Wide": 8}


def smooth_values(images: int, size: int, width: float, random: np.random.Generator) -> np.ndarray:
    """Stationary Gaussian maps ``[image, y, x]`` whose neighbours are alike over `width` cells."""
    noise = random.standard_normal((images, size, size))
    if width == 0:
        return noise
    distance = np.subtract.outer(np.arange(size), np.arange(size))
    values, vectors = np.linalg.eigh(np.exp(-(distance**2) / (4 * width**2)))
    root = vectors * np.sqrt(np.maximum(values, 0))
    return root @ noise @ root.T


def make_maps(values: np.ndarray, finish: str = "none", **attributes: str) -> Maps:
    values = np.asarray(values, np.float32)
    return Maps(
        values=values,
        boxes=np.tile((0.0, 0.0, 224.0, 224.0), (len(values), 1)),
        status=judge(values),
        targets=np.zeros((len(values), 2), np.int32),
        images=tuple(f"i{n}" for n in range(len(values))),
        attributes={"finish": finish, **attributes},
    )


def clean(seed: int) -> dict[tuple[str, str], np.ndarray]:
    random = np.random.default_rng(seed)
    sets = {(model, "Grad-CAM"): smooth_values(IMAGES, size, 0.8, random) + 0.5 for model, size in MODELS.items()}
    return sets | {(model, "Saliency"): np.abs(smooth_values(IMAGES, 48, 0, random)) for model in MODELS}


def fill(store: Store, sets: dict[tuple[str, str], np.ndarray]) -> Store:
    for (model, label), values in sets.items():
        maps = make_maps(values, "relu" if label == "Grad-CAM" else "none")
        store.add_model(model, 0, {})
        key = store.add_maps(model, label, "d", values.shape[1:], {"method": label, **maps.attributes})
        for block in range(store.blocks):
            rows = store.block_slice(block)
            content = MapBlock(maps.values[rows], maps.boxes[rows], maps.targets[rows], maps.status[rows])
            store.write(model, block, maps={key: content})
    return store


@pytest.fixture
def make_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Store]:
    """A store of clean maps of a seed, but for the sets that are given."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    images = tuple(ImageEntry(f"i{n}", f"{n}.png") for n in range(IMAGES))

    def make(seed: int, **changes: Callable[[np.ndarray], np.ndarray]) -> Store:
        sets = clean(seed)
        name = ("EfficientNet-B4", "Grad-CAM")
        for change in changes.values():
            sets[name] = change(sets[name])
        folder = tmp_path / f"{seed}-{'-'.join(changes)}"
        return fill(Store.create(folder, Manifest("s", "id", images, BLOCK)), sets)

    return make
