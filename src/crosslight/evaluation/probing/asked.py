"""What is asked of a probing: which metrics, with which settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from ...core.errors import InputError, Problem, StudyError, UnknownNameError
from .metric import PROBES, ProbeMetric


@dataclass(frozen=True)
class Asked:
    """One metric with its settings.

    Attributes:
        metric: the metric.
        settings: all of its settings.
    """

    metric: ProbeMetric
    settings: BaseModel

    @property
    def name(self) -> str:
        """Of the metric."""
        return self.metric.name

    @property
    def written(self) -> dict[str, Any]:
        """The settings as JSON can hold them."""
        return self.settings.model_dump(mode="json")

    @property
    def reads_maps_alone(self) -> bool:
        """Whether it needs no classifier: measures of complexity, and those that compare all maps."""
        return self.metric.group == "complexity" or self.metric.needs == "all"

    @property
    def with_baselines(self) -> bool:
        """Whether maps that know nothing have a value, too."""
        return self.metric.needs == "map"


def asked_for(metrics: Sequence[str], settings: Mapping[str, Any] | None = None) -> tuple[Asked, ...]:
    """Metrics by name, with their settings checked before any work.

    Args:
        metrics: names, see `PROBES`.
        settings: ``{"deletion.steps": 20}``, or ``{"deletion": {"steps": 20}}``.

    Raises:
        UnknownNameError: there is no such metric, or a setting is of none that was asked for.
        StudyError: a setting is not valid.
        InputError: no metric is named.
    """
    if not metrics:
        raise InputError(f"name at least one metric: {', '.join(PROBES)}")
    chosen = [PROBES[name] for name in dict.fromkeys([metrics] if isinstance(metrics, str) else metrics)]
    given: dict[str, dict[str, Any]] = {metric.name: {} for metric in chosen}
    for key, value in (settings or {}).items():
        name, _, own = key.partition(".")
        if name not in given:
            raise UnknownNameError("metric in the setting", key, given)
        given[name] |= {own: value} if own else dict(value)
    problems: list[Problem] = []
    found = []
    for metric in chosen:
        for own in given[metric.name]:
            if own not in metric.settings.model_fields:
                raise UnknownNameError(f"setting of {metric.name}", own, metric.settings.model_fields)
        try:
            found.append(Asked(metric, metric.settings(**given[metric.name])))
        except ValidationError as error:
            problems += [Problem(_place(metric.name, one["loc"]), one["msg"]) for one in error.errors()]
    if problems:
        raise StudyError(problems, "settings of metrics")
    return tuple(found)


def _place(metric: str, location: Sequence[Any]) -> str:
    return ".".join([metric, *map(str, location[:1])])
