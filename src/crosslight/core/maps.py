"""Attribution maps as they are handed around and kept: arrays with named axes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .accessors import shown
from .finish import finish_named


class Status(IntEnum):
    """What became of one image's map. Everything from `ZERO` on is stored, but worth a second look."""

    PENDING = 0  # not computed
    OK = 1
    FAILED = 2  # the image could not be used, or the computation failed: the reason is recorded
    NO_TARGET = 3  # the target policy names no class for this image (no label, or one this classifier lacks)
    SKIPPED = 4  # beyond the method's own image limit
    ZERO = 5  # every value is 0
    CONSTANT = 6  # every value is the same, and not 0
    NONFINITE = 7  # NaN or infinite values

    @property
    def has_map(self) -> bool:
        """Whether there is a map to look at."""
        return self in (Status.OK, Status.ZERO, Status.CONSTANT, Status.NONFINITE)


def judge(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The status of each map.

    Args:
        values: maps ``[image, y, x]``.

    Returns:
        ``[image]``, uint8: `Status.OK`, `ZERO`, `CONSTANT` or `NONFINITE`.
    """
    flat = values.reshape(len(values), math.prod(values.shape[1:]))  # -1 would not do for no images
    status = np.full(len(flat), Status.OK, np.uint8)
    if flat.shape[1] == 0:
        return status
    finite = np.isfinite(flat).all(axis=1)
    same = (flat == flat[:, :1]).all(axis=1)
    status[same] = Status.CONSTANT
    status[same & (flat[:, 0] == 0)] = Status.ZERO
    status[~finite] = Status.NONFINITE
    return status


@dataclass(frozen=True)
class Maps:
    """Maps of several images by one method on one classifier: axes ``image``, ``y``, ``x``.

    Attributes:
        values: float32 ``[image, y, x]``, signed and raw, at the method's native resolution; NaN where an
            image has no map.
        boxes: float64 ``[image, 4]``: left, top, right, bottom of what each map covers, in pixels of the
            upright picture.
        status: uint8 ``[image]``, see `Status`.
        targets: int32 ``[image, 2]``: the class explained, and the class subtracted in a contrast or -1.
        images: identities of the images, in the order of the first axis.
        diagnostics: named measurements ``[image]``, such as ``completeness_gap``.
        attributes: model, method, label, settings, finish, site, target policy, reference, ...
        origin: path of the store that they are from, where the pictures can be found; empty if made in memory.
    """

    values: NDArray[np.float32]
    boxes: NDArray[np.float64]
    status: NDArray[np.uint8]
    targets: NDArray[np.int32]
    images: tuple[str, ...]
    diagnostics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    origin: str = field(default="", repr=False, compare=False)

    #: names of the axes of `values`
    dims = ("image", "y", "x")

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.values, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name}: {size}" for name, size in zip(self.dims, self.values.shape, strict=True))
        name = " / ".join(str(self.attributes[k]) for k in ("model", "label") if k in self.attributes)
        return f"<Maps {name} ({sizes})>"

    def _repr_html_(self) -> str:
        return shown(self)

    @property
    def usable(self) -> NDArray[np.bool_]:
        """``[image]``: which maps are neither missing nor zero, constant or not finite."""
        return self.status == Status.OK

    def finished(self) -> Maps:
        """The maps after the method's published final step, such as Grad-CAM's ReLU."""
        return replace(self, values=finish_named(self.attributes.get("finish", "none"))(self.values))

    def to_xarray(self) -> Any:
        """An `xarray.Dataset` with named axes and coordinates (needs the extra ``xarray``)."""
        import xarray

        data: dict[str, Any] = {
            "maps": (self.dims, self.values),
            "box": (("image", "edge"), self.boxes),
            "status": (("image",), self.status),
            "target": (("image", "role"), self.targets),
        }
        data |= {name: (("image",), values) for name, values in self.diagnostics.items()}
        coords = {
            "image": list(self.images),
            "edge": ["left", "top", "right", "bottom"],
            "role": ["class", "against"],
        }
        return xarray.Dataset(data, coords=coords, attrs=dict(self.attributes))


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
        origin=maps.origin,
    )
