"""A study: models x methods x images, checked as a whole before any work."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ..core.errors import CrosslightError, InputError, Problem, StudyError, suggestion
from ..core.targets import TargetPolicy, parse_target
from ..methods import MethodSpec, find_method
from ..models import check_model_name
from ..models.sources.preprocessing import check_preprocess
from .parameters import Parameters, read_parameters
from .sections import ImagesSection, MethodSection, ModelSection, StudySection
from .toml_file import apply_overrides, expand_variables, key_lines, parse, resolve_path

TABLES = ("study", "images", "models", "methods")


@dataclass(frozen=True)
class MapTask:
    """One set of maps to make for every model.

    Attributes:
        label: as shown in reports; unique within the study.
        method: the method.
        settings: its settings, complete.
        policy: which class is explained.
        limit: only the first so many images of the study, or None.
        parameters: settings of single images, from a file, or None.
    """

    label: str
    method: MethodSpec
    settings: BaseModel
    policy: TargetPolicy
    limit: int | None = None
    parameters: Parameters | None = None


@dataclass(frozen=True)
class StudySpec:
    """A checked study.

    Attributes:
        study: name, seed, target, batch size, ...
        images: which pictures.
        models: classifiers, every one with a label.
        tasks: the sets of maps; ``target = "top:3"`` makes three of one entry.
        base: folder that relative paths start from.
        text: the study file's text, where there is one.
        command: what runs it again.
    """

    study: StudySection
    images: ImagesSection
    models: tuple[ModelSection, ...]
    tasks: tuple[MapTask, ...]
    base: Path
    text: str = ""
    command: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What the study asks for, as JSON can hold it."""
        methods = [
            {
                "name": task.method.name,
                "label": task.label,
                "target": str(task.policy),
                "limit": task.limit,
                **json.loads(task.settings.model_dump_json()),
                **({"parameters": task.parameters.given} if task.parameters is not None else {}),
            }
            for task in self.tasks
        ]
        return {
            "study": self.study.model_dump(),
            "images": self.images.model_dump(),
            "models": [model.model_dump() for model in self.models],
            "methods": methods,
        }


def read_study(path: Path, overrides: Sequence[str] = ()) -> StudySpec:
    """Read and check a study file.

    Args:
        path: a TOML file.
        overrides: ``key=value`` changes, see `toml_file.apply_overrides`.

    Raises:
        InputError: there is no such file, or an override leads nowhere.
        StudyError: with every problem in the file at once.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"cannot read the study file {path}: {reason}") from None
    data = parse(text, str(path))
    apply_overrides(data, overrides)
    spec = check_study(data, base=path.parent, source=str(path), lines=key_lines(text))
    changes = "".join(f" --set {shlex.quote(override)}" for override in overrides)
    return replace(spec, text=text, command=f"crosslight run {shlex.quote(path.name)} --out OUT{changes}")


def check_study(
    data: Mapping[str, Any],
    *,
    base: Path | None = None,
    source: str = "study",
    lines: Mapping[tuple[str | int, ...], int] | None = None,
) -> StudySpec:
    """Check a study given as a dictionary of tables.

    Args:
        data: the tables ``study``, ``images``, ``models`` and ``methods``.
        base: folder that relative paths start from; by default the current one.
        source: how messages call it.
        lines: the line of each key, where it came from a file.

    Raises:
        StudyError: with every problem at once.
    """
    checker = _Checker(base or Path(), lines or {})
    spec = checker.check(data)
    if checker.problems or spec is None:
        raise StudyError(sorted(checker.problems, key=lambda p: (p.line is None, p.line or 0)), source)
    return spec


def check_methods(
    entries: Sequence[Mapping[str, Any]], target: str = "own", base: Path | None = None
) -> tuple[MapTask, ...]:
    """Check ``[[methods]]`` tables alone.

    Args:
        entries: tables as in a study file: a name, settings, perhaps label, target and limit.
        target: for those that name none.
        base: folder that relative paths start from; by default the current one.

    Raises:
        StudyError: with every problem at once.
    """
    checker = _Checker(base or Path(), {})
    checker.target(target, ("study", "target"), "target")
    tasks = checker.tasks(entries, target)
    if checker.problems:
        raise StudyError(checker.problems, "methods")
    return tuple(tasks)


class _Checker:
    """Collects problems instead of stopping at the first."""

    def __init__(self, base: Path, lines: Mapping[tuple[str | int, ...], int]):
        self.base, self.lines = base, lines
        self.problems: list[Problem] = []
        self.references: list[tuple[tuple[str | int, ...], str, str]] = []  # where a target names which model

    def problem(self, place: tuple[str | int, ...], where: str, what: str) -> None:
        line = next((self.lines[place[:n]] for n in range(len(place), 0, -1) if place[:n] in self.lines), None)
        self.problems.append(Problem(where, what, line))

    def check(self, data: Mapping[str, Any]) -> StudySpec | None:
        for key in data:
            if key not in TABLES:
                self.problem((key,), key, f"unknown table{suggestion(key, TABLES)}")
        data = expand_variables(dict(data), self.problem)
        study = self.section(StudySection, data.get("study", {}), ("study",), "study")
        images = self.section(ImagesSection, data.get("images", {}), ("images",), "images")
        entries = self.entries(data, "models")
        models = self.models(entries)
        target = _text(data.get("study"), "target") or "own"
        tasks = self.tasks(self.entries(data, "methods"), target)
        self.target(target, ("study", "target"), "study: target")
        if source := _text(data.get("images"), "source"):
            self.source(source)
        labels = [_text(entry, "label") or _text(entry, "name") or "" for entry in entries]
        for place, where, name in self.references:
            if name not in labels:
                self.problem(place, where, f"no model is labelled {name!r}{suggestion(name, labels)}")
        if self.problems or study is None or images is None:
            return None
        return StudySpec(study, images, tuple(models), tuple(tasks), self.base)

    def entries(self, data: Mapping[str, Any], key: str) -> list[Any]:
        entries = data.get(key)
        if not isinstance(entries, list) or not entries:
            self.problem((key,), key, f"at least one [[{key}]] table is needed")
            return []
        return entries

    def section(self, kind: type[Any], data: Any, place: tuple[str | int, ...], where: str) -> Any:
        if not isinstance(data, dict):
            self.problem(place, where, "must be a table")
            return None
        try:
            return kind(**data)
        except ValidationError as error:
            self.invalid(error, place, where, list(kind.model_fields))
            return None

    def invalid(self, error: ValidationError, place: tuple[str | int, ...], where: str, known: list[str]) -> None:
        for item in error.errors():
            key = str(item["loc"][0]) if item["loc"] else ""
            if item["type"] == "extra_forbidden":
                what = f"unknown key{suggestion(key, known)}"
            elif item["type"] == "missing":
                what = "is missing"
            else:
                what = item["msg"].lower().replace("input ", "") + f", not {item['input']!r}"
            self.problem((*place, key), f"{where}: {key}", what)

    def models(self, entries: Sequence[Any]) -> list[ModelSection]:
        models: list[ModelSection] = []
        labels: list[tuple[int, str]] = []
        for i, entry in enumerate(entries):
            name = entry.get("label", entry.get("name")) if isinstance(entry, dict) else None
            where = f"models[{i + 1}]" + (f" ({name})" if name else "")
            model = self.section(ModelSection, entry, ("models", i), where)
            self.model(entry, i, where)
            if model is None:
                continue
            labels.append((i, model.label or model.name))
            models.append(model.model_copy(update={"label": labels[-1][1]}))
        self.unique("models", labels)
        return models

    def model(self, entry: Any, i: int, where: str) -> None:
        """Check single values, whatever else is wrong with the entry."""
        if name := _text(entry, "name"):
            try:
                check_model_name(name, base=self.base)
            except CrosslightError as error:
                self.problem(("models", i, "name"), where, str(error))
        for key in ("weights", "classes"):
            value = _text(entry, key)
            if value and value not in ("pretrained", "none") and not resolve_path(value, self.base).is_file():
                path = resolve_path(value, self.base)
                self.problem(("models", i, key), f"{where}: {key}", f"no file {path}{_near_file(path)}")
        if isinstance(entry, dict) and isinstance(entry.get("preprocess"), dict):
            try:
                check_preprocess(entry["preprocess"])
            except InputError as error:
                self.problem(("models", i, "preprocess"), where, str(error))

    def tasks(self, entries: Sequence[Any], target: str) -> list[MapTask]:
        tasks: list[MapTask] = []
        labels: list[tuple[int, str]] = []
        for i, entry in enumerate(entries):
            name = entry.get("label", entry.get("name")) if isinstance(entry, dict) else None
            where = f"methods[{i + 1}]" + (f" ({name})" if name else "")
            section = self.section(MethodSection, entry, ("methods", i), where)
            own_target, method_name = _text(entry, "target"), _text(entry, "name")
            if own_target is not None:
                policies = self.target(own_target, ("methods", i, "target"), f"{where}: target")
            else:
                policies = _policies(target)
            if not method_name:
                continue  # told by the section already
            try:
                method = find_method(method_name, self.base)
            except CrosslightError as error:
                self.problem(("methods", i, "name"), where, str(error))
                continue
            if section is None:
                continue
            try:
                settings = method.settings(**(section.model_extra or {}))
            except ValidationError as error:
                known = [*MethodSection.model_fields, *method.settings.model_fields]
                self.invalid(error, ("methods", i), where, known)
                continue
            parameters = None
            if section.parameters is not None and policies:
                parameters = self.parameters(section, method, policies[0], i, where)
            label = section.label or method.name
            for policy in policies:
                own = label if len(policies) == 1 else f"{label} (top {policy.rank})"
                labels.append((i, own))
                tasks.append(MapTask(own, method, settings, policy, section.limit, parameters))
        self.unique("methods", labels)
        return tasks

    def parameters(
        self, section: MethodSection, method: MethodSpec, policy: TargetPolicy, i: int, where: str
    ) -> Parameters | None:
        place, where = ("methods", i, "parameters"), f"{where}: parameters"
        path = resolve_path(str(section.parameters), self.base)
        if not path.is_file():
            self.problem(place, where, f"no file {path}{_near_file(path)}")
            return None
        try:
            return read_parameters(path, method, section.model_extra or {}, policy)
        except StudyError as error:
            for problem in error.problems:
                self.problem(place, f"{where}: {problem.where}", problem.what)
        except InputError as error:
            self.problem(place, where, str(error))
        return None

    def target(self, text: str, place: tuple[str | int, ...], where: str) -> tuple[TargetPolicy, ...]:
        try:
            policies = parse_target(text)
        except InputError as error:
            self.problem(place, where, str(error))
            return ()
        self.references += [(place, where, policy.name) for policy in policies if policy.kind == "model"]
        return policies

    def source(self, source: str) -> None:
        if source.partition(":")[0] in ("hf", "scenes"):
            return
        path = resolve_path(source, self.base)
        pattern = any(mark in source for mark in "*?[")
        if not pattern and not path.exists():
            self.problem(("images", "source"), "images: source", f"there is no {path}{_near_file(path)}")

    def unique(self, kind: str, labels: Sequence[tuple[int, str]]) -> None:
        for label, count in Counter(label for _, label in labels).items():
            if count > 1:
                last = max(i for i, other in labels if other == label)
                self.problem((kind, last), kind, f"{count} entries are called {label!r}; give each its own label")


def _policies(text: str) -> tuple[TargetPolicy, ...]:
    try:
        return parse_target(text)
    except InputError:
        return ()


def _text(entry: Any, key: str) -> str | None:
    """A value that is text, of something that may be a table."""
    value = entry.get(key) if isinstance(entry, dict) else None
    return value if isinstance(value, str) else None


def _near_file(path: Path) -> str:
    known = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
    near = suggestion(path.name, known)
    return near if near.startswith("; did") else ""
