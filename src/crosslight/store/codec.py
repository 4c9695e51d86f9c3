"""Blocks of arrays as the bytes of Zarr v3 chunks and shards, and the metadata that describes them.

Zarr's own Python code takes 1 to 10 ms to write or read one array, whatever its size, and does not say when
bytes reach the disk. A block has one file in each of some fifty small arrays, so the few bytes of the format
are put together and taken apart here. The metadata comes from zarr, which reads these files like any others.

Source: Zarr core specification v3; codecs ``bytes``, ``zstd``, ``crc32c``, ``sharding_indexed``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .layout import ArraySpec, to_json

#: fixed, so that equal maps give equal bytes
ZSTD_LEVEL = 3

#: bytes of a large page of memory
_PAGE = 2 * 2**20
#: offset and length of an inner chunk that was not written
_MISSING = 2**64 - 1


def encode_block(spec: ArraySpec, rows: ArrayLike) -> bytes:
    """The file of one block.

    Args:
        spec: the array.
        rows: what belongs there, ``[images of the block, ...]``; the last block may be short.

    Raises:
        ValueError: the rows do not fit the array.
    """
    data = np.asarray(rows)
    if data.shape[1:] != spec.shape[1:] or not 0 < len(data) <= spec.block:
        expected = ("<= " + str(spec.block), *spec.shape[1:])
        raise ValueError(f"{spec.name}: expected {expected}, got {data.shape}")
    full = np.full((spec.block, *spec.shape[1:]), spec.fill, spec.dtype)
    full[: len(data)] = data
    if spec.inner is None:
        return _compress(full)
    chunks = [_compress(full[i : i + spec.inner]) for i in range(0, len(data), spec.inner)]
    index = np.full((spec.block // spec.inner, 2), _MISSING, "<u8")
    index[: len(chunks), 1] = lengths = [len(chunk) for chunk in chunks]
    index[: len(chunks), 0] = np.cumsum([0, *lengths[:-1]])
    table = index.tobytes()
    return b"".join([*chunks, table, crc32c(table).to_bytes(4, "little")])


def decode_block(spec: ArraySpec, content: bytes | memoryview, rows: NDArray[np.int64]) -> NDArray[Any]:
    """Rows of one block, from its file.

    Args:
        spec: the array.
        content: what `encode_block` gave.
        rows: ``[n]``, positions within the block.

    Returns:
        ``[n, ...]``.

    Raises:
        ValueError: the content is damaged.
    """
    if spec.inner is None:
        return _decompress(content, spec, spec.block)[rows]
    count = spec.block // spec.inner
    table = content[-16 * count - 4 : -4]
    if len(content) < 16 * count + 4 or crc32c(table) != int.from_bytes(content[-4:], "little"):
        raise ValueError("the shard's index does not match its checksum")
    index = np.frombuffer(table, "<u8").reshape(count, 2).tolist()
    out = _room((len(rows), *spec.shape[1:]), spec.dtype)
    view = memoryview(content)
    if spec.inner == 1:
        for place, (offset, length) in enumerate(index[row] for row in rows.tolist()):
            if offset == _MISSING:
                out[place] = spec.fill
            else:
                _decompress(view[offset : offset + length], spec, 1, out[place : place + 1])
        return out
    chunks, places = rows // spec.inner, rows % spec.inner
    for chunk in np.unique(chunks).tolist():
        offset, length = index[chunk]
        mine = np.flatnonzero(chunks == chunk)
        if offset == _MISSING:
            out[mine] = spec.fill
        elif len(mine) == spec.inner and (np.diff(mine) == 1).all() and (places[mine] == np.arange(spec.inner)).all():
            _decompress(view[offset : offset + length], spec, spec.inner, out[mine[0] : mine[0] + spec.inner])
        else:
            out[mine] = _decompress(view[offset : offset + length], spec, spec.inner)[places[mine]]
    return out


def _room(shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """An array to be filled: where it is large, it lies on large pages of memory.

    Of fresh memory, each page costs the system some time, which for pages of the usual size is half of the time that
    maps take to decode. NumPy asks for large pages for arrays of 4 MiB and more.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size < _PAGE:
        return np.empty(shape, dtype)
    memory = np.empty((1 - (-size // _PAGE)) * _PAGE, np.uint8)
    start = -memory.__array_interface__["data"][0] % _PAGE
    return memory[start : start + size].view(dtype).reshape(shape)


def describe_group(arrays: Sequence[ArraySpec], attributes: Mapping[str, Any]) -> dict[str, bytes]:
    """The metadata files of a group and its arrays, by path relative to the group."""
    group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    return {"zarr.json": to_json(group)} | {f"{spec.name}/zarr.json": _describe_array(spec) for spec in arrays}


@cache
def _describe_array(spec: ArraySpec) -> bytes:
    import zarr
    from zarr.codecs import ZstdCodec
    from zarr.storage import MemoryStore

    shard = (spec.block, *spec.shape[1:])
    files: dict[str, Any] = {}
    zarr.create_array(
        MemoryStore(files),
        shape=spec.shape,
        dtype=spec.dtype,
        chunks=shard if spec.inner is None else (spec.inner, *spec.shape[1:]),
        shards=None if spec.inner is None else shard,
        fill_value=spec.fill,
        compressors=ZstdCodec(level=ZSTD_LEVEL, checksum=True),
        dimension_names=spec.dims,
        chunk_key_encoding={
            "name": "default",
            "separator": ".",
        },  # one folder for each array, not for each file
        config={"write_empty_chunks": True},
    )
    return bytes(files["zarr.json"].to_bytes())


@cache
def _zstd() -> Any:
    from numcodecs import zstd  # its functions: the codec made of them looks at every buffer twice

    return zstd


def _compress(values: NDArray[Any]) -> bytes:
    return bytes(_zstd().compress(np.ascontiguousarray(values), ZSTD_LEVEL, True))


def _decompress(
    content: bytes | memoryview, spec: ArraySpec, images: int, into: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Rows of an array, written in place where there is one to take them: large maps are copied once less."""
    try:
        data = _zstd().decompress(content, into)
    except RuntimeError as error:  # numcodecs' way to say that a frame is no frame, or its checksum wrong
        raise ValueError(str(error)) from error
    if into is not None:
        return into
    return np.frombuffer(data, spec.dtype).reshape(images, *spec.shape[1:])


def crc32c(data: bytes | memoryview) -> int:
    """CRC-32C (Castagnoli) of a few bytes.

    Source: RFC 3720, appendix B.4.
    """
    value = 0xFFFFFFFF
    for byte in data:
        value = _CRC_TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _crc_entry(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    return value


_CRC_TABLE = tuple(map(_crc_entry, range(256)))
