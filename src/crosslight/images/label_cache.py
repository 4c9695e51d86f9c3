"""Superpixels kept in memory, compressed, so that a study's later models and methods need not make them again."""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .superpixels import Superpixels

_OVERHEAD = 1024  # bytes for key, objects and table, rounded up


@dataclass(frozen=True)
class _Packed:
    """Superpixels without their labels, and those in compressed form."""

    rest: Superpixels
    data: bytes
    dtype: np.dtype[np.unsignedinteger]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return len(self.data) + _OVERHEAD

    def unpack(self) -> Superpixels:
        labels = np.frombuffer(zlib.decompress(self.data), self.dtype).reshape(self.shape).astype(np.int32)
        labels.flags.writeable = False
        return replace(self.rest, labels=labels)


class LabelCache:
    """The superpixels used last, up to a number of bytes; safe to use from several threads.

    A study goes through all its images for one model after the other. A cache that holds fewer images than that
    would never find one again, hence the compression: labels of a picture take about 10 kB instead of 500.

    Args:
        capacity: most bytes held.
    """

    def __init__(self, capacity: int):
        self.capacity = capacity
        self.size = 0
        self._kept: OrderedDict[Hashable, _Packed] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], Superpixels]) -> Superpixels:
        """What is kept under a key; made first where nothing is. An error of `make` is passed on, not kept."""
        with self._lock:
            packed = self._kept.get(key)
            if packed is not None:
                self._kept.move_to_end(key)
        if packed is not None:
            return packed.unpack()
        made = make()  # outside the lock: other threads are busy with other images
        self._keep(key, _pack(made))
        return made

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self.size = 0

    def _keep(self, key: Hashable, packed: _Packed) -> None:
        with self._lock:
            if key in self._kept or packed.size > self.capacity:
                return
            self._kept[key] = packed
            self.size += packed.size
            while self.size > self.capacity:
                self.size -= self._kept.popitem(last=False)[1].size


def _pack(made: Superpixels) -> _Packed:
    labels = made.labels.astype(np.min_scalar_type(made.count))
    empty: NDArray[np.int32] = np.empty((0, 0), np.int32)
    return _Packed(replace(made, labels=empty), zlib.compress(labels.tobytes(), 1), labels.dtype, labels.shape)
