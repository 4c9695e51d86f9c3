"""Images in Parquet files, in the layout that Hugging Face `datasets` writes.

Rows are read forwards in small batches, so memory does not grow with the number of images, not even where a
file keeps all of them in one row group.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from ..core.errors import ImageError, InputError
from .csv_list import LABEL_COLUMNS, pick_column
from .image_set import Entry, FileContent, path_name

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

IMAGE_COLUMNS = ("image", "img", "picture", "photo", "jpg", "png")
PARQUET_LABELS = (*LABEL_COLUMNS[:2], "labels", "fine_label", *LABEL_COLUMNS[2:])
_BATCH = 32
#: ``train-00000-of-00012.parquet`` is a shard of the split ``train``
_SHARD = re.compile(r"(?P<split>.+?)-\d+-of-\d+(-[0-9a-f]+)?")


@dataclass(frozen=True)
class ParquetContent:
    """An image in a row of a Parquet file."""

    path: Path
    column: str
    row: int

    def read(self) -> bytes:
        """The image's bytes; cheap where rows are asked for in their order."""
        try:
            cell = _cursor(self.path, self.column).cell(self.row)
        except (OSError, ValueError) as error:  # pyarrow's own errors are among these
            raise ImageError(f"row {self.row} of {self.path.name} cannot be read: {error}") from error
        data = cell.get("bytes") if isinstance(cell, dict) else cell
        if data is None and isinstance(cell, dict) and cell.get("path"):
            return FileContent(self.path.parent / cell["path"]).read()
        if not isinstance(data, bytes):
            raise ImageError(f"row {self.row} of {self.path.name} holds no image")
        return data


def list_parquet(paths: Sequence[Path], shown: str, columns: Mapping[str, str] | None = None) -> list[Entry]:
    """Every row of Parquet files, in order, without reading an image.

    Names are the ``path`` of each image where all have one and no two the same, else the file and the row.
    Label numbers become names by the file's own metadata or a ``classes.json`` beside it.

    Args:
        paths: the files; shards of one data set.
        shown: the source as the user wrote it, for messages.
        columns: ``{"image": COLUMN, "label": COLUMN}``, where the columns have other names than those known.

    Raises:
        InputError: a file cannot be read or has no column of images, or the files are different splits.
    """
    splits = sorted({_split(path) for path in paths})
    if len(splits) > 1:
        example = paths[0].name
        raise InputError(
            f"{shown}: the files are different splits ({', '.join(splits)}); name one file, such as {example},"
            f" or a pattern, such as '{_split(paths[0])}*.parquet'"
        )
    entries: list[Entry] = []
    for path in paths:
        entries += _list_file(path, shown, columns or {})
    if not entries:
        raise InputError(f"{shown}: there are no rows")
    names = [entry.name for entry in entries]
    if "" in names or len(set(names)) < len(names):
        entries = [Entry(_row_name(e.content), e.label, e.content) for e in entries]  # type: ignore[arg-type]
    return entries


def label_names(features: Any, column: str) -> list[str] | None:
    """The class names in a description of features as `datasets` writes it, or None."""
    feature = features.get(column) if isinstance(features, dict) else None
    names = feature.get("names") if isinstance(feature, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else None


def label_text(value: Any, names: Sequence[str] | None) -> str | None:
    """A label as text: a class name where numbers stand for names; None for a missing or negative one."""
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            return None
        return names[value] if names is not None and value < len(names) else str(value)
    return None if value is None or value == "" else str(value)


def _split(path: Path) -> str:
    shard = _SHARD.fullmatch(path.stem)
    return shard["split"] if shard else re.sub(r"[-_.]?\d+$", "", path.stem) or "data"


def _row_name(content: ParquetContent) -> str:
    return f"{path_name(Path(content.path.name))}/{content.row}"


def _list_file(path: Path, shown: str, columns: Mapping[str, str]) -> list[Entry]:
    file = _open(path, shown)
    with file:
        schema = file.schema_arrow
        image = pick_column(schema.names, IMAGE_COLUMNS, columns.get("image"), f"{shown}: image")
        if image is None or not _holds_images(schema.field(image).type):
            image = next((f.name for f in schema if _holds_images(f.type) and "image" not in columns), None)
        if image is None:
            listed = ", ".join(f"{f.name} ({f.type})" for f in schema)
            raise InputError(f"{shown}: no column of {path.name} holds images; its columns are {listed}")
        label = pick_column(schema.names, PARQUET_LABELS, columns.get("label"), f"{shown}: label")
        has_path = not _is_binary(schema.field(image).type) and schema.field(image).type.get_field_index("path") >= 0
        names = _class_names(path, schema, label) if label else None
        wanted = ([f"{image}.path"] if has_path else []) + ([label] if label else [])
        if not wanted:
            return [Entry("", None, ParquetContent(path, image, row)) for row in range(file.metadata.num_rows)]
        entries: list[Entry] = []
        for batch in file.iter_batches(batch_size=4096, columns=wanted):
            rows = batch.to_pylist()
            for values in rows:
                where = (values.get(image) or {}).get("path") if has_path else None
                content = ParquetContent(path, image, len(entries))
                text = label_text(values[label], names) if label else None
                entries.append(Entry(path_name(Path(where)) if where else "", text, content))
        return entries


def _open(path: Path, shown: str) -> pq.ParquetFile:
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{shown}: {path.name} is not a readable Parquet file: {error}") from error


def _is_binary(type_: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_binary(type_) or pa.types.is_large_binary(type_)


def _holds_images(type_: pa.DataType) -> bool:
    import pyarrow as pa

    if not pa.types.is_struct(type_):
        return _is_binary(type_)
    at = type_.get_field_index("bytes")
    return at >= 0 and _is_binary(type_.field(at).type)


def _class_names(path: Path, schema: pa.Schema, label: str) -> list[str] | None:
    """Names of numbered labels, from the schema's metadata or from ``classes.json``."""
    try:
        described = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = label_names(described["info"]["features"], label)
    except (ValueError, KeyError, TypeError):
        names = None
    beside = path.parent / "classes.json"
    if names is None and beside.is_file():
        try:
            listed = json.loads(beside.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{beside.name} beside {path.name} is not readable JSON: {error}") from error
        if not isinstance(listed, list):
            raise InputError(f"{beside.name} beside {path.name} must be a list of class names in label order")
        names = [str(name) for name in listed]
    return names


class _Cursor:
    """Reads one column forwards, keeping two batches of rows; going back starts the row group again."""

    def __init__(self, path: Path, column: str):
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False)
        self._column = column
        self._starts = [0]
        for group in range(self._file.num_row_groups):
            self._starts.append(self._starts[-1] + self._file.metadata.row_group(group).num_rows)
        self._lock = Lock()
        self._kept: list[tuple[int, Any]] = []
        self._batches: Iterator[Any] = iter(())
        self._next = self._end = 0  # the running iterator yields the rows [next, end)

    def cell(self, row: int) -> Any:
        """One cell: bytes, or a dictionary with ``bytes`` and ``path``."""
        with self._lock:
            while True:
                for start, batch in self._kept:
                    if start <= row < start + len(batch):
                        return batch.column(0)[row - start].as_py()
                if not self._next <= row < self._end:
                    self._restart(row)
                batch = next(self._batches)
                self._kept = [*self._kept[-1:], (self._next, batch)]
                self._next += len(batch)

    def _restart(self, row: int) -> None:
        group = next(g for g in range(self._file.num_row_groups) if row < self._starts[g + 1])
        self._batches = self._file.iter_batches(
            batch_size=_BATCH, row_groups=[group], columns=[self._column], use_threads=False
        )
        self._next, self._end = self._starts[group], self._starts[group + 1]


@lru_cache(maxsize=8)
def _cursor(path: Path, column: str) -> _Cursor:
    return _Cursor(path, column)
