"""What things of lower rooms show through higher ones: a name here, and who draws it named by the public interface.

A store knows nothing of figures, yet ``store.plot.matrix()`` is what a person types. So the store only says that it has
something called ``plot``; `crosslight` itself, which may name every room, says where that is made. It is imported when
it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from importlib import import_module
from typing import Any

#: by name: the module and what in it makes the thing of its owner
_MAKERS: dict[str, tuple[str, str]] = {}


def register(makers: Mapping[str, tuple[str, str]]) -> None:
    """Say where things are made.

    Args:
        makers: by name: dotted name of the module, and of the function or class that is called with the owner.
    """
    _MAKERS.update(makers)


def maker_of(name: str) -> Callable[[Any], Any]:
    """The function or class that was registered under a name.

    Raises:
        LookupError: there is none.
    """
    if name not in _MAKERS:
        raise LookupError(f"nothing is registered as {name!r}")
    module, made = _MAKERS[name]
    return getattr(import_module(module), made)


class Accessor:
    """An attribute that is made by another room when it is first read, and then kept with its owner.

    Args:
        name: that it is registered under.
        doc: what it is, in one sentence.
    """

    def __init__(self, name: str, doc: str):
        self._name, self.__doc__ = name, doc

    def __set_name__(self, owner: type, attribute: str) -> None:
        self._attribute = attribute

    def __get__(self, owner: Any, kind: type | None = None) -> Any:
        if owner is None:
            return self
        made = maker_of(self._name)(owner)
        owner.__dict__[self._attribute] = made  # found before this, which defines no __set__
        return made


def shown(thing: Any) -> str:
    """What a notebook shows: a picture and a table as HTML, or the plain text where they cannot be drawn.

    Args:
        thing: of any class that has something registered as ``notebook``.

    Returns:
        HTML; every text in it is escaped. It never fails: whoever looks at a thing must at least see what it is.
    """
    try:
        return str(maker_of("notebook")(thing))
    except Exception:
        return f"<pre>{escape(repr(thing))}</pre>"
