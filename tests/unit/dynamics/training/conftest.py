"""Pictures of three classes that are easily told apart, as folders and as Parquet."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("lightning", reason="training needs the extra 'train'")

CLASSES = ("bird", "cat", "dog")
NETWORK = """
from torch import nn


def tiny(num_classes: int = 3, size: int = 12) -> nn.Module:
    network = nn.Sequential(
        *(nn.Conv2d(3, 8, 3, 2), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(8, num_classes)),
    )
    network.pretrained_cfg = {"input_size": (3, size, size), "crop_pct": 1.0, "num_classes": num_classes}
    return network


def fixed() -> nn.Module:
    return tiny(7)
"""


def picture(rng: np.random.Generator, label: int, side: int = 12) -> Image.Image:
    pixels = rng.integers(0, 120, (side, side, 3), dtype=np.uint8)
    pixels[..., label] += 100
    return Image.fromarray(pixels)


def write_folder(folder: Path, count: int = 8, seed: int = 0, classes: tuple[str, ...] = CLASSES) -> Path:
    rng = np.random.default_rng(seed)
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            picture(rng, label % 3).save(folder / name / f"p{i}.png")
    return folder


def write_parquet(path: Path, count: int = 6, seed: int = 0) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(seed)
    rows, labels = [], []
    for i in range(count * len(CLASSES)):
        stream = io.BytesIO()
        picture(rng, i % len(CLASSES)).save(stream, "PNG")
        rows.append({"bytes": stream.getvalue(), "path": f"{CLASSES[i % 3]}/{i:04d}.png"})
        labels.append(i % len(CLASSES))
    pq.write_table(pa.table({"image": rows, "label": labels}), path)
    (path.parent / "classes.json").write_text(json.dumps(CLASSES))
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with eight pictures of each of three classes."""
    return write_folder(tmp_path / "photos")


@pytest.fixture
def network(tmp_path: Path) -> str:
    """The name of a tiny network in a file of its own."""
    (tmp_path / "net.py").write_text(NETWORK)
    return f"python:{tmp_path / 'net.py'}:tiny"
