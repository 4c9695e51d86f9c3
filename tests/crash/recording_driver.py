"""Records a run in children that are killed; says on standard output what each had recorded before.

Usage: ``python recording_driver.py FOLDER SEED KILLS``. ``FOLDER/undisturbed`` is recorded at once; ``FOLDER/killed``
by as many children as are killed, and one to the end, each a fork of this process that goes on where the folder stands,
as a training does that resumes from its last checkpoint. Half of the kills come in the middle of a write, half from
outside at any moment.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from crosslight.dynamics import Recorder, open_history
from crosslight.dynamics.frames import read_partial
from crosslight.dynamics.layout import partial_files
from crosslight.store import durable

EPOCHS, IMAGES, BATCH, CLASSES = 12, 40, 8, ["a", "b", "c"]


def train(out: Path, log: int | None, pause: float) -> None:
    """Record all epochs that are not; every image's logits depend on the epoch alone."""
    with Recorder(out, CLASSES, facts={"seed": 0}) as recorder:
        for epoch in range(len(recorder.epochs), EPOCHS):
            logits = np.random.default_rng(epoch).standard_normal((IMAGES, 3))
            order = np.random.default_rng([1, epoch]).permutation(IMAGES)
            for start in range(0, IMAGES, BATCH):
                chosen = order[start : start + BATCH]
                recorder.log(epoch, [f"i{at}" for at in chosen], logits[chosen], chosen % 3)
                if log is not None:
                    os.write(log, json.dumps([epoch, start // BATCH + 1]).encode() + b"\n")
                time.sleep(pause)
            recorder.log_metrics(epoch, {"train/loss": 1 / (epoch + 1)})
            recorder.end_epoch(epoch)
            if log is not None:
                os.write(log, json.dumps([epoch + 1, 0]).encode() + b"\n")


def die_in_a_write(rng: random.Random) -> None:
    """Die when some bytes more are written: half of what is written then is there."""
    left = rng.randrange(100, 2_000)
    write, write_bytes = os.write, Path.write_bytes

    def count(content: Any) -> bool:
        nonlocal left
        left -= len(content)
        return left < 0

    def writing(descriptor: int, content: Any) -> int:
        if len(content) > 40 and count(content):  # not the log's lines
            write(descriptor, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write(descriptor, content)

    def whole(path: Path, content: Any) -> int:
        if count(content):
            write_bytes(path, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write_bytes(path, content)

    os.write, Path.write_bytes = writing, whole  # type: ignore[assignment]


def attempt(out: Path, log_path: Path, kill: str, rng: random.Random) -> dict[str, Any]:
    """One child, killed: what it had said, what is shown of the folder, what is there of the epoch in progress."""
    child = os.fork()
    if child == 0:
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        try:
            if kill == "write":
                die_in_a_write(rng)
            train(out, log, 0.002)
        finally:
            os._exit(0)
    if kill == "clock":
        time.sleep(rng.random() * 0.03)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    said = [json.loads(line) for line in log_path.read_bytes().split(b"\n") if line.endswith(b"]")]
    shown = open_history(out, unfinished=True) if (out / "history/history.json").is_file() else None
    partial = {
        epoch: sum(len(read_partial(path).batches) for path in files.values())
        for epoch, files in partial_files(out / "history").items()
    }
    return {
        "kill": kill,
        "said": said[-1] if said else None,
        "epochs": [] if shown is None else shown.epochs.tolist(),
        "remarks": [] if shown is None else shown.remarks,
        "partial": partial,
    }


def main() -> None:
    folder, seed, kills = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    # a killed process loses nothing that it wrote; what a disk could lose is not tried here, and takes long
    durable.flush_all = lambda paths: None
    rng = random.Random(seed)
    train(folder / "undisturbed", None, 0)
    for number in range(kills):
        print(json.dumps(attempt(folder / "killed", folder / "log", ("write", "clock")[number % 2], rng)), flush=True)
    train(folder / "killed", None, 0)


if __name__ == "__main__":
    main()
