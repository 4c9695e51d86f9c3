"""Images listed in a CSV file, with their labels."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from ..core.errors import ImageError, InputError, suggestion
from .folder import EXTENSIONS
from .image_set import Entry, FileContent, path_name, relative_names

#: Column names that are understood, the first that is present wins.
PATH_COLUMNS = ("path", "file", "image", "filename", "file_name", "filepath")
LABEL_COLUMNS = ("wnid", "label", "class", "class_name", "class_index", "name")


@dataclass(frozen=True)
class _NoFile:
    """What stands for a row that names no file."""

    def read(self) -> bytes:
        raise ImageError("this row of the list names no file")


def list_csv(path: Path, shown: str, columns: Mapping[str, str] | None = None) -> list[Entry]:
    """Every row of a list of images, in its order.

    The delimiter (comma, semicolon, tab or bar) is found from the first line. Paths are relative to the list.
    A row whose file is missing stays in, and fails when it is loaded.

    Args:
        path: the list.
        shown: the list as the user wrote it, for messages.
        columns: ``{"path": COLUMN, "label": COLUMN}``, where the columns have other names than those known.

    Raises:
        InputError: it cannot be read, has no rows, or no column that names files.
    """
    text = _read(path, shown)
    header_line = text.partition("\n")[0]
    delimiter = max(",;\t|", key=header_line.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"{shown}: line {reader.line_num}: {error}") from None
    if not rows:
        raise InputError(f"{shown}: the list is empty")
    header, body = [cell.strip() for cell in rows[0]], rows[1:]
    columns = columns or {}
    file_column = pick_column(header, PATH_COLUMNS, columns.get("path"), f"{shown}: path")
    label_column = pick_column(header, LABEL_COLUMNS, columns.get("label"), f"{shown}: label")
    if file_column is None:
        hint = ""
        if any(Path(cell).suffix.lower() in EXTENSIONS for cell in header):
            hint = "; the first line must name the columns, such as path,label"
        raise InputError(
            f"{shown}: no column names the files (known: {', '.join(PATH_COLUMNS)});"
            f" its columns are {', '.join(map(repr, header))}{hint}"
        )
    if not body:
        raise InputError(f"{shown}: the list has a header but no rows")
    label_at = None if label_column is None else header.index(label_column)
    return _entries(path.parent, body, header.index(file_column), label_at)


def pick_column(present: Sequence[str], known: Sequence[str], wanted: str | None, where: str) -> str | None:
    """The column to read.

    Args:
        present: the columns there are.
        known: the names that are understood, best first; case does not matter.
        wanted: the name that the user gave, if any.
        where: for messages.

    Raises:
        InputError: the column that the user named is not there.
    """
    if wanted is not None:
        if wanted not in present:
            raise InputError(f"{where}: there is no column {wanted!r}{suggestion(wanted, present)}")
        return wanted
    folded = {name.casefold(): name for name in reversed(present)}
    return next((folded[name] for name in known if name in folded), None)


def _entries(root: Path, rows: list[list[str]], file_at: int, label_at: int | None) -> list[Entry]:
    cells = [row[file_at].strip() if file_at < len(row) else "" for row in rows]
    paths = [_locate(root, cell) for cell in cells]
    root = root.absolute()
    inside = [path.is_relative_to(root) for path in paths]
    outside = iter(relative_names(p for p, is_in, c in zip(paths, inside, cells, strict=True) if c and not is_in))
    entries: list[Entry] = []
    for row, cell, path, is_in in zip(rows, cells, paths, inside, strict=True):
        label = row[label_at].strip() if label_at is not None and label_at < len(row) else ""
        if not cell:
            entries.append(Entry(f"row {len(entries) + 1}", label or None, _NoFile()))
        else:
            name = path_name(path.relative_to(root)) if is_in else next(outside)
            entries.append(Entry(name, label or None, FileContent(path)))
    return entries


def _locate(root: Path, cell: str) -> Path:
    path = (root / cell).absolute()
    if "\\" in cell and not path.exists():  # written on Windows
        path = (root / cell.replace("\\", "/")).absolute()
    return Path(os.path.normpath(path))


def _read(path: Path, shown: str) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{shown}: the list cannot be read: {error.strerror or error}") from error
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # what spreadsheets on Windows write
