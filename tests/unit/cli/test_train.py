from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("lightning", reason="training needs the extra 'train'")

NETWORK = """
from torch import nn


def tiny(num_classes: int = 2, width: int = 4) -> nn.Module:
    pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.ReLU(), pool, nn.Linear(width, num_classes))
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(0)
    for label, name in enumerate(("dark", "light")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(8):
            pixels = rng.integers(100 * label, 100 * label + 120, (10, 10, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{i}.png")
    (tmp_path / "net.py").write_text(NETWORK)
    model = f"python:{tmp_path / 'net.py'}:tiny"
    return [
        *("train", "--model", model, "--weights", "none", "--images", str(tmp_path / "photos")),
        *("--out", str(tmp_path / "out"), "--epochs", "14", "--batch", "4", "--lr", "0.05", "--device", "cpu"),
        *("--size", "10", "--set", "width=6", "--validation", "0.25", "--augment", "none"),
    ]


def test_a_training(call, command, tmp_path):
    result = call(*command)
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert lines[0].endswith("tiny: 14 epochs, 2 classes")
    assert lines[1].split()[:2] == ["epoch", "train/loss"]
    assert 12 <= len(lines) - 4 <= 13  # some epochs, and the best one
    assert f"crosslight dynamics {tmp_path / 'out'}" in lines[-2]
    assert f"crosslight run {tmp_path / 'out' / 'study.toml'}" in lines[-1]
    assert "epoch 14 of 14: loss" in result.err

    again = call(*command, "--json")
    told = json.loads(again.out)
    assert set(told) == {
        *("out", "model", "classes", "epochs", "best", "metrics", "test", "parameters", "skipped", "remarks", "files"),
        "seconds",
    }
    assert told["parameters"] == 3 * 9 * 6 + 6 + 6 * 2 + 2
    assert told["metrics"][-1]["validation/accuracy"] == 1.0
    assert "trained already" in again.err
    assert call(*command, "--lr", "0.1").status == 2


def test_bad_input(call, command, tmp_path):
    result = call(*command, "--augment", "much")
    assert (result.status, result.out) == (2, "")
    assert (
        result.err == "error: unknown augment 'much'; known are: 'light', 'none', 'strong'\n" or "augment" in result.err
    )
    assert call(*command, "--validation", "nowhere").status == 2
    assert call(*command, "--validation", "1.5").status == 2
    assert not (tmp_path / "out").exists()
