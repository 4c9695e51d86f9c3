"""Cutting a classifier's input out of a picture, and showing it again.

Bit for bit what torchvision's and timm's evaluation transforms make of a Pillow image; what they do not tell,
and explanations need, is the box of the picture that the input covers.
"""

from __future__ import annotations

from math import floor

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..core.errors import InputError
from ..core.geometry import Box, Preprocess

_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
}
#: Beyond this only the cropped part is resized; long thin pictures would take gigabytes otherwise.
_MAX_RESIZED_PIXELS = 100_000_000


def prepare(picture: Image.Image, preprocess: Preprocess) -> tuple[Tensor, Box]:
    """Resize, crop and normalise an upright RGB picture as a classifier wants it.

    Args:
        picture: as `decode` returns it.
        preprocess: the classifier's own preprocessing.

    Returns:
        Input, float32 ``[c, h, w]``, normalised; and the box of the picture it covers, which reaches beyond
        the picture where the input is padded.

    Raises:
        InputError: the classifier wants neither one channel nor three.

    Source: torchvision ``Resize`` and ``CenterCrop`` where `preprocess.resize` is a number (the longer side is
        rounded down); timm ``transforms_imagenet_eval`` for ``squash``, ``border``, and where `resize` is a
        rectangle (both sides are rounded to the nearest). Without deviation, but for pictures that would be
        resized to more than 100 million pixels: their crop alone is resized (equal to one grey level).
    """
    if preprocess.channels not in (1, 3):
        raise InputError(f"a picture has 1 or 3 channels, but the classifier wants {preprocess.channels}")
    mode = "L" if preprocess.channels == 1 else "RGB"
    if picture.mode != mode:
        picture = picture.convert(mode)
    width, height = _resized(picture.width, picture.height, preprocess)
    crop_height, crop_width = preprocess.size
    left, top = _offset(width, crop_width), _offset(height, crop_height)
    scale_x, scale_y = picture.width / width, picture.height / height
    box = Box(left * scale_x, top * scale_y, (left + crop_width) * scale_x, (top + crop_height) * scale_y)

    resample = _FILTERS[preprocess.interpolation]
    if width * height > _MAX_RESIZED_PIXELS and left >= 0 and top >= 0:
        cropped = picture.resize((crop_width, crop_height), resample, box=box.as_tuple())
    else:
        if picture.size != (width, height):
            picture = picture.resize((width, height), resample)
        cropped = Image.new(mode, (crop_width, crop_height), _fill(preprocess))
        cropped.paste(picture, (-left, -top))
    return _normalise(cropped, preprocess), box


def to_picture(inputs: Tensor, preprocess: Preprocess) -> Image.Image:
    """An input made visible: the normalisation undone, clipped to [0, 1], as 8-bit RGB or grey.

    Args:
        inputs: float ``[c, h, w]``, as `prepare` returns it, on any device.
        preprocess: what it was prepared with.
    """
    values = inputs.detach().to("cpu", torch.float32)
    mean, std = (torch.tensor(v, dtype=torch.float32)[:, None, None] for v in (preprocess.mean, preprocess.std))
    pixels = ((values * std + mean).clamp(0, 1) * 255).round().to(torch.uint8)
    return Image.fromarray((pixels[0] if len(pixels) == 1 else pixels.permute(1, 2, 0)).numpy())


def _resized(width: int, height: int, preprocess: Preprocess) -> tuple[int, int]:
    """Width and height to which the whole picture is resized."""
    resize = preprocess.resize
    if resize is None and preprocess.size[0] == preprocess.size[1]:
        resize = preprocess.size[0]
    if preprocess.crop == "center" and isinstance(resize, int):
        short, long = resize, int(resize * max(width, height) / min(width, height))
        return (short, long) if width <= height else (long, short)
    target_height, target_width = _target(preprocess)
    if preprocess.crop == "squash":
        return target_width, target_height
    ratios = (height / target_height, width / target_width)
    # timm blends the two ratios with weights 1 and 0; the terms stay so that rounding is the same.
    ratio = max(ratios) * 1.0 + min(ratios) * 0.0 if preprocess.crop == "border" else min(ratios)
    return max(round(width / ratio), 1), max(round(height / ratio), 1)


def _target(preprocess: Preprocess) -> tuple[int, int]:
    """Height and width of the rectangle that the resized picture covers, fits into or is squashed to."""
    resize = preprocess.resize
    if resize is None:
        return preprocess.size
    if not isinstance(resize, int):
        return resize
    short = min(preprocess.size)
    return floor(preprocess.size[0] * resize / short), floor(preprocess.size[1] * resize / short)


def _offset(length: int, crop: int) -> int:
    """Where a crop begins; negative where the picture is padded (the odd pixel goes behind it)."""
    return -((crop - length) // 2) if length < crop else round((length - crop) / 2)


def _fill(preprocess: Preprocess) -> int | tuple[int, ...]:
    if preprocess.crop != "border":
        return 0
    colours = tuple(round(255 * value) for value in preprocess.mean)
    return colours[0] if len(colours) == 1 else colours


def _normalise(picture: Image.Image, preprocess: Preprocess) -> Tensor:
    pixels = torch.from_numpy(np.array(picture))
    pixels = pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1)
    values = pixels.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
    mean, std = (torch.tensor(v, dtype=torch.float32)[:, None, None] for v in (preprocess.mean, preprocess.std))
    return values.sub_(mean).div_(std)
