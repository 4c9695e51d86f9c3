"""Batches appended to a file so that a torn end is found: each behind its length and checksum."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import StoreError
from .outputs import Batch

_MAGIC = b"CLH1"
_HEAD = struct.Struct("<4sII")
_COUNTS = struct.Struct("<IIB")
_START, _BATCH, _END = b"S", b"B", b"E"
_LABEL, _CLASS, _SHARE, _MARGIN = (np.dtype(name) for name in ("<i4", "<u2", "<f2", "<f4"))


@dataclass(frozen=True)
class Partial:
    """What one process wrote of an epoch.

    Attributes:
        batches: whole ones, in order.
        start: what the process said of itself: ``epoch``, ``rank``, ``processes``.
        ended: whether it said that the epoch is over.
        torn: bytes at the end that are no whole frame.
    """

    batches: tuple[Batch, ...]
    start: Mapping[str, Any]
    ended: bool
    torn: int


def frame(payload: bytes) -> bytes:
    """Bytes behind their length and checksum."""
    return _HEAD.pack(_MAGIC, len(payload), zlib.crc32(payload)) + payload


def start_frame(epoch: int, rank: int, processes: int) -> bytes:
    """The first frame of a file."""
    return frame(_START + json.dumps({"epoch": epoch, "rank": rank, "processes": processes}).encode())


def end_frame() -> bytes:
    """The last frame of an epoch."""
    return frame(_END)


def batch_frame(batch: Batch) -> bytes:
    """One batch."""
    ids = json.dumps(batch.ids, separators=(",", ":")).encode()
    flags = (batch.probability is not None) + 2 * (batch.margin is not None)
    parts = [_BATCH, _COUNTS.pack(len(batch.ids), len(ids), flags), ids]
    parts += [batch.labels.astype(_LABEL).tobytes(), batch.predictions.astype(_CLASS).tobytes()]
    if batch.probability is not None:
        parts.append(batch.probability.astype(_SHARE).tobytes())
    if batch.margin is not None:
        parts.append(batch.margin.astype(_MARGIN).tobytes())
    return frame(b"".join(parts))


def read_partial(path: Path) -> Partial:
    """All whole frames of a file, up to the first that is not.

    Raises:
        StoreError: the file cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}") from error
    batches: list[Batch] = []
    start: Mapping[str, Any] = {}
    at, ended = 0, False
    while len(content) - at >= _HEAD.size:
        magic, length, checksum = _HEAD.unpack_from(content, at)
        payload = content[at + _HEAD.size : at + _HEAD.size + length]
        if magic != _MAGIC or len(payload) < length or zlib.crc32(payload) != checksum:
            break
        kind = payload[:1]
        if kind == _START:
            start = json.loads(payload[1:])
        elif kind == _BATCH:
            batches.append(_read_batch(payload))
        ended = ended or kind == _END
        at += _HEAD.size + length
    return Partial(tuple(batches), start, ended, len(content) - at)


def _read_batch(payload: bytes) -> Batch:
    count, length, flags = _COUNTS.unpack_from(payload, 1)
    at = 1 + _COUNTS.size
    ids = tuple(json.loads(payload[at : at + length]))
    at += length

    def take(kind: np.dtype[Any]) -> NDArray[Any]:
        nonlocal at
        found = np.frombuffer(payload, kind, count, at)
        at += count * kind.itemsize
        return found

    labels, predictions = take(_LABEL), take(_CLASS)
    probability = take(_SHARE) if flags & 1 else None
    return Batch(ids, labels, predictions, probability, take(_MARGIN) if flags & 2 else None)
