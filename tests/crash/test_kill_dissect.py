"""A dissection that is killed again and again ends with what an undisturbed one gives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crosslight.dissection import open_dissection

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="killing and forking need a POSIX system")

HERE = Path(__file__).parent
IMAGES, BLOCK = 22, 4

#: in a pass; with half of a block's data or of its marker written; between the two; while the layers are put together
KILLS = ["pass:5", "half:.npz:2", "before:.json:1", "half:.json:2", "pass:3", "half:activations.npy:1"]
KILLS += ["before:.npz:7", "half:dissection.json:1"]


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_dissection_killed_eight_times(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i in range(IMAGES):
        pixels = rng.integers(0, 256, (26, 24 + i % 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"photos/p{i:02}.png")
    (tmp_path / "photos/p07.png").write_text("no picture")
    done = subprocess.run(
        [sys.executable, str(HERE / "dissect_driver.py"), str(tmp_path / "photos"), str(tmp_path), *KILLS],
        capture_output=True,
        text=True,
        timeout=200,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    undisturbed, *killed, last = json.loads(done.stdout)
    assert (undisturbed["status"], last["status"]) == (0, 0), done.stderr
    assert [run["status"] for run in killed] == [-signal.SIGKILL] * len(KILLS)
    assert undisturbed["rows"] <= IMAGES  # the usable ones, and one that the arithmetic is tried on

    before: set[str] = set()
    for run in killed:  # a block that was finished stays so
        assert before <= set(run["done"])
        before = set(run["done"])
    assert len(before) == -(-IMAGES // BLOCK)
    assert last["rows"] == 0  # the network had seen all images when the layers were put together

    found, expected = contents(tmp_path / "killed"), contents(tmp_path / "undisturbed")
    assert not any(name.startswith(("blocks/", ".partial/")) for name in found)
    assert found.keys() == expected.keys()
    assert {name for name in found if found[name] != expected[name]} <= {"dissection.json"}  # it has the seconds
    one, other = open_dissection(tmp_path / "killed"), open_dissection(tmp_path / "undisturbed")
    assert one.failures == other.failures
    assert list(one.failures) == [7]
    assert one.facts["key"] == other.facts["key"]
