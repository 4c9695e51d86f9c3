"""What goes into a store and what comes out: blocks, failures, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.maps import Status


@dataclass(frozen=True)
class Failure:
    """Something that could not be computed, and why.

    Attributes:
        image: the image's identity; empty where the whole model failed.
        model: the model's label.
        stage: ``decode``, ``predict``, ``load`` or ``method:LABEL``.
        reason: as shown to people.
    """

    image: str
    model: str
    stage: str
    reason: str

    @property
    def left_out(self) -> bool:
        """Whether a method was left out on a whole model before any work, because it does not apply to it."""
        return not self.image and self.stage.startswith("method:")


@dataclass(frozen=True)
class PredictionBlock:
    """One model's predictions for one block of images.

    Attributes:
        logits: float32 ``[n, class]``, NaN where an image failed.
        sizes: int32 ``[n, 2]``: height and width of the upright picture in pixels, -1 where unknown.
        status: uint8 ``[n]``, see `Status`.
    """

    logits: NDArray[np.float32]
    sizes: NDArray[np.int32]
    status: NDArray[np.uint8]


@dataclass(frozen=True)
class MapBlock:
    """The maps of one block of images.

    Attributes:
        values: float32 ``[n, y, x]``, signed and raw; NaN where an image has no map.
        boxes: float64 ``[n, 4]``: left, top, right, bottom in pixels of the upright picture.
        targets: int32 ``[n, 2]``: the class explained, and the class subtracted or -1.
        status: uint8 ``[n]``, see `Status`.
        diagnostics: named measurements ``[n]``; those left out are NaN.
    """

    values: NDArray[np.float32]
    boxes: NDArray[np.float64]
    targets: NDArray[np.int32]
    status: NDArray[np.uint8]
    diagnostics: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def blank(
        cls,
        images: int,
        shape: tuple[int, int],
        status: Status = Status.PENDING,
        diagnostics: Sequence[str] = (),
    ) -> MapBlock:
        """A block without maps, to be filled in place or kept for images that all failed."""
        return cls(
            values=np.full((images, *shape), np.nan, np.float32),
            boxes=np.full((images, 4), np.nan),
            targets=np.full((images, 2), -1, np.int32),
            status=np.full(images, status, np.uint8),
            diagnostics={name: np.full(images, np.nan) for name in diagnostics},
        )


@dataclass(frozen=True)
class PredictionTable:
    """One model's predictions for all images, or for those asked for.

    Attributes:
        model: the model's label.
        images: identities, in the order of the first axes.
        logits: float32 ``[image, class]``, NaN where an image failed or is not done yet.
        sizes: int32 ``[image, 2]``: height and width of the upright picture in pixels, or -1.
        status: uint8 ``[image]``, see `Status`.
        classes: class names; the indices as text where the classifier has none.
        attributes: the model's facts, preprocessing and so on.
    """

    model: str
    images: tuple[str, ...]
    logits: NDArray[np.float32]
    sizes: NDArray[np.int32]
    status: NDArray[np.uint8]
    classes: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.logits)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """float64 ``[image, class]``: the softmax of the logits, or of a multi-label classifier the sigmoids."""
        logits = self.logits.astype(np.float64)
        if self.attributes.get("multi_label"):
            return (1 + np.tanh(logits / 2)) / 2
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    @property
    def top1(self) -> NDArray[np.int64]:
        """int64 ``[image]``: the predicted class, or -1 where there is no prediction."""
        known = np.asarray(~np.isnan(self.logits).any(axis=1))
        return np.where(known, np.where(known[:, None], self.logits, 0).argmax(axis=1), -1)


@dataclass(frozen=True)
class MapSet:
    """One method's maps on one model, as far as they are done.

    Attributes:
        key: the set's key within its model.
        model: the model's label.
        label: the method's label.
        method: the method's registered name.
        attributes: settings, finish, site, target, reference, ...
        shape: height and width of the maps.
        diagnostics: names of the measurements stored beside the maps.
        done: indices of the finished blocks.
        blocks: how many blocks there are.
        group: path of the group within ``maps.zarr``.
    """

    key: str
    model: str
    label: str
    method: str
    attributes: Mapping[str, Any]
    shape: tuple[int, int]
    diagnostics: tuple[str, ...]
    done: tuple[int, ...]
    blocks: int
    group: str

    @property
    def complete(self) -> bool:
        """Whether every block is done."""
        return len(self.done) == self.blocks
