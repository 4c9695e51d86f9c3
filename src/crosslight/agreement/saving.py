"""Results on disk: all of one as JSON, its means as CSV, and similarities per image as a compressed array."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.seeds import digest
from .result import Agreement
from .structure.trees import average_linkage


@dataclass(frozen=True)
class Tensor:
    """Similarities per image, as `save` wrote them.

    Attributes:
        per_image: float32 ``[image, set, set]``, NaN where a map was unusable.
        images: identities of the images.
        sets: labels.
        measure: key of the measure.
    """

    per_image: NDArray[np.float32]
    images: tuple[str, ...]
    sets: tuple[str, ...]
    measure: str


def save(result: Agreement, out_dir: str | Path) -> list[Path]:
    """Write a result into ``OUT/agreement`` as ``.json`` (all of it, with its tree), ``.csv`` (means) and ``.npz``.

    Files are named after the label; other measures than the cosine add ``--<measure>``, filters ``--<filter>``.

    Args:
        result: what to write.
        out_dir: the study's folder.

    Returns:
        The files written, each complete or not there at all. The array is written where there are images.
    """
    folder = Path(out_dir) / "agreement"
    folder.mkdir(parents=True, exist_ok=True)
    stem = file_stem(result.label if result.across == "models" else f"{result.across} of {result.label}")
    stem += f"--{file_stem(result.measure)}" if result.measure != "cosine" else ""
    stem += f"--{file_stem(result.filter)}" if result.filter else ""
    tree = average_linkage(result.dissimilarity, result.sets)
    content = json.dumps(result.to_dict() | {"tree": tree.to_dict()}, indent=1, allow_nan=False)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["", *result.sets])
    for name, row in zip(result.sets, result.mean.tolist(), strict=True):
        writer.writerow([name, *("" if np.isnan(value) else repr(value) for value in row)])
    files = {".json": content.encode(), ".csv": table.getvalue().encode()}
    if len(result.per_image):
        files[".npz"] = _packed(result)
    return [_write(folder / f"{stem}{ending}", data) for ending, data in files.items()]


def read_tensor(path: str | Path) -> Tensor:
    """Similarities per image from a file that `save` wrote; nothing in it is run.

    Raises:
        InputError: there is no such file, or it holds something else.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            images, sets = (tuple(found[name].tolist()) for name in ("images", "sets"))
            return Tensor(found["per_image"], images, sets, str(found["measure"]))
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path} holds no similarities per image: {error}") from error


def write_json(value: Mapping[str, Any], path: Path) -> Path:
    """Write a value in JSON's own types, complete or not at all; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _write(path, json.dumps(value, indent=1, allow_nan=False).encode())


def file_stem(label: str) -> str:
    """A file name for a label; labels that need changes get a digest, so that no two share a file."""
    plain = re.sub(r"[^\w.-]+", "-", label, flags=re.ASCII).strip("-.") or "agreement"
    return plain if plain == label else f"{plain}-{digest(label, 6)}"


def _packed(result: Agreement) -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        per_image=result.per_image.astype(np.float32),
        images=np.array(result.images, np.str_),
        sets=np.array(result.sets, np.str_),
        measure=np.array(result.measure, np.str_),
    )
    return packed.getvalue()


def _write(path: Path, content: bytes) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
