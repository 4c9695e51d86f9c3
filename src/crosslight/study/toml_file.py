"""Reading a study file: TOML with environment variables, overrides, and the line each key stands on."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import InputError, Problem, StudyError, suggestion

_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")
_HEADER = re.compile(r"^\s*\[\[?\s*([A-Za-z0-9_.\-]+)\s*\]\]?")
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


def expand_variables(value: Any, where: str, problems: list[Problem]) -> Any:
    """``${NAME}`` and ``${NAME:-default}`` in every string, from the environment."""
    if isinstance(value, str):

        def replace(match: re.Match[str]) -> str:
            found = os.environ.get(match[1], match[2])
            if found is None:
                problems.append(Problem(where, f"the environment variable {match[1]} is not set"))
                return match[0]
            return found

        return _VARIABLE.sub(replace, value)
    if isinstance(value, list):
        return [expand_variables(item, f"{where}[{i + 1}]", problems) for i, item in enumerate(value)]
    if isinstance(value, dict):
        return {k: expand_variables(v, f"{where}.{k}" if where else k, problems) for k, v in value.items()}
    return value


def apply_overrides(data: dict[str, Any], overrides: Sequence[str]) -> None:
    """Change `data` in place as ``--set key=value`` says.

    Keys are paths such as ``study.seed``, ``images.limit``, ``models.*.weights``, ``models.ResNet-18.weights``
    or ``methods.2.depth`` (from 1, or by label or name). Values are TOML, or text where they are not. A value that
    names an existing file or folder is taken from the current folder, not from the study's.

    Raises:
        InputError: no ``=``, or the key leads nowhere.
    """
    for override in overrides:
        path, equals, text = override.partition("=")
        if not equals or not path.strip():
            raise InputError(f"--set {override}: write key=value")
        value = _value(text.strip())
        for holder, key in _holders(data, path.strip(), override):
            holder[key] = value


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return str(Path(text).resolve()) if text and Path(text).exists() else text


def _holders(data: dict[str, Any], path: str, override: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The tables a path leads to, each with the key to set in it."""
    head, _, rest = path.partition(".")
    if not rest:
        raise InputError(f"--set {override}: name a table and a key, such as study.seed or models.*.weights")
    if head not in ("models", "methods"):
        table = data.setdefault(head, {})
        while "." in rest:
            step, _, rest = rest.partition(".")
            table = table.setdefault(step, {})
        if not isinstance(table, dict):
            raise InputError(f"--set {override}: {head} is not a table")
        yield table, rest
        return
    entries = [entry for entry in data.get(head) or [] if isinstance(entry, dict)]
    chosen, key = _choose(entries, rest)
    if not chosen:
        names = [str(entry.get("label", entry.get("name"))) for entry in entries]
        raise InputError(f"--set {override}: no such entry in {head}{suggestion(rest.partition('.')[0], names)}")
    for entry in chosen:
        table, last = entry, key
        while "." in last:
            step, _, last = last.partition(".")
            table = table.setdefault(step, {})
        yield table, last


def _choose(entries: list[dict[str, Any]], rest: str) -> tuple[list[dict[str, Any]], str]:
    """The entries that the first part of `rest` selects, and what follows it. Labels may hold dots."""
    first, _, key = rest.partition(".")
    if first == "*":
        return entries, key
    if first.isdecimal():
        return entries[int(first) - 1 : int(first)], key
    for field in ("label", "name"):
        named = [e for e in entries if rest.startswith(f"{e.get(field)}.")]
        if named:
            return named, rest.removeprefix(f"{named[0][field]}.")
    return [], key


def resolve_path(value: str, base: Path) -> Path:
    """A path as written in a study file, relative to the file's folder."""
    path = Path(value).expanduser()
    return path if path.is_absolute() else base / path


def unknown_tables(data: Mapping[str, Any], known: Sequence[str]) -> list[Problem]:
    """A problem for every top-level key that is not a table of a study."""
    return [Problem(key, f"unknown table{suggestion(key, known)}") for key in data if key not in known]
