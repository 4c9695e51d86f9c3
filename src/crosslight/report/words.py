"""Settings, targets and the study itself as text for people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

PERCENT = "\N{NO-BREAK SPACE}%"

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def target_words(target: str) -> str:
    """A target policy in words.

    Args:
        target: as in study files.
    """
    head, _, rest = target.partition(":")
    match head:
        case "own":
            return "the class the model itself names first"
        case "rank":
            return f"the model's own class number {rest}"
        case "label":
            return "the labelled class"
        case "model":
            return f"the class that {rest} names first"
        case "class":
            return f"the class {rest}"
        case "contrast":
            first, _, second = rest.partition(":")
            return f"the class {first} against {second}"
        case _:
            return target or "not recorded"


def question(models: int, methods: int, targets: list[str]) -> str:
    """What the study asks, in one sentence.

    Args:
        models: how many.
        methods: how many.
        targets: the target policies in it.
    """
    same = len(set(targets)) == 1
    explained = f"when asked for {target_words(targets[0])}" if same else "for the classes they are asked for"
    if same and targets[0] == "own":
        explained = "for the class each of them names first"
    if models > 1:
        return f"Do {models} classifiers look at the same places {explained}?"
    if methods > 1:
        return f"Do {methods} methods point to the same places of a picture?"
    return "Where does this classifier look?"


def settings_words(settings: Mapping[str, Any]) -> str:
    """Settings in one line."""
    return ", ".join(f"{key} = {_value(value)}" for key, value in settings.items() if value is not None)


def study_toml(spec: Mapping[str, Any]) -> str:
    """The study as a TOML file.

    Args:
        spec: tables, and lists of tables, of plain values; None is left out, as are empty tables.
    """
    lines: list[str] = []
    for name, content in spec.items():
        entries = content if isinstance(content, list) else [content]
        for entry in entries:
            if not isinstance(entry, Mapping):
                continue
            lines.append(f"[[{name}]]" if isinstance(content, list) else f"[{name}]")
            lines += [
                f"{_key(key)} = {_value(value)}"
                for key, value in entry.items()
                if value is not None and not (isinstance(value, Mapping) and not value)
            ]
            lines.append("")
    return "\n".join(lines)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else json.dumps(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case list() | tuple():
            return "[" + ", ".join(_value(item) for item in value) + "]"
        case Mapping():
            inner = ", ".join(f"{_key(str(k))} = {_value(v)}" for k, v in value.items() if v is not None)
            return "{ " + inner + " }" if inner else "{ }"
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def two_decimals(value: float) -> str:
    """A number as shown in sentences; what rounds to zero has no sign."""
    return f"{round(value, 2) + 0.0:.2f}"


def number(value: float, digits: int = 2) -> str:
    """A number in tables, with a minus sign; what rounds to zero has none, and what is not known is a dash."""
    if not np.isfinite(value):
        return "\N{EN DASH}"
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def between(low: float, high: float, digits: int = 2) -> str:
    """An interval, as in ``0.41 to 0.53``; a dash where it is not known."""
    known = np.isfinite(low) and np.isfinite(high)
    return f"{number(low, digits)} to {number(high, digits)}" if known else "\N{EN DASH}"


def p_value(p: float) -> str:
    """A p-value with its sign, as in ``p = 0.032``."""
    if not np.isfinite(p):
        return "p unknown"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"


def printed(sentence: str) -> str:
    """A sentence with a capital first letter, and minus signs in place of the hyphens before numbers."""
    text = re.sub(r"(?<=[\s(=,])-(?=[.\d])", "\N{MINUS SIGN}", sentence)
    text = re.sub("\N{MINUS SIGN}(?=0?\\.0+(?!\\d))", "", text)  # what rounds to zero has no sign
    return text[:1].upper() + text[1:]
