"""Training many classifiers of scenes: what is there already is left alone, and what fails stops no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ...core.devices import resolve_device
from ...core.errors import InputError
from ...core.progress import Progress, Silent
from .files import is_trained
from .pictures import training_pictures, training_things
from .processes import Tell, reason, run_each
from .table import CLASSIFIERS, Entry, Recipe, find_classifier


@dataclass(frozen=True)
class Trained:
    """What a run came to.

    Attributes:
        trained: classifiers trained now.
        there: those that were there already, by the present recipe.
        failed: why others could not be trained, by name.
    """

    trained: tuple[Entry, ...]
    there: tuple[Entry, ...]
    failed: Mapping[str, str]


@dataclass(frozen=True)
class _Place:
    """Where and how all of them are trained; what worker processes are given."""

    out: Path
    pictures: Path
    device: str
    tested: int | None


def train_all(
    names: Iterable[str],
    out: str | Path,
    *,
    pictures: str | Path | None = None,
    jobs: int = 1,
    device: str = "cpu",
    recipe: Recipe | None = None,
    tested: int | None = None,
    progress: Progress | None = None,
    drawing: Progress | None = None,
) -> Trained:
    """Train classifiers of scenes, each with one thread, so that weights do not depend on how many run at once.

    Args:
        names: which ones; all of them if none is named. Those on clean pictures come first.
        out: folder for their files. What is there by the same recipe is not trained again.
        pictures: folder where training pictures are kept; by default ``pictures`` in `out`.
        jobs: processes that work at once.
        device: ``auto``, ``cpu``, ``cuda``, ...
        recipe: instead of their own.
        tested: how many pictures of the test split each epoch is judged by.
        progress: told of every step of training.
        drawing: told of every picture made.

    Raises:
        UnknownNameError: there is no classifier of that name.
        InputError: no such device, or fewer than one job.
    """
    if jobs < 1:
        raise InputError(f"at least one process has to work, not {jobs}")
    chosen = choose(names)
    entries = [replace(entry, recipe=recipe) for entry in chosen] if recipe else chosen
    out = Path(out)
    place = _Place(out, Path(pictures) if pictures else out / "pictures", str(resolve_device(device)), tested)
    there = tuple(entry for entry in entries if is_trained(entry, out))
    missing = [entry for entry in entries if entry not in there]
    if not missing:
        return Trained((), there, {})
    _make_pictures(missing, place.pictures, jobs, drawing)
    progress = progress or Silent()
    progress.start(sum(entry.recipe.steps for entry in missing), "training")
    try:
        if jobs == 1:
            failures = _one_by_one(missing, place, progress)
        else:
            failures = run_each(
                partial(_work, place), missing, jobs, lambda entry, steps: progress.advance(steps, entry.name)
            )
    finally:
        progress.finish()
    failed = {entry.name: why for entry, why in failures}
    return Trained(tuple(entry for entry in missing if entry.name not in failed), there, failed)


def _make_pictures(entries: Sequence[Entry], folder: Path, jobs: int, drawing: Progress | None) -> None:
    """Make whatever pictures these are trained on, so that no two processes make the same."""
    for variant, count in dict.fromkeys((entry.variant, entry.recipe.pictures) for entry in entries):
        training_pictures(folder, variant, count, jobs=jobs, progress=drawing)
    for variant, count in dict.fromkeys((e.variant, e.recipe.pictures) for e in entries if e.recipe.tokens):
        training_things(folder, variant, count, jobs=jobs, progress=drawing)


def choose(names: Iterable[str] = ()) -> list[Entry]:
    """The classifiers of these names, or all, each once and in the order of the table: clean ones first.

    Raises:
        UnknownNameError: there is no classifier of that name.
    """
    wanted = {find_classifier(name.removeprefix("scenes/")).name for name in names}
    return [entry for entry in CLASSIFIERS.values() if not wanted or entry.name in wanted]


def _one_by_one(entries: Sequence[Entry], place: _Place, progress: Progress) -> list[tuple[Entry, str]]:
    """Train in this process."""
    failed = []
    for entry in entries:
        try:
            _work(place, entry, lambda steps, name=entry.name: progress.advance(steps, name))  # type: ignore[misc]
        except Exception as error:
            failed.append((entry, reason(error)))
    return failed


def _work(place: _Place, entry: Entry, tell: Tell) -> None:
    """Train one."""
    from .training import train

    with _one_thread():
        train(
            entry,
            place.out,
            pictures=place.pictures,
            device=place.device,
            tested=place.tested,
            progress=_Steps(tell),
        )


@contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Steps(Silent):
    """Hands on what is done, and not that a single training begins or ends."""

    def __init__(self, tell: Tell):
        self._tell = tell

    def advance(self, units: int, what: str) -> None:
        """`units` more are done."""
        self._tell(units)
