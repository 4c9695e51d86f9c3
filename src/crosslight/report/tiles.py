"""Maps and photographs as the page reads them: one byte per cell, and small JPEG files.

The page colours and interpolates bytes itself, so that colour maps can be chosen there and values read.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
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
from .overlay import FINE, FINE_PERCENTILE, is_signed, limit_of
from .parts import deflated, write_part

#: most cells along a side of a map on the page; finer ones are reduced by area averaging
CELLS = 96

#: the same for maps of superpixels, of which single pixels are taken, so that segments keep their edges and values
FLAT_CELLS = 128

#: maps with more cells in all have `LEVELS` values only, which compress better
COARSE = 32 * 32

#: different values of a fine map; an odd number, so that 0 of a signed map is one of them
LEVELS = 49

#: the highest value of a byte; an even number, so that 0 of a signed map has a value of its own
TOP_BYTE = 254

#: bytes of maps in one script, before compression, and the most images
CHUNK_BYTES, CHUNK_IMAGES = 1_500_000, 128

#: longest side of a photograph in the grid, and in large; of the latter where there are many images
SMALL, LARGE, LARGE_OF_MANY, MANY = 208, 640, 448, 400

#: photographs in one script
PHOTOGRAPHS = 32


@dataclass(frozen=True)
class Tile:
    """One map as the page shows it.

    Attributes:
        cells: rows and columns of `content`.
        limit: the value of `TOP_BYTE`, in the map's own units; 0 where nothing is to be seen.
        content: one byte per cell, row by row: 0 to `TOP_BYTE` from the lowest value shown to `limit`. The lowest is
            0, or ``-limit`` of a signed map, whose 0 is half of `TOP_BYTE`.
        rest: one byte per cell: 128 and the 256ths of a step by which the value is above its byte, so that values can
            be read to four digits; empty where cells are means of many pixels.
    """

    cells: tuple[int, int]
    limit: float
    content: bytes
    rest: bytes = b""


def tile_of(values: NDArray[np.floating], *, signed: bool, flat: bool = False) -> Tile:
    """A map as the page shows it.

    Args:
        values: ``[h, w]``, after the finishing step, finite.
        signed: whether negative values mean something; if not, they count as 0.
        flat: whether it is constant over segments of the picture.
    """
    small = reduced(values, flat=flat)
    shape = (small.shape[0], small.shape[1])
    shown = small if signed else np.maximum(small, 0)
    fine = min(values.shape) > FINE and not flat
    limit = limit_of(shown, FINE_PERCENTILE if fine else 100.0)
    if not limit > 0:
        return Tile(shape, 0.0, b"")
    low = -limit if signed else 0.0
    share = np.clip((small.astype(np.float64) - low) / (limit - low), 0, 1)
    if small.size > COARSE and not flat:
        share = np.rint(share * (LEVELS - 1)) / (LEVELS - 1)
        return Tile(shape, limit, np.rint(share * TOP_BYTE).astype(np.uint8).tobytes())
    content = np.rint(share * TOP_BYTE)
    rest = np.clip(np.rint(256 * (share * TOP_BYTE - content)) + 128, 0, 255)
    return Tile(shape, limit, content.astype(np.uint8).tobytes(), rest.astype(np.uint8).tobytes())


def reduced(values: NDArray[np.floating], *, flat: bool = False) -> NDArray[np.float32]:
    """A map with at most `CELLS` cells a side, each the mean of what it covers; coarse maps stay as they are.

    Args:
        values: ``[h, w]``.
        flat: whether it is constant over segments; then there are at most `FLAT_CELLS`, each the value at its centre.
    """
    height, width = values.shape
    most = FLAT_CELLS if flat else CELLS
    if max(height, width) <= most:
        return values.astype(np.float32)
    scale = most / max(height, width)
    rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
    if flat:
        return values[np.ix_(_centres(rows, height), _centres(columns, width))].astype(np.float32)
    return np.asarray(Image.fromarray(values.astype(np.float32)).resize((columns, rows), Image.Resampling.BOX))


def _centres(cells: int, pixels: int) -> NDArray[np.intp]:
    return ((np.arange(cells) + 0.5) * pixels / cells).astype(np.intp)


def is_flat(group: MethodGroup) -> bool:
    """Whether a method's maps are constant over superpixels."""
    return "segmentation" in (group.first.attributes.get("settings") or {})


def chunk_of(group: MethodGroup) -> int:
    """How many images' maps of a method stand in one script."""
    most = FLAT_CELLS if is_flat(group) else CELLS
    cells = sum(min(one.shape[0], most) * min(one.shape[1], most) for one in group.sets.values())
    return int(np.clip(CHUNK_BYTES // max(1, cells), 4, CHUNK_IMAGES))


def write_photographs(contents: Contents, pictures: Pictures, folder: Path) -> list[bool]:
    """Write ``photographs-<chunk>.js`` with small pictures, and ``photo-<row>.js`` of those that are larger.

    A picture that lies as a file beside a page on a disk is of another origin: the page may show it, but not save what
    it is drawn into. So large pictures are parts, too: ``{"type": "image/jpeg", "bytes": base64}``.

    Args:
        contents: names the images.
        pictures: where they are.
        folder: existing.

    Returns:
        For each image, whether there is a picture.
    """
    large = LARGE if len(contents.images) < MANY else LARGE_OF_MANY
    there: list[bool] = []
    for chunk, start in enumerate(range(0, len(contents.images), PHOTOGRAPHS)):
        small: list[str | None] = []
        for row, image in enumerate(contents.images[start : start + PHOTOGRAPHS], start):
            picture = _picture(pictures, image.identity)
            there.append(picture is not None)
            if picture is None:
                small.append(None)
                continue
            if max(picture.size) > SMALL:
                write_part(folder, f"photo-{row}", {"type": "image/jpeg", "bytes": _base64(jpeg(picture, large))})
            small.append(_base64(jpeg(picture, SMALL)))
        write_part(folder, f"photographs-{chunk}", small)
    return there


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _picture(pictures: Pictures, identity: str) -> Image.Image | None:
    try:
        return pictures.load(identity).copy()
    except ImageError:
        return None
    finally:
        pictures.forget()


def jpeg(picture: Image.Image, side: int, *, enlarged: bool = True) -> bytes:
    """A picture as JPEG with at most `side` pixels a side.

    Args:
        picture: of any size.
        side: the longest.
        enlarged: whether a tiny one may be shown much larger, where every artefact would be seen.
    """
    picture = picture.convert("RGB")
    picture.thumbnail((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    tiny = enlarged and max(picture.size) <= 128
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=92 if tiny else 82, subsampling=0 if tiny else 2, optimize=True)
    return buffer.getvalue()


def write_maps(contents: Contents, folder: Path, progress: Progress | None = None) -> None:
    """Write ``maps-<method>-<chunk>.js`` for every method, and note the status of every map in `contents`.

    A part has ``columns``, one per model or null, with what is known of its maps, and ``bytes``, the tiles of all of
    them one after the other, deflated; where a column says ``exact``, each tile's `Tile.rest` follows it.

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
        size = chunk_of(group)
        for chunk, start in enumerate(range(0, count, size)):
            rows = slice(start, min(start + size, count))
            content = bytearray()
            columns = [
                _column(contents, group, model.label, rows, content) if model.label in group.sets else None
                for model in contents.models
            ]
            write_part(folder, f"maps-{number}-{chunk}", {"columns": columns, "bytes": deflated(bytes(content))})
        progress.advance(1, f"maps: {group.label}")


def _column(contents: Contents, group: MethodGroup, model: str, rows: slice, content: bytearray) -> dict[str, Any]:
    """One model's maps as the page reads them; statuses go into `contents`, bytes behind `content`."""
    one = group.sets[model]
    maps = contents.store.maps(model, one.key, rows)
    signed = is_signed(maps)
    flat = is_flat(group)
    at: list[int] = []
    limits: list[float] = []
    cells = reduced(np.zeros(one.shape, np.float32), flat=flat).shape
    for values, status in zip(maps.finished().values, maps.status.tolist(), strict=True):
        tile = tile_of(values, signed=signed, flat=flat) if status == Status.OK else None
        shown = tile is not None and tile.limit > 0
        at.append(len(content) if shown else -1)
        limits.append(float(f"{tile.limit:.6g}") if tile is not None and shown else 0.0)
        content += tile.content + tile.rest if tile is not None else b""
    empty = np.array(at) < 0
    contents.statuses[model, group.label][rows] = maps.status
    contents.emptied[model, group.label][rows] = empty & (maps.status == Status.OK)
    return {
        "native": one.shape,
        "cells": cells,
        "signed": signed,
        "exact": flat or cells[0] * cells[1] <= COARSE,
        "status": maps.status.tolist(),
        "at": at,
        "limit": limits,
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


def _extent(values: NDArray[np.floating]) -> list[float] | None:
    finite = values[np.isfinite(values)]
    return [float(f"{finite.min():.4g}"), float(f"{finite.max():.4g}")] if finite.size else None


def _rounded(values: NDArray[np.floating] | Sequence[float], digits: int) -> list[float | None]:
    return [round(float(v), digits) if np.isfinite(v) else None for v in values]
