"""What a metric of localisation is: a function from laid maps to one number each, and what it says of itself.

A metric may have candidates, such as thresholds: its function then gives a number for each of them, and which one
counts is chosen on other images, once all are measured: see `choose`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError, UnknownNameError
from ...core.registry import Registry
from ..caveat import caveat_of
from .laid import Laid

F = TypeVar("F", bound=Callable[..., NDArray[np.float64]])


@dataclass(frozen=True)
class LocalisationMetric:
    """A registered metric; larger is better, and 1 is the best.

    Attributes:
        name: as on the command line, such as ``rank-accuracy``.
        function: laid maps and the metric's own settings to float64 ``[n]`` in [0, 1]; ``[n, candidate]`` where there
            are candidates.
        reference: where it was published.
        settings: its keyword-only parameters with their defaults.
        summary: first sentence of its docstring.
        candidates: values of a setting of which one is chosen on other images; none for most metrics.
        cannot_tell: what it cannot tell, as its docstring says.
    """

    name: str
    function: Callable[..., NDArray[np.float64]]
    reference: str
    settings: Mapping[str, Any]
    summary: str
    candidates: tuple[float, ...] = ()
    cannot_tell: str = ""

    @property
    def columns(self) -> int:
        """Numbers for each map: one, or one for each candidate."""
        return len(self.candidates) or 1

    def __call__(self, laid: Laid, settings: Mapping[str, Any]) -> NDArray[np.float64]:
        """The metric of every map, ``[n]`` or ``[n, candidate]``; settings that are not its own are passed over."""
        return self.function(laid, **{key: settings[key] for key in self.settings if key in settings})


def _load_built_in() -> None:
    package = importlib.import_module(__package__ or "")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


#: every metric of localisation by name
METRICS: Registry[LocalisationMetric] = Registry("metric", _load_built_in, "crosslight.localisation")

#: metrics that are taken where none is named, in the order in which they are shown
DEFAULT = ("energy", "pointing", "rank-accuracy", "iou", "iou-own")


def localisation_metric(name: str, *, reference: str, candidates: tuple[float, ...] = ()) -> Callable[[F], F]:
    """Register a function from laid maps to one number in [0, 1] for each.

    The function's first parameter is a `Laid`; every other one is keyword-only with a default: its settings.

    Args:
        name: lower case, words joined by ``-``.
        reference: where it was published.
        candidates: the function gives a number for each of these, of which one is chosen on other images.
    """

    def register(function: F) -> F:
        own = list(inspect.signature(function).parameters.values())[1:]
        settings = {parameter.name: parameter.default for parameter in own}
        summary = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        metric = LocalisationMetric(name, function, reference, settings, summary, candidates, caveat_of(function))
        METRICS.add(name, metric)
        return function

    return register


def metrics_named(names: Sequence[str]) -> tuple[LocalisationMetric, ...]:
    """The metrics of these names, each once.

    Raises:
        UnknownNameError: there is no such metric.
        InputError: no name is given.
    """
    if not names:
        raise InputError(f"name at least one metric: {', '.join(METRICS)}")
    return tuple(METRICS[name] for name in dict.fromkeys(names))


def checked_settings(metrics: Sequence[LocalisationMetric], given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of these metrics: what is given, and the defaults of the rest.

    Raises:
        UnknownNameError: none of the metrics has a setting of that name.
    """
    settings = {key: value for metric in metrics for key, value in metric.settings.items()}
    for key in given:
        if key not in settings:
            raise UnknownNameError("setting", key, settings)
    return settings | dict(given)
