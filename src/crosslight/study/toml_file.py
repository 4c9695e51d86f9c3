"""Reading a study file: TOML with environment variables, overrides, and the line each key stands on."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError, Problem, StudyError, suggestion

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.\-]+)\s*\]\]?")
_EXAMPLES = {"models": "weights", "methods": "depth"}
#: keys that may hold a path; only their values are taken from the current folder when they come from ``--set``
_PATHS = ("source", "weights", "classes", "parameters")
_KEY = re.compile(r"""^\s*["']?([A-Za-z0-9_\-]+)["']?\s*=""")


def parse(text: str, source: str) -> dict[str, Any]:
    """TOML to a dictionary.

    Raises:
        StudyError: the text is not TOML; the message names line and column.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError([Problem("not valid TOML", str(error))], source) from None


def key_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """The line, from 1, of every table and key: ``("models", 1, "name")`` to its line."""
    lines: dict[tuple[str | int, ...], int] = {}
    counts: dict[str, int] = {}
    place: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            name = header[1]
            place = tuple(name.split("."))
            if line.lstrip().startswith("[["):
                counts[name] = counts.get(name, -1) + 1
                place = (name, counts[name])
            elif place[0] in counts and len(place) > 1:  # [models.options] belongs to the last [[models]]
                place = (place[0], counts[str(place[0])], *place[1:])
            lines[place] = number
        elif key := _KEY.match(line):
            lines.setdefault((*place, key[1]), number)
    return lines


def expand_variables(
    value: Any, report: Callable[[tuple[str | int, ...], str, str], None], place: tuple[str | int, ...] = ()
) -> Any:
    """``${NAME}`` and ``${NAME:-default}`` in every string, from the environment.

    Args:
        value: what a study file holds.
        report: told the place of a variable that is not set, the place in words, and what is wrong.
        place: where `value` stands.
    """
    if isinstance(value, str):

        def replace(match: re.Match[str]) -> str:
            found = os.environ.get(match[1], match[2])
            if found is None:
                report(place, _in_words(place), f"the environment variable {match[1]} is not set")
                return match[0]
            return found

        return _VARIABLE.sub(replace, value)
    if isinstance(value, list):
        return [expand_variables(item, report, (*place, i)) for i, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: expand_variables(item, report, (*place, key)) for key, item in value.items()}
    return value


def _in_words(place: Sequence[str | int]) -> str:
    words = "".join(f"[{step + 1}]" if isinstance(step, int) else f": {step}" for step in place)
    return words.removeprefix(": ")


def apply_overrides(data: dict[str, Any], overrides: Sequence[str]) -> None:
    """Change `data` in place as ``--set key=value`` says.

    Keys are paths such as ``study.seed``, ``images.limit``, ``models.*.weights``, ``models.ResNet-18.weights``
    or ``methods.2.depth`` (from 1, or by label or name). Values are TOML, or text where they are not. A source, weights
    or classes that exist in the current folder are taken from there, not from the study's.

    Raises:
        InputError: no ``=``, or the key leads nowhere.
    """
    for override in overrides:
        path, equals, text = override.partition("=")
        if not equals or not path.strip():
            raise InputError(f"--set {override}: write key=value")
        value = _value(text.strip(), path.strip().rpartition(".")[2])
        for holder, key in _holders(data, path.strip(), override):
            holder[key] = value


def _value(text: str, key: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        here = key in _PATHS and text not in ("", "none", "pretrained") and Path(text).expanduser().exists()
        return str(Path(text).expanduser().resolve()) if here else text


def _holders(data: dict[str, Any], path: str, override: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The tables a path leads to, each with the key to set in it."""
    head, _, rest = path.partition(".")
    if not rest:
        raise InputError(f"--set {override}: name a table and a key, such as study.seed or models.*.weights")
    if head not in ("models", "methods"):
        yield _inner(data.setdefault(head, {}), rest, override)
        return
    entries = [entry for entry in data.get(head) or [] if isinstance(entry, dict)]
    chosen, key = _choose(entries, rest)
    if not chosen:
        names = [str(entry.get("label", entry.get("name"))) for entry in entries]
        raise InputError(f"--set {override}: no such entry in {head}{suggestion(rest.partition('.')[0], names)}")
    if not key:
        raise InputError(f"--set {override}: name a key of that entry, such as {head}.{rest}.{_EXAMPLES[head]}")
    for entry in chosen:
        yield _inner(entry, key, override)


def _inner(table: Any, path: str, override: str) -> tuple[dict[str, Any], str]:
    """The table within `table` that a path ends in, and its last step."""
    *steps, last = path.split(".")
    for step in steps:
        table = table.setdefault(step, {}) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        raise InputError(f"--set {override}: {override.partition('=')[0].strip().rpartition('.')[0]} is not a table")
    return table, last


def _choose(entries: list[dict[str, Any]], rest: str) -> tuple[list[dict[str, Any]], str]:
    """The entries that the first part of `rest` selects, and what follows it. Labels may hold dots."""
    first, _, key = rest.partition(".")
    if first == "*":
        return entries, key
    if first.isdecimal():
        return entries[int(first) - 1 : int(first)], key
    for field in ("label", "name"):
        fits = {str(e[field]) for e in entries if field in e and f"{rest}.".startswith(f"{e[field]}.")}
        if fits:  # of "v1" and "v1.5", the longer one
            name = max(fits, key=len)
            return [e for e in entries if str(e.get(field)) == name], rest[len(name) + 1 :]
    return [], key


def resolve_path(value: str, base: Path) -> Path:
    """A path as written in a study file, relative to the file's folder."""
    path = Path(value).expanduser()
    return path if path.is_absolute() else base / path
