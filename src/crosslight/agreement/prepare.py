"""What is done to maps before they are compared: named steps, one common box, one grid of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError, suggestion
from ..core.finish import Sign, with_sign
from ..core.maps import Maps, Status
from ..core.sampling import sampling_matrices
from .measures import Cells
from .measures.base import EXTREMES
from .native import Basis, basis

Normalise = Literal["none", "max", "minmax", "sum"]
Array = NDArray[Any]
Matrix = NDArray[np.float64]

#: reasons for which a map is left out although it was stored as usable, beside the names of `Status`
ZERO_AFTER_STEPS = "ZERO_AFTER_STEPS"
NO_COMMON_BOX = "NO_COMMON_BOX"
#: the largest grid that is compared in float64; results in float32 differ by less than 1e-6, unless a map's spread is
#: small beside its mean
FINE = 64


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

    @property
    def dtype(self) -> type[np.floating]:
        """What maps are compared in: float64 on grids of up to `FINE` cells a side, float32 on larger ones."""
        return np.float64 if self.grid <= FINE else np.float32

    def as_dict(self) -> dict[str, Any]:
        """The steps as they are recorded with a result."""
        return asdict(self)


@dataclass(frozen=True)
class Frame:
    """How the maps of all sets lie over the common box of an image, and how they are read there.

    Attributes:
        sizes: height and width of each set's maps.
        spans: left, top, right and bottom of what each set's maps cover, where the common box is the unit square.
        grid: cells along each side of the common box.
    """

    sizes: tuple[tuple[int, int], ...]
    spans: tuple[tuple[float, float, float, float], ...]
    grid: int

    def as_it_is(self, one: int) -> bool:
        """Whether a set's maps are on the grid already."""
        return self.sizes[one] == (self.grid, self.grid) and self.spans[one] == (0, 0, 1, 1)

    def matrices(self, one: int) -> tuple[Matrix, Matrix]:
        """How a set's maps are read along y and along x: ``[grid, y]`` and ``[grid, x]``."""
        (height, width), (left, top, right, bottom) = self.sizes[one], self.spans[one]
        return _axis(height, top, bottom, self.grid), _axis(width, left, right, self.grid)

    @cached_property
    def basis(self) -> Basis | None:
        """Coordinates in which all sets' maps have the products of their cells; None where cells are as few."""
        if any(self.as_it_is(one) for one in range(len(self.sizes))):
            return None
        rows, columns = zip(*map(self.matrices, range(len(self.sizes))), strict=True)
        return basis(rows, columns)


@lru_cache(maxsize=1024)
def _axis(size: int, begin: float, end: float, grid: int) -> Matrix:
    return sampling_matrices(size, np.array([[begin, end]]), np.array([[0.0, 1.0]]), grid)[0]


#: frames that have been met, so that bases are made once
_frame = lru_cache(maxsize=256)(Frame)


@dataclass(frozen=True)
class Unit:
    """Maps of a few images after the steps, at their own resolutions.

    Attributes:
        values: of each set ``[image, y, x]``, in the type of the steps.
        usable: bool ``[set, image]``: there is a map, and a box that it shares with the others.
        frames: frame and the images, as positions, that have it; images without a common box are in none.
        dropped: for each set, how many images were left out for which reason.
        steps: what was done.
    """

    values: tuple[Array, ...]
    usable: NDArray[np.bool_]
    frames: tuple[tuple[Frame, NDArray[np.intp]], ...]
    dropped: tuple[dict[str, int], ...]
    steps: Steps

    def __len__(self) -> int:
        return self.usable.shape[1]

    def cells(self) -> Cells:
        """All maps on the grid: ``[set, image, cell]``, NaN where there is none, or nothing but zeros."""
        grid, dtype = self.steps.grid, self.steps.dtype
        values = np.empty((len(self.values), len(self), grid * grid), dtype)
        extremes = np.full((*values.shape[:2], 2), np.nan, dtype)
        for frame, rows in self.frames:
            every = len(rows) == len(self)
            for one, maps in enumerate(self.values):
                mine = maps if every else maps[rows]
                if not frame.as_it_is(one):
                    down, along = frame.matrices(one)
                    mine = down.astype(dtype) @ mine @ along.T.astype(dtype)
                mine, into = mine.reshape(len(rows), -1), slice(None) if every else rows
                values[one, into] = mine
                extremes[one, into, 0], extremes[one, into, 1] = mine.min(axis=-1), mine.max(axis=-1)
        missing = ~self.usable | (extremes == 0).all(axis=-1)
        values[missing] = extremes[missing] = np.nan
        return Cells(values, np.ones(grid * grid, dtype), (grid, grid), {EXTREMES: extremes})

    def coordinates(self) -> list[tuple[Basis, NDArray[np.intp], Cells]] | None:
        """The same for measures that need products alone: in the basis of each frame.

        Returns:
            None where some frame has no basis that is smaller than the grid.
        """
        found = []
        for frame, rows in self.frames:
            if frame.basis is None:
                return None
            read = [frame.basis.read(maps[rows], *frame.matrices(one)) for one, maps in enumerate(self.values)]
            values = np.stack(read)
            values[~self.usable[:, rows] | ~_any(values)] = np.nan
            found.append((frame.basis, rows, Cells(values, frame.basis.one, None)))
        return found


def unit_of(maps: Sequence[Maps], steps: Steps, rows: slice = slice(None)) -> Unit:
    """Apply the steps to some images of all sets, and see how their maps lie.

    Args:
        maps: sets of maps over the same images, of any resolutions.
        steps: what to do.
        rows: the images.

    Raises:
        InputError: the sets are not over the same images in the same order.
    """
    if any(m.images != maps[0].images for m in maps):
        raise InputError("maps can only be compared over the same images in the same order")
    common = common_boxes(maps, rows)
    covered = np.isfinite(common).all(axis=1)
    there = np.stack([m.usable[rows] for m in maps])
    usable = there & covered
    lost = there & ~covered
    dropped = []
    for one, own in zip(maps, lost, strict=True):
        status = one.status[rows]
        bad = status[status != Status.OK]
        reasons = {Status(s).name: int((bad == s).sum()) for s in np.unique(bad)} if len(bad) else {}
        dropped.append(reasons | ({NO_COMMON_BOX: int(own.sum())} if own.any() else {}))
    values = tuple(apply_steps(_rows(m, rows), steps, steps.dtype) for m in maps)
    boxes = np.stack([m.boxes[rows] for m in maps], axis=1)
    return Unit(values, usable, _frames(maps, boxes, common, usable, steps.grid), tuple(dropped), steps)


def _rows(maps: Maps, rows: slice) -> Maps:
    """Some images' values and final step; what else there is, is not needed here."""
    usable = maps.status[rows] == Status.OK
    values = maps.values[rows]
    if not usable.all():  # so that steps meet no NaN
        values = np.where(usable[:, None, None], values, np.float32(0))
    return Maps(values, maps.boxes[rows], maps.status[rows], maps.targets[rows], (), attributes=maps.attributes)


def _frames(
    maps: Sequence[Maps], boxes: Matrix, common: Matrix, usable: NDArray[np.bool_], grid: int
) -> tuple[tuple[Frame, NDArray[np.intp]], ...]:
    near, far = common[:, None, [0, 1, 0, 1]], common[:, None, [2, 3, 2, 3]]
    with np.errstate(invalid="ignore"):
        spans = (boxes - near) / (far - near)
    # Boxes come from arithmetic on sizes of pictures: what differs by rounding is one frame.
    spans = np.where(usable.T[..., None], np.round(spans, 12) + 0.0, np.array([0.0, 0, 1, 1]))
    places = np.flatnonzero(np.isfinite(common).all(axis=1))
    if not len(places):
        return ()
    spans = spans[places].reshape(len(places), -1)
    if (spans == spans[0]).all():  # as it mostly is, and no sorting then
        kinds, which = spans[:1], np.zeros(len(places), np.intp)
    else:
        kinds, which = np.unique(spans, axis=0, return_inverse=True)
    sizes = tuple(m.values.shape[1:] for m in maps)
    return tuple(
        (
            _frame(sizes, tuple(map(tuple, kind.reshape(-1, 4).tolist())), grid),
            places[which.ravel() == number],
        )
        for number, kind in enumerate(kinds)
    )


def _any(values: Array) -> NDArray[np.bool_]:
    """``[..., k]``: whether there is anything but zeros; NaN counts as something."""
    return np.asarray((values.max(axis=-1) != 0) | (values.min(axis=-1) != 0))


def apply_steps(maps: Maps, steps: Steps, dtype: type[np.floating] = np.float64) -> Array:
    """The maps after finish, sign and normalisation, still at their native resolution.

    Args:
        maps: any maps; those without values stay NaN.
        steps: what to do.
        dtype: of the result.

    Returns:
        ``[image, y, x]``, which may be the maps' own values where nothing is done. A map that is constant before
        ``minmax`` becomes 0.
    """
    values = with_sign((maps.finished() if steps.finish else maps).values.astype(dtype, copy=False), steps.sign)
    if steps.normalise == "none" or not values.size:
        return values
    axes = (1, 2)
    if steps.normalise == "minmax":
        values = values - values.min(axis=axes, keepdims=True)
    magnitude = np.abs(values)
    total = (magnitude.sum if steps.normalise == "sum" else magnitude.max)(axis=axes, keepdims=True)
    return np.asarray(values / np.where(total > 0, total, 1))


def common_boxes(maps: Sequence[Maps], rows: slice = slice(None)) -> Matrix:
    """The part of each picture that all of its usable maps cover.

    Args:
        maps: sets of maps over the same images.
        rows: the images.

    Returns:
        ``[image, 4]``: left, top, right, bottom in pixels of the picture; NaN where no map is usable or the
        boxes have nothing in common.
    """
    boxes = np.stack([m.boxes[rows] for m in maps]).astype(np.float64)
    known = np.stack([m.usable[rows] for m in maps])[..., None] & np.isfinite(boxes).all(axis=-1, keepdims=True)
    near = np.where(known, boxes[..., :2], -np.inf).max(axis=0)
    far = np.where(known, boxes[..., 2:], np.inf).min(axis=0)
    empty = ~np.isfinite(near) | ~np.isfinite(far) | (far <= near)
    common = np.concatenate([near, far], axis=1)
    common[empty.any(axis=1)] = np.nan
    return common


@dataclass(frozen=True)
class Prepared:
    """Maps of several sets over the same images, ready to be compared.

    Attributes:
        values: ``[set, image, cell]``, in the type of the steps; 0 where there is no usable map.
        usable: bool ``[set, image]``.
        dropped: for each set, how many images were left out for which reason: a name of `Status`,
            ``ZERO_AFTER_STEPS`` or ``NO_COMMON_BOX``.
    """

    values: Array
    usable: NDArray[np.bool_]
    dropped: tuple[dict[str, int], ...]


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
    if not maps:
        return Prepared(np.zeros((0, 0, steps.grid**2)), np.zeros((0, 0), bool), ())
    unit = unit_of(maps, steps)
    values = unit.cells().values
    usable = np.isfinite(values[..., 0])
    values[~usable] = 0
    return Prepared(values, usable, with_zeros(unit, usable))


def with_zeros(unit: Unit, left: NDArray[np.bool_]) -> tuple[dict[str, int], ...]:
    """What a unit dropped, and beside it the maps of which the steps left nothing.

    Args:
        unit: the unit.
        left: bool ``[set, image]``: which maps are more than zeros.
    """
    zero = (unit.usable & ~left).sum(axis=1).tolist()
    return tuple(
        reasons | ({ZERO_AFTER_STEPS: count} if count else {})
        for reasons, count in zip(unit.dropped, zero, strict=True)
    )
