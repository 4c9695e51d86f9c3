"""What is seen where a part of an image is hidden.

A fill is computed on the CPU in float64, one image at a time: the same on every device and in every batch.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError
from torch import Tensor

from ..core.errors import InputError

if TYPE_CHECKING:
    from ..core.geometry import Preprocess

NAMES = ("mean", "segment-mean", "black", "white", "grey", "blur", "zero")
#: standard deviation of `blur`, as a share of the input's shorter side
BLUR = 0.05

_COLOURS = {"black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0), "grey": (0.5, 0.5, 0.5)}
_LUMA = np.array([0.299, 0.587, 0.114])


def check_fill(fill: str) -> str:
    """A fill in its one valid spelling.

    Args:
        fill: ``mean`` (the mean colour of the input), ``segment-mean`` (of each superpixel), ``black``, ``white``,
            ``grey`` (0.5), ``#rrggbb``, ``blur`` or ``blur:SHARE`` (Gaussian, its standard deviation as a share of
            the input's shorter side, at most 1), or ``zero`` (0 after normalising: the mean colour of the
            classifier's training images).

    Raises:
        ValueError: it is none of these; pydantic and study files tell it with its place.
    """
    text = fill.strip().lower()
    if text in NAMES or re.fullmatch("#[0-9a-f]{6}", text):
        return text
    if share := re.fullmatch(r"blur:(\d*\.?\d+)", text):
        value = float(share[1])
        if 0 < value <= 1:
            return "blur" if value == BLUR else f"blur:{value:g}"
    near = get_close_matches(text, NAMES, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise PydanticCustomError(
        "fill",
        "must be {names}, blur:SHARE (0 < SHARE <= 1) or #rrggbb{hint}",
        {"names": ", ".join(NAMES), "hint": hint},
    )


#: The type of a setting that names a fill.
Fill = Annotated[str, AfterValidator(check_fill)]


def make_fill(inputs: Tensor, labels: Tensor | NDArray[np.int32] | None, fill: str, preprocess: Preprocess) -> Tensor:
    """What every pixel of some inputs would be if it were hidden.

    Args:
        inputs: float ``[b, c, h, w]``, normalised, on any device.
        labels: integers ``[b, h, w]``: the superpixel of each pixel; where it is -1, `segment-mean` leaves the input
            as it is. Other fills do not look at them.
        fill: as `check_fill` describes it.
        preprocess: how the inputs were normalised.

    Returns:
        ``[b, c, h, w]``, normalised, of the inputs' dtype and on their device. One colour for a whole image is not
        written out, so nothing may be written into it.

    Raises:
        InputError: `fill` is none, or it needs labels that are not there or do not fit.

    Source: segment-mean: Ribeiro et al. 2016 in the ``lime`` package, ``hide_color=None``, which cuts the means of
        8-bit images down to whole levels; here they stay as they are. blur: a colour's weight falls as a Gaussian
        cut off at 4 standard deviations, and the image is mirrored at its edges.
    """
    try:
        fill = check_fill(fill)
    except PydanticCustomError as error:
        raise InputError(f"fill {fill!r} {error.message()}") from None
    if fill == "zero":
        return torch.zeros_like(inputs[:1, :, :1, :1]).expand_as(inputs)
    if fill in _COLOURS or fill.startswith("#"):
        return _as(_normalised(fill, preprocess), inputs).expand_as(inputs)
    pixels: NDArray[np.float64] = inputs.detach().to("cpu", torch.float64).numpy()
    if fill == "mean":
        return _as(pixels.mean(axis=(2, 3), keepdims=True), inputs).expand_as(inputs)
    if fill == "segment-mean":
        return _as(_segment_means(pixels, labels), inputs)
    return _as(_blurred(pixels, float(fill.partition(":")[2] or BLUR)), inputs)


def _as(values: NDArray[np.float64], like: Tensor) -> Tensor:
    return torch.from_numpy(values).to(like.dtype).to(like.device)


def _normalised(colour: str, preprocess: Preprocess) -> NDArray[np.float64]:
    """A colour as the classifier sees it, ``[1, c, 1, 1]``."""
    if colour in _COLOURS:
        level = np.array(_COLOURS[colour])
    else:
        level = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    if preprocess.channels == 1:
        level = np.array([level @ _LUMA])  # as Pillow makes grey of colours
    return ((level - np.array(preprocess.mean)) / np.array(preprocess.std))[None, :, None, None]


def _segment_means(pixels: NDArray[np.float64], labels: Tensor | NDArray[np.int32] | None) -> NDArray[np.float64]:
    if labels is None:
        raise InputError("fill 'segment-mean' needs superpixels; choose another fill")
    which: NDArray[np.int64] = torch.as_tensor(labels).to("cpu", torch.int64).numpy()
    count, channels, height, width = pixels.shape
    if which.shape != (count, height, width):
        raise InputError(f"labels must be {[count, height, width]}, one for each pixel, not {list(which.shape)}")
    filled = pixels.copy()
    for image in range(count):
        inside = which[image] >= 0
        own = which[image][inside]
        sizes = np.maximum(np.bincount(own), 1)
        for channel in range(channels):
            sums = np.bincount(own, weights=pixels[image, channel][inside])
            filled[image, channel][inside] = (sums / sizes)[own]
    return filled


def _blurred(pixels: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter

    sigma = share * min(pixels.shape[2:])
    blurred: NDArray[np.float64] = gaussian_filter(pixels, (0, 0, sigma, sigma), mode="reflect", truncate=4.0)
    return blurred
