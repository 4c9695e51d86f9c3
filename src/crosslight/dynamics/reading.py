"""Reading a recorded run, finished, killed or going on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import StoreError
from . import layout
from .epoch_files import read_epoch, read_instances, read_manifest, read_metrics
from .gathering import gather
from .history import MISSING, History
from .merging import Epoch, Instances, merge, padded
from .remarks import Remark, epochs_in_words, sentences


def open_history(path: str | Path, *, unfinished: bool = False) -> History:
    """What was recorded of a run.

    Damaged files, batches torn by a crash and whatever was odd while recording are told in the history's remarks.

    Args:
        path: the run's folder, or the folder ``history`` in it.
        unfinished: whether to show an epoch that was begun and not finished, too, with what there is of it.

    Returns:
        Possibly without any epoch yet.

    Raises:
        StoreError: there is no history, it is of another version, or the list of images is damaged.
    """
    folder = layout.history_folder(path)
    manifest = read_manifest(folder / layout.MANIFEST)
    if manifest is None:
        raise StoreError(f"there is no recorded run in {path}: a Recorder or `crosslight train` makes {folder}")
    if manifest["version"] != layout.VERSION:
        raise StoreError(f"{folder} was recorded in version {manifest['version']} of the format, not {layout.VERSION}")
    # the epochs are listed before the images are read, because images are written first
    files = layout.finished_epochs(folder)
    instances = read_instances(folder / layout.INSTANCES)
    told = list(manifest.get("remarks", ()))
    epochs, damaged = [], []
    for number, file in files.items():
        try:
            epochs.append(read_epoch(file, number))
        except StoreError:
            if file.is_file():  # not dropped in the meantime
                damaged.append(number)
    if damaged:
        told.append(f"The file of {epochs_in_words(damaged)} is damaged and was left out.")
    begun, instances, told_of_begun = _in_progress(folder, set(files), instances, unfinished)
    epochs = sorted([*epochs, *begun], key=lambda epoch: epoch.number)
    if longer := [epoch.number for epoch in epochs if len(epoch.predictions) > len(instances.ids)]:
        raise StoreError(f"{folder}: {epochs_in_words(longer)} has more columns than there are images")
    return _history(folder, manifest, instances, epochs, [*told, *told_of_begun])


def _in_progress(
    folder: Path, finished: set[int], instances: Instances, unfinished: bool
) -> tuple[list[Epoch], Instances, list[str]]:
    """Epochs that are not in their own files: those that all processes ended, and where asked for the others."""
    fresh, stale = layout.partial_files(folder), layout.partial_files(folder, layout.STALE)
    epochs: list[Epoch] = []
    told: list[str] = []
    for number in sorted((fresh.keys() | stale.keys()) - finished):
        try:
            found = gather(fresh.get(number) or stale[number])
        except StoreError:
            continue  # finished in this moment
        complete = found.complete and number in fresh
        if not found.batches or not (complete or unfinished):
            continue
        epoch, instances = merge(number, found.batches, instances, first=not instances.ids)
        epochs.append(epoch)
        if not complete:
            seen = int((epoch.predictions != MISSING).sum())
            told.append(f"Epoch {number} is unfinished: {seen:,} of {len(instances.ids):,} images so far.")
            if found.torn:
                told.append(f"The end of epoch {number}, {found.torn:,} bytes, is torn and was left out.")
    return epochs, instances, told


def _history(
    folder: Path, manifest: Mapping[str, Any], instances: Instances, epochs: Sequence[Epoch], told: list[str]
) -> History:
    size = len(instances.ids)
    whole = [padded(epoch, size) for epoch in epochs]
    remarks: list[Remark] = [one for epoch in epochs for one in epoch.remarks]
    shown = {sentence.split(" ")[1] for sentence in told if sentence.endswith("so far.")}
    for epoch in whole:
        missing = np.flatnonzero(epoch.predictions == MISSING)
        unfinite = sum(one.count for one in epoch.remarks if one.kind == "not-finite")
        if len(missing) > unfinite and str(epoch.number) not in shown:
            names = [instances.ids[at] for at in missing.tolist()]
            known = {name for one in epoch.remarks if one.kind == "not-finite" for name in one.ids}
            absent = [name for name in names if name not in known]
            remarks += [Remark("missing", epoch.number, len(missing) - unfinite, tuple(absent[:3]))]
    metrics, lines = read_metrics(folder / layout.METRICS)
    if lines:
        told.append(f"{lines} line{'s' if lines > 1 else ''} of the metrics could not be read.")
    numbers = [epoch.number for epoch in whole]
    names = sorted({name for values in metrics.values() for name in values})
    return History(
        classes=manifest["classes"],
        ids=instances.ids,
        labels=instances.labels,
        epochs=np.array(numbers, np.int32),
        predictions=_stacked([epoch.predictions for epoch in whole], size, np.uint16, MISSING),
        probability=_optional([epoch.probability for epoch in whole], size, np.float16),
        margin=_optional([epoch.margin for epoch in whole], size, np.float32),
        metrics={
            name: np.array([metrics.get(number, {}).get(name, math.nan) for number in numbers], np.float64)
            for name in names
        },
        facts=manifest.get("facts", {}),
        remarks=(*told, *sentences(remarks)),
    )


def _stacked(rows: Sequence[NDArray[Any] | None], size: int, dtype: Any, fill: Any) -> NDArray[Any]:
    made = np.full((len(rows), size), fill, dtype)
    for at, row in enumerate(rows):
        if row is not None:
            made[at] = row
    return made


def _optional(rows: Sequence[NDArray[Any] | None], size: int, dtype: Any) -> NDArray[Any] | None:
    return _stacked(rows, size, dtype, np.nan) if any(row is not None for row in rows) else None


def stamp(path: str | Path) -> str:
    """A text that changes when the history does; costs a look at the folder, and reads nothing.

    Args:
        path: as for `open_history`; a folder without a history has the stamp ``""``.
    """
    folder = layout.history_folder(path)
    files = [folder / name for name in (layout.MANIFEST, layout.INSTANCES, layout.METRICS)]
    files += [*layout.finished_epochs(folder).values()]
    files += [file for of in layout.partial_files(folder).values() for file in of.values()]
    seen = []
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue
        seen.append(f"{file.name}:{status.st_size}:{status.st_mtime_ns}")
    return "|".join(seen)


def follow(
    path: str | Path, *, every: float = 1.0, unfinished: bool = True, patience: float = math.inf
) -> Iterator[History]:
    """The history now, and again whenever it has changed.

    Args:
        path: as for `open_history`; there need be no history yet.
        every: seconds between two looks.
        unfinished: as for `open_history`.
        patience: seconds without any change after which it ends; by default never.
    """
    last, changed = "", time.monotonic()
    while True:
        now = stamp(path)
        if now != last and (layout.history_folder(path) / layout.MANIFEST).is_file():
            last, changed = now, time.monotonic()
            yield open_history(path, unfinished=unfinished)
        elif time.monotonic() - changed > patience:
            return
        time.sleep(every)
