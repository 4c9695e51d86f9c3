"""A table of named things that other packages can add to by entry point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from typing import Any, Generic, TypeVar

from .errors import InputError, UnknownNameError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Names and what they stand for; filled when it is first read.

    Args:
        kind: what the entries are, for error messages ("method").
        load: called once before the first look-up, to import the modules that register built-in entries.
        group: entry-point group (``"crosslight.methods"``) through which other packages register theirs;
            importing an entry point's module is expected to register it.
    """

    def __init__(self, kind: str, load: Callable[[], None] | None = None, group: str | None = None):
        self.kind, self._load, self._group = kind, load, group
        self._entries: dict[str, T] = {}
        self._loaded = False
        self.broken: dict[str, str] = {}  # entry points that failed to import, with the reason

    def add(self, name: str, entry: T) -> T:
        """Register `entry` as `name`.

        Raises:
            InputError: the name is taken.
        """
        if name in self._entries:
            raise InputError(f"the {self.kind} {name!r} is registered already")
        self._entries[name] = entry
        return entry

    def remove(self, name: str) -> None:
        """Forget an entry, if it is there."""
        self._entries.pop(name, None)

    def _fill(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        if self._load is not None:
            self._load()
        for point in metadata.entry_points(group=self._group) if self._group else ():
            try:
                point.load()
            except Exception as error:  # a broken plug-in must not break the toolkit
                self.broken[point.name] = f"{type(error).__name__}: {error}"

    def __getitem__(self, name: str) -> T:
        self._fill()
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownNameError(self.kind, name, self._entries) from None

    def get(self, name: str, default: Any = None) -> Any:
        """The entry, or `default` where there is none: `Mapping.get` understands no error but KeyError."""
        self._fill()
        return self._entries.get(name, default)

    def __contains__(self, name: object) -> bool:
        self._fill()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._fill()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._fill()
        return len(self._entries)
