"""Maps and baselines measured against masks, block by block; nothing here knows of stores or files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.finish import with_sign
from ..core.maps import Maps, Status, take
from ..core.sampling import sample
from .baselines import BASELINES, centre_map, edge_map, random_maps
from .localisation import Laid, LocalisationMetric, PictureMask, covered, lay
from .localisation.laid import Region

#: why a map has no score although it is usable, beside the names of `Status`
NOTHING_POSITIVE = "NOTHING_POSITIVE"
MASK_OUTSIDE_BOX = "MASK_OUTSIDE_BOX"

#: pixels of maps held at a time
_PIXELS = 4_000_000


@dataclass(frozen=True)
class Measuring:
    """What is measured, and how maps are made ready for it.

    Attributes:
        metrics: which.
        settings: of all metrics.
        sign: what of a map counts: what is ``positive``, or the ``absolute`` value.
        finish: apply the method's published final step before.
        draws: random maps for each image.
        seed: of the random maps.
    """

    metrics: tuple[LocalisationMetric, ...]
    settings: Mapping[str, Any]
    sign: Literal["positive", "absolute"] = "positive"
    finish: bool = True
    draws: int = 8
    seed: int = 0

    @property
    def columns(self) -> int:
        """Numbers for each map: one for each metric, or for each candidate of one that has several."""
        return sum(metric.columns for metric in self.metrics)

    def apply(self, laid: Laid) -> NDArray[np.float64]:
        """``[column, n]``."""
        return np.concatenate([np.atleast_2d(metric(laid, self.settings).T) for metric in self.metrics])


@dataclass(frozen=True)
class Measured:
    """The scores of one set of maps.

    Attributes:
        values: float64 ``[column, image]``, NaN where a map has no score. A column is a metric, or one of its
            candidates: see `localisation.settle`.
        regions: for each image the pixels that its map covers, or None where that is not known.
        outside: float64 ``[image]``: the share of the mask that the map does not cover, NaN where not known.
        dropped: how many images with a mask have no score, by reason: a name of `Status`, ``NOTHING_POSITIVE`` (after
            the final step nothing speaks for the class) or ``MASK_OUTSIDE_BOX``.
    """

    values: NDArray[np.float64]
    regions: tuple[Region | None, ...]
    outside: NDArray[np.float64]
    dropped: Counter[str]


def measure_maps(maps: Maps, masks: Sequence[PictureMask | None], how: Measuring) -> Measured:
    """Score maps against masks.

    A map is laid over the pixels of the picture that its box covers: interpolated linearly between the middles of its
    cells, or averaged where it is finer than the picture. The mask is cut to the same pixels.

    Args:
        maps: of one method on one classifier.
        masks: of the same images, each with a pixel inside; None for images that are not scored.
        how: what to measure.
    """
    values = np.full((how.columns, len(maps)), np.nan)
    outside = np.full(len(maps), np.nan)
    regions: list[Region | None] = [None] * len(maps)
    dropped: Counter[str] = Counter()
    alike: dict[Region, list[tuple[int, PictureMask]]] = {}
    for row, mask in enumerate(masks):
        if mask is None:
            continue
        if not maps.usable[row]:
            dropped[Status(int(maps.status[row])).name] += 1
            continue
        region = covered(maps.boxes[row], (mask.inside.shape[0], mask.inside.shape[1]))
        seen = _seen(mask, region)
        outside[row] = 1 - seen
        if region is None or seen == 0:
            dropped[MASK_OUTSIDE_BOX] += 1
            continue
        regions[row] = region
        alike.setdefault(region, []).append((row, mask))
    for region, found in alike.items():
        for part in _parts(found, region):
            rows, scores = _measure_alike(maps, part, region, how)
            values[:, rows] = scores
            dropped[NOTHING_POSITIVE] += len(part) - len(rows)
    return Measured(values, tuple(regions), outside, +dropped)


def _measure_alike(
    maps: Maps, images: Sequence[tuple[int, PictureMask]], region: Region, how: Measuring
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Maps over the same region: those that have a score, and ``[column, n]``."""
    rows = np.array([row for row, _ in images])
    some = take(maps, rows)
    native = with_sign((some.finished() if how.finish else some).values.astype(np.float64), how.sign)
    pixels = _over(native, some.boxes, region)
    lit = np.flatnonzero(pixels.max(axis=(1, 2)) > 0)
    if not len(lit):
        return rows[lit], np.empty((how.columns, 0))
    return rows[lit], how.apply(lay(pixels[lit], [images[i][1] for i in lit.tolist()], region))


def _over(values: NDArray[np.float64], boxes: NDArray[np.float64], region: Region) -> NDArray[np.float64]:
    """Maps at the pixels of a region, ``[image, h, w]``."""
    top, bottom, left, right = region
    target = np.tile(np.array([left, top, right, bottom], np.float64), (len(values), 1))
    return sample(values, boxes, target, (bottom - top, right - left))


def _seen(mask: PictureMask, region: Region | None) -> float:
    """The share of a mask that lies in a region."""
    if region is None:
        return 0.0
    top, bottom, left, right = region
    return float(mask.inside[top:bottom, left:right].sum() / mask.inside.sum())


def _parts(images: Sequence[tuple[int, PictureMask]], region: Region) -> Iterator[Sequence[tuple[int, PictureMask]]]:
    """Images in portions that are held at once."""
    top, bottom, left, right = region
    step = max(1, _PIXELS // ((bottom - top) * (right - left)))
    return (images[start : start + step] for start in range(0, len(images), step))


def measure_baselines(
    identity: str,
    mask: PictureMask,
    regions: Sequence[Region],
    picture: Callable[[], NDArray[np.uint8] | None],
    how: Measuring,
) -> NDArray[np.float64]:
    """Score maps that know nothing, by the same metrics, over the same pixels.

    Args:
        identity: of the image.
        mask: of the image.
        regions: the pixels that maps of it cover; in each the mask has a pixel.
        picture: uint8 ``[h, w, 3]``, or None where it cannot be had.
        how: what to measure.

    Returns:
        float64 ``[column, baseline, region]`` in the order of `BASELINES`, random maps averaged over their draws; NaN
        where there is no picture to find edges in, or no edge.
    """
    size = (mask.inside.shape[0], mask.inside.shape[1])
    values = np.full((how.columns, len(BASELINES), len(regions)), np.nan)
    values[:, BASELINES.index("random")] = 0
    for drawn in random_maps(size, how.draws, seed=how.seed, identity=identity):
        values[:, BASELINES.index("random")] += _score(drawn, mask, regions, how).sum(axis=2) / how.draws
    values[:, BASELINES.index("centre")] = _score(centre_map(size)[None], mask, regions, how)[:, :, 0]
    pixels = picture()
    if pixels is not None:
        values[:, BASELINES.index("edge")] = _score(edge_map(pixels)[None], mask, regions, how)[:, :, 0]
    return values


def _score(
    maps: NDArray[np.float64], mask: PictureMask, regions: Sequence[Region], how: Measuring
) -> NDArray[np.float64]:
    """``[column, region, map]``; NaN for maps that are 0 all over a region."""
    values = np.full((how.columns, len(regions), len(maps)), np.nan)
    for number, region in enumerate(regions):
        top, bottom, left, right = region
        pixels = maps[:, top:bottom, left:right]
        lit = np.flatnonzero(pixels.max(axis=(1, 2)) > 0)
        if len(lit):
            values[:, number, lit] = how.apply(lay(pixels[lit], [mask] * len(lit), region))
    return values
