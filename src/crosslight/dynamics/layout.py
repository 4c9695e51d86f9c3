"""Where a recorded run keeps what: the names of its files.

A run's folder holds ``history/`` with ``history.json`` (version, classes, facts), ``instances.json`` (ids and labels),
``epochs/00007.npz`` (one epoch each), ``metrics.jsonl`` and ``partial/`` (batches of the epoch in progress).
"""

from __future__ import annotations

from pathlib import Path

from .history import MISSING

#: of what is written; a reader refuses others
VERSION = 1
#: more classes than this cannot be told from `MISSING`
MOST_CLASSES = MISSING - 1
#: the folder inside a run's folder
FOLDER = "history"
MANIFEST, INSTANCES, METRICS = "history.json", "instances.json", "metrics.jsonl"
#: what ends the names of partial files: being written, left behind by a process that was killed, of other images
FRAMES, STALE, FOREIGN = ".frames", ".stale", ".foreign"


def history_folder(path: str | Path) -> Path:
    """The folder of the history: ``path`` itself where that is one or is called so, else ``path/history``."""
    folder = Path(path)
    return folder if folder.name == FOLDER or (folder / MANIFEST).is_file() else folder / FOLDER


def epoch_file(folder: Path, epoch: int) -> Path:
    """Where a finished epoch is kept."""
    return folder / "epochs" / f"{epoch:05d}.npz"


def finished_epochs(folder: Path) -> dict[int, Path]:
    """The files of finished epochs by number, ascending."""
    found = {int(path.stem): path for path in (folder / "epochs").glob("*.npz") if path.stem.isdecimal()}
    return dict(sorted(found.items()))


def partial_file(folder: Path, epoch: int, rank: int) -> Path:
    """Where a process writes the batches of an epoch in progress."""
    return folder / "partial" / f"{epoch:05d}-r{rank}{FRAMES}"


def partial_files(folder: Path, ending: str = FRAMES) -> dict[int, dict[int, Path]]:
    """The partial files by epoch and rank, both ascending."""
    found: dict[int, dict[int, Path]] = {}
    for path in (folder / "partial").glob(f"*{ending}"):
        epoch, _, rank = path.stem.partition("-r")
        if epoch.isdecimal() and rank.isdecimal():
            found.setdefault(int(epoch), {})[int(rank)] = path
    return {epoch: dict(sorted(found[epoch].items())) for epoch in sorted(found)}


def temporary_folder(folder: Path) -> Path:
    """Where files are written before they are renamed into place."""
    return folder / "partial" / "files"
