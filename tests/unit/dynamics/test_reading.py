from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from crosslight.core.errors import StoreError
from crosslight.dynamics import Recorder, follow, open_history, stamp
from crosslight.dynamics.frames import read_partial

from .making import record, record_epoch, same

CLASSES = ["a", "b", "c"]


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no recorded run in .*Recorder or `crosslight train`"):
        open_history(tmp_path)
    assert stamp(tmp_path) == ""


def test_a_run_without_epochs_yet(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, CLASSES)
    found = open_history(tmp_path, unfinished=True)
    assert found.predictions.shape == (0, 0)
    assert found.classes == ("a", "b", "c")
    recorder.log(0, ["x", "y"], [[1.0, 0, 0]] * 2, [0, 1])
    assert open_history(tmp_path).predictions.shape == (0, 0)
    found = open_history(tmp_path, unfinished=True)
    assert found.ids == ("x", "y")
    assert found.predictions.tolist() == [[0, 0]]
    assert found.remarks == ("Epoch 0 is unfinished: 2 of 2 images so far.",)


def test_a_torn_end_loses_its_batch_alone(tmp_path: Path) -> None:
    """Whatever the byte at which a write was cut, all batches before it are there."""
    recorder = Recorder(tmp_path, CLASSES)
    sizes = []
    partial = tmp_path / "history" / "partial" / "00000-r0.frames"
    for at in range(3):
        recorder.log(0, [f"x{at}", f"y{at}"], [[1.0, 0, 0]] * 2, [0, 1])
        sizes.append(partial.stat().st_size)
    content = partial.read_bytes()
    for cut in range(sizes[0], len(content) + 1):
        partial.write_bytes(content[:cut])
        whole = sum(size <= cut for size in sizes)
        assert len(read_partial(partial).batches) == whole
        if cut % 40 == 0:
            found = open_history(tmp_path, unfinished=True)
            assert len(found.ids) == 2 * whole
            torn = cut - sizes[whole - 1]
            assert any("is torn" in told for told in found.remarks) == (torn > 0)


def test_a_flipped_byte_is_found(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, CLASSES)
    partial = tmp_path / "history" / "partial" / "00000-r0.frames"
    recorder.log(0, ["x"], [1], [1])
    size = partial.stat().st_size
    recorder.log(0, ["y"], [1], [1])
    content = partial.read_bytes()
    for at in range(size, len(content)):
        partial.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert len(read_partial(partial).batches) == 1


def test_a_damaged_epoch_is_left_out_and_told(tmp_path: Path) -> None:
    record(tmp_path, range(3))
    path = tmp_path / "history" / "epochs" / "00001.npz"
    content = path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"no archive"):
        path.write_bytes(damaged)
        found = open_history(tmp_path)
        assert found.epochs.tolist() == [0, 2]
        assert found.remarks == ("The file of epoch 1 is damaged and was left out.",)


@pytest.mark.parametrize("name", ["history.json", "instances.json"])
def test_other_damage_is_an_error(tmp_path: Path, name: str) -> None:
    record(tmp_path, [0])
    path = tmp_path / "history" / name
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(StoreError, match=f"{name} is damaged"):
        open_history(tmp_path)


def test_columns_without_images_are_an_error(tmp_path: Path) -> None:
    record(tmp_path, [0])
    (tmp_path / "history" / "instances.json").unlink()
    with pytest.raises(StoreError, match="epoch 0 has more columns"):
        open_history(tmp_path)


def test_the_stamp_changes_with_all_that_is_recorded(tmp_path: Path) -> None:
    seen = [stamp(tmp_path)]
    with Recorder(tmp_path, CLASSES) as recorder:
        seen.append(stamp(tmp_path))
        recorder.log(0, ["x"], [1], [1])
        seen.append(stamp(tmp_path))
        recorder.log(0, ["y"], [1], [1])
        seen.append(stamp(tmp_path))
        recorder.end_epoch(0)
        seen.append(stamp(tmp_path))
        recorder.log_metrics(0, loss=1)
        seen.append(stamp(tmp_path))
    assert len(set(seen)) == len(seen)
    assert stamp(tmp_path) == stamp(tmp_path / "history") == seen[-1]


def test_following_a_run_that_goes_on(tmp_path: Path) -> None:
    def run() -> None:
        with Recorder(tmp_path, CLASSES) as recorder:
            for epoch in range(3):
                record_epoch(recorder, epoch, np.random.default_rng(0))
                time.sleep(0.03)

    thread = threading.Thread(target=run)
    thread.start()
    seen = list(follow(tmp_path, every=0.005, patience=0.4))
    thread.join()
    assert seen[-1].epochs.tolist() == [0, 1, 2]
    assert len(seen) >= 3
    assert all(len(a.epochs) <= len(b.epochs) for a, b in pairwise(seen))
    assert same(seen[-1], open_history(tmp_path))
