"""Scores of methods on models, with their intervals, and whether they are better than chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import UnknownNameError
from ..core.means import known_mean
from .baselines import BASELINES, CHANCE
from .estimates import Estimate, estimate
from .table import Row, flagged_models, table_rows


@dataclass(frozen=True)
class Scorecard:
    """How well the maps of methods on models point to where the evidence is.

    Attributes:
        metrics, methods, models: labels of the axes.
        images: identities of the images; empty where a card was read back without its values per image.
        names: of the images, as shown.
        values: float32 ``[metric, method, model, image]``, NaN where there is no score.
        baseline_values: float32 ``[metric, baseline, method, model, image]`` in the order of `BASELINES`: over the
            same pixels as the map that they stand beside.
        outside: float32 ``[method, model, image]``: the share of the mask that the map does not cover.
        mask_share: float32 ``[image]``: the share of the picture that is inside the mask, NaN without one.
        scores: means of `values`, ``[metric, method, model]``.
        baselines: means of `baseline_values`, ``[metric, baseline, model]``, over the images that have a value under
            any method.
        above: means of the difference between method and baseline on the same image,
            ``[metric, chance, method, model]`` in the order of `CHANCE`.
        masked: number of images with a mask.
        mean_share: mean of `mask_share`.
        mean_outside: mean of `outside` over images, ``[method, model]``.
        skipped: number of images without a usable mask, by reason.
        dropped: by method and model, how many images with a mask have no score, by reason.
        masks: where the masks are from, in words.
        settings: of metrics and maps, as recorded.
        bootstrap: ``level``, ``resamples`` and ``seed`` of the intervals.
        sets: model, key and number of finished blocks of every set of maps that was scored.
    """

    metrics: tuple[str, ...]
    methods: tuple[str, ...]
    models: tuple[str, ...]
    images: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float32]
    baseline_values: NDArray[np.float32]
    outside: NDArray[np.float32]
    mask_share: NDArray[np.float32]
    scores: Estimate
    baselines: Estimate
    above: Estimate
    masked: int
    mean_share: float
    mean_outside: NDArray[np.float64]
    skipped: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)
    masks: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    bootstrap: Mapping[str, Any] = field(default_factory=dict)
    sets: tuple[tuple[str, str, int], ...] = ()

    @property
    def better_than_chance(self) -> NDArray[np.bool_]:
        """Whether the interval of the difference lies above 0 for each of `CHANCE`: bool ``[metric, method, model]``.

        An interval that reaches down to 0, and one that is not known because there are fewer than two images, is not
        better than chance.
        """
        return np.asarray((self.above.low > 0).all(axis=1))

    @property
    def no_better(self) -> NDArray[np.bool_]:
        """Which have a score that is not shown to be better than chance: bool ``[metric, method, model]``."""
        return np.asarray((self.scores.count > 0) & ~self.better_than_chance)

    def no_better_by_method(self, metric: str) -> dict[str, tuple[str, ...]]:
        """Methods that do no better than chance, with the models on which they do not."""
        return flagged_models(self.no_better[self._metric(metric)], self.methods, self.models)

    def rows(self, metric: str) -> list[Row]:
        """The table of a metric: methods first, then baselines.

        Raises:
            UnknownNameError: the card does not hold this metric.
        """
        at = self._metric(metric)
        return table_rows(self.methods, self.scores, self.baselines, self.no_better, at)

    def _metric(self, name: str) -> int:
        if name not in self.metrics:
            raise UnknownNameError("metric", name, self.metrics)
        return self.metrics.index(name)

    def to_dict(self, per_image: bool = False) -> dict[str, Any]:
        """All of it in JSON's own types, NaN as None.

        Args:
            per_image: include the scores of every image.
        """
        from .written import card_to_dict

        return card_to_dict(self, per_image)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Scorecard:
        """Read back what `to_dict` gave, without the scores of every image."""
        from .written import card_from_dict

        return card_from_dict(content)

    def to_csv(self, per_image: bool = False) -> str:
        """A table with one row for each metric, method and model; baselines too.

        Args:
            per_image: one row for each image instead, with its baselines beside it.
        """
        from .written import card_to_csv

        return card_to_csv(self, per_image)

    def __repr__(self) -> str:
        return f"<Scorecard: {len(self.methods)} methods, {len(self.models)} models, {self.masked} images>"

    def _repr_html_(self) -> str:
        from .written import card_to_html

        return card_to_html(self)


def make_scorecard(
    *,
    values: NDArray[np.floating],
    baseline_values: NDArray[np.floating],
    outside: NDArray[np.floating],
    mask_share: NDArray[np.floating],
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
    **labels: Any,
) -> Scorecard:
    """A card from the scores of every image.

    Args:
        values: see `Scorecard`.
        baseline_values: see `Scorecard`.
        outside: see `Scorecard`.
        mask_share: see `Scorecard`.
        level: coverage of the intervals.
        resamples: number of bootstrap resamples of the images.
        seed: of the resampling.
        labels: the other fields of `Scorecard` that are not computed here.
    """
    how = {"level": level, "resamples": resamples, "seed": seed}
    paired = np.stack([values - baseline_values[:, BASELINES.index(name)] for name in CHANCE], axis=1)
    return Scorecard(
        values=values.astype(np.float32),
        baseline_values=baseline_values.astype(np.float32),
        outside=outside.astype(np.float32),
        mask_share=mask_share.astype(np.float32),
        scores=estimate(values, level=level, resamples=resamples, seed=seed),
        baselines=estimate(known_mean(baseline_values, axis=2), level=level, resamples=resamples, seed=seed),
        above=estimate(paired, level=level, resamples=resamples, seed=seed),
        masked=int(np.isfinite(mask_share).sum()),
        mean_share=float(known_mean(mask_share, axis=0)),
        mean_outside=known_mean(outside, axis=-1),
        bootstrap=how,
        **labels,
    )
