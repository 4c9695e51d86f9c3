"""What the first screen has to load, for a study of 128 images, 14 models and 3 methods."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from crosslight.core.maps import Status
from crosslight.report import build_report
from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store

IMAGES, MODELS, CLASSES = 128, 14, 1000
METHODS = {"grad-cam": (7, 7), "lime": (14, 14), "saliency": (56, 56)}
MOST = 3_000_000


def large_study(path: Path) -> Store:
    """Noise in the sizes of a real study, with a thousand classes."""
    rng = np.random.default_rng(0)
    entries = tuple(ImageEntry(f"id{i}", f"n0{i:07}_some_longer_name.JPEG", f"class {i % 100}") for i in range(IMAGES))
    store = Store.create(path, Manifest("large", "large", entries, IMAGES))
    names = [f"class {i}, with a synonym or two" for i in range(CLASSES)]
    for number in range(MODELS):
        model = f"A model with a long name {number}"
        store.add_model(model, CLASSES, {"classes": names, "labels": [i % 100 for i in range(IMAGES)]})
        keys = {
            store.add_maps(model, name, "d", shape, {"method": name, "finish": "none"}): shape
            for name, shape in METHODS.items()
        }
        maps = {
            key: MapBlock(
                rng.standard_normal((IMAGES, *shape)).astype(np.float32), np.tile([0.0, 0, 400, 300], (IMAGES, 1)),
                np.zeros((IMAGES, 2), np.int32), np.full(IMAGES, Status.OK, np.uint8),
            )
            for key, shape in keys.items()
        }  # fmt: skip
        logits = rng.standard_normal((IMAGES, CLASSES)).astype(np.float32)
        sizes = np.tile(np.array([300, 400], np.int32), (IMAGES, 1))
        store.write(model, 0, predictions=PredictionBlock(logits, sizes, np.ones(IMAGES, np.uint8)), maps=maps)
    return store


def first_screen(page: Path) -> dict[str, int]:
    """Bytes of every file that the first screen loads."""
    (assets,) = (page.parent / "assets").iterdir()
    names = ("report.css", "report.js", "data.js", "overview.js")
    return {"index.html": page.stat().st_size} | {name: (assets / name).stat().st_size for name in names}


def test_the_first_screen_is_small(tmp_path: Path) -> None:
    page = build_report(large_study(tmp_path / "out"), agreements={})
    sizes = first_screen(page)
    print(sizes, sum(sizes.values()))
    assert sum(sizes.values()) <= MOST
