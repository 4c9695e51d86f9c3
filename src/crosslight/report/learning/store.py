"""The runs of a study: histories that lie in ``dynamics/<slug>/history`` of its store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...core.errors import StoreError
from ...core.progress import Progress
from ...dynamics import History, open_history, scenes_history
from ...dynamics.layout import MANIFEST, history_folder
from ...dynamics.saving import save_history
from ...store import Store, slug
from .runs import Learned, label_of, write_learning

#: where runs lie within a store
FOLDER = "dynamics"


def runs_in(folder: Path) -> list[Path]:
    """The folders of recorded runs within a folder, by name."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if (history_folder(path) / MANIFEST).is_file())


def open_runs(store: Store) -> dict[str, History]:
    """The recorded runs of a study by label, those that cannot be read or hold nothing left out."""
    found: dict[str, History] = {}
    for path in runs_in(store.path / FOLDER):
        try:
            history = open_history(path)
        except StoreError:
            continue
        if len(history.epochs) and history.ids:
            label = label_of(history, path.name)
            found[label if label not in found else f"{label} ({path.name})"] = history
    return found


def learning_of_store(
    store: Store, folder: Path, progress: Progress | None = None, *, pictures: int = 1_000
) -> Learned | None:
    """Write the parts of the view for a study with recorded runs; None where there is none.

    A run that cannot be read is said to be so, and left out.

    Args:
        store: has runs in ``dynamics/`` within it.
        folder: of the page's assets.
        progress: told of what is written.
        pictures: small pictures of one set of images, at most.
    """
    found: list[tuple[str, History]] = []
    notes = []
    for path in runs_in(store.path / FOLDER):
        try:
            history = open_history(path)
        except StoreError as error:
            notes.append(f"{path.name} is left out: {error}")
            continue
        if len(history.epochs) and history.ids:
            found.append((label_of(history, path.name), history))
        else:
            notes.append(f"{path.name} is left out: no epoch of it is recorded yet.")
    if not found:
        return None
    made = write_learning(folder, found, pictures=pictures, base=store.path, progress=progress)
    return replace(made, notes=(*made.notes, *notes))


def save_scenes_runs(store: Store, names: Sequence[str]) -> list[Path]:
    """Put the runs of embedded classifiers into a study's store.

    Args:
        store: of the study.
        names: of classifiers, such as ``vit``.

    Returns:
        The folders of the runs; those that were there already are left as they are.
    """
    made = []
    for name in names:
        history = scenes_history(name)
        folder = store.path / FOLDER / slug(label_of(history, name))
        if not (history_folder(folder) / MANIFEST).is_file():
            save_history(history, folder)
        made.append(folder)
    return made
