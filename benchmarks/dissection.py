"""Dissection by words: CPU time and memory beside the straightforward form, which holds images times concepts.

Each is measured in a process of its own, which is ``python -m benchmarks.dissection WHO SCORE FORM N U C``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from .rows import Row
from .words_reference import REFERENCE, similarities, top_images

COLUMNS = ("peer s", "ours s", "share", "peer MiB", "ours MiB", "memory", "difference", "same labels")
#: images, units and concepts
SIZES, QUICK = (10_000, 2_048, 5_000), (600, 64, 300)
#: the straightforward rank reorder sorts twice for every unit and concept
FEW_UNITS = 48
DIMENSIONS = 512
CASES = (
    ("soft-wpmi", "published"),
    ("soft-wpmi", "own"),
    ("wpmi", "own"),
    ("rank-reorder", "own"),
    ("cosine", "own"),
    ("cosine-cubed", "own"),
)
TARGETS = {"share": "<= 0.4", "memory": "<= 0.35"}


def dissection_rows(quick: bool, cases: tuple[tuple[str, str], ...] = CASES) -> Iterator[Row]:
    """A row for each score: labels of all units, beside the same by images times concepts."""
    for score, form in cases:
        images, units, concepts = QUICK if quick else SIZES
        if score == "rank-reorder":
            units = min(units, FEW_UNITS)
        sizes = (images, units, concepts)
        with tempfile.TemporaryDirectory() as folder:
            peer, ours = (_worker(who, score, form, sizes, Path(folder)) for who in ("peer", "ours"))
            best, scores = (np.load(Path(folder) / f"peer-{name}.npy") for name in ("best", "scores"))
            own, own_scores = (np.load(Path(folder) / f"ours-{name}.npy") for name in ("best", "scores"))
        values = {
            "peer s": peer["seconds"],
            "ours s": ours["seconds"],
            "share": ours["seconds"] / peer["seconds"],
            "peer MiB": peer["MiB"],
            "ours MiB": ours["MiB"],
            "memory": ours["MiB"] / peer["MiB"],
            "difference": float(np.abs(scores - own_scores).max()),
            "same labels": float((best == own).mean()),
            "peer peak MiB": peer["peak"],
            "ours peak MiB": ours["peak"],
        }
        # The targets are those of the score that is used by default; the sizes of a quick run say nothing.
        targets = TARGETS if score == "soft-wpmi" and not quick else {}
        note = f"{images} images, {units} units, {concepts} concepts; memory beyond that of the inputs"
        yield Row("features", f"{score}, {form}", values, targets, note)


def _worker(who: str, score: str, form: str, sizes: tuple[int, int, int], folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.dissection", who, score, form, *map(str, sizes), str(folder)]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **one})
    return json.loads(done.stdout.strip().splitlines()[-1])


def inputs(images: int, units: int, concepts: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of images and concepts that lie about common topics, and activations of units that answer to some."""
    rng = np.random.default_rng(0)
    topics = rng.standard_normal((64, DIMENSIONS), dtype=np.float32)

    def near(count: int) -> np.ndarray:
        made = rng.standard_normal((count, DIMENSIONS), dtype=np.float32)
        made += topics[rng.integers(0, len(topics), count)] + np.float32(0.5)
        return made

    pictures, texts = near(images), near(concepts)
    directions = topics[rng.integers(0, len(topics), units)] / np.float32(DIMENSIONS)
    answers = pictures @ directions.T
    answers += np.float32(0.5) * rng.standard_normal(answers.shape, dtype=np.float32)
    return pictures, texts, np.maximum(answers, 0, out=answers)


def work(who: str, score: str, form: str, images: int, units: int, concepts: int, folder: Path) -> dict[str, float]:
    """What a measured process does."""
    pictures, texts, answers = inputs(images, units, concepts)
    if who == "peer":

        def run() -> tuple[np.ndarray, np.ndarray]:
            found = REFERENCE[score](similarities(pictures, texts), answers, form, top_images(score, images))
            return found.argmax(axis=1), found.max(axis=1)
    else:
        from crosslight.dissection import UnitLayer
        from crosslight.dissection.words import label_by_words

        nothing = np.zeros((units, 1, 1, 1), np.float16)
        rows, level = np.zeros((units, 1), np.int32), np.zeros(units, np.float32)
        layer = UnitLayer("layer", 1.0, (1, 1), answers, level, rows, nothing, np.ptp(answers, axis=0) == 0)
        names = [f"concept {number}" for number in range(concepts)]
        # Modules are loaded before time and memory are measured, as they are for the other side.
        label_by_words(layer, pictures, texts[:2], names[:2], score=score, units=[0], level=None, flags=False)

        def run() -> tuple[np.ndarray, np.ndarray]:
            own = {"top": top_images(score, images)} if top_images(score, images) else {}
            kept = {"level": None, "flags": False}
            found = label_by_words(layer, pictures, texts, names, score=score, form=form, **kept, **own)
            return found.candidates[:, 0], found.scores[:, 0]

    before, start = forget_peak(), time.process_time()
    best, scores = run()
    seconds = time.process_time() - start
    np.save(folder / f"{who}-best.npy", best)
    np.save(folder / f"{who}-scores.npy", scores)
    return {"seconds": seconds, "MiB": max(peak() - before, 1.0), "peak": peak()}


def peak() -> float:
    """Peak resident memory of this process in MiB, as the kernel of Linux tells it."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return float(lines["VmHWM"].split()[0]) / 1024


def forget_peak() -> float:
    """Let the peak begin anew with what is resident now, in MiB; where that cannot be done, the peak so far."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak()


if __name__ == "__main__":
    who, score, form, *sizes, folder = sys.argv[1:]
    print(json.dumps(work(who, score, form, *map(int, sizes), folder=Path(folder))))
