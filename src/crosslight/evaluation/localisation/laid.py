"""Maps laid over the pixels of their pictures, with masks of the same pixels: what metrics of localisation read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)

#: pixels of a picture from top to bottom and from left to right, each pair as in a slice
Region = tuple[int, int, int, int]


@dataclass(frozen=True)
class PictureMask:
    """The mask of one picture.

    Attributes:
        inside: bool ``[h, w]``, one value for each pixel of the upright picture.
    """

    inside: NDArray[np.bool_]

    @cached_property
    def distance(self) -> NDArray[np.float32]:
        """From the middle of each pixel to that of the nearest one inside, in pixels: float32 ``[h, w]``."""
        from scipy.ndimage import distance_transform_edt

        return np.asarray(distance_transform_edt(~self.inside), np.float32)


@dataclass(frozen=True)
class Laid:
    """Maps of several images over the same pixels of their pictures.

    Attributes:
        values: float32 ``[n, pixel]``, none negative, the largest of each map 1.
        masks: one for each map, of the whole picture; at least one pixel of each is inside the region.
        region: which pixels of the picture the maps cover.
    """

    values: NDArray[np.float32]
    masks: tuple[PictureMask, ...]
    region: Region

    @cached_property
    def inside(self) -> NDArray[np.bool_]:
        """Which pixels are inside the mask: bool ``[n, pixel]``."""
        return self._cut([mask.inside for mask in self.masks])

    @cached_property
    def count(self) -> NDArray[np.int64]:
        """How many pixels are inside the mask, as far as the map covers it: int64 ``[n]``."""
        return np.asarray(self.inside.sum(axis=1))

    @cached_property
    def ordered(self) -> NDArray[np.float32]:
        """The values of each map, the smallest first: float32 ``[n, pixel]``."""
        return np.sort(self.values, axis=1)

    @cached_property
    def inside_of_own(self) -> NDArray[np.float64]:
        """How many of the highest pixels, as many as the mask has, are inside the mask: float64 ``[n]``."""
        return self.inside_of_top(self.count)

    def near(self, tolerance: float) -> NDArray[np.bool_]:
        """Which pixels are inside the mask or at most `tolerance` pixels away from it: bool ``[n, pixel]``."""
        if tolerance <= 0:
            return self.inside
        return self._cut([mask.distance for mask in self.masks]) <= tolerance

    def inside_of_top(self, number: NDArray[np.int64]) -> NDArray[np.float64]:
        """How many of each map's highest pixels are inside the mask.

        Where pixels of one value compete for the last places, the count is the expected one if they were drawn by
        lot. Values that are equal in single precision count as the same.

        Args:
            number: ``[n]``, how many of the highest pixels, from 1 to all.

        Returns:
            float64 ``[n]``.
        """
        pixels = self.values.shape[1]
        last = np.take_along_axis(self.ordered, (pixels - number)[:, None], axis=1)
        above, tied = self.values > last, self.values == last
        places = number - above.sum(axis=1)
        sure = (above & self.inside).sum(axis=1)
        return np.asarray(sure + places * ((tied & self.inside).sum(axis=1) / tied.sum(axis=1)), np.float64)

    def _cut(self, whole: Sequence[NDArray[T]]) -> NDArray[T]:
        top, bottom, left, right = self.region
        return np.stack([one[top:bottom, left:right].reshape(-1) for one in whole])


def covered(box: Sequence[float] | NDArray[np.float64], size: tuple[int, int]) -> Region | None:
    """The pixels of a picture whose middle a box covers.

    Args:
        box: left, top, right, bottom in pixels of the picture; it may reach beyond it.
        size: height and width of the picture.

    Returns:
        The pixels, or None where the box covers none or is not known.
    """
    if not np.isfinite(box).all():
        return None
    left, top, right, bottom = (float(edge) for edge in box)
    spans = []
    for near, far, side in ((top, bottom, size[0]), (left, right, size[1])):
        first, last = max(0, math.ceil(near - 0.5)), min(side, math.floor(far - 0.5) + 1)
        if last <= first:
            return None
        spans += [first, last]
    return (spans[0], spans[1], spans[2], spans[3])


def lay(values: NDArray[np.floating], masks: Sequence[PictureMask], region: Region) -> Laid:
    """Maps as metrics read them: each by itself divided by its largest value.

    Args:
        values: ``[n, h, w]`` over the pixels of the region, none negative; each map has a value above 0.
        masks: one for each map.
        region: which pixels.
    """
    flat = values.reshape(len(values), -1)
    return Laid((flat / flat.max(axis=1, keepdims=True)).astype(np.float32), tuple(masks), region)
