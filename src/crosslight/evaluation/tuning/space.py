"""What is searched: a method's own settings with the values that each may take, derived from their declarations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ...core.errors import InputError, UnknownNameError
from .ranges import CHOICES, PASSED_OVER, RANGES

if TYPE_CHECKING:
    from ...methods import MethodSpec

#: of an interval without own limits: from the default divided by this to the default times this
FACTOR = 4
#: of a budget: from the default divided by this to the default; more of the same is closer, which needs no search
BUDGET = 10
#: an end that is itself not allowed is kept away from by this share of the interval
AWAY = 0.05


@dataclass(frozen=True)
class Dimension:
    """One setting that is searched.

    Attributes:
        name: of the setting.
        kind: ``whole`` or ``number`` between two ends, or a ``choice``.
        low, high: ends, both included; of a choice 0.
        log: whether equal steps are factors rather than differences.
        choices: the values of a choice.
        default: the setting's own default.
    """

    name: str
    kind: Literal["whole", "number", "choice"]
    low: float = 0
    high: float = 0
    log: bool = False
    choices: tuple[Any, ...] = ()
    default: Any = None

    @property
    def holds_default(self) -> bool:
        """Whether the default is one of the values."""
        if self.kind == "choice":
            return any(value == self.default and type(value) is type(self.default) for value in self.choices)
        return isinstance(self.default, int | float) and self.low <= self.default <= self.high

    @property
    def samples(self) -> tuple[Any, ...]:
        """Some of its values, the ends among them."""
        if self.kind == "choice":
            return self.choices
        return (int(self.low), int(self.high)) if self.kind == "whole" else (self.low, self.high)

    def rounded(self, value: Any) -> Any:
        """A value as it is used and written: whole numbers as such, others with three digits that count."""
        if self.kind == "choice":
            return value
        if self.kind == "whole":
            return int(value)
        return min(max(float(f"{value:.3g}"), self.low), self.high)

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        if self.kind == "choice":
            return {"name": self.name, "choices": list(self.choices)}
        return {"name": self.name, "low": self.low, "high": self.high, "log": self.log, "whole": self.kind == "whole"}


@dataclass(frozen=True)
class Space:
    """All settings that are searched, in the order in which they depend on each other.

    Attributes:
        spec: the method.
        dimensions: what is searched.
        fixed: settings that are what the user says.
    """

    spec: MethodSpec
    dimensions: tuple[Dimension, ...]
    fixed: Mapping[str, Any]

    def draw(self, suggest: Callable[[Dimension], Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
        """Settings made by asking for one value after the other; what the earlier ones leave unread is not asked for.

        Args:
            suggest: gives a value of a dimension.

        Returns:
            The values as they were suggested, and the settings, which are valid and complete but for defaults; None
            where they contradict each other.
        """
        values: dict[str, Any] = {}
        settings = dict(self.fixed)
        for dimension in self.dimensions:
            if self.reads(settings, dimension):
                values[dimension.name] = suggest(dimension)
                settings[dimension.name] = dimension.rounded(values[dimension.name])
        return values, self.agreed(settings)

    def defaults(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The first trial: the values of those dimensions that hold the default, and the settings."""
        read = [one for one in self.dimensions if one.holds_default and self.reads(self.fixed, one)]
        return {one.name: one.default for one in read}, dict(self.fixed)

    def reads(self, settings: Mapping[str, Any], dimension: Dimension) -> bool:
        """Whether a setting says anything beside others."""
        other = next((value for value in dimension.samples if value != dimension.default), None)
        if other is None:
            return True
        found = faults(self.spec, {**settings, dimension.name: other})
        return not any(fault["type"] == "unread_setting" for fault in found.get(dimension.name, ()))

    def agreed(self, settings: Mapping[str, Any]) -> dict[str, Any] | None:
        """Settings without what is not read, with no less of a budget than others need; None if that cannot be."""
        found = dict(settings)
        ends = {one.name: one.high for one in self.dimensions if one.kind != "choice"}
        for _ in range(len(found) + 1):
            wrong = faults(self.spec, found)
            if not wrong:
                return found
            for name, several in wrong.items():
                least = several[0].get("ctx", {}).get("least")
                if several[0]["type"] == "unread_setting":
                    found.pop(name, None)
                elif least is not None and least <= ends.get(name, -math.inf):
                    found[name] = least
                else:
                    return None
        return None

    def settings(self, values: Mapping[str, Any]) -> BaseModel:
        """The method's settings, complete."""
        return self.spec.settings(**values)

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"dimensions": [one.as_dict() for one in self.dimensions], "fixed": dict(self.fixed)}


def faults(spec: MethodSpec, settings: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What is wrong with settings, by name."""
    try:
        spec.settings(**settings)
    except ValidationError as error:
        found: dict[str, list[Any]] = {}
        for item in error.errors():
            found.setdefault(str(item["loc"][0]) if item["loc"] else "", []).append(item)
        return found
    return {}


def space_of(
    spec: MethodSpec,
    *,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    choices: Mapping[str, Sequence[Any]] | None = None,
    fixed: Mapping[str, Any] | None = None,
) -> Space:
    """The search space of a method.

    Numbers between 0 and 1 are searched throughout; other numbers from a quarter of their default to four times it,
    within their bounds; the budget, such as LIME's ``num_samples``, from a tenth of its default to its default; truth
    values and declared choices are all tried. `ranges.RANGES` and `ranges.CHOICES` say otherwise of some settings, and
    `ranges.PASSED_OVER` names those that are left alone.

    Args:
        spec: the method.
        ranges: ends of numbers by setting, in place of those.
        choices: values by setting, in place of those.
        fixed: settings that are not searched, by name.

    Raises:
        UnknownNameError: the method has no setting of a name, with the nearest one.
        InputError: a range or a value is none that the setting allows, or a setting is both fixed and searched.
    """
    ranges, choices, fixed = ranges or {}, choices or {}, fixed or {}
    fields = spec.settings.model_fields
    for name in (*ranges, *choices, *fixed):
        if name not in fields:
            raise UnknownNameError(f"setting of {spec.name}", name, fields)
        if (name in ranges) + (name in choices) + (name in fixed) > 1:
            raise InputError(f"{name} is asked for twice: give it one value, a range or choices")
    for name, several in faults(spec, fixed).items():
        if name in fixed:
            raise InputError(f"{name}={fixed[name]!r}: {several[0]['msg'].lower()}")
    found = []
    for name in fields:
        if name in fixed:
            continue
        if name in ranges:
            found.append(_ranged(spec, name, ranges[name]))
        elif name in choices:
            found.append(_chosen(spec, name, choices[name]))
        elif name not in PASSED_OVER and (usual := _usual(spec, name)) is not None:
            found.append(usual)
    return Space(spec, tuple(found), dict(fixed))


def _ranged(spec: MethodSpec, name: str, ends: tuple[float, float]) -> Dimension:
    kind, default = _kind(spec, name), spec.settings.model_fields[name].default
    if kind not in (int, float):
        raise InputError(f"{name} is no number: name its values instead, such as --choices {name}=a,b")
    low, high = (int(end) if kind is int else float(end) for end in ends)
    if (low, high) != tuple(ends):
        raise InputError(f"{name} is a whole number: {ends[0]:g}..{ends[1]:g} has ends that are not")
    for end in (low, high):
        _check(spec, name, end)
    return Dimension(name, "whole" if kind is int else "number", low, high, _by_factors(low, high), (), default)


def _chosen(spec: MethodSpec, name: str, values: Sequence[Any]) -> Dimension:
    for value in values:
        if isinstance(value, list | dict):
            raise InputError(f"{name}: a choice is a number, a truth value or text, not {value!r}")
        _check(spec, name, value)
    return Dimension(name, "choice", choices=tuple(values), default=spec.settings.model_fields[name].default)


def _check(spec: MethodSpec, name: str, value: Any) -> None:
    """Whether a setting may have a value, beside some values of the others."""
    several = faults(spec, {name: value}).get(name, [])
    if several and several[0]["type"] != "unread_setting" and "least" not in several[0].get("ctx", {}):
        raise InputError(f"{spec.name}: {name} {several[0]['msg'].lower().replace('input ', '')}, not {value!r}")


def _usual(spec: MethodSpec, name: str) -> Dimension | None:
    """The dimension of a setting of which nobody said anything; None where nothing can be told from its type."""
    field = spec.settings.model_fields[name]
    kind, default = _kind(spec, name), field.default
    if name in CHOICES or kind is bool or get_origin(kind) is Literal:
        values = CHOICES.get(name) or ((False, True) if kind is bool else get_args(kind))
        values = tuple(value for value in values if name not in faults(spec, {name: value}))
        return Dimension(name, "choice", choices=values, default=default) if len(values) > 1 else None
    if kind not in (int, float) or not isinstance(default, int | float):
        return None
    low, high = _bounds(field.metadata, kind is int)
    if name == spec.reads.budget:
        ends = (max(low, math.ceil(default / BUDGET)), default, True)
    elif name in RANGES:
        ends = RANGES[name]
    elif high <= 1:
        ends = (low, high, False)
    elif default > 0:
        ends = (default / FACTOR, default * FACTOR, True)
    else:
        return None
    low, high = max(low, ends[0]), min(high, ends[1])
    if kind is int:
        low, high = math.ceil(low), math.floor(high)
    return Dimension(name, "whole" if kind is int else "number", low, high, ends[2] and low > 0, (), default)


def _bounds(metadata: Sequence[Any], whole: bool) -> tuple[float, float]:
    """The least and the largest value that is declared; ends that are not allowed themselves are kept away from."""
    low, high, above, below = -math.inf, math.inf, False, False
    for one in metadata:
        for name, value in ((name, getattr(one, name, None)) for name in ("ge", "gt", "le", "lt")):
            if isinstance(value, int | float):
                low, above = (value, name == "gt") if name in ("ge", "gt") else (low, above)
                high, below = (value, name == "lt") if name in ("le", "lt") else (high, below)
    step = 1.0 if whole else AWAY * (high - low) if math.isfinite(high - low) and high - low <= 1 else 1e-6
    return low + (step if above else 0), high - (step if below else 0)


def _kind(spec: MethodSpec, name: str) -> Any:
    """The type of a setting; of one that may be left out, what it is where it is not."""
    kind = spec.settings.model_fields[name].annotation
    if get_origin(kind) in (Union, UnionType):
        rest = [one for one in get_args(kind) if one is not NoneType]
        return rest[0] if len(rest) == 1 else None
    return kind


def _by_factors(low: float, high: float) -> bool:
    return low > 0 and high / low >= 4
