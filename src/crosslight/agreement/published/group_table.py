"""A table that says what each set is: its group, its lineage, and what else may explain a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, suggestion
from .csv_rows import Row, joined, listed, number, read_rows

#: headings of the column with the sets' labels, and of that with their groups
LABELS, GROUPS = ("label", "name", "model", "set"), ("group", "family")
LINEAGE, RESOLUTION = "lineage", "resolution"


@dataclass(frozen=True)
class GroupTable:
    """What is known about sets.

    Attributes:
        file: where it was read from.
        sets: labels.
        groups: of each set.
        lineages: of each set; None for a set of no lineage.
        confounders: numbers of each set, ``[set]``, by the heading of their column.
        resolution: cells along a side of each set's maps, ``[set]``; None where there is no such column.
        notes: what was left out, in words.
    """

    file: str
    sets: tuple[str, ...]
    groups: tuple[str, ...]
    lineages: tuple[str | None, ...]
    confounders: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    resolution: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()

    def take(self, sets: Sequence[str]) -> GroupTable:
        """The same table of these sets, in this order."""
        places = [self.sets.index(label) for label in sets]
        return GroupTable(
            self.file,
            tuple(sets),
            tuple(self.groups[i] for i in places),
            tuple(self.lineages[i] for i in places),
            {name: values[places] for name, values in self.confounders.items()},
            None if self.resolution is None else self.resolution[places],
            self.notes,
        )

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types."""
        return {
            "file": self.file,
            "groups": dict(zip(self.sets, self.groups, strict=True)),
            "lineages": {label: one for label, one in zip(self.sets, self.lineages, strict=True) if one},
            "confounders": {name: values.tolist() for name, values in self.confounders.items()},
            "resolution": None if self.resolution is None else self.resolution.tolist(),
            "notes": list(self.notes),
        }


def read_groups(path: str | Path) -> GroupTable:
    """Read what each set is.

    Args:
        path: a CSV file with headings, one row for each set: ``label`` (or name, model, set), ``group`` (or family),
            and if wanted ``lineage`` (sets of one name are relatives, such as two sizes of one model; empty for
            none), ``resolution`` (cells along a side of the maps), and further columns of numbers, such as accuracy,
            which may explain a difference between groups.

    Raises:
        InputError: a column or a value is missing, or a label stands twice; all that is wrong at once.
    """
    head, *body = read_rows(path)
    names = [cell.lower() for cell in head.cells]
    problems = [f"the heading {name!r} stands {times} times" for name, times in Counter(names).items() if times > 1]
    label, group = (next((names.index(name) for name in wanted if name in names), None) for wanted in (LABELS, GROUPS))
    for place, wanted in ((label, LABELS), (group, GROUPS)):
        if place is None:
            found = ", ".join(repr(cell) for cell in head.cells)
            problems.append(f"no column {wanted[0]!r} (or {', '.join(wanted[1:])}); the headings are {found}")
    if label is None or group is None or problems:
        raise InputError(joined([f"{path}: {problem}" for problem in problems]))
    for row in body:
        for place, heading in ((label, head.cells[label]), (group, head.cells[group])):
            if not row.cells[place]:
                problems.append(f"line {row.line}: no {heading}")
    sets = tuple(row.cells[label] for row in body)
    problems += [f"the label {one!r} stands {times} times" for one, times in Counter(sets).items() if times > 1 and one]
    lineage = names.index(LINEAGE) if LINEAGE in names else None
    numbers: dict[str, NDArray[np.float64]] = {}
    notes: list[str] = []
    for place, heading in enumerate(head.cells):
        if place in (label, group, lineage):
            continue
        read = _numbers(body, place, heading)
        if isinstance(read, str):
            notes.append(read)
        elif isinstance(read, list):
            problems += read
        else:
            numbers[heading] = read
    resolution = next((numbers.pop(name) for name in list(numbers) if name.lower() == RESOLUTION), None)
    if resolution is not None and not (resolution > 0).all():
        problems.append("resolution is a positive number of cells along a side of the maps")
    if problems:
        raise InputError(joined([f"{path}: {problem}" for problem in problems]))
    lineages = tuple(None if lineage is None else row.cells[lineage] or None for row in body)
    groups = tuple(row.cells[group] for row in body)
    return GroupTable(str(path), sets, groups, lineages, numbers, resolution, tuple(notes))


def group_problems(table: GroupTable) -> list[str]:
    """Why a test of these groups cannot be made; nothing where it can."""
    sizes = Counter(table.groups)
    if len(sizes) < 2:
        return [f"{table.file}: all {len(table.sets)} sets are of one group, {next(iter(sizes))!r}; two are needed"]
    alone = [group for group, size in sizes.items() if size < 2]
    problems = [
        f"{table.file}: group {group!r} has one set, {table.sets[table.groups.index(group)]!r}, and needs two; "
        f"leave it out with --drop, or change its group{suggestion(group, set(sizes) - set(alone))}"
        for group in alone
    ]
    for lineage in dict.fromkeys(one for one in table.lineages if one):
        own = {group for group, one in zip(table.groups, table.lineages, strict=True) if one == lineage}
        if len(own) > 1:
            listed_groups = " and ".join(sorted(map(repr, own)))
            problems.append(f"{table.file}: lineage {lineage!r} has sets of the groups {listed_groups}; split it")
    return problems


def _numbers(body: Sequence[Row], place: int, heading: str) -> NDArray[np.float64] | list[str] | str:
    """A column of numbers, what is wrong with it, or a note that it holds none."""
    values = [number(row.cells[place]) for row in body]
    if not any(value is not None and np.isfinite(value) for value in values):
        return f"the column {heading!r} holds no numbers and was left out"
    wrong = [
        f"line {row.line}, column {heading!r}: {repr(row.cells[place]) if row.cells[place] else 'nothing'} is no number"
        for row, value in zip(body, values, strict=True)
        if value is None or not np.isfinite(value)
    ]
    return listed(wrong) if wrong else np.array(values, np.float64)
