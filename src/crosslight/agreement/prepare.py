"""What is done to maps before they are compared: named steps, one common box, one grid of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError, suggestion
from ..core.maps import Maps, Status

Sign = Literal["keep", "positive", "absolute"]
Normalise = Literal["none", "max", "minmax", "sum"]

#: reasons for which a map is left out although it was stored as usable, beside the names of `Status`
ZERO_AFTER_STEPS = "ZERO_AFTER_STEPS"
NO_COMMON_BOX = "NO_COMMON_BOX"


@dataclass(frozen=True)
class Steps:
    """What is done to every map, one map at a time, before maps are compared.

    Attributes:
        finish: apply the method's published final step (such as Grad-CAM's ReLU).
        sign: then ``keep`` the sign, keep only what is ``positive``, or take the ``absolute`` value.
        normalise: then, on the whole native map, divide by the largest magnitude (``max``), map the smallest
            value to 0 and the largest to 1 (``minmax``), divide by the sum of magnitudes (``sum``), or
            ``none``. Of these only ``minmax`` changes a cosine.
        grid: maps are compared on `grid` x `grid` cells over their common box.
    """

    finish: bool = True
    sign: Sign = "keep"
    normalise: Normalise = "none"
    grid: int = 28

    def __post_init__(self) -> None:
        for name, value, known in (
            ("sign", self.sign, get_args(Sign)),
            ("normalise", self.normalise, get_args(Normalise)),
        ):
            if value not in known:
                raise InputError(f"{name} cannot be {value!r}{suggestion(str(value), known)}")
        if self.grid < 1:
            raise InputError(f"the grid needs at least one cell, not {self.grid}")

    def as_dict(self) -> dict[str, Any]:
        """The steps as they are recorded with a result."""
        return asdict(self)


@dataclass(frozen=True)
class Prepared:
    """Maps of several sets over the same images, ready to be compared.

    Attributes:
        values: float64 ``[set, image, cell]``; 0 where there is no usable map.
        usable: bool ``[set, image]``.
        dropped: for each set, how many images were left out for which reason: a name of `Status`,
            ``ZERO_AFTER_STEPS`` or ``NO_COMMON_BOX``.
    """

    values: NDArray[np.float64]
    usable: NDArray[np.bool_]
    dropped: tuple[dict[str, int], ...]


def apply_steps(maps: Maps, steps: Steps) -> NDArray[np.float64]:
    """The maps after finish, sign and normalisation, still at their native resolution.

    Args:
        maps: any maps; those without values stay NaN.
        steps: what to do.

    Returns:
        float64 ``[image, y, x]``. A map that is constant before ``minmax`` becomes 0.
    """
    values = (maps.finished() if steps.finish else maps).values.astype(np.float64)
    if steps.sign == "positive":
        values = np.maximum(values, 0)
    elif steps.sign == "absolute":
        values = np.abs(values)
    if steps.normalise == "none" or not values.size:
        return values
    axes = (1, 2)
    if steps.normalise == "minmax":
        values = values - values.min(axis=axes, keepdims=True)
    magnitude = np.abs(values)
    total = (magnitude.sum if steps.normalise == "sum" else magnitude.max)(axis=axes, keepdims=True)
    return values / np.where(total > 0, total, 1)


def common_boxes(maps: Sequence[Maps]) -> NDArray[np.float64]:
    """The part of each picture that all of its usable maps cover.

    Args:
        maps: sets of maps over the same images.

    Returns:
        ``[image, 4]``: left, top, right, bottom in pixels of the picture; NaN where no map is usable or the
        boxes have nothing in common.
    """
    boxes = np.stack([m.boxes for m in maps]).astype(np.float64)
    known = np.stack([m.usable for m in maps])[..., None] & np.isfinite(boxes).all(axis=-1, keepdims=True)
    near = np.where(known, boxes[..., :2], -np.inf).max(axis=0)
    far = np.where(known, boxes[..., 2:], np.inf).min(axis=0)
    empty = ~np.isfinite(near) | ~np.isfinite(far) | (far <= near)
    common = np.concatenate([near, far], axis=1)
    common[empty.any(axis=1)] = np.nan
    return common


def sampling_matrices(
    size: int, span: NDArray[np.float64], target: NDArray[np.float64], grid: int
) -> NDArray[np.float64]:
    """Weights that read one axis of a map at the cells of a grid over part of it.

    Where the grid is finer than the map the map is interpolated between the centres of its cells, and held
    beyond the outermost ones. Where it is coarser, each of its cells is the mean of the map over that cell, so
    that no part of the map is skipped.

    Args:
        size: cells of the map along this axis.
        span: ``[image, 2]``: where the map begins and ends, in pixels of the picture.
        target: ``[image, 2]``: where the grid begins and ends, inside `span`.
        grid: cells of the grid along this axis.

    Returns:
        ``[image, grid, size]``, non-negative, each row summing to 1.
    """
    length = (span[:, 1] - span[:, 0])[:, None]
    ends = (target - span[:, :1]) / length * size  # in cells of the map, from its edge
    edges = ends[:, :1] + (ends[:, 1:] - ends[:, :1]) * np.arange(grid + 1) / grid
    cells = np.arange(size)

    centres = np.clip((edges[:, :-1] + edges[:, 1:]) / 2 - 0.5, 0, size - 1)
    points = np.clip(1 - np.abs(centres[:, :, None] - cells), 0, None)

    low, high = edges[:, :-1, None], edges[:, 1:, None]
    areas = np.clip(np.minimum(high, cells + 1) - np.maximum(low, cells), 0, None)
    total = areas.sum(axis=2, keepdims=True)
    areas = areas / np.where(total > 0, total, 1)

    coarser = (ends[:, 1] - ends[:, 0]) / grid > 1 + 1e-9
    return np.where(coarser[:, None, None], areas, points)


def sample(
    values: NDArray[np.float64], boxes: NDArray[np.float64], common: NDArray[np.float64], grid: int
) -> NDArray[np.float64]:
    """Maps read on a grid over part of what they cover; linear in the maps.

    Args:
        values: ``[image, y, x]``, finite.
        boxes: ``[image, 4]``: what each map covers.
        common: ``[image, 4]``: what the grid covers, inside `boxes`.
        grid: cells along each axis.

    Returns:
        ``[image, grid, grid]``.
    """
    # Pictures of one size share their matrices, which are larger than the maps themselves.
    kinds, which = np.unique(np.concatenate([boxes, common], axis=1), axis=0, return_inverse=True)
    spans, targets = kinds[:, :4], kinds[:, 4:]
    rows = sampling_matrices(values.shape[1], spans[:, 1::2], targets[:, 1::2], grid)
    columns = sampling_matrices(values.shape[2], spans[:, 0::2], targets[:, 0::2], grid)
    out = np.empty((len(values), grid, grid))
    for kind, image in enumerate(np.split(np.argsort(which.ravel(), kind="stable"), _ends(which, len(kinds)))):
        out[image] = rows[kind] @ values[image] @ columns[kind].T
    return out


def _ends(which: NDArray[np.intp], kinds: int) -> NDArray[np.intp]:
    return np.cumsum(np.bincount(which.ravel(), minlength=kinds))[:-1]


def prepare(maps: Sequence[Maps], steps: Steps) -> Prepared:
    """Apply the steps to all sets and read them on one grid over the common box of each image.

    Args:
        maps: sets of maps over the same images, of any resolutions.
        steps: what to do.

    Returns:
        The vectors to compare, and what had to be left out.

    Raises:
        InputError: the sets are not over the same images in the same order.
    """
    if any(m.images != maps[0].images for m in maps):
        raise InputError("maps can only be compared over the same images in the same order")
    count = len(maps[0]) if maps else 0
    common = common_boxes(maps) if maps else np.empty((0, 4))
    covered = np.isfinite(common).all(axis=1)
    values = np.zeros((len(maps), count, steps.grid**2))
    usable = np.zeros((len(maps), count), bool)
    dropped = []
    for number, one in enumerate(maps):
        reasons = {Status(s).name: int((one.status == s).sum()) for s in np.unique(one.status[~one.usable])}
        rows = np.flatnonzero(one.usable & covered)
        stepped = apply_steps(take(one, rows), steps)
        if len(rows):
            values[number, rows] = sample(stepped, one.boxes[rows], common[rows], steps.grid).reshape(len(rows), -1)
        usable[number] = values[number].any(axis=1)
        lost = {
            NO_COMMON_BOX: int((one.usable & ~covered).sum()),
            ZERO_AFTER_STEPS: int((~usable[number][rows]).sum()),
        }
        dropped.append(reasons | {reason: n for reason, n in lost.items() if n})
    return Prepared(values, usable, tuple(dropped))


def take(maps: Maps, rows: NDArray[np.intp] | slice) -> Maps:
    """Some of the images."""
    index = range(len(maps))[rows] if isinstance(rows, slice) else rows
    return Maps(
        values=maps.values[rows],
        boxes=maps.boxes[rows],
        status=maps.status[rows],
        targets=maps.targets[rows],
        images=tuple(maps.images[i] for i in index),
        attributes=maps.attributes,
    )
