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
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from crosslight.core.maps import Status
from crosslight.store import Store

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="killing and forking need a POSIX system")

HERE = Path(__file__).parent
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
label = "narrow"
preprocess = { size = 24, resize = 24 }

[[models]]
name = "python:network.py:wide"
label = "wide"
preprocess = { size = 24, resize = 24 }

[[methods]]
name = "smoothgrad"
samples = 3

[[methods]]
name = "grad-cam"

[[methods]]
name = "grad-cam"
label = "halfway"
depth = 0.4
target = "model:wide"
limit = 21

[[methods]]
name = "integrated-gradients"
steps = 3
target = "class:3"
"""

IMAGES, BLOCK, MODELS, SETS = 40, 2, 2, 4
BLOCKS = MODELS * IMAGES // BLOCK  # the parts of work, each of one model and one block of images

#: ten kills, three of them in the middle of a shard; and two among markers
KILLS = ["clock"] * 4 + ["evaluation"] * 3 + ["first-shard", "last-shard", "shard-in-place"]
KILLS += ["marker", "between-markers"]

Part = tuple[str, int]  # a model, and the number of a block


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A study file beside photographs and networks."""
    rng = np.random.default_rng(0)
    (tmp_path / "photos").mkdir()
    for i in range(IMAGES):
        pixels = rng.integers(0, 256, (26, 24 + i % 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"photos/p{i}.png")
    (tmp_path / "photos/p7.png").write_text("no picture")
    shutil.copy(HERE / "network.py", tmp_path)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path / "study.toml"


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def markers(out: Path) -> dict[str, Any]:
    """Every marker, without what tells of the computation (its seconds, and of which run it was a part)."""
    found = {}
    for path in sorted(out.glob("done/**/*.json")):
        content = json.loads(path.read_text())
        del content["notes"], content["task"]
        found[path.relative_to(out).as_posix()] = content
    return found


def finished(paths: list[str]) -> set[Part]:
    """Parts with all their markers: of the predictions, and of every set of maps."""
    count: Counter[Part] = Counter()
    for path in paths:
        _, model, _, name = Path(path).parts
        count[model, int(Path(name).stem)] += 1
    return {part for part, number in count.items() if number == SETS + 1}


def assert_same_result(out: Path, undisturbed: Path) -> None:
    """Bit for bit, nothing missing and nothing left over."""
    arrays = contents(undisturbed / "maps.zarr")
    assert len(arrays) > BLOCKS * SETS
    assert contents(out / "maps.zarr") == arrays
    for name in ("study.json", "selected.json"):
        assert (out / name).read_bytes() == (undisturbed / name).read_bytes()
    assert len(markers(out)) == BLOCKS * (SETS + 1)
    assert markers(out) == markers(undisturbed)
    assert contents(out / ".partial") == {}


def assert_complete(out: Path) -> None:
    store = Store.open(out)
    assert store.models() == ("narrow", "wide")
    assert len(store.map_sets()) == MODELS * SETS
    assert all(one.complete for one in store.map_sets())
    for one in store.map_sets():
        skipped = IMAGES - 21 if one.label == "halfway" else 0
        expected = {Status.OK: IMAGES - 1 - skipped, Status.FAILED: 1, Status.SKIPPED: skipped}
        assert Counter(store.maps(one.model, one.key).status.tolist()) == Counter(expected)


def assert_killed_as_meant(run: dict[str, Any]) -> None:
    """It died where it was meant to, in the middle of the work, and half of the file is really there."""
    last = run["events"][-1]
    assert run["status"] == -signal.SIGKILL
    assert any(event["event"] == "start" for event in run["events"])
    if run["kill"] == "clock":
        assert last["event"] != "kill"
    elif run["kill"] == "evaluation":
        assert last["where"] == "forward pass"
    else:
        assert last["where"] == run["kill"]
    if run["kill"] in ("first-shard", "last-shard", "shard-in-place", "marker"):
        assert run["torn"] == last["size"] > 0
        assert ("maps.zarr" in last["path"]) == (run["kill"] == "shard-in-place")
    else:
        assert run["torn"] is None


class Account:
    """What the runs computed, by part."""

    def __init__(self, runs: list[dict[str, Any]], images: list[str]):
        self.parts: list[list[tuple[Part, list[str]]]] = []  # for each run: parts begun, with the labels of methods
        self.rows: Counter[Part] = Counter()  # images that went through a network
        for run in runs:
            self.parts.append([])
            for event in run["events"]:
                if event["event"] == "start":
                    part = event["model"], images.index(event["images"][0]) // BLOCK
                    self.parts[-1].append((part, event["labels"]))
                elif event["event"] == "forward":
                    self.rows[part] += event["rows"]


def assert_nothing_finished_again(runs: list[dict[str, Any]], account: Account) -> None:
    before: list[str] = []
    for run, parts in zip(runs, account.parts, strict=True):
        assert finished(before).isdisjoint(part for part, _ in parts)
        for (model, block), labels in parts:  # nor the finished methods of a part that a kill cut in two
            for label in labels:
                of_label = [path for path in before if path.startswith(f"done/{model}/{label}-")]
                assert not any(path.endswith(f"/{block:06d}.json") for path in of_label)
        assert set(before) <= set(run["markers"])
        before = run["markers"]
    starts = Counter(part for parts in account.parts for part, _ in parts)
    assert len(starts) == BLOCKS
    assert sum(starts.values()) <= BLOCKS + len(KILLS)


def assert_only_parts_in_flight_cost_twice(killed: Account, planned: Account) -> None:
    in_flight = {parts[-1][0] for parts in killed.parts[:-1]}
    assert len(planned.rows) == BLOCKS
    assert {part: rows for part, rows in killed.rows.items() if part not in in_flight} == {
        part: rows for part, rows in planned.rows.items() if part not in in_flight
    }
    assert planned.rows.total() < killed.rows.total()
    assert killed.rows.total() <= planned.rows.total() + len(KILLS) * max(planned.rows.values())


def test_a_run_killed_ten_times_and_more(study: Path) -> None:
    kills = random.Random(SEED).sample(KILLS, len(KILLS))
    done = subprocess.run(
        [sys.executable, str(HERE / "driver.py"), str(study), str(study.parent), str(SEED), *kills],
        capture_output=True,
        text=True,
        timeout=250,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    undisturbed, *runs = json.loads(done.stdout)
    assert (undisturbed["status"], runs[-1]["status"]) == (0, 0), done.stderr
    for run in runs[:-1]:
        assert_killed_as_meant(run)
    out = study.parent / "killed"
    assert_same_result(out, study.parent / "undisturbed")
    assert_complete(out)
    images = [entry.identity for entry in Store.open(out).manifest.images]
    account = Account(runs, images)
    assert_nothing_finished_again(runs, account)
    assert_only_parts_in_flight_cost_twice(account, Account([undisturbed], images))


def test_ctrl_c_leaves_what_the_same_command_goes_on_with(study: Path, monkeypatch: pytest.MonkeyPatch, start) -> None:
    from crosslight.cli.app import app
    from crosslight.study import runner

    out, undisturbed = study.parent / "interrupted", study.parent / "undisturbed"
    command = ["run", str(study), "--out", str(out), "--no-report"]
    process = start(*command)
    deadline = time.monotonic() + 200
    while len(finished(list(markers(out)))) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert printed == ""
    assert said.splitlines()[-1] == "interrupted; the same command goes on where it stopped"
    assert "Traceback" not in said

    before = finished(list(markers(out)))
    assert 2 <= len(before) < BLOCKS
    computed: list[str] = []
    explain_block = runner.explain_block

    def counted(classifier: Any, items: Any, *arguments: Any, **options: Any) -> Any:
        computed.append(classifier.label)
        return explain_block(classifier, items, *arguments, **options)

    monkeypatch.setattr(runner, "explain_block", counted)
    assert CliRunner().invoke(app, command).exit_code == 0
    assert len(before) + len(computed) == BLOCKS
    assert CliRunner().invoke(app, [*command[:3], str(undisturbed), "--no-report"]).exit_code == 0
    assert_same_result(out, undisturbed)
