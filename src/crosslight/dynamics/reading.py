"""Reading a recorded run, finished, killed or going on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
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
from .remarks import NAMED, Remark, epochs_in_words, sentences


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
    files = layout.finished_epochs(folder)
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
    instances = read_instances(folder / layout.INSTANCES)  # after the epochs, because images are written before them
    complete, begun, instances, told_of_begun = _in_progress(folder, set(files), instances, unfinished)
    epochs = sorted([*epochs, *complete, *begun], key=lambda epoch: epoch.number)
    if longer := [epoch.number for epoch in epochs if len(epoch.predictions) > len(instances.ids)]:
        raise StoreError(f"{folder}: {epochs_in_words(longer)} has more columns than there are images")
    odd = [one for epoch in epochs for one in epoch.remarks]
    odd += [
        one
        for epoch in epochs
        if epoch.number not in {one.number for one in begun}
        for one in _absent(epoch, instances)
    ]
    return _history(folder, manifest, instances, epochs, [*told, *told_of_begun], odd)


def _in_progress(
    folder: Path, finished: set[int], instances: Instances, unfinished: bool
) -> tuple[list[Epoch], list[Epoch], Instances, list[str]]:
    """Epochs that are not in their own files: those that all processes ended, and where asked for the others.

    Returns:
        Both, the images with those that are new, and what is to be told.
    """
    fresh, stale = layout.partial_files(folder), layout.partial_files(folder, layout.STALE)
    ended: list[Epoch] = []
    begun: list[Epoch] = []
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
        (ended if complete else begun).append(epoch)
        if not complete:
            seen = int((epoch.predictions != MISSING).sum())
            told.append(f"Epoch {number} is unfinished: {seen:,} of {len(instances.ids):,} images so far.")
            if found.torn:
                told.append(f"The end of epoch {number}, {found.torn:,} bytes, is torn and was left out.")
    return ended, begun, instances, told


def _absent(epoch: Epoch, instances: Instances) -> list[Remark]:
    """What is to be told of images that were not recorded in an epoch; those without numbers were."""
    unfinite = [one for one in epoch.remarks if one.kind == "not-finite"]
    missing = np.flatnonzero(padded(epoch, len(instances.ids)).predictions == MISSING).tolist()
    count = len(missing) - sum(one.count for one in unfinite)
    recorded = {name for one in unfinite for name in one.ids}
    names = (instances.ids[at] for at in missing if instances.ids[at] not in recorded)
    return [Remark("missing", epoch.number, count, tuple(islice(names, NAMED)))] if count > 0 else []


def _history(
    folder: Path,
    manifest: Mapping[str, Any],
    instances: Instances,
    epochs: Sequence[Epoch],
    told: list[str],
    odd: Sequence[Remark],
) -> History:
    size = len(instances.ids)
    whole = [padded(epoch, size) for epoch in epochs]
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
        remarks=(*told, *sentences(odd)),
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
