"""The measures of similarity there are, and how one is named by a user: ``iou`` or ``iou:share=0.2``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ...core.errors import InputError, suggestion
from ...core.registry import Registry
from .base import Compare, Measure, Represent, keywords


def _load() -> None:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f".{module.name}", __package__)


MEASURES: Registry[Measure] = Registry("measure", _load, "crosslight.measures")


def measure(
    name: str,
    *,
    compare: Compare,
    title: str,
    reference: str,
    linear: bool = False,
    low: float = -1.0,
    high: float = 1.0,
    identical: float = 1.0,
) -> Callable[[Represent], Represent]:
    """Register a function that represents maps, with the one that compares the representations, as a measure.

    See `Measure` for the arguments.
    """

    def register(represent: Represent) -> Represent:
        settings = keywords(represent) | keywords(compare)
        made = Measure(name, represent, compare, linear, low, high, identical, title, reference, settings)
        MEASURES.add(name, made)
        return represent

    return register


def find_measure(text: str | Measure) -> Measure:
    """The measure that a user named, as ``NAME`` or ``NAME:SETTING=VALUE,SETTING=VALUE``.

    Lists of numbers are written with strokes: ``kappa:cuts=0.4/0.7``.

    Raises:
        UnknownNameError: there is no such measure.
        InputError: there is no such setting, or its value is of the wrong type.
    """
    if isinstance(text, Measure):
        return text
    name, _, rest = text.partition(":")
    found = MEASURES[name.strip()]
    changes: dict[str, Any] = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"{text!r}: write settings as NAME=VALUE, not {part!r}")
        key = key.strip()
        found.with_settings(**{key: None})  # says which settings there are
        changes[key] = _value(text, key, value.strip(), found.settings[key])
        known = _choices(found, key)
        if known and changes[key] not in known:
            raise InputError(f"{text!r}: {key} cannot be {changes[key]!r}{suggestion(value.strip(), known)}")
    return found.with_settings(**changes)


def _choices(measure: Measure, key: str) -> tuple[Any, ...]:
    """The values that a setting declares as a literal type; none if it takes any."""
    hints = [get_type_hints(function).get(key) for function in (measure.represent, measure.compare)]
    return next((get_args(hint) for hint in hints if get_origin(hint) is Literal), ())


def _value(text: str, key: str, value: str, usual: Any) -> Any:
    try:
        if isinstance(usual, tuple):
            return tuple(float(part) for part in value.split("/"))
        if isinstance(usual, bool):
            return {"true": True, "false": False}[value.lower()]
        return type(usual)(value) if usual is not None else float(value)
    except (KeyError, ValueError):
        raise InputError(f"{text!r}: {key} cannot be {value!r}; it is {usual!r} by default") from None
