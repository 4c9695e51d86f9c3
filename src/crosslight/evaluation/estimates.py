"""Means over images with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.bootstrap import mean_interval
from ..core.plain import plain

FIELDS = ("mean", "low", "high", "count")


@dataclass(frozen=True)
class Estimate:
    """Means over images; all arrays have the same axes.

    Attributes:
        mean: NaN where no image has a value.
        low, high: bounds of the percentile bootstrap interval; NaN for fewer than two images.
        count: number of images behind each mean.
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """Nested lists, NaN as None."""
        return {name: plain(getattr(self, name)) for name in FIELDS}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Estimate:
        """Read back what `to_dict` gave."""
        arrays = {name: np.array(content[name], np.float64) for name in FIELDS[:3]}
        return cls(**arrays, count=np.array(content["count"], np.int64))


def estimate(values: NDArray[np.floating], *, level: float = 0.95, resamples: int = 2000, seed: int = 0) -> Estimate:
    """Mean over the last axis, with a percentile bootstrap interval; the same images are drawn everywhere.

    Args:
        values: ``[..., image]``, NaN where unknown.
        level: coverage in (0, 1).
        resamples: number of resamples of the images.
        seed: of the resampling.
    """
    columns = values.reshape(-1, values.shape[-1]).T.astype(np.float64)
    known = np.isfinite(columns)
    count = known.sum(axis=0)
    mean = np.where(count > 0, np.where(known, columns, 0).sum(axis=0) / np.maximum(count, 1), np.nan)
    low, high = mean_interval(columns, level=level, resamples=resamples, seed=seed)
    shape = values.shape[:-1]
    return Estimate(mean.reshape(shape), low.reshape(shape), high.reshape(shape), count.reshape(shape))
