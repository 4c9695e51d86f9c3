"""What probing found: values of methods on models, with intervals and against maps that know nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UnknownNameError
from ..core.means import known_mean
from ..core.plain import plain
from .baselines import BASELINES, CHANCE
from .estimates import Estimate, estimate
from .table import Row, flagged_models, table_rows


@dataclass(frozen=True)
class Cost:
    """What a map of one method on one model costs.

    Attributes:
        passes: of one image through the network, as the method would take them by itself; NaN where it is not known.
        seconds: by the clock, when the maps were made; NaN where the store does not say.
        shared: whether other methods were made in the same go: the time is then divided in proportion to the passes,
            though methods share them.
    """

    passes: float
    seconds: float
    shared: bool


@dataclass(frozen=True)
class Probed:
    """Metrics that try maps out on their classifiers.

    Attributes:
        metrics, methods, models: labels of the axes.
        images: identities; empty where it was read back without its values per image.
        groups: what each metric is about.
        better: of each metric whether ``higher`` or ``lower`` values are better.
        values: float32 ``[metric, method, model, image]``, NaN where there is none.
        baseline_values: float32 ``[metric, baseline, method, model, image]`` in the order of `BASELINES`: of the class
            that the method's map explains; NaN for metrics that have none.
        scores: means of `values`, ``[metric, method, model]``.
        baselines: means of `baseline_values`, ``[metric, baseline, model]``.
        above: means of how much better a method is than a baseline on the same image, ``[metric, chance, method,
            model]`` in the order of `CHANCE`: the difference, its sign turned where lower values are better.
        limit: how many images were probed.
        costs: of the maps themselves, by method and model.
        evaluations, seconds: of each metric on each model, ``[metric, model]``: passes, and time of the processor.
        diagnostics: by metric, by name: what it measured beside its value, mean over images ``[method, model]``.
        failures: model, method or baseline, metric, identity of the image and reason.
        settings: of the metrics by name, and of the probing.
        bootstrap: ``level``, ``resamples`` and ``seed`` of the intervals.
        sets: model, key and number of finished blocks of every set of maps that was probed.
    """

    metrics: tuple[str, ...]
    methods: tuple[str, ...]
    models: tuple[str, ...]
    images: tuple[str, ...]
    groups: tuple[str, ...]
    better: tuple[str, ...]
    values: NDArray[np.float32] = field(repr=False)
    baseline_values: NDArray[np.float32] = field(repr=False)
    scores: Estimate = field(repr=False)
    baselines: Estimate = field(repr=False)
    above: Estimate = field(repr=False)
    limit: int
    costs: Mapping[tuple[str, str], Cost]
    evaluations: NDArray[np.int64]
    seconds: NDArray[np.float64]
    diagnostics: Mapping[str, Mapping[str, NDArray[np.float64]]] = field(default_factory=dict, repr=False)
    failures: tuple[tuple[str, str, str, str, str], ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    bootstrap: Mapping[str, Any] = field(default_factory=dict)
    sets: tuple[tuple[str, str, int], ...] = ()

    @property
    def compared(self) -> NDArray[np.bool_]:
        """Which scores can be held against chance: bool ``[metric, method, model]``."""
        return np.asarray((self.above.count > 0).all(axis=1))

    @property
    def no_better(self) -> NDArray[np.bool_]:
        """Which are compared with chance, and not shown to be better: bool ``[metric, method, model]``."""
        return np.asarray(self.compared & ~(self.above.low > 0).all(axis=1))

    def no_better_by_method(self, metric: str) -> dict[str, tuple[str, ...]]:
        """Methods that do no better than chance, with the models on which they do not."""
        return flagged_models(self.no_better[self.at(metric)], self.methods, self.models)

    def rows(self, metric: str) -> list[Row]:
        """The table of a metric: methods first, then baselines where it has them.

        Raises:
            UnknownNameError: the metric was not measured.
        """
        found = table_rows(self.methods, self.scores, self.baselines, self.no_better, self.at(metric))
        return [row for row in found if not row.baseline or any(cell.count for cell in row.cells)]

    def at(self, metric: str) -> int:
        """Where a metric stands.

        Raises:
            UnknownNameError: it was not measured.
        """
        if metric not in self.metrics:
            raise UnknownNameError("metric", metric, self.metrics)
        return self.metrics.index(metric)

    def to_dict(self, per_image: bool = False) -> dict[str, Any]:
        """All of it in JSON's own types, NaN as None.

        Args:
            per_image: include the values of every image.
        """
        names = ("metrics", "methods", "models", "groups", "better", "limit")
        result: dict[str, Any] = {name: plain(getattr(self, name)) for name in names}
        result |= {
            "scores": self.scores.to_dict(),
            "baseline_names": list(BASELINES),
            "baselines": self.baselines.to_dict(),
            "chance_names": list(CHANCE),
            "above_chance": self.above.to_dict(),
            "costs": [
                {"method": method, "model": model, "passes": plain(cost.passes), "seconds": plain(cost.seconds),
                 "shared": cost.shared}
                for (method, model), cost in self.costs.items()
            ],
            "evaluations": plain(self.evaluations),
            "seconds": plain(self.seconds),
            "diagnostics": plain(self.diagnostics),
            "failures": [list(one) for one in self.failures],
            "settings": dict(self.settings),
            "bootstrap": dict(self.bootstrap),
            "sets": [list(one) for one in self.sets],
        }  # fmt: skip
        if per_image:
            values = {"values": plain(self.values), "baseline_values": plain(self.baseline_values)}
            result |= {"image_identities": list(self.images), **values}
        return result

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Probed:
        """Read back what `to_dict` gave, without the values of every image."""
        texts = ("metrics", "methods", "models", "groups", "better")
        labels = {name: tuple(content[name]) for name in texts}
        shape = (len(labels["metrics"]), len(labels["methods"]), len(labels["models"]), 0)
        return cls(
            **labels,
            images=(),
            values=np.empty(shape, np.float32),
            baseline_values=np.empty((shape[0], len(BASELINES), *shape[1:]), np.float32),
            scores=Estimate.from_dict(content["scores"]),
            baselines=Estimate.from_dict(content["baselines"]),
            above=Estimate.from_dict(content["above_chance"]),
            limit=content["limit"],
            costs={
                (one["method"], one["model"]): Cost(_number(one["passes"]), _number(one["seconds"]), one["shared"])
                for one in content["costs"]
            },
            evaluations=np.array(content["evaluations"], np.int64),
            seconds=np.array(content["seconds"], np.float64),
            diagnostics={
                metric: {name: np.array(values, np.float64) for name, values in found.items()}
                for metric, found in content["diagnostics"].items()
            },
            failures=tuple((a, b, c, d, e) for a, b, c, d, e in content["failures"]),
            settings=content["settings"],
            bootstrap=content["bootstrap"],
            sets=tuple((model, key, done) for model, key, done in content["sets"]),
        )


def make_probed(
    *,
    values: NDArray[np.floating],
    baseline_values: NDArray[np.floating],
    better: tuple[str, ...],
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    **labels: Any,
) -> Probed:
    """Means and intervals of what was measured.

    Args:
        values: see `Probed`.
        baseline_values: see `Probed`.
        better: see `Probed`.
        level: coverage of the intervals.
        resamples: number of bootstrap resamples of the images.
        seed: of the resampling.
        labels: the other fields of `Probed` that are not computed here.
    """
    how: dict[str, Any] = {"level": level, "resamples": resamples, "seed": seed}
    sign = np.array([1.0 if one == "higher" else -1.0 for one in better])[:, None, None, None, None]
    paired = sign * np.stack([values - baseline_values[:, BASELINES.index(name)] for name in CHANCE], axis=1)
    return Probed(
        values=values.astype(np.float32),
        baseline_values=baseline_values.astype(np.float32),
        better=better,
        scores=estimate(values, **how),
        baselines=estimate(known_mean(baseline_values, axis=2), **how),
        above=estimate(paired, **how),
        bootstrap=how,
        **labels,
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
