"""What an edit is: a function from a picture and what is removed of it to a picture, and what it says of itself."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, UnknownNameError
from ...core.registry import Registry

Pixels = NDArray[np.float64]
F = TypeVar("F", bound=Callable[..., Pixels])

#: what a generator of pictures may draw by itself instead: the picture without the region, or the region elsewhere
Redraw = Literal["without", "elsewhere"]


@dataclass(frozen=True)
class Cut:
    """A picture with what is taken out of it.

    Attributes:
        picture: float64 ``[h, w, 3]``, sRGB, 0 to 255.
        removed: bool ``[h, w]``: pixels that are replaced; at least one.
        other: uint8 ``[h', w', 3]``: another picture, where the edit takes one.
    """

    picture: Pixels
    removed: NDArray[np.bool_]
    other: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class Edit:
    """A registered edit.

    Attributes:
        name: as on the command line, such as ``blur``.
        function: a `Cut` and the edit's own settings to float64 ``[h, w, 3]``, 0 to 255; only its values at removed
            pixels are used.
        does: in words, with the region as ``{}``: ``the {} blurred``.
        removes: the ``region``, or all the ``rest`` of the picture.
        redraw: what a generator of pictures may draw instead, or None.
        settings: its keyword-only parameters with their defaults.
        summary: first sentence of its docstring.
    """

    name: str
    function: Callable[..., Pixels]
    does: str
    removes: Literal["region", "rest"]
    redraw: Redraw | None
    settings: Mapping[str, Any]
    summary: str


def _load_built_in() -> None:
    package = importlib.import_module(__package__ or "")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


#: every edit by name
EDITS: Registry[Edit] = Registry("edit", _load_built_in, "crosslight.edits")


def edit(
    name: str, *, does: str, removes: Literal["region", "rest"] = "region", redraw: Redraw | None = None
) -> Callable[[F], F]:
    """Register a function from a `Cut` to a picture.

    Every parameter but the first is keyword-only with a default: a setting.

    Args:
        name: lower case, words joined by ``-``.
        does: in words, with the region as ``{}``.
        removes: the ``region``, or the ``rest``.
        redraw: what a generator of pictures may draw instead.
    """

    def register(function: F) -> F:
        own = list(inspect.signature(function).parameters.values())[1:]
        settings = {parameter.name: parameter.default for parameter in own}
        summary = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        EDITS.add(name, Edit(name, function, does, removes, redraw, settings, summary))
        return function

    return register


def checked_edit(name: str, given: Mapping[str, Any] | None = None) -> tuple[Edit, dict[str, Any]]:
    """An edit with all its settings: what is given, and the defaults of the rest.

    It is tried on a small picture, so that a value that cannot be used is told before any work.

    Raises:
        UnknownNameError: there is no such edit, or it has no such setting.
        InputError: a value cannot be used.
    """
    found = EDITS[name]
    for key in given or {}:
        if key not in found.settings:
            raise UnknownNameError(f"setting of {name}", key, found.settings)
    settings = {**found.settings, **(given or {})}
    tried, region = np.full((8, 8, 3), 128, np.uint8), np.zeros((8, 8), bool)
    region[2:5, 2:5] = True
    try:
        apply_edit(found, tried, region, settings, tried)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: a setting has a value of another kind than its default: {error}") from error
    return found, settings


def apply_edit(
    found: Edit,
    picture: NDArray[np.uint8],
    region: NDArray[np.bool_],
    settings: Mapping[str, Any] | None = None,
    other: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """Edit one picture; every pixel that is not removed stays exactly as it is.

    Args:
        found: which edit.
        picture: uint8 ``[h, w, 3]``, sRGB.
        region: bool ``[h, w]``.
        settings: of the edit; defaults for those that are not given.
        other: another picture, of any size, for an edit that takes one.

    Returns:
        uint8 ``[h, w, 3]``; a copy where there is nothing to remove.

    Raises:
        InputError: the region has another size than the picture, or a setting cannot be used.
    """
    if picture.ndim != 3 or region.shape != picture.shape[:2]:
        raise InputError(f"a region {list(region.shape)} does not fit a picture {list(picture.shape)}")
    removed = region if found.removes == "region" else ~region
    out = picture.copy()
    if removed.any():
        made = found.function(Cut(picture.astype(np.float64), removed, other), **(settings or {}))
        out[removed] = np.clip(np.rint(made[removed]), 0, 255).astype(np.uint8)
    return out
