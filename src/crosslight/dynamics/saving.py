"""Writing a whole history at once: one that was read from elsewhere, or made."""

from __future__ import annotations

import json
from pathlib import Path

from ..core.errors import InputError
from ..core.plain import plain
from ..store.durable import make_folder, remove_file, write_files
from . import layout
from .epoch_files import append_metrics, check_metrics, epoch_bytes, instances_bytes
from .history import History
from .merging import Epoch, Instances


def save_history(history: History, out: str | Path) -> Path:
    """Write a history where `open_history` finds it; what a `Recorder` writes of a run while it goes on.

    Args:
        history: what was recorded, imported or made.
        out: the run's folder, in which there is no history yet.

    Returns:
        The folder of the history.

    Raises:
        InputError: there is a history already.
    """
    folder = layout.history_folder(out)
    if (folder / layout.MANIFEST).is_file():
        raise InputError(f"{folder} holds a recorded run already; choose another folder")
    make_folder(folder / "epochs")
    make_folder(layout.temporary_folder(folder))
    remove_file(folder / layout.METRICS)  # of a writing that was cut off
    files = {folder / layout.INSTANCES: instances_bytes(Instances(history.ids, history.labels))}
    for at, number in enumerate(history.epochs.tolist()):
        epoch = Epoch(
            number,
            history.predictions[at],
            None if history.probability is None else history.probability[at],
            None if history.margin is None else history.margin[at],
        )
        files[layout.epoch_file(folder, number)] = epoch_bytes(epoch)
    write_files(files, layout.temporary_folder(folder))
    for at, number in enumerate(history.epochs.tolist()):
        told = check_metrics({name: values[at] for name, values in history.metrics.items()})
        append_metrics(folder / layout.METRICS, number, {name: one for name, one in told.items() if one is not None})
    manifest = {
        "version": layout.VERSION,
        "classes": history.classes,
        "facts": plain(dict(history.facts)),
        "remarks": list(history.remarks),
    }  # the manifest last, for it says that there is a history
    content = (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()
    write_files({folder / layout.MANIFEST: content}, layout.temporary_folder(folder))
    return folder
