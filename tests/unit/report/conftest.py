"""A study with every kind of trouble in it, its photographs, and names that try to be HTML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crosslight.core.maps import Status, judge
from crosslight.images import ImageSet, open_images
from crosslight.store import Failure, ImageEntry, Manifest, MapBlock, PredictionBlock, Store

EVIL = "<script>window.evil=1</script>&amp;.jpg"
CLASSES = ["tench, Tinca", "<b>cat</b>", "dog", "</script><script>window.evil=2</script>"]
MODELS = ("Net & Co", "Net <i>two</i>", "Net 3")
#: label to registered name, shape, final step
METHODS = {
    "Grad-CAM": ("grad-cam", (4, 5), "relu"),
    "Signed": ("hires-cam", (7, 7), "none"),
    "Fine": ("saliency", (120, 120), "none"),
}
BOX = (10.0, 5.0, 50.0, 45.0)


def write_photographs(folder: Path, count: int = 6) -> ImageSet:
    """Pictures of 60 x 50 pixels, no two alike, as PNG; names are given to the store, not to the files."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(7)
    for i in range(count):
        pixels = rng.integers(0, 255, (5, 6, 3), np.uint8).repeat(10, 0).repeat(10, 1)
        Image.fromarray(pixels).save(folder / f"photo{i}.png")
    return open_images(folder)


def made_up_study(path: Path, photographs: Path, count: int = 6, done: bool = True) -> Store:
    """A store of three models and three methods.

    Image 0 has a name that is HTML, image 1 a label that no model knows. The first model is always right. Of
    Grad-CAM on the second model, map 0 is zero, 1 constant, 2 not finite, 3 failed, 4 without target, and 5
    negative, so that nothing is left of it.
    """
    images = write_photographs(photographs, count)
    labels = ["tench", "unheard of", *("dog" for _ in range(count - 2))]
    entries = tuple(
        ImageEntry(record.identity, EVIL if i == 0 else record.name, labels[i]) for i, record in enumerate(images)
    )
    spec = {
        "study": {"name": "made up", "seed": 3},
        "images": {"source": str(photographs)},
        "models": [{"name": f"timm/net{i}", "label": label} for i, label in enumerate(MODELS)],
        "methods": [{"name": name, "label": label} for label, (name, _, _) in METHODS.items()],
    }
    facts = {"images": {"source": str(photographs)}, "spec": spec, "batch_size": 8, "threads": 1}
    store = Store.create(path, Manifest("made up <em>study</em>", "made-up", entries, count, 3, facts))
    truth = [0, None, *(2 for _ in range(count - 2))]
    for number, model in enumerate(MODELS):
        store.add_model(model, len(CLASSES), {"classes": CLASSES, "labels": truth, "facts": {"parameters": 1234}})
        maps, failures = {}, []
        for label, (name, shape, finish) in METHODS.items():
            attributes = {"method": name, "finish": finish, "sign": "magnitude" if label == "Fine" else "signed",
                          "settings": {"depth": 0.5}, "target": "own", "reference": "arXiv:1610.02391"}  # fmt: skip
            key = store.add_maps(model, label, "digest", shape, attributes, ["completeness_gap"])
            maps[key] = map_block(count, shape, number, trouble=number == 1 and label == "Grad-CAM")
            failures += [Failure(entries[3].identity, model, f"method:{label}", "it went <b>wrong</b>")] * (
                number == 1 and label == "Grad-CAM"
            )
        logits = np.zeros((count, len(CLASSES)), np.float32)
        logits[np.arange(count), [0 if t is None else t for t in truth]] = 3
        if number:
            logits[2, 3] = 5
        predictions = PredictionBlock(
            logits, np.tile(np.array([50, 60], np.int32), (count, 1)), np.full(count, Status.OK, np.uint8)
        )
        if done or number < 2:
            store.write(model, 0, predictions=predictions, maps=maps, failures=failures, notes={"seconds": 2.0})
    store.record_failure(Failure("", "Broken", "load", "no such file <img src=x onerror=alert(1)>"))
    return store


def map_block(count: int, shape: tuple[int, int], seed: int, trouble: bool) -> MapBlock:
    """Maps that share a part with those of other seeds, so that they agree above chance."""
    shared = np.random.default_rng(99).standard_normal((count, *shape))
    values = (shared + 0.7 * np.random.default_rng(seed).standard_normal((count, *shape))).astype(np.float32)
    if trouble:
        values[0], values[1], values[2, 0, 0], values[3:5], values[5] = 0, 2, np.nan, np.nan, -np.abs(values[5])
    status = judge(values)
    if trouble:
        status[3:5] = Status.FAILED, Status.NO_TARGET
    targets = np.tile(np.array([0, -1], np.int32), (count, 1))
    return MapBlock(values, np.tile(BOX, (count, 1)), targets, status, {"completeness_gap": np.full(count, 0.001)})


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks are slow and shared."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


@pytest.fixture
def study(tmp_path: Path) -> Store:
    """The made-up study, complete."""
    return made_up_study(tmp_path / "out", tmp_path / "photographs")


@pytest.fixture
def unfinished(tmp_path: Path) -> Store:
    """The made-up study without the third model's results."""
    return made_up_study(tmp_path / "out", tmp_path / "photographs", done=False)


@pytest.fixture
def make_study() -> Callable[..., Store]:
    """The function that makes it."""
    return made_up_study
