"""What a method is: a function from evidence to maps, and what it says of itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model
from torch import Tensor

from ..core.errors import MethodError
from ..core.finish import FINISHES, Finish, none
from ..core.targets import TargetPolicy
from ..evidence import Evidence, EvidenceSettings

if TYPE_CHECKING:
    from ..models import Classifier

#: What a method returns: maps ``[b, h, w]``, or maps and named diagnostics ``[b]``.
Result = Tensor | tuple[Tensor, Mapping[str, Tensor]]

#: How a method reads a file of parameters: those of one image, the settings that hold for what they leave out, and
#: which class is explained, to all its settings. Raises `StudyError` where the former cannot be used.
ReadParameters = Callable[[Mapping[str, Any], Mapping[str, Any], TargetPolicy], Mapping[str, Any]]


@dataclass(frozen=True)
class Attribution:
    """Maps of a batch with what was measured about them.

    Attributes:
        maps: float ``[b, h, w]``, signed and raw, at the evidence's native resolution.
        diagnostics: named measurements ``[b]``.
    """

    maps: Tensor
    diagnostics: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class MethodSpec:
    """A registered method.

    Attributes:
        name: as in study files, such as ``grad-cam``.
        function: evidence and the method's own settings to maps.
        reads: the kind of evidence it reads.
        finish: name of the published final step, which is applied on reading, never before storing.
        reference: where it was published.
        sign: ``signed`` (for and against the class) or ``magnitude`` (never negative).
        channels: how input channels or feature channels are reduced to one map.
        diagnostics: names of the measurements it returns beside the maps.
        tolerance: the diagnostic that must not exceed the setting ``tolerance``, if the method has one.
        settings: pydantic model of all its settings: its own, those of its evidence, and ``tolerance``.
        summary: first sentence of its docstring.
        parameters: reads one image's parameters from a file of them, if the method takes such files.
    """

    name: str
    function: Callable[..., Result]
    reads: type[Evidence]
    finish: str
    reference: str
    sign: Literal["signed", "magnitude"]
    channels: str
    diagnostics: tuple[str, ...]
    tolerance: str | None
    settings: type[BaseModel]
    summary: str
    parameters: ReadParameters | None = None

    def own_settings(self, settings: BaseModel) -> dict[str, Any]:
        """The part of the settings that the function takes."""
        return {name: getattr(settings, name) for name in _own_parameters(self.function)}

    def evidence_settings(self, settings: BaseModel) -> EvidenceSettings:
        """The part of the settings that the evidence takes."""
        fields = self.reads.Settings.model_fields
        return self.reads.Settings(**{name: getattr(settings, name) for name in fields})

    def evaluations(self, settings: BaseModel, classifier: Classifier | None = None) -> int:
        """How many passes it takes per image, the shared ones included; for some only known with the classifier."""
        return self.reads.evaluations(self.evidence_settings(settings), classifier)


def make_spec(
    name: str,
    function: Callable[..., Any],
    reads: type[Evidence],
    reference: str,
    finish: Finish = none,
    sign: Literal["signed", "magnitude"] = "signed",
    channels: str = "sum",
    diagnostics: Sequence[str] = (),
    tolerance: str | None = None,
    parameters: ReadParameters | None = None,
) -> MethodSpec:
    """The specification of a method, unregistered. For the arguments see `registry.method`."""
    if FINISHES.get(finish.__name__) is not finish:
        raise MethodError(f"method {name!r}: finish must be one of {', '.join(FINISHES)}")
    if not (isinstance(reads, type) and issubclass(reads, Evidence)):
        raise MethodError(f"method {name!r}: `reads` must be a kind of evidence")
    summary = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
    if not summary:
        raise MethodError(f"method {name!r}: the function needs a docstring")
    own = _own_parameters(function)
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    for key, parameter in own.items():
        if parameter.default is inspect.Parameter.empty or key not in hints:
            raise MethodError(f"method {name!r}: setting {key!r} needs a type and a default")
        fields[key] = (hints[key], parameter.default)
    for key, info in reads.Settings.model_fields.items():
        if key in fields:
            raise MethodError(f"method {name!r}: setting {key!r} belongs to its evidence already")
        fields[key] = (info.annotation, info)
    if tolerance is not None:
        if tolerance not in diagnostics:
            raise MethodError(f"method {name!r}: tolerance {tolerance!r} must be one of its diagnostics")
        fields["tolerance"] = (
            float | None,
            Field(None, gt=0, description=f"make the evidence closer until {tolerance} is at most this"),
        )
    settings = create_model(
        f"{function.__name__}_settings",
        __config__=ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False),
        **fields,
    )
    return MethodSpec(
        name=name,
        function=function,
        reads=reads,
        finish=finish.__name__,
        reference=reference,
        sign=sign,
        channels=channels,
        diagnostics=tuple(diagnostics),
        tolerance=tolerance,
        settings=settings,
        summary=summary,
        parameters=parameters,
    )


def _own_parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters or any(p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters[1:]):
        name = getattr(function, "__name__", function)
        raise MethodError(f"{name}: the evidence must be the only positional parameter, settings keyword-only")
    return {p.name: p for p in parameters[1:]}
