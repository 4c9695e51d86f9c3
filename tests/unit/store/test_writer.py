"""What a kill, a full disk or a careless hand can do to a store, and what the next run makes of it."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from crosslight.core.errors import StoreError
from crosslight.core.maps import Status
from crosslight.store import Store

from .conftest import Filled, make_manifest, map_block


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def marker(filled: Filled, block: int) -> Path:
    return filled.store.path / "done" / "net" / filled.key / f"{block:06d}.json"


def shard(filled: Filled, block: int, array: str = "maps") -> Path:
    folder = filled.store.path / "maps.zarr" / "net" / filled.key / array
    return folder / (f"c.{block}" + {"maps": ".0.0", "box": ".0"}.get(array, ""))


def test_resume_goes_by_markers(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # on the real disk
    filled.write(1)
    store = Store.create(filled.store.path, make_manifest())
    assert [store.is_done("Net", filled.key, b) for b in range(3)] == [False, True, False]
    assert [store.is_done("Net", None, b) for b in range(3)] == [False, True, False]
    assert not store.is_done("Net", filled.add("Saliency", "s"), 1)
    marker(filled, 1).unlink()
    assert not store.is_done("Net", filled.key, 1)
    assert store.is_done("Net", None, 1)


@pytest.mark.parametrize("change", ["settings", "site", "images"])
def test_a_marker_of_something_else_does_not_count(filled: Filled, change: str) -> None:
    filled.write(0)
    content = json.loads(marker(filled, 0).read_text())
    assert content[change]
    marker(filled, 0).write_text(json.dumps(content | {change: "other"}))
    assert not filled.store.is_done("Net", filled.key, 0)
    marker(filled, 0).write_text(json.dumps(content))
    assert filled.store.is_done("Net", filled.key, 0)


def test_no_half_marker_counts(filled: Filled) -> None:
    filled.write(0)
    whole = marker(filled, 0).read_bytes().rstrip()
    for length in range(0, len(whole), 7):
        marker(filled, 0).write_bytes(whole[:length])
        assert not filled.store.is_done("Net", filled.key, 0)


def test_unmarked_shards_read_as_not_computed(filled: Filled) -> None:
    filled.write(0)
    filled.write(1)
    marker(filled, 1).unlink()
    shard(filled, 1).write_bytes(b"half")
    maps = filled.store.maps("Net", "Grad-CAM")
    assert maps.status.tolist() == [Status.OK] * 4 + [Status.PENDING] * 6


@pytest.mark.parametrize("damage", ["truncate", "remove"])
def test_a_lost_shard_is_an_error_until_swept_and_computed_again(
    filled: Filled, snapshot: Callable, damage: str
) -> None:
    filled.write(0)
    filled.write(1)
    whole = snapshot(filled.store.path)
    if damage == "truncate":
        shard(filled, 1).write_bytes(shard(filled, 1).read_bytes()[:-1])
    else:
        shard(filled, 1, "gap").unlink()
    with pytest.raises(StoreError, match="missing or cut short"):
        filled.store.maps("Net", "Grad-CAM")
    store = Store.create(filled.store.path, make_manifest())
    assert store.sweep() == [f"done/net/{filled.key}/000001.json"]
    assert not store.is_done("Net", filled.key, 1)
    assert store.is_done("Net", filled.key, 0)
    filled.write(1)
    assert snapshot(filled.store.path) == whole


@pytest.mark.parametrize("array", ["maps", "box", "status"])
def test_flipped_bits_are_an_error(filled: Filled, array: str) -> None:
    filled.write(0)
    content = bytearray(shard(filled, 0, array).read_bytes())
    for position in range(0, len(content), 3):
        content[position] ^= 0x55
        shard(filled, 0, array).write_bytes(content)
        content[position] ^= 0x55
        with pytest.raises(StoreError, match="damaged"):
            filled.store.maps("Net", "Grad-CAM")


def test_markers_of_deleted_maps_are_swept(filled: Filled) -> None:
    filled.write(0)
    shutil.rmtree(shard(filled, 0).parents[1])
    store = Store.create(filled.store.path, make_manifest())
    assert store.sweep() == [f"done/net/{filled.key}"]
    assert not store.is_done("Net", store.add_maps("Net", "Grad-CAM", "settings-1", (3, 5), {"site": "layer4"}), 0)


def test_a_damaged_group_is_named(filled: Filled) -> None:
    (filled.store.path / "maps.zarr" / "net" / filled.key / "zarr.json").write_text("{")
    with pytest.raises(StoreError, match="delete that folder"):
        Store.open(filled.store.path).map_sets()


def test_sweep_removes_what_dead_processes_left(filled: Filled) -> None:
    partial = filled.store.path / ".partial"
    dead, mine, alive = "999999999-ab-c.0", f"{os.getpid()}-ab-c.0", f"{os.getppid()}-ab-c.0"
    for name in (dead, mine, alive):
        (partial / name).write_bytes(b"half")
    (partial / f"{dead}-folder" / "maps").mkdir(parents=True)
    assert filled.store.sweep() == [f".partial/{name}" for name in sorted([dead, mine, f"{dead}-folder"])]
    assert [path.name for path in partial.iterdir()] == [alive]


def kill_at(monkeypatch: pytest.MonkeyPatch, function: str, call: int) -> Callable[[], int]:
    """Raise `Killed` instead of the given call of an `os` function; returns a counter of calls."""
    original, calls = getattr(os, function), []

    def patched(*args: object) -> object:
        calls.append(args)
        if len(calls) == call:
            raise Killed
        return original(*args)

    monkeypatch.setattr(os, function, patched)
    return lambda: len(calls)


@pytest.mark.parametrize("function", ["replace", "fsync"])
def test_killed_anywhere_the_next_run_completes_the_same_store(
    make_filled: Callable[..., Filled], snapshot: Callable, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    calm = make_filled("calm")
    calm.write(0)
    calm.write(1)
    expected = snapshot(calm.store.path)
    call, finished = 0, False
    while not finished:
        call += 1
        filled = make_filled(f"killed-{call}")
        filled.write(0)
        with monkeypatch.context() as patch:
            kill_at(patch, function, call)
            try:
                filled.write(1)
                finished = True
            except Killed:
                pass
        store = Store.create(filled.store.path, make_manifest())
        store.sweep()
        assert store.is_done("Net", filled.key, 0)
        if store.is_done("Net", filled.key, 1):  # then all of it is there
            assert (store.maps("Net", filled.key).status[:8] == Status.OK).all()
        if not (store.is_done("Net", filled.key, 1) and store.is_done("Net", None, 1)):
            filled.write(1)
        assert snapshot(filled.store.path) == expected
    assert call > 8


def _write_missing(path: Path) -> None:
    filled = Filled(path, make_manifest(40, 2), shape=(90, 90))
    filled.store.sweep()
    for block in range(filled.store.blocks):
        if not (filled.store.is_done("Net", None, block) and filled.store.is_done("Net", filled.key, block)):
            filled.write(block)


def test_killed_for_real_at_random_moments(tmp_path: Path, snapshot: Callable) -> None:
    _write_missing(tmp_path / "calm")
    context = multiprocessing.get_context("fork")
    rng = np.random.default_rng(0)
    exits = []
    while not exits or exits[-1] != 0:
        worker = context.Process(target=_write_missing, args=(tmp_path / "killed",))
        worker.start()
        worker.join(rng.uniform(0.01, 0.1) if len(exits) < 12 else 60)
        if worker.exitcode is None:
            worker.kill()
        worker.join(60)
        exits.append(worker.exitcode)
    assert -signal.SIGKILL in exits
    assert snapshot(tmp_path / "killed") == snapshot(tmp_path / "calm")


@pytest.mark.parametrize("call", range(1, 16))
def test_killed_while_registering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    with monkeypatch.context() as patch:
        kill_at(patch, "fsync", call)
        with suppress(Killed):
            Filled(tmp_path / "out")
    filled = Filled(tmp_path / "out")
    filled.store.sweep()
    for block in range(3):
        filled.write(block)
    assert filled.store.map_set("Net", "Grad-CAM").complete
    assert not list((tmp_path / "out" / ".partial").iterdir())


def test_shards_are_on_disk_before_the_marker_appears(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[tuple[str, str]] = []
    fsync, replace = os.fsync, os.replace

    def recording_fsync(descriptor: int) -> None:
        fsync(descriptor)
        events.append(("fsync", os.readlink(f"/proc/self/fd/{descriptor}")))

    def recording_replace(source: Path, target: Path) -> None:
        events.append(("replace", str(source)))
        replace(source, target)
        events.append(("there", str(target)))

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to see which file is flushed")
    monkeypatch.setattr(os, "fsync", recording_fsync)
    monkeypatch.setattr(os, "replace", recording_replace)
    filled.write(0)
    there = [path for what, path in events if what == "there"]
    markers = [path for path in there if "/done/" in path]
    shards = [path for path in there if "/maps.zarr/" in path]
    assert len(markers) == 2
    assert len(shards) == 3 + 5
    for what, path in events:
        if what == "replace":  # every file is flushed before it gets its name
            assert events.index(("fsync", path)) < events.index((what, path))
    first_marker = min(events.index(("there", path)) for path in markers)
    last_marker = max(events.index(("there", path)) for path in markers)
    for path in shards:  # and its name is flushed before any marker appears
        named = events.index(("there", path))
        assert named < events.index(("fsync", str(Path(path).parent)), named) < first_marker
    for path in markers:
        assert ("fsync", str(Path(path).parent)) in events[last_marker:]


def test_computing_again_first_takes_the_marker_away(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    filled.write(0)
    with monkeypatch.context() as patch:
        kill_at(patch, "replace", 2)
        with pytest.raises(Killed):
            filled.store.write("Net", 0, maps={filled.key: map_block(4, seed=99)})
    assert not filled.store.is_done("Net", filled.key, 0)
    assert filled.store.is_done("Net", None, 0)


def test_a_full_disk_is_a_plain_error_and_leaves_nothing(filled: Filled, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match="No space left"):
            filled.write(0)
    assert not list((filled.store.path / ".partial").iterdir())
    assert not filled.store.is_done("Net", filled.key, 0)
    filled.write(0)
    assert filled.store.is_done("Net", filled.key, 0)


def test_equal_writes_give_equal_files(make_filled: Callable[..., Filled], snapshot: Callable) -> None:
    one, two = make_filled("one"), make_filled("two")
    for block in (0, 1, 2):
        one.write(block)
    for block in (2, 0, 1):
        two.write(block)
    assert snapshot(one.store.path) == snapshot(two.store.path)
