"""The pictures of the page: photographs as small JPEG files, maps packed into scripts.

A coarse map is one byte per cell, which the page colours and interpolates as `overlay` does; a fine one is a
transparent PNG, which compresses better.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import ImageError
from ..core.maps import Maps, Status
from ..core.progress import Progress, Silent
from ..store.pictures import Pictures
from .contents import Contents, MethodGroup
from .overlay import FINE, FINE_PERCENTILE, colourise, is_signed, limit_of

#: most cells along a side of a map on the page; finer ones are reduced by area averaging
CELLS = 96

#: maps with more cells in all are kept as PNG
COARSE = 32 * 32

#: levels of colour in a PNG, which would compress badly otherwise
LEVELS = 48

#: the highest value of a byte; an even number, so that 0 of a signed map has a value of its own
TOP_BYTE = 254

#: images whose maps stand in one script
CHUNK = 200

#: longest side of a photograph, in pixels; the smaller one from so many images on
LARGE, SMALL, MANY = 448, 256, 400


def write_photographs(contents: Contents, pictures: Pictures, folder: Path) -> list[bool]:
    """Write ``photo-<row>.jpg`` for every image that can be had.

    Args:
        contents: names the images.
        pictures: where they are.
        folder: existing.

    Returns:
        For each image, whether there is a file.
    """
    side = LARGE if len(contents.images) < MANY else SMALL
    return [_photograph(pictures, image.identity, folder / f"photo-{row}.jpg", side)
            for row, image in enumerate(contents.images)]  # fmt: skip


def _photograph(pictures: Pictures, identity: str, path: Path, side: int) -> bool:
    try:
        picture = pictures.load(identity).copy()
    except ImageError:
        return False
    finally:
        pictures.forget()
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    tiny = max(picture.size) <= SMALL  # is shown enlarged, where every artefact would be seen
    picture.save(path, "JPEG", quality=92 if tiny else 80, subsampling=0 if tiny else 2, optimize=True)
    return True


def write_maps(contents: Contents, folder: Path, progress: Progress | None = None) -> None:
    """Write ``maps-<method>-<chunk>.js`` for every method, and note the status of every map in `contents`.

    A script calls ``crosslight.maps(method, chunk, columns)`` with one column per model: what is needed to show
    its maps of up to `CHUNK` images.

    Args:
        contents: what there is; `Contents.statuses` and `Contents.emptied` are filled.
        folder: existing.
        progress: told of every method.
    """
    progress, count = progress or Silent(), len(contents.images)
    for number, group in enumerate(contents.methods):
        for model in group.sets:
            contents.statuses[model, group.label] = np.zeros(count, np.uint8)
            contents.emptied[model, group.label] = np.zeros(count, bool)
        for chunk, start in enumerate(range(0, count, CHUNK)):
            rows = slice(start, min(start + CHUNK, count))
            columns = [
                _column(contents, group, model.label, rows) if model.label in group.sets else None
                for model in contents.models
            ]
            text = json.dumps(columns, separators=(",", ":"), allow_nan=False)
            path = folder / f"maps-{number}-{chunk}.js"
            path.write_text(f"crosslight.maps({number},{chunk},{text});\n", encoding="ascii")
        progress.advance(1, f"maps: {group.label}")


def _column(contents: Contents, group: MethodGroup, model: str, rows: slice) -> dict[str, Any]:
    """One model's maps as the page reads them; statuses go into `contents`."""
    one = group.sets[model]
    maps = contents.store.maps(model, one.key, rows)
    signed = is_signed(maps)
    tiles = [
        map_tile(values, signed=signed) if status == Status.OK else ""
        for values, status in zip(maps.finished().values, maps.status.tolist(), strict=True)
    ]
    empty = np.array([not tile for tile in tiles])
    contents.statuses[model, group.label][rows] = maps.status
    contents.emptied[model, group.label][rows] = empty & (maps.status == Status.OK)
    return {
        "cells": one.shape,
        "coarse": is_coarse(one.shape),
        "status": maps.status.tolist(),
        "tile": tiles,
        "box": [_rounded(box, 2) for box in maps.boxes],
        "range": [_extent(values) for values in maps.values],
        "target": maps.targets.tolist(),
        "diagnostics": {name: _rounded(values, 6) for name, values in maps.diagnostics.items()},
        "why": _reasons(contents, maps, rows, model, one.label),
    }


def _reasons(contents: Contents, maps: Maps, rows: slice, model: str, label: str) -> dict[int, str]:
    failed = np.flatnonzero((maps.status == Status.FAILED) | (maps.status == Status.PENDING)).tolist()
    found = {at: contents.reason(contents.images[rows.start + at].identity, model, label) for at in failed}
    return {at: reason for at, reason in found.items() if reason}


def is_coarse(shape: tuple[int, int]) -> bool:
    """Whether maps of this height and width are kept as bytes rather than as a PNG."""
    return shape[0] * shape[1] <= COARSE


def map_tile(values: NDArray[np.floating], *, signed: bool) -> str:
    """A map in base64, as the page shows it.

    Args:
        values: ``[h, w]``, after the finishing step, finite.
        signed: whether negative values mean something.

    Returns:
        Of a coarse map the bytes of `map_bytes`, of a fine one a PNG; empty where nothing is to be seen.
    """
    limit = limit_of(
        values if signed else np.maximum(values, 0), FINE_PERCENTILE if min(values.shape) > FINE else 100.0
    )
    if not limit > 0:
        return ""
    made = map_bytes(values, signed, limit) if is_coarse(values.shape) else map_png(values, signed, limit)
    return base64.b64encode(made).decode("ascii")


def map_bytes(values: NDArray[np.floating], signed: bool, limit: float) -> bytes:
    """One byte per cell, row by row: 0 to `TOP_BYTE` from the lowest value shown to `limit`.

    The lowest value is 0, or ``-limit`` of a signed map, whose 0 is half of `TOP_BYTE`.
    """
    low = -limit if signed else 0.0
    share = np.clip((values.astype(np.float64) - low) / (limit - low), 0, 1)
    return np.rint(share * TOP_BYTE).astype(np.uint8).tobytes()


def map_png(values: NDArray[np.floating], signed: bool, limit: float) -> bytes:
    """A transparent PNG with `LEVELS` colours, one pixel per cell.

    It is reduced by area averaging where a side has more than `CELLS` cells; the scale is that of the averages
    then, because they do not reach the largest values.
    """
    small = reduced(values)
    if small.shape != values.shape:
        limit = min(limit, limit_of(small if signed else np.maximum(small, 0), FINE_PERCENTILE))
    low = -limit if signed else 0.0
    share = np.clip((small - low) / (limit - low), 0, 1)
    levels = LEVELS + 1 if signed else LEVELS  # an odd number, so that 0 is one of them
    index = np.rint(share * (levels - 1)).astype(np.uint8)
    table = colourise(np.linspace(low, limit, levels)[None], signed=signed, limit=limit)[0]
    picture = Image.frombytes("P", (small.shape[1], small.shape[0]), index.tobytes())
    picture.putpalette(table[:, :3].tobytes())
    buffer = io.BytesIO()
    # Level 9 would take twice the time for a hundredth of the size.
    picture.save(buffer, "PNG", transparency=table[:, 3].tobytes(), compress_level=6)
    return buffer.getvalue()


def reduced(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """A map with at most `CELLS` cells a side, each the mean of what it covers; coarse maps stay as they are."""
    height, width = values.shape
    if max(height, width) <= CELLS:
        return values.astype(np.float32)
    scale = CELLS / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize(size, Image.Resampling.BOX))


def colour_table(signed: bool) -> str:
    """The RGBA of every byte of `map_bytes`, in base64."""
    values = np.linspace(-1 if signed else 0, 1, TOP_BYTE + 1, dtype=np.float32)[None]
    return base64.b64encode(colourise(values, signed=signed, limit=1.0).tobytes()).decode("ascii")


def colour_bar(signed: bool) -> str:
    """The colours from the lowest to the highest value as a data URI of a PNG one pixel high."""
    values = np.linspace(-1 if signed else 0, 1, 128, dtype=np.float32)[None]
    buffer = io.BytesIO()
    Image.fromarray(colourise(values, signed=signed, limit=1.0)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _extent(values: NDArray[np.floating]) -> list[float] | None:
    finite = values[np.isfinite(values)]
    return [float(f"{finite.min():.4g}"), float(f"{finite.max():.4g}")] if finite.size else None


def _rounded(values: NDArray[np.floating] | Sequence[float], digits: int) -> list[float | None]:
    return [round(float(v), digits) if np.isfinite(v) else None for v in values]
