"""A run that is killed again and again ends with what an undisturbed one gives, and repeats no more than it must."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crosslight.core.maps import Status
from crosslight.store import Store

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="killing and forking need a POSIX system")

HERE = Path(__file__).parent
IMAGES, BLOCK = 48, 2
SEED = 20240229

STUDY = """
[study]
name = "tiny"
block = 2
batch_size = 2
threads = 1
device = "cpu"

[images]
source = "photos"

[[models]]
name = "python:network.py:narrow"
label = "Narrow"
preprocess = { size = 24, resize = 24 }

[[models]]
name = "python:network.py:wide"
label = "Wide"
preprocess = { size = 24, resize = 24 }

[[methods]]
name = "smoothgrad"
samples = 4

[[methods]]
name = "grad-cam"

[[methods]]
name = "grad-cam"
label = "halfway"
depth = 0.4
target = "model:Wide"
limit = 31

[[methods]]
name = "integrated-gradients"
steps = 4
target = "class:3"
"""

SETS = 4
BLOCKS = 2 * IMAGES // BLOCK


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study file beside photographs and networks."""
    folder = tmp_path_factory.mktemp("crash")
    rng = np.random.default_rng(0)
    (folder / "photos").mkdir()
    for i in range(IMAGES):
        pixels = rng.integers(0, 256, (26, 24 + i % 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"photos/p{i}.png")
    (folder / "photos/p7.png").write_text("no picture")
    shutil.copy(HERE / "network.py", folder)
    (folder / "study.toml").write_text(STUDY)
    return folder / "study.toml"


def drive(study: Path, out: Path, kills: list[str]) -> list[dict[str, Any]]:
    """Run the study once for every kill, and then to its end."""
    done = subprocess.run(
        [sys.executable, str(HERE / "driver.py"), str(study), str(out), str(SEED), *kills],
        capture_output=True,
        text=True,
        timeout=200,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)
    assert runs[-1]["status"] == 0, done.stderr
    return runs


@dataclass(frozen=True)
class Ran:
    out: Path
    runs: list[dict[str, Any]]


@pytest.fixture(scope="module")
def undisturbed(study: Path) -> Ran:
    """The same study, run without a kill."""
    out = study.parent / "undisturbed"
    return Ran(out, drive(study, out, []))


@pytest.fixture(scope="module")
def killed(study: Path) -> Ran:
    """The study, killed ten times (three of them inside the writing of a shard), and twice among markers."""
    kills = ["clock"] * 4 + ["evaluation"] * 3 + ["first-shard", "last-shard", "shard-in-place"]
    kills += ["marker", "between-markers"]
    random.Random(SEED).shuffle(kills)
    out = study.parent / "killed"
    return Ran(out, drive(study, out, kills))


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def markers(out: Path) -> dict[str, Any]:
    """Every marker without what tells of the computation rather than of the result: seconds, what it was one of."""
    found = {}
    for path in sorted(out.glob("done/**/*.json")):
        content = json.loads(path.read_text())
        del content["notes"], content["task"]
        found[path.relative_to(out).as_posix()] = content
    return found


def blocks_computed(run: dict[str, Any], images: list[str]) -> Iterator[tuple[str, int, list[str]]]:
    for event in run["events"]:
        if event["event"] == "start":
            yield event["model"], images.index(event["images"][0]) // BLOCK, event["labels"]


def rows_by_block(runs: list[dict[str, Any]], images: list[str]) -> Counter[tuple[str, int]]:
    """How many images went through a network for each block."""
    rows: Counter[tuple[str, int]] = Counter()
    for run in runs:
        for event in run["events"]:
            if event["event"] == "start":
                block = event["model"], images.index(event["images"][0]) // BLOCK
            elif event["event"] == "forward":
                rows[block] += event["rows"]
    return rows


def finished(paths: list[str]) -> set[tuple[str, int]]:
    """Blocks with all their markers: predictions, and every set of maps."""
    count: Counter[tuple[str, int]] = Counter()
    for path in paths:
        _, model, _, name = Path(path).parts
        count[model.capitalize(), int(Path(name).stem)] += 1
    return {block for block, number in count.items() if number == SETS + 1}


def images_of(out: Path) -> list[str]:
    return [entry.identity for entry in Store.open(out).manifest.images]


def test_it_was_killed_where_it_was_meant_to_be(killed: Ran) -> None:
    assert [run["status"] for run in killed.runs[:-1]] == [-signal.SIGKILL] * 12
    for run in killed.runs[:-1]:
        last = run["events"][-1]
        if run["kill"] == "clock":
            assert last["event"] != "kill"
        elif run["kill"] == "evaluation":
            assert last["where"] == "forward pass"
        else:
            assert last["where"] == run["kill"]
    torn = {run["kill"]: run for run in killed.runs if run["torn"] is not None}
    assert set(torn) == {"first-shard", "last-shard", "shard-in-place", "marker"}
    for kill, run in torn.items():
        last = run["events"][-1]
        assert run["torn"] == last["size"] > 0
        assert ("maps.zarr" in last["path"]) == (kill == "shard-in-place")
    # none found everything done, and each was under way
    assert all(any(event["event"] == "start" for event in run["events"]) for run in killed.runs)


def test_the_finished_store_equals_an_undisturbed_one_bit_for_bit(killed: Ran, undisturbed: Ran) -> None:
    arrays = contents(undisturbed.out / "maps.zarr")
    assert len(arrays) > BLOCKS * SETS
    assert contents(killed.out / "maps.zarr") == arrays
    for name in ("study.json", "selected.json"):
        assert (killed.out / name).read_bytes() == (undisturbed.out / name).read_bytes()
    assert markers(killed.out) == markers(undisturbed.out)
    assert contents(killed.out / ".partial") == {}


def test_everything_is_done(killed: Ran) -> None:
    store = Store.open(killed.out)
    assert store.models() == ("Narrow", "Wide")
    assert all(one.complete for one in store.map_sets())
    assert len(store.map_sets()) == 2 * SETS
    expected = {Status.OK: IMAGES - 1, Status.FAILED: 1}
    for one in store.map_sets():
        counts = Counter(store.maps(one.model, one.key).status.tolist())
        if one.label == "halfway":
            assert counts == {Status.OK: 30, Status.FAILED: 1, Status.SKIPPED: IMAGES - 31}
        else:
            assert counts == expected


def test_nothing_finished_is_computed_again(killed: Ran, undisturbed: Ran) -> None:
    images = images_of(killed.out)
    before: list[str] = []
    for run in killed.runs:
        computed = list(blocks_computed(run, images))
        assert finished(before).isdisjoint((model, block) for model, block, _ in computed)
        for model, block, labels in computed:  # not even the finished part of a block that a kill cut in two
            for label in labels:
                part = [p for p in before if p.startswith(f"done/{model.lower()}/{label}-")]
                assert not any(p.endswith(f"/{block:06d}.json") for p in part)
        assert set(before) <= set(run["markers"])
        before = run["markers"]
    starts = Counter((model, block) for run in killed.runs for model, block, _ in blocks_computed(run, images))
    assert len(starts) == BLOCKS
    assert sum(starts.values()) <= BLOCKS + len(killed.runs) - 1


def test_only_the_block_in_flight_costs_evaluations_twice(killed: Ran, undisturbed: Ran) -> None:
    images = images_of(killed.out)
    planned = rows_by_block(undisturbed.runs, images)
    spent = rows_by_block(killed.runs, images)
    in_flight = set()
    for run in killed.runs[:-1]:
        *_, (model, block, _) = blocks_computed(run, images)
        in_flight.add((model, block))
    assert len(planned) == BLOCKS
    assert 1 <= len(in_flight) <= 12
    assert {block: rows for block, rows in spent.items() if block not in in_flight} == {
        block: rows for block, rows in planned.items() if block not in in_flight
    }
    assert sum(spent.values()) <= sum(planned.values()) + 12 * max(planned.values())


def test_ctrl_c_leaves_what_the_same_command_goes_on_with(study: Path, undisturbed: Ran) -> None:
    out = study.parent / "interrupted"
    command = [sys.executable, "-m", "crosslight", "run", str(study), "--out", str(out), "--no-report"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while len(finished(marked(out))) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert printed == ""
    assert said.splitlines()[-1] == "interrupted; the same command goes on where it stopped"
    assert "Traceback" not in said
    before = finished(marked(out))
    assert 2 <= len(before) < BLOCKS
    (run,) = drive(study, out, [])
    computed = [(model, block) for model, block, _ in blocks_computed(run, images_of(out))]
    assert before.isdisjoint(computed)
    assert len(before) + len(computed) == BLOCKS
    assert contents(out / "maps.zarr") == contents(undisturbed.out / "maps.zarr")
    assert markers(out) == markers(undisturbed.out)


def marked(out: Path) -> list[str]:
    return [path.relative_to(out).as_posix() for path in out.glob("done/**/*.json")]
