"""The spread of means: percentile bootstrap intervals over images, or over groups of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import InputError
from .selection import outer_quantiles

#: of an interval; 10,000 of 1,024 images and 900 columns take about half a second
RESAMPLES = 10_000

#: weights held at a time: a few megabytes
_WEIGHTS = 500_000
#: means held at a time: 40 MB
_MEANS = 10_000_000
#: columns whose quantiles are taken at a time
_COLUMNS = 64


def mean_interval(
    values: NDArray[np.floating],
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
    strata: ArrayLike | Sequence[object] | None = None,
    clusters: ArrayLike | Sequence[object] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile bootstrap interval of each column's mean; the same images are drawn for all columns.

    Args:
        values: ``[image, column]``, NaN where unknown.
        level: coverage in (0, 1).
        resamples: number of resamples of the images.
        seed: of the resampling.
        strata: ``[image]``: a label of each image, such as its class; as many images of each stratum are drawn as there
            are. One stratum if None.
        clusters: ``[image]``: a label of each image; images of one cluster, such as frames of one video, are drawn
            together. Every image by itself if None. A cluster lies within one stratum.

    Returns:
        ``(low, high)``, each ``[column]``; NaN for columns with known values of fewer than two images, or clusters.
        Rounding is that of float32 relative to the spread of the column.

    Raises:
        InputError: labels do not fit the images, or a cluster reaches over strata.

    Source:
        Davison and Hinkley, "Bootstrap Methods and their Application", 1997, sections 3.2 and 3.8.
    """
    rows = len(values)
    which, layer = _units(rows, strata, clusters)
    known = np.isfinite(values)
    total, count = known.sum(axis=0), _by_unit(known.astype(np.float64), which, len(layer))
    enough = (count > 0).sum(axis=0) > 1
    bounds = np.full((2, values.shape[1]), np.nan)
    columns = np.flatnonzero(enough)
    # Less their means, values lose nothing that matters in float32.
    centre = np.where(known, values, 0).sum(axis=0) / np.maximum(total, 1)
    step = max(1, _MEANS // max(resamples, 1))
    for start in range(0, len(columns), step):
        chosen = columns[start : start + step]
        off = np.where(known[:, chosen], values[:, chosen] - centre[chosen], 0)
        sums = _by_unit(off, which, len(layer)).astype(np.float32)
        means = _resampled(sums, count[:, chosen].astype(np.float32), layer, resamples, seed)
        tail = (1 - level) / 2
        for first in range(0, len(chosen), _COLUMNS):
            part = slice(first, first + _COLUMNS)
            found: NDArray[np.floating]
            if np.isnan(means[part]).any():
                found = np.nanquantile(means[part], [tail, 1 - tail], axis=1)
            else:  # which is far faster
                found = outer_quantiles(means[part], tail)
            bounds[:, chosen[part]] = centre[chosen[part]] + found
    return bounds[0], bounds[1]


def _resampled(
    sums: NDArray[np.float32], count: NDArray[np.float32], layer: NDArray[np.intp], resamples: int, seed: int
) -> NDArray[np.float32]:
    """Means of resamples, ``[column, resample]``: the number of images that a column has may differ among them."""
    random, units = np.random.default_rng(seed), len(layer)
    means = np.empty((sums.shape[1], resamples), np.float32)
    fixed = bool((count == count[:1, :1]).all())  # each draw then adds equally many images
    step = max(1, _WEIGHTS // units)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        weights = _weights(random, size, layer)
        found = weights @ sums
        if fixed:
            found /= np.float32(units * count[0, 0])
        else:
            number = weights @ count
            found = np.where(number > 0, found / np.maximum(number, 1), np.nan)
        means[:, start : start + size] = found.T
    return means


def _weights(random: np.random.Generator, resamples: int, layer: NDArray[np.intp]) -> NDArray[np.float32]:
    """How often each unit is drawn in each resample, ``[resample, unit]``; units of one layer stand side by side."""
    units = len(layer)
    if layer[-1] == 0:
        drawn = random.integers(units, size=(resamples, units))
    else:
        size = np.bincount(layer)
        begin = np.cumsum(size) - size
        drawn = (random.random((resamples, units)) * size[layer]).astype(np.int64) + begin[layer]
    drawn += np.arange(resamples)[:, None] * units
    return np.bincount(drawn.ravel(), minlength=resamples * units).reshape(resamples, units).astype(np.float32)


def _units(rows: int, strata: Any, clusters: Any) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """What is drawn: the unit of each image, and each unit's stratum, in rising order."""
    layer = _numbers(strata, rows, "strata")
    own = np.arange(rows) if clusters is None else _numbers(clusters, rows, "clusters")
    if strata is None:
        return own, np.zeros(int(own.max(initial=-1)) + 1, np.intp)
    both = np.unique(np.stack([layer, own], axis=1), axis=0)
    if len(both) > int(own.max(initial=-1)) + 1:
        raise InputError("images of one cluster must be of one stratum")
    place = np.empty(len(both), np.intp)
    place[both[:, 1]] = np.arange(len(both))
    return place[own], both[:, 0]


def _numbers(labels: Any, rows: int, what: str) -> NDArray[np.intp]:
    if labels is None:
        return np.zeros(rows, np.intp)
    listed = list(labels)
    if len(listed) != rows:
        raise InputError(f"{rows} images need {rows} {what}, not {len(listed)}")
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in listed], np.intp)


def _by_unit(values: NDArray[np.float64], which: NDArray[np.intp], units: int) -> NDArray[np.float64]:
    if units == len(which) and (which == np.arange(units)).all():
        return values
    order = np.argsort(which, kind="stable")
    return np.asarray(np.add.reduceat(values[order], np.searchsorted(which[order], np.arange(units)), axis=0))
