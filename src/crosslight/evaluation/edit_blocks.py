"""Finished blocks of an edit's comparison, kept so that a run that was cut off goes on."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.plain import plain
from ..store.durable import make_folder, write_files
from .edit_result import EditRow

#: by model and method: sums of unit vectors before and after, sum of their cosines, number of pictures
Sums = Mapping[tuple[str, str], tuple[NDArray[np.float64], NDArray[np.float64], float, int]]


@dataclass(frozen=True)
class BlockRows:
    """What was measured of a block.

    Attributes:
        rows: of every picture and classifier.
        sums: what the chance floor of similarity needs.
        failures: image, model, stage and reason.
    """

    rows: tuple[EditRow, ...]
    sums: Sums
    failures: tuple[tuple[str, str, str, str], ...]


def write_block(path: Path, block: BlockRows) -> None:
    """Keep a block; its file is there complete, or not at all.

    Raises:
        StoreError: it cannot be written.
    """
    head = {
        "rows": [asdict(row) for row in block.rows],
        "failures": block.failures,
        "sums": [[model, method, matched, pairs] for (model, method), (_, _, matched, pairs) in block.sums.items()],
    }
    arrays: dict[str, Any] = {}
    for number, (before, after, _, _) in enumerate(block.sums.values()):
        arrays |= {f"before{number}": before, f"after{number}": after}
    stream = io.BytesIO()
    text = json.dumps(plain(head), ensure_ascii=False, allow_nan=False)
    np.savez_compressed(stream, head=np.frombuffer(text.encode(), np.uint8), **arrays)
    make_folder(path.parent)
    write_files({path: stream.getvalue()}, path.parent)


def read_block(path: Path) -> BlockRows | None:
    """A kept block; None where there is none that can be read."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            head = json.loads(arrays["head"].tobytes())
            sums = {
                (model, method): (arrays[f"before{number}"], arrays[f"after{number}"], matched, pairs)
                for number, (model, method, matched, pairs) in enumerate(head["sums"])
            }
        rows = tuple(_row(one) for one in head["rows"])
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None
    return BlockRows(rows, sums, tuple(tuple(one) for one in head["failures"]))


def _row(content: dict[str, object]) -> EditRow:
    maps = content.pop("maps")
    assert isinstance(maps, dict)
    known = {
        method: {name: float("nan") if value is None else value for name, value in values.items()}
        for method, values in maps.items()
    }
    return EditRow(**content, maps=known)  # type: ignore[arg-type]
