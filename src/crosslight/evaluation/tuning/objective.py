"""What a search makes large: overlap with masks, likeness to another method's maps, or a metric of probing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.errors import InputError, UnknownNameError
from ...core.finish import finish_named
from ...core.sampling import sample
from ...methods import METHODS, find_method
from ..localisation import METRICS, PictureMask
from ..localisation.metric import checked_settings
from ..measure import Measuring, measure_maps
from ..probing.metric import PROBES, ProbeMetric
from ..probing.subject import Subject
from .cases import Case, Explained

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ...methods import MethodSpec

Better = Literal["higher", "lower"]

#: how likeness to another method's maps is measured
LIKENESS = ("iou", "cosine")
#: the share of highest pixels of a map that count as its mask
SHARE = 0.2


class Objective(Protocol):
    """One number for one map."""

    @property
    def name(self) -> str:
        """As the user writes it."""

    @property
    def better(self) -> Better:
        """Whether larger numbers are better."""

    @property
    def worst(self) -> float | None:
        """What an image counts of which there is no map, or one that shows nothing; None where none would be fair."""

    def __call__(self, case: Case, explained: Explained) -> float:
        """The number, NaN where the map has none."""


@dataclass(frozen=True)
class Overlap:
    """A metric of localisation against masks.

    Attributes:
        measuring: one metric, and how maps are made ready for it.
        masks: by the image's identity.
    """

    measuring: Measuring
    masks: Mapping[str, PictureMask]
    better: Better = "higher"
    worst: float | None = 0.0

    @property
    def name(self) -> str:
        """Of the metric."""
        return self.measuring.metrics[0].name

    def __call__(self, case: Case, explained: Explained) -> float:
        """The metric of one map."""
        return float(measure_maps(explained.maps, [self.masks[case.identity]], self.measuring).values[0, 0])


@dataclass(frozen=True)
class Likeness:
    """How alike maps are to those of another method with its default settings, of the same image and class.

    Attributes:
        spec: the other method.
        settings: its settings.
        measure: ``iou`` of the highest fifths of both, or ``cosine`` of the signed maps after their final steps.
        known: maps of the other method by image and classifier, filled as they are needed.
    """

    spec: MethodSpec
    settings: BaseModel
    measure: str
    known: dict[tuple[str, str], NDArray[np.float64]]
    better: Better = "higher"
    worst: float | None = 0.0

    @property
    def name(self) -> str:
        """As the user writes it."""
        return f"agree:{self.spec.name}" + ("" if self.measure == LIKENESS[0] else f":{self.measure}")

    def __call__(self, case: Case, explained: Explained) -> float:
        """The likeness of one map and the other method's."""
        key = case.identity, case.classifier.label
        if key not in self.known:
            self.known[key] = over_input(case.explain(self.spec, self.settings))
        other, own = self.known[key], over_input(explained)
        if self.measure == "cosine":
            length = float(np.linalg.norm(own) * np.linalg.norm(other))
            return float((own * other).sum() / length) if length > 0 else float("nan")
        return overlap(own, other)


@dataclass(frozen=True)
class Probing:
    """A metric that asks the classifier again; its passes are not counted as the method's.

    Attributes:
        metric: one that needs a map.
        seed: of the metric.
    """

    metric: ProbeMetric
    seed: int
    worst: float | None = None

    @property
    def name(self) -> str:
        """Of the metric."""
        return self.metric.name

    @property
    def better(self) -> Better:
        """As the metric says."""
        return self.metric.better

    def __call__(self, case: Case, explained: Explained) -> float:
        """The metric of one map."""
        if not explained.maps.usable[0]:
            return float("nan")
        finish = finish_named(explained.spec.finish)
        subject = Subject(
            gathering=explained.gathering,
            maps=torch.from_numpy(over_input(explained)[None]),
            native=torch.from_numpy(np.asarray(finish(explained.maps.values.astype(np.float64)))),
            targets=explained.gathering.targets(explained.policy),
            seed=self.seed,
            method=explained.spec,
            settings=explained.settings,
            finish=explained.spec.finish,
        )
        found = self.metric.function(subject)
        return float((found[0] if isinstance(found, tuple) else found)[0])


def over_input(explained: Explained) -> NDArray[np.float64]:
    """A map after its final step at the resolution of the classifier's input, ``[h, w]``."""
    maps = explained.maps
    native = np.asarray(finish_named(explained.spec.finish)(maps.values.astype(np.float64)))
    size = explained.gathering.inputs.shape[-2:]
    return np.asarray(sample(native, maps.boxes, maps.boxes, (int(size[0]), int(size[1])))[0], np.float64)


def highest(values: NDArray[np.float64], share: float = SHARE) -> NDArray[np.bool_]:
    """The highest pixels of a map that are above 0, at most a share of all; more where the last are tied."""
    number = max(1, round(share * values.size))
    last = np.partition(values, values.size - number, axis=None)[values.size - number]
    return np.asarray((values >= last) & (values > 0))


def overlap(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Intersection over union of the highest pixels of two maps; NaN where one has none."""
    one, other = highest(first), highest(second)
    if not one.any() or not other.any():
        return float("nan")
    return float((one & other).sum() / (one | other).sum())


def find_objective(
    name: str,
    masks: Mapping[str, PictureMask] | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Objective:
    """The objective of a name.

    Args:
        name: a metric of localisation such as ``iou`` or ``energy``; ``agree:METHOD`` or ``agree:METHOD:cosine``; or a
            metric of probing that needs a map, such as ``deletion``.
        masks: by the image's identity, for metrics of localisation.
        settings: of a metric of localisation, such as ``share``.
        seed: of a metric of probing.

    Raises:
        UnknownNameError: there is no such objective, method or measure, with the nearest one.
        InputError: there are no masks for a metric that needs them, or a metric of probing needs more than a map.
    """
    kind, _, rest = name.partition(":")
    if kind == "agree":
        other, _, measure = rest.partition(":")
        if (measure or LIKENESS[0]) not in LIKENESS:
            raise UnknownNameError("measure of likeness", measure, LIKENESS)
        spec = find_method(other)
        return Likeness(spec, spec.settings(), measure or LIKENESS[0], {})
    if name in METRICS:
        if masks is None:
            raise InputError(f"{name} compares maps with masks, and there are none")
        if METRICS[name].candidates:
            raise InputError(f"{name} is chosen over many images and has no value of one: search for iou instead")
        metrics = (METRICS[name],)
        return Overlap(Measuring(metrics, checked_settings(metrics, settings or {})), masks)
    if name in PROBES:
        metric = PROBES[name]
        if metric.needs != "map":
            fitting = ", ".join(one.name for one in PROBES.values() if one.needs == "map")
            raise InputError(f"{name} needs more than the map of an image; these can be searched for: {fitting}")
        return Probing(metric, seed)
    raise UnknownNameError("objective", name, objectives())


def objectives() -> list[str]:
    """The names of all objectives, those against other methods among them."""
    against_masks = [one.name for one in METRICS.values() if not one.candidates]
    probing = [one.name for one in PROBES.values() if one.needs == "map"]
    return [*against_masks, *(f"agree:{name}" for name in METHODS), *probing]


def needs_masks(name: str) -> bool:
    """Whether an objective compares maps with masks."""
    return name in METRICS
