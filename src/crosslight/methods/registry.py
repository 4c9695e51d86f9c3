"""Where methods are registered and looked up: built-in files, entry points, and functions in a user's file."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from ..core.errors import CrosslightError, MethodError, suggestion
from ..core.finish import Finish, none
from ..core.registry import Registry
from ..evidence import Evidence
from .base import MethodSpec, ReadParameters, make_spec

F = TypeVar("F", bound=Callable[..., Any])


def _load_built_in() -> None:
    package = importlib.import_module(__package__ or "")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


#: every method by name
METHODS: Registry[MethodSpec] = Registry("method", _load_built_in, "crosslight.methods")

#: methods from users' files: by module name, then by the function's name
_USERS: dict[str, dict[str, MethodSpec]] = {}


def method(
    name: str,
    *,
    reads: type[Evidence],
    reference: str,
    finish: Finish = none,
    sign: Literal["signed", "magnitude"] = "signed",
    channels: str = "sum",
    diagnostics: Sequence[str] = (),
    tolerance: str | None = None,
    parameters: ReadParameters | None = None,
) -> Callable[[F], F]:
    """Register a function from evidence to maps as an attribution method.

    The function's first parameter is the evidence; every other one must be keyword-only, with a type and a default:
    those are its settings. They become study settings, options and documentation, together with the settings
    of the evidence. Use ``Annotated[float, pydantic.Field(gt=0, description=...)]`` for limits and help.

    Args:
        name: lower case, words joined by ``-``.
        reads: the kind of evidence the function takes.
        reference: where it was published.
        finish: the published final step, from `crosslight.core.finish`; the maps returned must be without it.
        sign: ``magnitude`` where maps are never negative.
        channels: how channels are reduced to one map, in a word or two.
        diagnostics: names of the measurements the function returns beside the maps.
        tolerance: one of these; the study setting ``tolerance`` then makes the
            evidence closer until this diagnostic is not above it.
        parameters: reads one image's parameters; the method then takes files of them in a study, as long as they do
            not change the resolution of its maps.

    Raises:
        MethodError: the function's signature does not fit.
    """

    def register(function: F) -> F:
        spec = make_spec(name, function, reads, reference, finish, sign, channels, diagnostics, tolerance, parameters)
        METHODS.add(name, spec)
        return function

    return register


def find_method(name: str, base: Path | None = None) -> MethodSpec:
    """The method of that name.

    Args:
        name: a registered name, or ``python:FILE.py:FUNCTION`` for a function in that file which carries the
            `method` decorator.
        base: folder that a relative FILE starts from; by default the current one.

    Raises:
        UnknownNameError: no such method.
        MethodError: the file or the function cannot be used.
    """
    if not name.startswith("python:"):
        return METHODS[name]
    file, _, function = name.removeprefix("python:").rpartition(":")
    if not file:
        raise MethodError(f"{name!r}: write python:FILE.py:FUNCTION")
    path = (base or Path()) / file
    if not path.is_file():
        raise MethodError(f"{name!r}: there is no file {path}")
    methods = _methods_in(path, name)
    if function not in methods:
        raise MethodError(f"{name!r}: {path} has no @method called {function}{suggestion(function, methods)}")
    return methods[function]


def _methods_in(path: Path, name: str) -> dict[str, MethodSpec]:
    """The methods that a user's file registers, by the name of their function."""
    # The content is part of the module's name, which becomes part of the digest of the maps: an edited method
    # never mixes with the maps of its former self.
    module_name = f"{path.stem}_{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
    if module_name not in _USERS:
        for former in [m for m in _USERS if m.rpartition("_")[0] == path.stem]:
            for spec in _USERS.pop(former).values():
                METHODS.remove(spec.name)
        before = set(METHODS)
        module_spec = importlib.util.spec_from_file_location(module_name, path)
        if module_spec is None or module_spec.loader is None:
            raise MethodError(f"{name!r}: {path} is no Python file")
        try:
            module_spec.loader.exec_module(importlib.util.module_from_spec(module_spec))
        except CrosslightError as error:
            raise MethodError(f"{name!r}: {path}: {error}") from error
        except Exception as error:  # whatever the user's file does wrong
            raise MethodError(f"{name!r}: {path} cannot be imported: {type(error).__name__}: {error}") from error
        added = [METHODS[key] for key in METHODS if key not in before]
        _USERS[module_name] = {spec.function.__name__: spec for spec in added}
    return _USERS[module_name]
