"""Records the units of a tiny network again and again in children, each of which but the last is killed.

Usage: ``python dissect_driver.py PHOTOS FOLDER KILL...``. A first run, into ``FOLDER/undisturbed``, is left alone; then
comes one run into ``FOLDER/killed`` for every KILL, and a last one to the end. Says on standard output how each run
ended and how many images went through the network in it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path

import torch
from network import Tiny

from crosslight.core.geometry import Preprocess
from crosslight.dissection import record_units
from crosslight.images import open_images
from crosslight.models import Classifier
from crosslight.store import durable

rows = 0
rows_left: int | None = None
write_bytes, replace = Path.write_bytes, os.replace


def passing(images: int) -> None:
    """Called by the network for every forward pass."""
    global rows, rows_left
    if rows_left is None:
        rows += images
        return
    rows_left -= images
    if rows_left < 0:
        os.kill(os.getpid(), signal.SIGKILL)


def kill_at(kill: str) -> None:
    """Die in the middle of a pass, or with half of a file written, or before a file is in its place.

    ``pass:9`` dies in the pass that holds the tenth image; ``half:.npz:2`` when half of the second temporary file of
    that ending is written; ``before:.json:1`` before the first of them is renamed.
    """
    global rows_left
    what, *where = kill.split(":")
    if what == "pass":
        rows_left = int(where[0])
        return
    left = int(where[1])

    def due(path: Path) -> bool:
        nonlocal left
        left -= str(path).endswith(where[0])
        return str(path).endswith(where[0]) and left == 0

    def writing(path: Path, content: bytes) -> int:
        if what == "half" and due(path):
            write_bytes(path, content[: len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return write_bytes(path, content)

    def replacing(source: Path, target: Path) -> None:
        if what == "before" and due(target):
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)

    Path.write_bytes, os.replace = writing, replacing  # type: ignore[method-assign,assignment]


def child(photos: Path, out: Path, kill: str | None, answer: int) -> None:
    """One run; does not return."""
    status = 1
    try:
        durable.flush_all = lambda paths: None
        torch.manual_seed(0)
        classifier = Classifier(Tiny(4), Preprocess.from_crop_pct((24, 24), 1.0), label="tiny")
        sites = classifier.sites  # noqa: F841 - before the passes are counted
        global rows
        rows = 0
        if kill is not None:
            kill_at(kill)
        record_units(classifier, open_images(photos), "features.1,1", out=out, batch_size=2, block=4, share=0.02)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os.write(answer, str(rows).encode())
        os._exit(status)


def attempt(photos: Path, out: Path, kill: str | None) -> dict[str, object]:
    """Fork, wait, and gather what happened."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        child(photos, out, kill, write)
    os.close(write)
    _, status = os.waitpid(process, 0)
    said = os.read(read, 99).decode()
    os.close(read)
    done = sorted(path.name for path in (out / "blocks").glob("*.json"))
    return {"kill": kill, "status": os.waitstatus_to_exitcode(status), "rows": int(said or -1), "done": done}


def main() -> None:
    torch.set_num_threads(1)
    photos, folder = Path(sys.argv[1]), Path(sys.argv[2])
    runs = [attempt(photos, folder / "undisturbed", None)]
    runs += [attempt(photos, folder / "killed", kill) for kill in (*sys.argv[3:], None)]
    print(json.dumps(runs))


if __name__ == "__main__":
    main()
