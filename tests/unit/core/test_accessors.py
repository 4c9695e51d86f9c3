"""What lower rooms show through higher ones."""

from __future__ import annotations

import importlib.util

import pytest

import crosslight  # noqa: F401 - it says where things are made
from crosslight.core import accessors
from crosslight.core.accessors import Accessor, maker_of, register, shown


class Thing:
    plot = Accessor("test-plot", "Its figures.")

    def __repr__(self) -> str:
        return "<Thing & co>"


@pytest.fixture(autouse=True)
def own_makers(monkeypatch):
    monkeypatch.setattr(accessors, "_MAKERS", dict(accessors._MAKERS))


def test_it_is_made_once_from_its_owner_and_kept():
    register({"test-plot": ("types", "SimpleNamespace")})
    register({"test-plot": ("builtins", "id")})  # the last one counts
    thing = Thing()
    assert thing.plot == id(thing)
    register({"test-plot": ("builtins", "repr")})
    assert thing.plot == id(thing)
    assert Thing().plot == "<Thing & co>"
    assert Thing.plot.__doc__ == "Its figures."


def test_what_is_registered_is_there():
    for name in ("plot", "notebook"):
        module, _ = accessors._MAKERS[name]
        assert importlib.util.find_spec(module) is not None
        assert callable(maker_of(name))


def test_nothing_is_registered():
    with pytest.raises(LookupError, match="no-such"):
        maker_of("no-such")


def test_what_cannot_be_drawn_is_shown_as_text():
    assert shown(Thing()) == "<pre>&lt;Thing &amp; co&gt;</pre>"  # a TypeError: nobody draws a Thing
    register({"notebook": ("no.such.module", "x")})
    assert shown(Thing()) == "<pre>&lt;Thing &amp; co&gt;</pre>"
