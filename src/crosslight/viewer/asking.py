"""What the page asks for, checked as a whole before any work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core.errors import InputError, suggestion
from ..core.targets import TargetPolicy
from ..methods import METHODS
from ..methods.cards import card_of
from ..study.spec import MapTask
from .classifiers import Classifiers
from .photos import MAX_PHOTOS, Photo, Photos
from .refusal import Refused, refused

if TYPE_CHECKING:
    from ..methods import MethodSpec

#: most predictions and maps of one job
MAX_TASKS = 2000


class _Method(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    name: str
    settings: dict[str, Any] = Field(default_factory=dict)


class _Target(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["own", "class", "top"] = "own"
    name: str = Field("", max_length=300)
    k: int = Field(1, ge=1, le=20)


class _Job(BaseModel):
    model_config = ConfigDict(extra="forbid")
    photos: list[str] = Field(min_length=1, max_length=MAX_PHOTOS)
    models: list[int | str] = Field(min_length=1, max_length=100)
    methods: list[_Method] = Field(default_factory=list, max_length=100)
    target: _Target = Field(default_factory=lambda: _Target.model_validate({}))
    name: str = Field("", max_length=300)


@dataclass(frozen=True)
class AskedMethod:
    """A method with the settings that were asked for.

    Attributes:
        spec: the method.
        given: the settings that the page sent.
        settings: all of them.
        label: with the settings that are not the method's own.
        entry: its position among the methods of the request.
    """

    spec: MethodSpec
    given: Mapping[str, Any]
    settings: BaseModel
    label: str
    entry: int = 0


@dataclass(frozen=True)
class Asked:
    """Photographs x classifiers x methods.

    Attributes:
        photos: each once.
        models: ids of classifiers, each once.
        methods: each once.
        policies: which classes are explained; one map for each.
        target: the same as a study file says it.
        name: of the study to be saved; empty where nothing is.
    """

    photos: tuple[Photo, ...]
    models: tuple[int, ...]
    methods: tuple[AskedMethod, ...]
    policies: tuple[TargetPolicy, ...]
    target: str
    name: str = ""

    @property
    def tasks(self) -> tuple[tuple[int, MapTask], ...]:
        """The position of each method with what is to be made of it: one set of maps for each class explained."""
        return tuple(
            (at, MapTask(method.label, method.spec, method.settings, policy))
            for at, method in enumerate(self.methods)
            for policy in self.policies
        )

    @property
    def count(self) -> int:
        """Predictions and maps."""
        return len(self.photos) * len(self.models) * (1 + len(self.methods) * len(self.policies))


def read_job(content: Any, photos: Photos, classifiers: Classifiers) -> Asked:
    """Check what a page sent.

    Args:
        content: the JSON of the request.
        photos: those that are here.
        classifiers: those that are offered.

    Raises:
        Refused: something is not known or not valid, with the nearest names.
    """
    try:
        job = _Job.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"] if not isinstance(step, int)) or "the request"
        raise Refused(
            422, f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}", "see the page's contract"
        ) from None
    policies, target = _target(job.target)
    methods: dict[tuple[str, str], AskedMethod] = {}
    for at, entry in enumerate(job.methods):
        asked = replace(read_method(entry.name, entry.settings), entry=at)
        methods.setdefault((asked.spec.name, asked.settings.model_dump_json()), asked)
    found = Asked(
        tuple(photos.get(identity) for identity in dict.fromkeys(job.photos)),
        tuple(dict.fromkeys(classifiers.find(wanted) for wanted in job.models)),
        tuple(methods.values()),
        policies,
        target,
        job.name,
    )
    if found.count > MAX_TASKS:
        raise Refused(422, f"these are {found.count:,} predictions and maps", f"choose less: at most {MAX_TASKS:,}")
    return found


def read_method(name: str, given: Mapping[str, Any]) -> AskedMethod:
    """Check a method and its settings.

    Args:
        name: of a registered method. Files of the machine are not read.
        given: settings.

    Raises:
        Refused: one of them is not known or not valid.
    """
    try:
        spec = METHODS[name]
    except InputError as error:
        raise refused(error) from None
    known = list(spec.settings.model_fields)
    for key in given:
        if key not in known:
            hint = suggestion(key, known).removeprefix("; ") or "it has no settings"
            raise Refused(422, f"{spec.name} has no setting {key!r}", hint)
    try:
        settings = spec.settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        setting, reason = first["loc"][0], first["msg"].lower().replace("input ", "")
        hint = str(spec.settings.model_fields[str(setting)].description or "")
        raise Refused(422, f"{spec.name}: {setting} {reason}, not {first['input']!r}", hint) from None
    changed = _changed(spec, settings)
    label = card_of(spec).title
    return AskedMethod(spec, dict(given), settings, f"{label} ({changed})" if changed else label)


def _changed(spec: MethodSpec, settings: BaseModel) -> str:
    usual = spec.settings()
    found = {key: getattr(settings, key) for key in spec.settings.model_fields}
    return ", ".join(f"{key} {value}" for key, value in found.items() if value != getattr(usual, key))


def _target(target: _Target) -> tuple[tuple[TargetPolicy, ...], str]:
    if target.kind == "class":
        if not target.name.strip():
            raise Refused(422, "target: the class has no name", "give the name of a class, or its index")
        return (TargetPolicy("class", name=target.name.strip()),), f"class:{target.name.strip()}"
    if target.kind == "top":
        return tuple(TargetPolicy(rank=rank) for rank in range(1, target.k + 1)), f"top:{target.k}"
    return (TargetPolicy(),), "own"
