"""What is to be analysed: a matrix, another one to compare it with, and groups, about the same sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from ...core.errors import InputError, suggestion
from .csv_rows import joined, listed
from .group_table import GroupTable, group_problems, read_groups
from .matrix import Published, read_matrix

Part = TypeVar("Part", Published, GroupTable)


@dataclass(frozen=True)
class Case:
    """Files about the same sets, all in the order of the first matrix.

    Attributes:
        matrix: what is analysed.
        other: another matrix; None without.
        groups: what the sets are; None without.
        dropped: sets of the first matrix that were left out on request.
    """

    matrix: Published
    other: Published | None = None
    groups: GroupTable | None = None
    dropped: tuple[str, ...] = ()


def open_case(
    matrix: str | Path,
    other: str | Path | None = None,
    groups: str | Path | None = None,
    *,
    drop: Sequence[str] = (),
    kind: str = "auto",
    other_kind: str = "auto",
) -> Case:
    """Read all files, and see that they fit together.

    Args:
        matrix: see `read_matrix`.
        other: a second matrix. It must know all sets of the first; what more it holds is left out, with a note.
        groups: see `read_groups`. It must know all sets of the first matrix, too.
        drop: labels of sets to leave out.
        kind: of the first matrix.
        other_kind: of the second.

    Raises:
        InputError: files cannot be read, or do not fit together; everything that is wrong at once.
    """
    problems: list[str] = []

    def tried(read: Callable[[], Part]) -> Part | None:
        try:
            return read()
        except InputError as error:
            lines = str(error).splitlines()
            problems.extend(lines if len(lines) == 1 else [line.removeprefix("  - ") for line in lines[1:]])
            return None

    first = tried(lambda: read_matrix(matrix, kind))
    second = None if other is None else tried(lambda: read_matrix(other, other_kind))
    table = None if groups is None else tried(lambda: read_groups(groups))
    if first is None:
        raise InputError(joined(problems))
    known = {label for part in (first, second, table) if part is not None for label in part.sets}
    problems += [
        f"--drop: no set is called {label!r}{suggestion(label, known)}" for label in drop if label not in known
    ]
    kept = [label for label in first.sets if label not in drop]
    if len(kept) < 3:
        problems.append(f"{first.file}: three sets or more are needed, not {len(kept)}")
    second = None if second is None else _fitted(second, kept, drop, first.file, problems)
    table = None if table is None else _fitted(table, kept, drop, first.file, problems)
    if table is not None:
        problems += group_problems(table)
    if problems:
        raise InputError(joined(problems))
    return Case(first.take(kept), second, table, tuple(label for label in first.sets if label in drop))


def _fitted(part: Part, kept: list[str], drop: Sequence[str], file: str, problems: list[str]) -> Part | None:
    """The part about the sets that are left; None where it lacks some."""
    absent = [label for label in kept if label not in part.sets]
    more = [label for label in part.sets if label not in kept and label not in drop]
    if not absent:
        notes = (*part.notes, f"not in {file} and left out: {', '.join(more)}") if more else part.notes
        return replace(part.take(kept), notes=notes)
    hints = {label: suggestion(label, more) for label in absent} if more else dict.fromkeys(absent, "")
    problems.extend(listed([f"{part.file}: nothing about {label!r} of {file}{hint}" for label, hint in hints.items()]))
    return None
