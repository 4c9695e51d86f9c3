"""From every pixel format to 8-bit RGB in sRGB."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

#: A profile that moves no probed colour by more is sRGB but for rounding: pixels are left untouched.
_ROUNDING = 2
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def to_rgb(picture: Image.Image, profiles: bool = True) -> Image.Image:
    """Convert a loaded picture to mode ``RGB``, 8 bits a channel, in sRGB.

    An embedded colour profile is applied, unless it is damaged or does not fit the pixels. Transparency is
    composited on white, 16-bit grey scaled by 255 / 65535. 32-bit grey has no agreed range: integers up to
    65535 count as 16-bit ones, floats within [0, 1] are scaled by 255, values up to 255 stay, and anything
    else is stretched from its minimum to its maximum.

    Args:
        picture: any mode that Pillow knows; it is not changed.
        profiles: whether to apply an embedded colour profile.

    Returns:
        A new picture without metadata.
    """
    profile = picture.info.get("icc_profile") if profiles else None
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = Image.fromarray(_grey_to_8_bits(np.asarray(picture)))
    if picture.mode == "LAB":
        return _lab_to_rgb(picture)
    if picture.mode in ("RGBa", "La"):
        picture = picture.convert(picture.mode.upper())
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        return _on_white(picture.convert("RGBA"), profile)
    if picture.mode == "1":
        picture = picture.convert("L")
    if picture.mode not in ("L", "RGB", "CMYK"):  # P, YCbCr, HSV, RGBX
        picture = picture.convert("RGB")
    rgb = _apply_profile(picture, profile)
    rgb.info.clear()
    return rgb


def _on_white(picture: Image.Image, profile: bytes | None) -> Image.Image:
    rgb = _apply_profile(picture.convert("RGB"), profile)
    alpha = picture.getchannel("A")
    white = Image.new("RGB", picture.size, "white")
    white.paste(rgb, mask=alpha)
    return white


def _grey_to_8_bits(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    data = values.astype(np.float64)
    data[~np.isfinite(data)] = 0
    low, high = data.min(), data.max()
    if values.dtype.kind in "iu" and low >= 0 and high <= 65535:
        data *= 255 / 65535
    elif low >= 0 and high <= 1:
        data *= 255
    elif low < 0 or high > 255:
        data = (data - low) * (255 / (high - low)) if high > low else np.zeros_like(data)
    return np.round(data).astype(np.uint8)


def _apply_profile(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert an ``L``, ``RGB`` or ``CMYK`` picture, by its profile where there is a usable one."""
    if profile:
        space = _space(profile)
        if space == "RGB" and picture.mode == "L":
            picture = picture.convert("RGB")
        if space == picture.mode:
            transform = _transform(profile, space)
            if transform is not None:
                return transform.apply(picture)
    return picture.convert("RGB") if picture.mode != "RGB" else picture.copy()


@lru_cache(maxsize=32)
def _space(profile: bytes) -> str | None:
    """The mode whose pixels a profile describes, or None where the profile is of no use."""
    try:
        return _SPACES.get(ImageCms.ImageCmsProfile(BytesIO(profile)).profile.xcolor_space.strip())
    except (OSError, ImageCms.PyCMSError, ValueError):
        return None


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile to sRGB, or None where it is no more than rounding (or cannot be built)."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(source, srgb, mode, "RGB", ImageCms.Intent.PERCEPTUAL)
        probe = _probe(mode)
        moved = np.asarray(transform.apply(probe), np.int16) - np.asarray(probe.convert("RGB"), np.int16)
    except (OSError, ImageCms.PyCMSError, ValueError):
        return None
    return transform if np.abs(moved).max() > _ROUNDING else None


def _probe(mode: str) -> Image.Image:
    """Colours spread over the whole gamut."""
    levels = np.arange(0, 256, 17, dtype=np.uint8)
    if mode == "L":
        return Image.fromarray(levels[None])
    axes = np.meshgrid(*[levels[::3]] * len(mode), indexing="ij")
    return Image.frombytes(mode, (1, axes[0].size), np.stack(axes, axis=-1).tobytes())


def _lab_to_rgb(picture: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    transform = ImageCms.buildTransform(lab, srgb, "LAB", "RGB", ImageCms.Intent.PERCEPTUAL)
    return transform.apply(picture)
