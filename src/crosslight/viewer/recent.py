"""Things that are worth keeping while there is room: those used least recently go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A table that forgets what was used least recently once it weighs too much; safe to use from several threads.

    The newest entry stays, however heavy it is.

    Args:
        limit: the most that all entries may weigh together.
        weigh: the weight of an entry; by default 1, so that the limit is a number of entries.
    """

    def __init__(self, limit: float, weigh: Callable[[V], float] = lambda value: 1):
        self._limit, self._weigh = limit, weigh
        self._entries: OrderedDict[K, V] = OrderedDict()
        self._weights: dict[K, float] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """The entry, which counts as used now; None where it is not there."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key: K, value: V) -> list[tuple[K, V]]:
        """Keep an entry.

        Returns:
            Those that had to go for it.
        """
        gone = []
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            self._weights[key] = self._weigh(value)
            while len(self._entries) > 1 and sum(self._weights.values()) > self._limit:
                old, entry = self._entries.popitem(last=False)
                del self._weights[old]
                gone.append((old, entry))
        return gone

    def drop(self, wanted: Callable[[K], bool]) -> int:
        """Forget the entries whose key is wanted gone; how many there were."""
        with self._lock:
            keys = [key for key in self._entries if wanted(key)]
            for key in keys:
                del self._entries[key], self._weights[key]
        return len(keys)

    def keys(self) -> list[K]:
        """What there is, the least recently used first."""
        with self._lock:
            return list(self._entries)

    def __contains__(self, key: K) -> bool:
        with self._lock:
            return key in self._entries

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)
