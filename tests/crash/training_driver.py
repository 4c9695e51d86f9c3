"""Trains one classifier again and again in children, most of which are killed; says on standard output what happened.

Usage: ``python training_driver.py FOLDER SEED KILL...``. A first run, into ``FOLDER/undisturbed``, is left alone. Then
comes one run into ``FOLDER/killed`` for every KILL, each one of `KILLS`, and a last one to the end. Libraries are
imported once, and every run is a fork of this process.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import lightning.pytorch  # noqa: F401 - imported once for all children
import torch
import torch._dynamo

from crosslight.cli.app import app
from crosslight.dynamics.recorder import Recorder
from crosslight.dynamics.training import api, checkpoints, fit, module
from crosslight.store import durable

#: ``step``: in the middle of an epoch. ``validation``: while its predictions are recorded. ``recorded``: before the
#: weights are written. ``weights``: half of them are. ``state``: half of what the next epoch starts from is there.
#: ``saved``: right after an epoch. ``end``: when only the account is missing.
KILLS = ("step", "validation", "recorded", "weights", "state", "saved", "end")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(count: int, function: Any, *, before: bool = False) -> Any:
    """The function, which kills the process when it is called for the count-th time."""
    left = count

    def called(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if before and left == 0:
            die()
        result = function(*arguments, **named)
        if left == 0:
            die()
        return result

    return called


def kill_at(kill: str, rng: random.Random) -> None:
    if kill == "step":
        module.augmented = after(rng.randint(1, 3), module.augmented)  # type: ignore[attr-defined]
    elif kill == "validation":
        Recorder.log = after(rng.randint(1, 2), Recorder.log)  # type: ignore[method-assign]
    elif kill == "recorded":
        checkpoints.write_weights = after(1, checkpoints.write_weights, before=True)
    elif kill == "saved":
        checkpoints.save_state = after(1, checkpoints.save_state)
    elif kill == "end":
        api.result.write_account = after(1, api.result.write_account, before=True)
    else:
        half_of = {"weights": fit.LAST, "state": checkpoints.STATE}[kill]
        write_bytes = Path.write_bytes

        def writing(path: Path, content: bytes) -> int:
            if path.name.endswith(half_of):
                write_bytes(path, content[: len(content) // 2])
                die()
            return write_bytes(path, content)

        Path.write_bytes = writing  # type: ignore[method-assign,assignment]


def child(folder: Path, out: Path, kill: str | None, rng: random.Random) -> None:
    """One run of the command; does not return."""
    status = 1
    try:
        os.dup2(2, 1)  # standard output is for the parent
        # A killed process loses nothing that it wrote; what a disk could lose is not tried here, and takes long.
        durable.flush_all = lambda paths: None
        if kill is not None:
            kill_at(kill, rng)
        model = f"python:{folder / 'network.py'}:trained"
        command = ["train", "--model", model, "--weights", "none", "--images", str(folder / "photos")]
        command += ["--out", str(out), "--epochs", "4", "--batch", "8", "--mixup", "0.2", "--augment", "strong"]
        app([*command, "--device", "cpu"], prog_name="crosslight")
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def main(folder: Path, seed: int, kills: list[str]) -> None:
    torch.set_num_threads(1)
    rng = random.Random(seed)
    statuses = []
    for number, kill in enumerate([None, *kills, None]):
        rng.random()  # children draw from their own copy of the generator
        pid = os.fork()
        if pid == 0:
            child(folder, folder / ("killed" if number else "undisturbed"), kill, rng)
        statuses.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    json.dump(statuses, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
