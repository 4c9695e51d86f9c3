"""How a map becomes a picture: colours, transparency, and the photograph underneath."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.finish import finish_named
from ..core.geometry import Box

if TYPE_CHECKING:
    from ..core.maps import Maps

#: share of the brightness and of the colour that is left outside the box a map covers
OUTSIDE = 0.55

#: share of the brightness that is left of a wholly faded picture
FADED = 0.8

#: maps with more cells a side are taken for pixel-level ones
FINE = 64

#: of a pixel-level map's values, the percentile that gets the full colour: single outliers must not hide the rest
FINE_PERCENTILE = 99.5

#: OKLCH lightness, chroma and hue at equal steps from nothing to the maximum
_MAGNITUDE = (
    (0.38, 0.10, 300),
    (0.48, 0.17, 328),
    (0.60, 0.20, 6),
    (0.72, 0.17, 45),
    (0.85, 0.16, 82),
    (0.96, 0.13, 105),
)
_AGAINST = ((0.82, 0.09, 225), (0.68, 0.15, 240), (0.52, 0.19, 258))
_FOR = ((0.86, 0.12, 80), (0.76, 0.17, 62), (0.66, 0.19, 45))


def is_signed(maps: Maps) -> bool:
    """Whether maps speak for and against the class, so that 0 is their middle rather than their bottom."""
    attributes = maps.attributes
    return attributes.get("sign", "signed") == "signed" and attributes.get("finish", "none") == "none"


def limit_of(values: NDArray[np.floating], percentile: float = 100.0) -> float:
    """The magnitude shown in full colour: the largest one, or a percentile of all.

    Args:
        values: a map ``[h, w]``; values that are not finite do not count.
        percentile: in (0, 100]; 99.5 keeps single outliers of pixel-level gradients from hiding the rest.

    Returns:
        0 where nothing differs from 0.
    """
    finite = np.abs(values[np.isfinite(values)]).astype(np.float64)
    if finite.size == 0:
        return 0.0
    limit = float(np.percentile(finite, percentile))
    return limit if limit > 0 else float(finite.max())


def colourise(values: NDArray[np.floating], *, signed: bool, limit: float | None = None) -> NDArray[np.uint8]:
    """The colours of a map, more opaque where it is larger.

    Magnitudes go from dark violet over red to light yellow, lightness rising evenly. Signed maps are orange
    for the class and blue against it, equal in strength on both sides of 0.

    Args:
        values: ``[h, w]``, any range.
        signed: whether negative values mean something; if not, they count as 0.
        limit: the magnitude shown in full colour; by default the largest one.

    Returns:
        uint8 RGBA ``[h, w, 4]``; fully transparent at 0, and where a value is not finite.
    """
    limit = limit_of(values) if limit is None else limit
    if not limit > 0:
        return np.zeros((*values.shape, 4), np.uint8)
    known = np.isfinite(values)
    share = np.clip(np.where(known, values, 0).astype(np.float64) / limit, -1 if signed else 0, 1)
    colours = _table(signed)
    position = (share + 1) / 2 if signed else share
    out = np.empty((*values.shape, 4), np.uint8)
    out[..., :3] = colours[np.rint(position * (len(colours) - 1)).astype(np.intp)]
    # Eased in at the bottom, where nothing but the picture should be seen, and flat at the top.
    strength = np.abs(share)
    out[..., 3] = np.rint(255 * np.minimum(1, 1.35 * strength**0.8 * (1 - 0.35 * (1 - strength) ** 2)))
    return out


def overlay(
    picture: Image.Image,
    values: NDArray[np.floating],
    box: Box | tuple[float, float, float, float],
    *,
    signed: bool,
    smooth: bool = True,
    opacity: float = 0.6,
    limit: float | None = None,
    fade: float = 0.0,
) -> Image.Image:
    """A map laid over the picture it belongs to.

    Under colour the picture loses its own, so that what is seen there is the map's.

    Args:
        picture: upright, any mode, any size.
        values: the map ``[h, w]`` at its native resolution.
        box: what the map covers, in pixels of `picture`; it may reach beyond the picture.
        signed: whether negative values mean something.
        smooth: interpolate between cells; otherwise every cell is seen as it is.
        opacity: of the strongest colour, in [0, 1].
        limit: the magnitude shown in full colour; by default the map's largest, so each map is scaled alone.
        fade: how much of the picture's own colour and brightness is taken back inside the box, in [0, 1].

    Returns:
        RGB, of the picture's size. Outside the box the picture is dimmed.
    """
    box = box if isinstance(box, Box) else Box(*box)
    base = np.asarray(picture.convert("RGB"), np.float32)
    out = _dim(base)
    area = pixels_of(box, (picture.width, picture.height))
    if area is not None:
        left, top, right, bottom = area
        limit = limit_of(values) if limit is None else limit
        colours = colourise(resample(values, box, area, smooth=smooth), signed=signed, limit=limit)
        strength = colours[..., 3:].astype(np.float32) / np.float32(255)
        inside = base[top:bottom, left:right]
        inside = inside + np.float32(fade) * (FADED * _grey(inside) - inside)
        inside = inside + strength * (_grey(inside) - inside)
        out[top:bottom, left:right] = inside + np.float32(opacity) * strength * (colours[..., :3] - inside)
    return Image.fromarray(np.rint(out).astype(np.uint8))


def overlay_map(
    picture: Image.Image, maps: Maps, row: int, *, smooth: bool = True, limit: float | None = None
) -> Image.Image:
    """One image's map laid over its picture, after the method's published final step.

    Maps as fine as the input (gradients) are shown more opaque on a faded picture, their outliers cut off: what
    is thin and sparse would not be seen otherwise.

    Args:
        picture: upright; its size is what the box refers to.
        maps: raw, as a store gives them.
        row: which of them.
        smooth: see `overlay`.
        limit: the magnitude shown in full colour, such as another map's; by default `limit_of_map`.
    """
    values = finish_named(maps.attributes.get("finish", "none"))(maps.values[row])
    fine = _is_fine(values)
    return overlay(
        picture,
        values,
        Box(*maps.boxes[row].tolist()),
        signed=is_signed(maps),
        smooth=smooth,
        opacity=0.9 if fine else 0.65,
        limit=limit_of_map(maps, row) if limit is None else limit,
        fade=0.7 if fine else 0.0,
    )


def limit_of_map(maps: Maps, row: int) -> float:
    """The magnitude that `overlay_map` shows in full colour: the largest one, but for outliers of pixel-level maps.

    Args:
        maps: raw, as a store gives them.
        row: which of them.
    """
    values = finish_named(maps.attributes.get("finish", "none"))(maps.values[row])
    return limit_of(values, FINE_PERCENTILE if _is_fine(values) else 100.0)


def _is_fine(values: NDArray[np.floating]) -> bool:
    return min(values.shape) > FINE


def pixels_of(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """The whole pixels of a picture that a box covers: left, top, right, bottom; None where there are none.

    Args:
        box: in pixels of the picture.
        size: width and height of the picture.
    """
    if not all(np.isfinite(box.as_tuple())):
        return None
    left, top = max(0, round(box.left)), max(0, round(box.top))
    right, bottom = min(size[0], round(box.right)), min(size[1], round(box.bottom))
    return (left, top, right, bottom) if right > left and bottom > top else None


def resample(
    values: NDArray[Any], box: Box, area: tuple[int, int, int, int], *, smooth: bool = True
) -> NDArray[np.float32]:
    """A map at the resolution of the picture.

    Args:
        values: ``[h, w]``, covering `box`.
        box: what the map covers, in pixels of the picture.
        area: whole pixels wanted, as `pixels_of` gives them.
        smooth: bicubic, never beyond the map's own range; otherwise the nearest cell. Smaller pictures get
            the mean of the cells under each pixel.

    Returns:
        float32 ``[bottom - top, right - left]``; NaN counts as 0.
    """
    height, width = values.shape
    left, top, right, bottom = area
    scale_x, scale_y = width / box.width, height / box.height
    source = (
        max(0.0, (left - box.left) * scale_x),
        max(0.0, (top - box.top) * scale_y),
        min(float(width), (right - box.left) * scale_x),
        min(float(height), (bottom - box.top) * scale_y),
    )
    clean = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    bigger = (source[2] - source[0]) <= right - left
    kind = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST if bigger else Image.Resampling.BOX
    resized = Image.fromarray(clean).resize((right - left, bottom - top), kind, box=source)
    return np.clip(np.asarray(resized), clean.min(), clean.max()).astype(np.float32)


def _grey(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    return (pixels @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]


def _dim(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    share = np.float32(OUTSIDE)
    return share * (share * pixels + (1 - share) * _grey(pixels))


@cache
def _table(signed: bool) -> NDArray[np.uint8]:
    """RGB ``[511 or 256, 3]`` from the lowest value to the highest."""
    if not signed:
        return _ramp(_MAGNITUDE, 256)
    return np.concatenate([_ramp(_AGAINST, 256)[::-1], _ramp(_FOR, 256)[1:]])


def _ramp(stops: tuple[tuple[float, float, float], ...], count: int) -> NDArray[np.uint8]:
    """Colours between stops given in OKLCH, evenly spaced to the eye; those beyond sRGB are clipped.

    Source: Ottosson 2020, "A perceptual color space for image processing".
    """
    lightness, chroma, hue = np.array(stops).T
    at, known = np.linspace(0, 1, count), np.linspace(0, 1, len(stops))
    angle = np.radians(np.unwrap(hue, period=360))
    lightness, chroma, angle = (np.interp(at, known, axis) for axis in (lightness, chroma, angle))
    a, b = chroma * np.cos(angle), chroma * np.sin(angle)
    cones = np.stack(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    to_rgb = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip((to_rgb @ cones**3).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded).astype(np.uint8)
