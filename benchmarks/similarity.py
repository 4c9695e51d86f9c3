"""Similarity of many sets of large maps: CPU time beside reading them, time of the usual tools, memory, exactness.

The maps are smooth random ones, written into a store as a study would. What is measured runs in processes of its own,
which are ``python -m benchmarks.similarity WORK FOLDER``.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rows import Row

COLUMNS = ("ours s", "peer s", "faster", "ratio", "peak MiB", "difference")
SETS, SIDE, BLOCK = 42, 224, 16
MEASURES = ("cosine", "pearson", "rbf", "iou", "kappa")
#: images whose bytes are also written as they are, for the time of reading and casting them
RAW = 128
#: pairs of maps that the usual tools compare
PAIRS = 12
#: blocks of images whose comparison is taken apart into stages
STAGED = 3
#: stages of the comparison, and the functions in which they are spent, by file and name
STAGES = {
    "reading the store": (("store.py", "maps"),),
    "steps and cells": (("prepare.py", "unit_of"), ("prepare.py", "cells")),
    "products and means": (("native.py", "products"), ("native.py", "condensed")),
    "sums for floors": (("native.py", "add_sums"),),
    "top cells": (("base.py", "representations"),),
    "similarities": (("base.py", "compared"),),
    "mismatched pairs": (("engine.py", "_pair"), ("engine.py", "_pair_made")),
}
#: cells along each side of the noise that maps are made of
COARSE = 14


def similarity_rows(images: int = 1024, quick: bool = False) -> Iterator[Row]:
    """All of it, on so many images."""
    sets = 6 if quick else SETS
    name = f"{sets} sets x {images} images"
    yield _exact_row("float32", SIDE, 1e-5)
    yield _exact_row("float64", 56, 1e-10)
    with tempfile.TemporaryDirectory() as folder:
        write_maps(Path(folder), sets, images)
        before = _worker("read", folder)
        ours = _worker("compare", folder)
        after = _worker("read", folder)
        pairs = _worker("pairs", folder)
        parts = _worker("stages", folder)
    # the time of a busy machine's reading varies: it is measured before and after
    base, bare = ((before[kind] + after[kind]) / 2 * images for kind in ("held", "bare"))
    values = {"ours s": ours["seconds"], "peer s": base, "ratio": ours["seconds"] / base, "peak MiB": ours["peak"]}
    values |= {"ratio to bare": ours["seconds"] / bare, "resampling s": ours["resampling"]}
    note = (
        f"peer: numpy.fromfile and a cast to float64 of the same bytes, of all sets of {BLOCK} images held at once; "
        "bare: each file's array dropped at once"
    )
    goals = {} if quick else {"ratio": "<= 7", "peak MiB": "<= 500"}
    yield Row(name, "all measures / reading", values, goals, note)
    for stage, seconds in (parts | {"resampling": ours["resampling"] / images}).items():
        yield Row(name, f"stage: {stage}", {"ours s": seconds * images, "ratio": seconds * images / base})
    count = images * sets * (sets - 1) // 2
    total = sum(pairs[measure] for measure in MEASURES) * count
    values = {"ours s": ours["seconds"], "peer s": total, "faster": total / ours["seconds"]}
    note = f"peer: SciPy and scikit-learn on {PAIRS} pairs of maps, scaled to {count}"
    yield Row(name, "all measures / per pair", values, {} if quick else {"faster": ">= 50"}, note)
    for measure in MEASURES:
        yield Row(name, f"{measure}, per pair", {"peer s": pairs[measure] * count})


def write_maps(folder: Path, sets: int, images: int) -> None:
    """Smooth random maps as a store in ``folder/store``, and those of the first images as bytes in ``folder/raw``."""
    from crosslight.core.maps import judge
    from crosslight.store import ImageEntry, Manifest, MapBlock, Store

    entries = tuple(ImageEntry(f"i{number}", f"{number}.png") for number in range(images))
    store = Store.create(folder / "store", Manifest("similarity", "similarity", entries, BLOCK))
    (folder / "raw").mkdir()
    for one in range(sets):
        store.add_model(f"m{one}", 0, {})
        key = store.add_maps(f"m{one}", "Smooth", "d", (SIDE, SIDE), {"finish": "none", "method": "grad-cam"})
        for block in range(store.blocks):
            count = len(range(images)[store.block_slice(block)])
            values = smooth(np.random.default_rng([one, block]), np.random.default_rng(block), count)
            boxes = np.tile((0.0, 0.0, SIDE, SIDE), (count, 1))
            content = MapBlock(values, boxes, np.zeros((count, 2), np.int32), judge(values))
            store.write(f"m{one}", block, maps={key: content})
            if block * BLOCK < RAW:
                values.tofile(folder / "raw" / f"{block}-{one}.bin")


def smooth(own: np.random.Generator, common: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Maps ``[count, SIDE, SIDE]`` that are smooth at a fourteenth of their side, half their own and half shared."""
    centres, points = (np.arange(COARSE) + 0.5) / COARSE, (np.arange(SIDE) + 0.5) / SIDE
    weights = np.exp(-(((points[:, None] - centres) * COARSE) ** 2) / 2)
    noise = [random.standard_normal((count, COARSE, COARSE)) for random in (own, common)]
    return np.asarray(weights @ (noise[0] + noise[1]) @ weights.T, np.float32)


def read(folder: Path) -> dict[str, float]:
    """Seconds of an image's reading and casting: with all sets of a block held, as one must, and dropped at once."""
    files = sorted((folder / "raw").iterdir())
    blocks = [list(folder.glob(f"raw/{number}-*.bin")) for number in sorted({f.name.split("-")[0] for f in files})]
    images = sum(block[0].stat().st_size for block in blocks) / (4 * SIDE**2)

    def held() -> None:
        for block in blocks:
            _ = [np.fromfile(file, np.float32).astype(np.float64) for file in block]

    def bare() -> None:
        for file in files:
            np.fromfile(file, np.float32).astype(np.float64)

    return {run.__name__: _seconds(run) / images for run in (held, bare)}


def compare(folder: Path) -> dict[str, float]:
    """Seconds of the whole comparison, and peak memory of the process."""
    from crosslight.agreement import Steps, agree_store_by
    from crosslight.core.bootstrap import mean_interval
    from crosslight.store import Store

    store = Store.open(folder / "store")
    start = time.process_time()
    (found,) = agree_store_by(store, MEASURES, Steps(grid=SIDE)).values()
    seconds = time.process_time() - start
    highest = peak()
    rows, columns = np.triu_indices(len(found["cosine"].sets))
    values = found["cosine"].per_image[:, rows, columns]
    resampling = len(MEASURES) * _seconds(lambda: mean_interval(values))
    return {"seconds": seconds, "peak": highest, "resampling": resampling}


def stages(folder: Path) -> dict[str, float]:
    """Seconds of an image in each stage of the comparison: profiled, and scaled to what it takes without a profiler."""
    import cProfile
    import pstats

    from crosslight.agreement import Steps
    from crosslight.agreement.agree import read_blocks
    from crosslight.agreement.engine import Comparison
    from crosslight.store import Store

    store = Store.open(folder / "store")
    sets, images = store.map_sets(), len(store.manifest.images)

    def run() -> int:
        comparison, met = Comparison([one.model for one in sets], MEASURES, Steps(grid=SIDE), images), 0
        for positions, maps in islice(read_blocks(store, sets), STAGED):
            comparison.add(maps, positions)
            met += len(positions)
            del maps
        return met

    plain, profile = _seconds(run), cProfile.Profile(time.process_time)
    met = profile.runcall(run)
    profiled = pstats.Stats(profile).stats
    whole = max(entry[3] for entry in profiled.values())
    # What is called by mismatched pairs counts there alone.
    inside = {("engine.py", name) for name in ("_pair", "_pair_made")}
    found = dict.fromkeys(STAGES, 0.0)
    for (file, _, function), (*_, callers) in profiled.items():
        place = (Path(file).name, function)
        own = sum(entry[3] for (there, _, caller), entry in callers.items() if (Path(there).name, caller) not in inside)
        for stage, functions in STAGES.items():
            found[stage] += own if place in functions else 0
    found["anything else"] = whole - sum(found.values())
    return {stage: seconds / whole * plain / met for stage, seconds in found.items()}


def pairs(folder: Path) -> dict[str, float]:
    """Seconds of one pair of maps under each measure with the usual tools."""
    from crosslight.store import Store

    store = Store.open(folder / "store")
    sets = store.map_sets()
    maps = np.stack([store.maps(one.model, one.key, [0]).values[0].ravel() for one in sets])
    rows, columns = (side[:PAIRS] for side in np.triu_indices(len(maps), 1))
    found = {}
    for name, tool in usual_tools().items():
        tool(maps[0], maps[1])
        found[name] = _seconds(lambda tool=tool: [tool(maps[i], maps[j]) for i, j in zip(rows, columns, strict=True)])
    return {name: seconds / len(rows) for name, seconds in found.items()}


def usual_tools() -> dict[str, Callable[[NDArray[Any], NDArray[Any]], float]]:
    """What one would write for a pair of maps."""
    from scipy.spatial import distance
    from scipy.stats import pearsonr
    from sklearn.metrics import cohen_kappa_score, jaccard_score
    from sklearn.metrics.pairwise import rbf_kernel

    def unit(values: NDArray[Any]) -> NDArray[Any]:
        return (values / np.linalg.norm(values))[None]

    def top(values: NDArray[Any]) -> NDArray[np.bool_]:
        return np.asarray(values > np.quantile(values, 0.9))

    return {
        "cosine": lambda a, b: 1 - distance.cosine(a, b),
        "pearson": lambda a, b: float(pearsonr(a, b).statistic),
        "rbf": lambda a, b: float(rbf_kernel(unit(a), unit(b), gamma=0.5)[0, 0]),
        "iou": lambda a, b: float(jaccard_score(top(a), top(b))),
        "kappa": lambda a, b: float(cohen_kappa_score(top(a), top(b))),
    }


def _exact_row(name: str, grid: int, most: float) -> Row:
    """Native coordinates against the pixels of the grid in double precision, over many geometries."""
    from crosslight.agreement import Steps, compare_sets
    from crosslight.agreement.measures import find_measure
    from crosslight.core.maps import Maps, judge
    from crosslight.core.sampling import sample

    random, worst = np.random.default_rng(0), 0.0
    for _ in range(5):
        boxes = [np.array([[x, y, 400 - x, 300 - y]]) for x, y in random.uniform(0, 60, (4, 2))]
        maps, pixels = {}, []
        common = np.concatenate([np.max(boxes, axis=0)[:, :2], np.min(boxes, axis=0)[:, 2:]], axis=1)
        for number, (box, size) in enumerate(zip(boxes, (7, 12, 14, 28), strict=True)):
            values = random.standard_normal((1, size, size)).astype(np.float32) + np.float32(number)
            maps[str(number)] = Maps(values, box, judge(values), np.zeros((1, 2), np.int32), ("i",))
            pixels.append(sample(values.astype(np.float64), box, common, grid).reshape(1, -1))
        found = compare_sets(maps, ("cosine", "pearson", "rbf:sigma=0.7"), Steps(grid=grid))
        from crosslight.agreement.measures import Cells

        cells = Cells(np.stack(pixels), np.ones(grid**2), (grid, grid))
        for key, one in found.items():
            worst = max(worst, float(np.abs(one.per_image - find_measure(key)(cells)).max()))
    return Row("native coordinates", f"{grid} x {grid}, {name}", {"difference": worst}, {"difference": f"<= {most}"})


def peak() -> float:
    """Peak resident memory of this process in MiB, without what larger sections of the benchmark import."""
    status = Path("/proc/self/status")
    if status.is_file():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return float(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def _seconds(run: Callable[[], object]) -> float:
    run()
    start = time.process_time()
    run()
    return time.process_time() - start


def _worker(what: str, folder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.similarity", what, folder]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


if __name__ == "__main__":
    work = {"read": read, "compare": compare, "pairs": pairs, "stages": stages}[sys.argv[1]]
    print(json.dumps(work(Path(sys.argv[2]))))
