"""A training that is killed again and again ends with what an undisturbed one gives, bit for bit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crosslight.dynamics.history import History
from crosslight.dynamics.reading import open_history

pytest.importorskip("lightning", reason="training needs the extra 'train'")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="killing and forking need a POSIX system")

HERE = Path(__file__).parent
#: every way of being killed, and twice in a row in the same epoch
KILLS = ["step", "validation", "recorded", "weights", "state", "saved", "step", "step", "end"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photographs of three classes beside a network with everything that could go wrong: statistics and dropout."""
    rng = np.random.default_rng(0)
    for label in range(3):
        (tmp_path / f"photos/class {label}").mkdir(parents=True)
        for i in range(12):
            pixels = rng.integers(0, 120, (16, 16, 3), dtype=np.uint8)
            pixels[..., label] += 60
            Image.fromarray(pixels).save(tmp_path / f"photos/class {label}/p{i}.png")
    (tmp_path / "photos/class 1/p7.png").write_text("no picture")
    shutil.copy(HERE / "network.py", tmp_path)
    return tmp_path


def account(out: Path) -> dict[str, Any]:
    """What training.json says, without what tells of the time."""
    told = json.loads((out / "training.json").read_text())
    for row in told["metrics"]:
        del row["seconds"]
    return {key: value for key, value in told.items() if key not in ("seconds", "finished", "resumed")}


def assert_same_history(one: History, other: History) -> None:
    for field in fields(History):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name == "metrics":
            assert a.keys() == b.keys()
            assert all(np.array_equal(a[name], b[name], equal_nan=True) for name in a)
        elif isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
        else:
            assert a == b, field.name


def test_a_training_killed_nine_times(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "training_driver.py"), str(folder), "0", *KILLS],
        capture_output=True,
        text=True,
        timeout=280,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    undisturbed, *killed, last = json.loads(done.stdout)
    assert (undisturbed, last) == (0, 0), done.stderr
    assert killed == [-signal.SIGKILL] * len(KILLS), done.stderr
    one, other = folder / "undisturbed", folder / "killed"
    assert_same_history(open_history(one), open_history(other))
    history = open_history(other)
    assert history.epochs.tolist() == [0, 1, 2, 3]
    assert (history.predictions < 3).all()
    for name in ("best.safetensors", "last.safetensors", "classes.txt", "study.toml"):
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
    assert account(one) == account(other)
    assert account(other)["skipped"][0]["reason"].startswith("not an image")
    assert {path.name for path in other.iterdir()} == {path.name for path in one.iterdir()}
