"""What a metric is that runs the classifier again: a function of a `Subject` to one number for each image."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, create_model
from torch import Tensor

from ...core.registry import Registry
from ..caveat import caveat_of

#: What a metric returns: float64 ``[b]``, or that with named diagnostics ``[b]``, such as every point of a curve.
Result = Tensor | tuple[Tensor, Mapping[str, Tensor]]

F = TypeVar("F", bound=Callable[..., Result])

#: what a metric is about: whether the output follows the map, whether the map follows input and parameters, how much
#: of the picture it marks
Group = Literal["faithfulness", "robustness", "sanity", "complexity"]

#: what a metric needs: any map over the input, the method that made it, which it applies again, or all images' maps
Needs = Literal["map", "method", "all"]


@dataclass(frozen=True)
class ProbeMetric:
    """A registered metric.

    Attributes:
        name: as on the command line, such as ``deletion``.
        group: what it is about.
        function: a `Subject`, or a `MapsOfAll` where it needs all, and the metric's own settings to float64 ``[b]``,
            NaN where an image has no value.
        better: whether larger values are better.
        needs: ``map`` where any map has a value, so that baselines have one, too; ``method`` where maps are made anew;
            ``all`` where the maps of all images are compared with each other.
        reference: where it was published.
        settings: pydantic model of its keyword-only parameters.
        summary: first sentence of its docstring.
        cost: what it takes, in words.
        several: the same of several methods of one classifier and the same images, where those can share work: a list
            of subjects to a list of results.
        cannot_tell: what it cannot tell, as its docstring says.
        applies: of one that needs the method: how many times it applies it to every image, by its settings; None where
            only the classifier tells.
    """

    name: str
    group: Group
    function: Callable[..., Result]
    better: Literal["higher", "lower"]
    needs: Needs
    reference: str
    settings: type[BaseModel]
    summary: str
    cost: str = ""
    several: Callable[..., list[Result]] | None = None
    cannot_tell: str = ""
    applies: Callable[[Any], int | None] = lambda settings: 1

    def measure(self, subjects: Sequence[Any], settings: BaseModel) -> list[Result]:
        """The results of some subjects, several only of the same images."""
        own = dict(settings)
        if self.several is not None:
            return self.several(subjects, **own)
        return [self.function(one, **own) for one in subjects]


def _load_built_in() -> None:
    package = importlib.import_module(__package__ or "")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")


#: every such metric by name
PROBES: Registry[ProbeMetric] = Registry("metric", _load_built_in, "crosslight.probes")


def probe_metric(
    name: str,
    *,
    group: Group,
    better: Literal["higher", "lower"],
    reference: str,
    needs: Needs = "map",
    cost: str = "",
    several: Callable[..., list[Result]] | None = None,
    applies: Callable[[Any], int | None] = lambda settings: 1,
) -> Callable[[F], F]:
    """Register a function of a `Subject` to one number for each image.

    Its other parameters are keyword-only, annotated and with defaults: its settings, as those of methods are.

    Args:
        name: lower case, words joined by ``-``.
        group: what it is about.
        better: whether ``higher`` or ``lower`` values are better.
        reference: where it was published.
        needs: see `ProbeMetric`.
        cost: what it takes of the classifier, in words; by default what can be told from the rest.
        several: see `ProbeMetric`.
        applies: see `ProbeMetric`.
    """
    usual = {"method": "the method again, several times", "all": "no passes"}
    cost = cost or usual.get(needs, "no passes" if group == "complexity" else "several passes per map")

    def register(function: F) -> F:
        summary = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        settings = _settings(name, function)
        metric = ProbeMetric(
            name,
            group,
            function,
            better,
            needs,
            reference,
            settings,
            summary,
            cost,
            several,
            caveat_of(function),
            applies,
        )
        PROBES.add(name, metric)
        return function

    return register


def _settings(name: str, function: Callable[..., Any]) -> type[BaseModel]:
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    fields: Mapping[str, Any] = {one.name: (one.annotation, one.default) for one in own}
    config = ConfigDict(extra="forbid", frozen=True)
    return create_model(f"{name.title().replace('-', '')}Settings", __config__=config, **fields)
