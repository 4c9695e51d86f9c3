"""Where a map's attribution lies in a picture, and how alike the maps before and after an edit are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core.maps import Maps
from .localisation import PictureMask, metrics_named
from .measure import Measuring, measure_maps

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Attention:
    """Maps of some images before and after; all arrays ``[image]``, NaN where a map has no value.

    Attributes:
        inside_before: the share of the positive attribution that lies in the region.
        inside_after: the same of the map after.
        chance: the share of what the map covers that the region has.
        shift: how far the centre of the positive attribution moved, as a share of the diagonal of what the map covers.
        cosine: between the two maps after the method's published final step.
        before: unit vectors ``[image, cell]`` of the maps before; 0 where there is none.
        after: the same after.
    """

    inside_before: Floats
    inside_after: Floats
    chance: Floats
    shift: Floats
    cosine: Floats
    before: Floats
    after: Floats


def attention(before: Maps, after: Maps, regions: list[NDArray[np.bool_]]) -> Attention:
    """Compare the maps of pictures before and after an edit.

    Args:
        before: maps.
        after: of the edited pictures in the same order, for the same classes.
        regions: bool ``[h, w]`` of each picture.
    """
    masks = [PictureMask(region) for region in regions]
    how = Measuring(metrics_named(["energy"]), {})
    inside = [measure_maps(maps, masks, how) for maps in (before, after)]
    chance = np.array(
        [
            np.nan if region is None else mask.inside[region[0] : region[1], region[2] : region[3]].mean()
            for mask, region in zip(masks, inside[0].regions, strict=True)
        ]
    )
    units = [_units(maps) for maps in (before, after)]
    known = units[0].any(axis=1) & units[1].any(axis=1)
    cosine = np.where(known, np.clip((units[0] * units[1]).sum(axis=1), -1, 1), np.nan)
    there, here = (_centres(maps) for maps in (before, after))
    shift = np.hypot(*(there - here).T) / np.sqrt(2)
    return Attention(inside[0].values[0], inside[1].values[0], chance, shift, cosine, units[0], units[1])


def floor_of(before: Floats, after: Floats, matched: float, pairs: int) -> float:
    """The mean cosine of a map before with the map after of *another* picture: what chance gives.

    Args:
        before: ``[cell]``: sum of the unit vectors before, over pictures with both maps.
        after: ``[cell]``: the same after.
        matched: sum of the cosines of the pictures' own pairs.
        pairs: how many pictures these are.

    Returns:
        NaN for fewer than two pictures.
    """
    if pairs < 2:
        return float("nan")
    return float(np.clip((before @ after - matched) / (pairs * (pairs - 1)), -1, 1))


def _units(maps: Maps) -> Floats:
    """float64 ``[image, cell]``: maps as vectors of length 1; 0 where there is no usable one."""
    flat = maps.finished().values.astype(np.float64).reshape(len(maps), -1)
    flat = np.where((maps.usable & np.isfinite(flat).all(axis=1))[:, None], flat, 0)
    largest = np.abs(flat).max(axis=1, keepdims=True, initial=0)
    flat = flat / np.where(largest > 0, largest, 1)  # squares of tiny gradients would underflow
    length = np.sqrt((flat * flat).sum(axis=1, keepdims=True))
    return np.asarray(flat / np.where(length > 0, length, 1))


def _centres(maps: Maps) -> Floats:
    """float64 ``[image, 2]``: the centre of the positive attribution, y and x as shares of what the map covers."""
    values = np.maximum(maps.finished().values.astype(np.float64), 0)
    height, width = values.shape[1:]
    total = values.sum(axis=(1, 2))
    usable = maps.usable & np.isfinite(total) & (total > 0)
    weights = np.where(usable[:, None, None], values / np.where(usable, total, 1)[:, None, None], np.nan)
    rows, columns = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    return np.stack([weights.sum(axis=2) @ rows, weights.sum(axis=1) @ columns], axis=1)
