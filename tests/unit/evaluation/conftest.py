"""Stores of scenes and of photographs with made-up maps, and laid maps."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crosslight.core.maps import Maps, judge
from crosslight.evaluation.localisation import Laid, PictureMask, lay
from crosslight.images import open_images
from crosslight.scenes import scene
from crosslight.scenes.export import ppm
from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store

#: what each model sees of a picture of 96 pixels
BOXES = {"Whole": (0.0, 0.0, 96.0, 96.0), "Crop": (6.0, 6.0, 90.0, 90.0)}


def laid_of(values, masks) -> Laid:
    """Maps ``[n, h, w]`` over the whole of their pictures."""
    values, masks = np.asarray(values, float), np.asarray(masks, bool)
    return lay(values, [PictureMask(mask) for mask in masks], (0, values.shape[1], 0, values.shape[2]))


def maps_of(values, boxes, finish="none", images=None) -> Maps:
    """Maps as a store gives them."""
    values = np.asarray(values, np.float32)
    count = len(values)
    return Maps(
        values=values,
        boxes=np.broadcast_to(np.asarray(boxes, float), (count, 4)).copy(),
        status=judge(values),
        targets=np.full((count, 2), -1, np.int32),
        images=images or tuple(f"image-{i}" for i in range(count)),
        attributes={"finish": finish},
    )


def scene_entries(count: int, variant: str = "clean") -> tuple[ImageEntry, ...]:
    """The first scenes of the test split, as a study knows them."""
    made = [scene(i, split="test", variant=variant).image for i in range(count)]
    return tuple(
        ImageEntry(hashlib.sha256(ppm(image)).hexdigest()[:16], f"test-{i:04}.ppm") for i, image in enumerate(made)
    )


def fill(store: Store, model: str, maps: Mapping[str, Maps], sizes: np.ndarray) -> None:
    """Write predictions without meaning, and maps by method label."""
    count = len(store.manifest.images)
    store.add_model(model, 2, {"digest": model})
    keys = {}
    for label, one in maps.items():
        attributes = {"method": label.lower(), "finish": one.attributes["finish"], "settings": {}}
        keys[label] = store.add_maps(model, label, "d", one.values.shape[1:], attributes)
    for block in range(store.blocks):
        rows = store.block_slice(block)
        predictions = PredictionBlock(
            np.zeros((count, 2), np.float32)[rows],
            sizes[rows].astype(np.int32),
            np.where(sizes[rows, 0] > 0, 1, 2).astype(np.uint8),
        )
        parts = {
            keys[label]: MapBlock(one.values[rows], one.boxes[rows], one.targets[rows], one.status[rows])
            for label, one in maps.items()
        }
        store.write(model, block, predictions=predictions, maps=parts)


def scene_study(path: Path, count: int = 6, block: int = 4, source: str = "scenes") -> Store:
    """Two models that see scenes through different crops, with three methods.

    ``Truth`` shows the evidence, ``Lie`` everything else, ``Noise`` nothing at all. Of ``Truth`` on the first
    model, map 1 is zero and map 2 negative, so that nothing is left of it.
    """
    variant = source.split(":")[2] if source.count(":") == 2 else "clean"
    entries = scene_entries(count, variant)
    store = Store.create(path, Manifest("scored", "scored", entries, block, 0, {"images": {"source": source}}))
    truth = np.stack([scene(i, split="test", variant=variant).facts.evidence for i in range(count)]).astype(float)
    for model, box in BOXES.items():
        seen = truth[:, int(box[1]) : int(box[3]), int(box[0]) : int(box[2])]
        shown = seen.copy()
        if model == "Whole":
            shown[1], shown[2] = 0, -1 - shown[2]
        noise = np.random.default_rng(0).normal(size=(count, 7, 7))
        maps = {
            "Truth": maps_of(shown, box, "relu"),
            "Lie": maps_of(1 - seen, box),
            "Noise": maps_of(noise, box),
        }
        fill(store, model, maps, np.full((count, 2), 96))
    return store


def photograph_study(path: Path, folder: Path, sizes=((40, 60), (50, 30), (20, 24))) -> Store:
    """One model that sees the whole of photographs of several sizes, with one method; the last file is no picture."""
    (folder / "sub").mkdir(parents=True)
    rng = np.random.default_rng(1)
    for i, (height, width) in enumerate(sizes):
        Image.fromarray(rng.integers(0, 255, (height, width, 3), np.uint8)).save(folder / f"sub/photo{i}.png")
    (folder / "sub/text.png").write_text("no picture")
    images = open_images(folder)
    entries = tuple(ImageEntry(record.identity, record.name, record.label) for record in images)
    facts = {"images": {"source": str(folder)}}
    store = Store.create(path, Manifest("photographs", "photographs", entries, 4, 0, facts))
    known = np.array([*sizes, (-1, -1)])
    maps = maps_of(rng.normal(size=(len(entries), 7, 7)), [[0, 0, w, h] for h, w in known])
    maps.values[-1], maps.status[-1], maps.boxes[-1] = np.nan, 2, np.nan
    fill(store, "Net", {"Noise": maps}, known)
    return store


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks are slow and shared."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """The study of scenes; tests that write make their own."""
    return scene_study(tmp_path_factory.mktemp("scored") / "out")


@pytest.fixture
def photographs(tmp_path: Path) -> Store:
    """The study of photographs."""
    return photograph_study(tmp_path / "out", tmp_path / "photographs")


@pytest.fixture
def make_scenes() -> Callable[..., Store]:
    """The function that makes studies of scenes."""
    return scene_study


@pytest.fixture
def laid() -> Callable[..., Laid]:
    """The function that lays maps over whole pictures."""
    return laid_of


@pytest.fixture
def made_up() -> Callable[..., Maps]:
    """The function that makes maps as a store gives them."""
    return maps_of
