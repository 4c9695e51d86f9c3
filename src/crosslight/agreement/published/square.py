"""The rows of a CSV file as a square matrix: which cells are labels, which only count, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core.errors import suggestion
from .csv_rows import Row, listed, number


@dataclass(frozen=True)
class Square:
    """A matrix as it stands in a file.

    Attributes:
        columns: labels.
        values: ``[set, set]`` in the order of the columns, NaN where a value is missing; empty where there are
            problems.
        problems: what is wrong.
        notes: what was taken as what.
    """

    columns: tuple[str, ...]
    values: NDArray[np.float64]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def read_square(rows: Sequence[Row]) -> Square:
    """Find labels and values.

    Args:
        rows: header first, all of one length.
    """
    head, body = _shifted(rows)
    leading, notes = _leading([row.cells for row in body], head)
    columns = tuple(head[leading:])
    problems = [f"the label {label!r} stands {times} times in the first row" for label, times in _repeated(columns)]
    if "" in columns:
        problems.append(f"column {leading + columns.index('') + 1} has no label in the first row")
    if leading and not _counts([row.cells[leading - 1] for row in body], columns):
        names = [row.cells[leading - 1] for row in body]
        problems += _mismatch(names, columns)
        places = {name: i for i, name in enumerate(names)}
    else:
        notes.append("rows have no labels and were taken in the order of the columns")
        if len(body) != len(columns):
            problems.append(f"{len(body)} rows under {len(columns)} labels; a square matrix is needed")
        places = {name: i for i, name in enumerate(columns)}
    wrong = [
        f"line {row.line}, column {label!r}: {cell!r} is no number"
        for row in body
        for label, cell in zip(columns, row.cells[leading:], strict=True)
        if number(cell) is None
    ]
    problems += listed(wrong)
    if problems:
        return Square(columns, np.empty((0, 0)), tuple(problems), ())
    values = np.array([[number(cell) for cell in row.cells[leading:]] for row in body], np.float64)
    order = [places[label] for label in columns]
    if order != sorted(order):
        notes.append("rows were put into the order of the columns")
    return Square(columns, values[order], (), tuple(notes))


def _shifted(rows: Sequence[Row]) -> tuple[tuple[str, ...], Sequence[Row]]:
    """The header and the rows below; a header that lacks the cell above the row labels gets it."""
    head, body = rows[0].cells, rows[1:]
    if len(head) > 1 and not head[-1] and head[0] and any(row.cells[-1] for row in body):
        return ("", *head[:-1]), body
    return head, body


def _leading(cells: Sequence[tuple[str, ...]], head: Sequence[str]) -> tuple[int, list[str]]:
    """How many columns stand before the matrix: none, the labels, a count of the rows, or a count and the labels."""
    first = [row[0] for row in cells]
    labelled = not head[0] or any(number(cell) is None for cell in first) or set(first) == set(head[1:])
    labelled |= len(head) > len(cells) and _counts(first, head[1:])
    if len(head) < 3 or not labelled:
        return 0, []
    second = [row[1] for row in cells]
    if _counts(first, head[1:]) and (any(number(cell) is None for cell in second) or set(second) == set(head[2:])):
        return 2, ["the first column only counts the rows and was ignored"]
    return 1, []


def _counts(cells: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether cells count rows from 0 or 1, and are no labels of columns."""
    numbers = [number(cell) for cell in cells]
    return any(numbers == list(range(start, start + len(cells))) for start in (0, 1)) and set(cells) != set(labels)


def _mismatch(names: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Labels that rows and columns do not share."""
    problems = [f"the label {name!r} stands {times} times in the first column" for name, times in _repeated(names)]
    strange = [name for name in dict.fromkeys(names) if name not in columns]
    absent = [label for label in dict.fromkeys(columns) if label not in names]
    if len(names) != len(columns):
        problems.append(f"{len(names)} rows and {len(columns)} columns; a square matrix is needed")
    hints = {name: suggestion(name, absent or columns) for name in strange}
    problems += listed([f"row {name!r} has no column of that label{hint}" for name, hint in hints.items()])
    absent = [label for label in absent if not any(repr(label) in hint for hint in hints.values())]
    return problems + listed([f"column {label!r} has no row of that label" for label in absent])


def _repeated(labels: Sequence[str]) -> list[tuple[str, int]]:
    return [(label, times) for label, times in Counter(labels).items() if times > 1 and label]
