"""Runs one command again and again in children, most of which are killed; says on standard output what happened.

Usage: ``python driver.py STUDY.toml FOLDER SEED KILL...``. A first run, into ``FOLDER/undisturbed``, is left
alone. Then comes one run into ``FOLDER/killed`` for every KILL, each one of `KILLS`, and a last one to the end. PyTorch
is imported once, and every run is a fork of this process, which makes a run cheap.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # planning would import it, which takes seconds in every child
import zarr  # noqa: F401 - likewise

from crosslight.cli.app import app
from crosslight.store import Store, durable
from crosslight.study import runner

#: ``clock``: from outside, at any moment. ``evaluation``: in the middle of a forward pass. The others kill a process
#: that has written half of a file: the first shard of a block, its last one, one that is in its final place (as
#: after a power cut on a file system that renames before it writes), a marker; or half of a block's markers.
KILLS = ("clock", "evaluation", "first-shard", "last-shard", "shard-in-place", "marker", "between-markers")

inside = False  # whether a block is being computed: planning runs the network, too
rows_left: int | None = None
log: Callable[..., None]


def passing(rows: int) -> None:
    """Called by the networks for every forward pass."""
    global rows_left
    if not inside:
        return
    log("forward", rows=rows)
    if rows_left is not None:
        rows_left -= rows
        if rows_left < 0:
            die("forward pass")


def die(where: str, path: Path | None = None, size: int | None = None) -> None:
    log("kill", where=where, path=path and str(path), size=size)
    os.kill(os.getpid(), signal.SIGKILL)


def open_log(path: Path) -> Callable[..., None]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def write(event: str, **values: Any) -> None:
        os.write(descriptor, (json.dumps({"event": event, **values}) + "\n").encode())

    return write


def watch_blocks() -> None:
    """Log every block as its computation starts, when it is computed, and when it is on disk."""
    explain_block, write = runner.explain_block, Store.write

    def explain(classifier: Any, items: Any, tasks: Any, **others: Any) -> Any:
        global inside
        at = {"model": classifier.label, "images": [item.identity for item in items]}
        log("start", **at, labels=[task.label for task in tasks])
        inside = True
        outcome = explain_block(classifier, items, tasks, **others)
        inside = False
        log("computed", **at)
        return outcome

    def written(self: Store, model: str, block: int, **others: Any) -> None:
        write(self, model, block, **others)
        log("done", model=model, block=block)

    runner.explain_block, Store.write = explain, written  # type: ignore[method-assign,assignment]


def kill_in_files(kill: str, block: int) -> None:
    """Die while the block-th block of this run is being written."""
    store_write, write_bytes, replace = Store.write, Path.write_bytes, os.replace
    blocks = shards = marked = 0  # blocks so far; shards of the present one; its markers in place
    written: list[Path] = []

    def storing(self: Store, model: str, number: int, **others: Any) -> None:
        nonlocal blocks, shards, marked
        blocks, marked = blocks + 1, 0
        written.clear()
        shards = 3 if others["predictions"] is not None else 0
        shards += sum(4 + len(maps.diagnostics) for maps in others["maps"].values())
        store_write(self, model, number, **others)

    def half(path: Path, content: bytes) -> None:
        write_bytes(path, content[: len(content) // 2])
        die(kill, path, len(content) // 2)

    def writing(path: Path, content: bytes) -> int:
        if blocks == block:
            written.append(path)
            at = {"first-shard": 1, "last-shard": shards, "marker": shards + 3}.get(kill)
            if len(written) == at:
                half(path, content)
        return write_bytes(path, content)

    def replacing(source: Path, target: Path) -> None:
        nonlocal marked
        if blocks == block and kill == "shard-in-place" and target.parent.name == "maps":
            half(target, source.read_bytes())
        replace(source, target)
        marked += target.suffix == ".json"
        if blocks == block and kill == "between-markers" and marked == 3:
            die(kill)

    Store.write, Path.write_bytes, os.replace = storing, writing, replacing  # type: ignore


def child(study: Path, out: Path, log_path: Path, kill: str | None, rng: random.Random) -> None:
    """One run of the command; does not return."""
    global log, rows_left
    status = 1
    try:
        os.dup2(2, 1)  # standard output is for the parent
        log = open_log(log_path)
        # A killed process loses nothing that it wrote; what a disk could lose is not tried here, and takes long.
        durable.flush_all = lambda paths: None
        if kill == "evaluation":
            rows_left = rng.randrange(40)
        elif kill not in (None, "clock"):
            kill_in_files(kill, rng.randint(1, 2))
        watch_blocks()
        app(["run", str(study), "--out", str(out), "--no-report"], prog_name="crosslight")
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def attempt(study: Path, out: Path, log_path: Path, kill: str | None, rng: random.Random) -> dict[str, Any]:
    """Fork, kill or wait, and gather what the child said and left behind."""
    log_path.touch()
    pid = os.fork()
    if pid == 0:
        child(study, out, log_path, kill, rng)
    if kill == "clock":
        starts, delay = rng.randint(1, 2), rng.uniform(0, 0.04)
        while log_path.read_bytes().count(b'"start"') < starts and os.waitid(os.P_PID, pid, FLAGS) is None:
            time.sleep(0.001)
        time.sleep(delay)
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    events = [json.loads(line) for line in log_path.read_text().splitlines()]
    last = events[-1] if events else {}
    left = Path(last["path"]) if last.get("event") == "kill" and last["path"] else None
    return {
        "kill": kill,
        "status": os.waitstatus_to_exitcode(status),
        "events": events,
        "torn": left.stat().st_size if left and left.exists() else None,
        "markers": sorted(str(path.relative_to(out)) for path in out.glob("done/**/*.json")),
    }


FLAGS = os.WEXITED | os.WNOHANG | os.WNOWAIT


def main(study: Path, folder: Path, seed: int, kills: list[str]) -> None:
    torch.set_num_threads(1)
    rng = random.Random(seed)
    runs = []
    for number, kill in enumerate([None, *kills, None]):
        rng.random()  # children draw from their own copy of the generator
        out = folder / ("killed" if number else "undisturbed")
        runs.append(attempt(study, out, folder / f"run-{number}.log", kill, rng))
    json.dump(runs, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
