"""What a recorder is given, and whether it fits what a folder holds already."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import InputError, StoreError
from . import layout
from .history import UNKNOWN
from .merging import Instances
from .outputs import as_ids, as_labels


@dataclass(frozen=True)
class Run:
    """What is said of a run as a whole.

    Attributes:
        classes: names, by number.
        facts: what is trained and how.
        remarks: what was odd about the run, as sentences.
    """

    classes: tuple[str, ...]
    facts: Mapping[str, Any]
    remarks: tuple[str, ...] = ()


def opened_again(found: Mapping[str, Any], given: Run, folder: Path, epochs: Sequence[int]) -> Run:
    """What a folder says of its run, with what is new.

    Args:
        found: the content of its ``history.json``.
        given: what is said now.
        folder: for messages.
        epochs: those that are finished.

    Raises:
        StoreError: it is of another version, or of other classes.
    """
    if found["version"] != layout.VERSION:
        raise StoreError(f"{folder} was recorded in version {found['version']} of the format, not {layout.VERSION}")
    old, new = tuple(found["classes"]), given.classes
    if new[: len(old)] != old and old[: len(new)] != new:
        at = next(i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b)
        raise StoreError(
            f"{folder} holds the history of other classes: number {at} is {old[at]!r} there and {new[at]!r} here; "
            "record into another folder"
        )
    remarks = list(found.get("remarks", ()))
    if len(new) > len(old):
        remarks.append(came_late(new[len(old) :], epochs))
    facts = dict(found.get("facts", {}))
    for name, value in given.facts.items():
        if name in facts and facts[name] != value:
            told = f"{name} was {json.dumps(facts[name])} and is {json.dumps(value)}"
            remarks.append(f"The run was opened again with another fact: {told}.")
    return Run(max(old, new, key=len), facts | dict(given.facts), tuple(dict.fromkeys(remarks)))


def came_late(names: Sequence[str], epochs: Sequence[int]) -> str:
    """The remark on classes that came late."""
    after = f"after epoch {epochs[-1]}" if epochs else "before the first epoch ended"
    listed = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
    return f"{len(names)} class{'es' if len(names) > 1 else ''} came late, {after}: {listed}."


def given_instances(ids: Iterable[Any] | None, labels: Iterable[Any] | None, classes: int) -> Instances:
    """Images as a user names them.

    Raises:
        InputError: an id is there twice, or ids and labels do not fit each other.
    """
    if ids is None:
        if labels is not None:
            raise InputError("labels without ids: say whose labels they are, or give them to log")
        return Instances()
    names = as_ids(ids)
    if len(set(names)) < len(names):
        seen: set[str] = set()
        for name in names:
            if name in seen:
                raise InputError(f"the id {name!r} is there twice: every image has its own")
            seen.add(name)
    if labels is not None and not hasattr(labels, "__len__"):
        labels = list(labels)
    return Instances(names, as_labels(labels, len(names), classes))


def joined(known: Instances, given: Instances, folder: Path) -> Instances:
    """The images that a folder knows, then those that are named now; labels where there were none.

    Raises:
        StoreError: neither are all of the one among the other, so that they are another run's.
    """
    if known.ids and given.ids:
        there, here = set(known.ids), set(given.ids)
        if not (here <= there or there <= here):
            one = next(name for name in given.ids if name not in there)
            raise StoreError(
                f"{folder} holds the history of other images: {one!r} is none of its {len(there):,}; "
                "record into another folder"
            )
    column = {name: at for at, name in enumerate(known.ids)}
    new = tuple(name for name in given.ids if name not in column)
    labels = np.concatenate([known.labels, np.full(len(new), UNKNOWN, np.int32)])
    column |= {name: len(known.ids) + at for at, name in enumerate(new)}
    for name, label in zip(given.ids, given.labels.tolist(), strict=True):
        if labels[column[name]] == UNKNOWN:
            labels[column[name]] = label
    return Instances(known.ids + new, labels)


def epoch_number(epoch: Any) -> int:
    """An epoch's number.

    Raises:
        InputError: it is not a whole number, 0 or more.
    """
    if isinstance(epoch, bool) or not hasattr(epoch, "__index__") or (number := epoch.__index__()) < 0:
        raise InputError(f"an epoch is a whole number, 0 or more, not {epoch!r}")
    return int(number)


def place_of(rank: int | None, processes: int | None) -> tuple[int, int]:
    """Which of how many processes this is: as given, else as PyTorch's process group or ``torchrun`` says, else alone.

    Raises:
        InputError: there is no such place.
    """
    if rank is None and processes is None:
        group = getattr(sys.modules.get("torch"), "distributed", None)
        if group is not None and group.is_available() and group.is_initialized():
            rank, processes = group.get_rank(), group.get_world_size()
        elif os.environ.get("RANK", "").isdecimal() and os.environ.get("WORLD_SIZE", "").isdecimal():
            rank, processes = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    place, of = rank or 0, processes if processes is not None else (rank or 0) + 1
    if not 0 <= place < of:
        raise InputError(f"rank {place} is none of {of} processes: ranks go from 0 to processes - 1")
    return place, of
