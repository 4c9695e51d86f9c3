"""Reading blocks back: only what a marker vouches for; everything else reads as not computed."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import StoreError
from .codec import decode_block
from .layout import ArraySpec

Rows = slice | Sequence[int] | NDArray[Any] | None


def image_rows(images: Rows, count: int) -> NDArray[np.int64]:
    """The positions that a slice, indices or a mask select among `count` images.

    Raises:
        StoreError: an index beyond the images.
    """
    every = np.arange(count)
    if images is None:
        return every
    try:
        return every[images if isinstance(images, slice) else np.asarray(images, dtype=_index_type(images))]
    except IndexError as error:
        raise StoreError(f"the store has {count} images: {error}") from error


def _index_type(images: Any) -> type:
    return bool if np.asarray(images).dtype == bool else int


def read_arrays(
    group: Path, arrays: Sequence[ArraySpec], rows: NDArray[np.int64], known: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    """Rows of a group's arrays.

    Args:
        group: folder of the group.
        arrays: which arrays.
        rows: ``[n]``, positions of the images asked for.
        known: ``[n]``, which of them lie in finished blocks; the others keep the fill value.

    Returns:
        ``[n, ...]`` by array name.

    Raises:
        StoreError: a file is damaged.
    """
    found = {}
    for length in {spec.block for spec in arrays}:
        blocks, inside = rows // length, rows % length
        wanted = np.unique(blocks[known]).tolist()
        whole = len(wanted) == 1 and bool(known.all())  # as studies are read: large maps need not be copied
        for spec in arrays:
            if spec.block == length and whole:
                found[spec.name] = _read_block(group, spec, wanted[0], inside)
            elif spec.block == length:
                found[spec.name] = _read_blocks(group, spec, wanted, blocks, inside, known)
    return {spec.name: found[spec.name] for spec in arrays}


def _read_blocks(
    group: Path,
    spec: ArraySpec,
    wanted: Sequence[int],
    blocks: NDArray[np.int64],
    inside: NDArray[np.int64],
    known: NDArray[np.bool_],
) -> NDArray[Any]:
    out = np.full((len(inside), *spec.shape[1:]), spec.fill, spec.dtype)
    for block in wanted:
        mine = known & (blocks == block)
        out[mine] = _read_block(group, spec, block, inside[mine])
    return out


def _read_block(group: Path, spec: ArraySpec, block: int, rows: NDArray[np.int64]) -> NDArray[Any]:
    path = group / spec.file(block)
    try:
        return decode_block(spec, _content(path), rows)
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} is damaged ({error}): delete it, and run the study again to compute it anew"
        ) from error


#: where each thread reads files into: memory that is there already costs less time than fresh memory
_room = threading.local()


def _content(path: Path) -> memoryview:
    """The bytes of a file, until this thread reads the next one."""
    with open(path, "rb", buffering=0) as file:
        size, done = os.fstat(file.fileno()).st_size, 0
        if size > len(getattr(_room, "bytes", b"")):
            _room.bytes = bytearray(size)
        content = memoryview(_room.bytes)[:size]
        while done < size and (read := file.readinto(content[done:])):
            done += read
    return content[:done]
