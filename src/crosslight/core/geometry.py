"""Boxes, and how a classifier cuts its input out of a picture. Pure data: no pixels here."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import Literal

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the upright picture: x to the right, y down, edges rather than centres.

    The whole of a 640 x 480 picture is ``Box(0, 0, 640, 480)``. A box may reach beyond the picture where a
    classifier pads it.
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels of the picture."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels of the picture."""
        return self.bottom - self.top

    def intersect(self, other: Box) -> Box | None:
        """The common part, or None where there is none."""
        box = Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )
        return box if box.width > 0 and box.height > 0 else None

    def as_tuple(self) -> tuple[float, float, float, float]:
        """``(left, top, right, bottom)``."""
        return (self.left, self.top, self.right, self.bottom)


@dataclass(frozen=True)
class Preprocess:
    """How a classifier wants its input.

    Attributes:
        size: input height and width in pixels.
        resize: length in pixels to which the picture's shorter side is resized before the crop (the longer
            side is rounded down, as torchvision does); or height and width of a rectangle (sides are rounded
            to the nearest, as timm does); None means the crop's own size (no border is lost).
        crop: ``center`` (resize so that `resize` is just covered, cut the middle), ``squash`` (resize to
            exactly `resize`, aspect ratio lost, cut the middle) or ``border`` (resize so that the picture
            just fits into `resize`, cut the middle or pad with the mean).
        interpolation: Pillow's filter used for resizing, with antialiasing.
        mean: per channel, in units of [0, 1]. One entry means a one-channel (grey) input.
        std: per channel, in units of [0, 1].
    """

    size: tuple[int, int] = (224, 224)
    resize: int | tuple[int, int] | None = 256
    crop: Literal["center", "squash", "border"] = "center"
    interpolation: Interpolation = "bilinear"
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    @classmethod
    def from_crop_pct(cls, size: tuple[int, int], crop_pct: float = 0.875, **others: object) -> Preprocess:
        """The form timm uses: each side of the crop is `crop_pct` of what the picture is resized to."""
        height, width = (floor(side / crop_pct) for side in size)
        resize = height if height == width else (height, width)
        return cls(size=size, resize=resize, **others)  # type: ignore[arg-type]

    @property
    def channels(self) -> int:
        """Number of input channels."""
        return len(self.mean)
