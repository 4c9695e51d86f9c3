"""Images of a data set on the Hugging Face hub, or in a folder that `datasets` can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..core.errors import ImageError, InputError, suggestion
from .csv_list import pick_column
from .image_set import Entry, FileContent, Path, path_name
from .parquet import IMAGE_COLUMNS, PARQUET_LABELS, label_text


@dataclass(frozen=True)
class HubContent:
    """An image in a row of a data set that is on this machine by now."""

    name: str
    config: str | None
    split: str
    column: str
    row: int

    def read(self) -> bytes:
        """The image's bytes."""
        cell = _load(self.name, self.config, self.split)[self.row][self.column]
        data = cell.get("bytes") if isinstance(cell, dict) else cell
        if data is None and isinstance(cell, dict) and cell.get("path"):
            return FileContent(Path(cell["path"])).read()
        if not isinstance(data, bytes):
            raise ImageError(f"row {self.row} holds no image")
        return data


def list_hub(source: str, columns: Mapping[str, str] | None = None) -> list[Entry]:
    """Every row of one split of a data set; it is downloaded once, by `datasets`, into its own cache.

    Args:
        source: ``hf:NAME:SPLIT`` or ``hf:NAME:CONFIGURATION:SPLIT``.
        columns: ``{"image": COLUMN, "label": COLUMN}``, where the columns have other names than those known.

    Raises:
        InputError: the form is wrong, `datasets` is not installed, the data set cannot be loaded, or it has no
            images.
    """
    parts = source.removeprefix("hf:").split(":")
    if len(parts) not in (2, 3) or not all(parts):
        raise InputError(f"{source}: a data set is written hf:NAME:SPLIT, such as hf:beans:test")
    name, split, config = parts[0], parts[-1], parts[1] if len(parts) == 3 else None
    try:
        data = _load(name, config, split)
    except ImportError:
        raise InputError(f"{source}: needs the package `datasets`; pip install 'crosslight[hf]'") from None
    except Exception as error:  # its errors come from many packages
        raise InputError(f"{source}: {_reason(error)}") from error
    present = list(data.column_names)
    image = pick_column(present, IMAGE_COLUMNS, (columns or {}).get("image"), f"{source}: image")
    if image is None:
        raise InputError(f"{source}: no column of images{suggestion('image', present)}")
    label = pick_column(present, PARQUET_LABELS, (columns or {}).get("label"), f"{source}: label")
    names = getattr(data.features[label], "names", None) if label else None
    values = data[label] if label else [None] * len(data)
    return [
        Entry(
            f"{path_name(Path(split))}/{row}",
            label_text(value, names),
            HubContent(name, config, split, image, row),
        )
        for row, value in enumerate(values)
    ]


def _reason(error: Exception) -> str:
    """Why a data set cannot be loaded, in one line."""
    chain: list[BaseException] = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    if any(_is_network(e) for e in chain):
        return "the data set is not on this machine and the hub cannot be reached; is there a network?"
    lines = str(error).strip().splitlines()
    return f"the data set cannot be loaded: {lines[0] if lines else type(error).__name__}"


def _is_network(error: BaseException) -> bool:
    names = {kind.__name__ for kind in type(error).__mro__}
    marks = {
        "ConnectionError",
        "OfflineModeIsEnabled",
        "ConnectError",
        "TimeoutException",
        "LocalEntryNotFoundError",
    }
    return bool(names & marks)


@lru_cache(maxsize=4)
def _load(name: str, config: str | None, split: str) -> Any:
    import datasets

    data = datasets.load_dataset(name, config, split=split)
    for column, feature in data.features.items():
        if isinstance(feature, datasets.Image):
            data = data.cast_column(column, datasets.Image(decode=False))
    return data
