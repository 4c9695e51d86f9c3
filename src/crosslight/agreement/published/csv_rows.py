"""Rows of a CSV file as people publish them: with commas, semicolons or tabs, with or without a byte order mark."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import InputError

#: how a missing value is written
MISSING = frozenset({"", "na", "n/a", "nan", "none", "null", "-", "–"})
_LISTED = 6


@dataclass(frozen=True)
class Row:
    """One line of a file.

    Attributes:
        line: its number, from 1.
        cells: without blanks around them.
    """

    line: int
    cells: tuple[str, ...]


def read_rows(path: str | Path) -> list[Row]:
    """The lines of a CSV file that hold anything.

    Args:
        path: a text file in UTF-8. What stands most often in the first line separates its cells: a comma, a semicolon
            or a tab. Beside semicolons and tabs, a comma is the decimal point.

    Returns:
        The rows, the header first; empty columns at the right end are left off.

    Raises:
        InputError: the file cannot be read, is no text, or has no second row.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: there is no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: this is a folder; name a CSV file") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: this is no text in UTF-8; save the table as CSV in UTF-8") from None
    lines = text.splitlines()
    head = next((line for line in lines if line.strip()), "")
    mark = max(",;\t", key=head.count)
    reader = csv.reader(lines, delimiter=mark)
    rows = [Row(reader.line_num, tuple(_plain(cell, mark) for cell in cells)) for cells in reader]
    rows = [row for row in rows if any(row.cells)]
    if len(rows) < 2:
        raise InputError(f"{path}: a row of names and one or more rows below it are needed")
    width = max(i + 1 for row in rows for i, cell in enumerate(row.cells) if cell)
    return [Row(row.line, (*row.cells, *[""] * width)[:width]) for row in rows]


def number(cell: str) -> float | None:
    """The number in a cell: NaN where it is missing, None where it is something else."""
    if cell.lower() in MISSING:
        return math.nan
    try:
        return float(cell)
    except ValueError:
        return None


def listed(problems: list[str]) -> list[str]:
    """The first problems of a kind, and how many more there are."""
    more = len(problems) - _LISTED
    return problems if more < 2 else [*problems[:_LISTED], f"... and {more} more of this kind"]


def joined(problems: list[str]) -> str:
    """Everything that is wrong as one message."""
    if len(problems) == 1:
        return problems[0]
    return "\n".join([f"{len(problems)} problems", *(f"  - {problem}" for problem in problems)])


def _plain(cell: str, mark: str) -> str:
    cell = cell.strip()
    if mark != "," and cell.count(",") == 1 and cell.replace(",", "").lstrip("+-").isdigit():
        return cell.replace(",", ".")
    return cell
