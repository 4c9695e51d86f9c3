"""The scores there are of how well a concept describes a unit."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...core.errors import InputError, UnknownNameError, suggestion
from ...core.registry import Registry
from .probe import Probe, Scorer

Prepare = Callable[..., Scorer]


@dataclass(frozen=True)
class TextScore:
    """A way of scoring concepts by the images that a unit answers to.

    Attributes:
        name: as users write it.
        prepare: called as ``prepare(probe, form, **settings)``, returns the function that scores a block of concepts.
        title: for tables and reports.
        reference: where it is defined.
        company: whether the published form of a unit's score depends on which units are scored with it.
        settings: keywords of `prepare` with their usual values; None is a value that the form decides.
    """

    name: str
    prepare: Prepare
    title: str
    reference: str
    company: bool
    settings: Mapping[str, Any]

    def with_defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All settings: those given, and the usual values of the others.

        Raises:
            InputError: there is no such setting.
        """
        for name in given:
            if name not in self.settings:
                raise InputError(f"{self.name} has no setting {name!r}{suggestion(name, self.settings)}")
        return {**self.settings, **given}


def _load() -> None:
    from . import scores

    for module in pkgutil.iter_modules(scores.__path__):
        importlib.import_module(f"{scores.__name__}.{module.name}")


SCORES: Registry[TextScore] = Registry("score", _load, "crosslight.text_scores")


def text_score(name: str, *, title: str, reference: str, company: bool = False) -> Callable[[Prepare], Prepare]:
    """Register a function as a score; see `TextScore` for the arguments."""

    def register(prepare: Prepare) -> Prepare:
        parameters = inspect.signature(prepare).parameters.values()
        settings = {p.name: p.default for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY}
        SCORES.add(name, TextScore(name, prepare, title, reference, company, settings))
        return prepare

    return register


def find_score(name: str) -> TextScore:
    """The score of a name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in SCORES:
        raise UnknownNameError("score", name, SCORES)
    return SCORES[name]


__all__ = ["SCORES", "Prepare", "Probe", "TextScore", "find_score", "text_score"]
