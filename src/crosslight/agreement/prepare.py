"""What is done to maps before they are compared: named steps, one common box, one grid of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError, suggestion
from ..core.finish import Sign, with_sign
from ..core.maps import Maps, Status, take
from ..core.sampling import sample

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
    values = with_sign((maps.finished() if steps.finish else maps).values.astype(np.float64), steps.sign)
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
