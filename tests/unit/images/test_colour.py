from __future__ import annotations

import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from crosslight.images import decode
from crosslight.images.colour import to_rgb

GRADIENT = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (16, 1))  # 16 x 32


def swapped_profile() -> bytes:
    """sRGB with red and green exchanged: the two tags point at each other's primaries."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {}
    for at in range(132, 132 + 12 * struct.unpack(">I", data[128:132])[0], 12):
        tags[bytes(data[at : at + 4])] = at
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    data[red + 4 : red + 12], data[green + 4 : green + 12] = (
        data[green + 4 : green + 12],
        data[red + 4 : red + 12],
    )
    return bytes(data)


def wide_profile() -> bytes:
    """sRGB's curve with Adobe RGB's green primary (adapted to D50)."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for at in range(132, 132 + 12 * struct.unpack(">I", data[128:132])[0], 12):
        primary = {b"rXYZ": (0.60974, 0.31111, 0.01947), b"gXYZ": (0.20528, 0.62567, 0.06087)}.get(
            bytes(data[at : at + 4]), (0.14919, 0.06322, 0.74457) if data[at : at + 4] == b"bXYZ" else None
        )
        if primary:
            (offset,) = struct.unpack(">I", data[at + 4 : at + 8])
            data[offset + 8 : offset + 20] = struct.pack(">3i", *(round(v * 65536) for v in primary))
    return bytes(data)


@pytest.mark.parametrize(
    "mode", ["RGB", "L", "P", "1", "RGBA", "LA", "CMYK", "YCbCr", "HSV", "RGBX", "PA", "La", "RGBa"]
)
def test_every_mode_becomes_rgb_of_the_same_look(mode):
    grey = Image.fromarray(GRADIENT)
    ways = {"P": ["P"], "PA": ["P", "PA"], "LA": ["LA"], "La": ["LA", "La"], "RGBa": ["RGBA", "RGBa"]}
    picture = grey if mode in ways else grey.convert("RGB")
    for step in ways.get(mode, [mode]):
        picture = picture.convert(step)
    assert picture.mode == mode
    result = to_rgb(picture)
    assert result.mode == "RGB"
    assert result.size == (32, 16)
    expected = np.asarray(picture.convert("L")) if mode == "1" else GRADIENT
    assert np.abs(np.asarray(result).astype(int) - expected[..., None]).max() <= 2


def test_lab_becomes_rgb():
    lab = Image.new("LAB", (10, 10), (255, 128, 128))  # the lightest grey
    assert np.asarray(to_rgb(lab)).min() >= 250


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(format, encode):
    values = np.linspace(0, 65535, 32 * 16).reshape(16, 32).astype(np.uint16)
    result = np.asarray(decode(encode(Image.fromarray(values), format)))
    np.testing.assert_array_equal(result[..., 0], np.round(values / 257.0))
    assert len(np.unique(result)) == 256


def test_16_bit_rgb_png_is_scaled():
    import cv2

    values = np.random.default_rng(0).integers(0, 65536, (16, 20, 3)).astype(np.uint16)
    data = cv2.imencode(".png", values[..., ::-1])[1].tobytes()
    assert np.abs(np.asarray(decode(data)) - values / 257.0).max() <= 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 0.5], [0.25, 1]], np.float32), [[0, 128], [64, 255]]),
        (np.array([[0, 200], [7, 255]], np.float32), [[0, 200], [7, 255]]),
        (np.array([[-1, 1], [0, 1]], np.float32), [[0, 255], [128, 255]]),
        (np.array([[5e6, 5e6], [5e6, 5e6]], np.float32), [[0, 0], [0, 0]]),
        (np.array([[np.nan, 1], [0.5, np.inf]], np.float32), [[0, 255], [128, 0]]),
        (np.array([[0, 65535], [257, 514]], np.int32), [[0, 255], [1, 2]]),
        (np.array([[0, 131072], [65536, 0]], np.int32), [[0, 255], [128, 0]]),
    ],
)
def test_32_bit_grey(values, expected):
    np.testing.assert_array_equal(np.asarray(to_rgb(Image.fromarray(values)))[..., 0], expected)


def test_transparent_parts_are_white(encode):
    picture = Image.new("RGBA", (20, 20), (200, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 10, 20))
    picture.paste((0, 0, 0, 128), (0, 0, 10, 5))
    result = decode(encode(picture))
    assert result.getpixel((5, 15)) == (255, 255, 255)
    assert result.getpixel((15, 15)) == (200, 0, 0)
    assert np.abs(np.subtract(result.getpixel((5, 2)), 127)).max() <= 1


@pytest.mark.parametrize("format", ["PNG", "GIF"])
def test_palette_with_a_transparent_entry(format, encode):
    picture = Image.new("P", (20, 20), 1)
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.paste(0, (0, 0, 10, 20))
    result = decode(encode(picture, format, transparency=0))
    assert result.getpixel((2, 2)) == (255, 255, 255)
    assert result.getpixel((15, 2)) == (200, 100, 50)


def test_cmyk_jpeg(encode):
    picture = Image.new("CMYK", (32, 32), (0, 255, 255, 0))  # magenta and yellow ink: red
    red, green, blue = decode(encode(picture, "JPEG", quality=95)).getpixel((16, 16))
    assert red > 240
    assert max(green, blue) < 20


def test_profiles_are_applied(encode):
    picture = Image.new("RGB", (20, 20), (250, 20, 40))
    data = encode(picture, "PNG", icc_profile=swapped_profile())
    assert np.abs(np.subtract(decode(data).getpixel((3, 3)), (20, 250, 40))).max() <= 3
    assert decode(data, profiles=False).getpixel((3, 3)) == (250, 20, 40)


def test_a_wide_gamut_gets_more_vivid(encode):
    data = encode(Image.new("RGB", (20, 20), (120, 160, 80)), "JPEG", quality=95, icc_profile=wide_profile())
    red, green, blue = decode(data).getpixel((9, 9))
    assert red < 115
    assert abs(green - 160) <= 6
    assert blue < 80


def test_profiles_of_transparent_palette_and_grey_pictures(encode):
    clear = Image.new("RGBA", (20, 20), (250, 20, 40, 255))
    clear.putpixel((0, 0), (0, 0, 0, 0))
    result = decode(encode(clear, icc_profile=swapped_profile()))
    assert result.getpixel((0, 0)) == (255, 255, 255)
    assert np.abs(np.subtract(result.getpixel((5, 5)), (20, 250, 40))).max() <= 3
    palette = Image.new("RGB", (20, 20), (250, 20, 40)).quantize(4)
    result = decode(encode(palette, icc_profile=swapped_profile()))
    assert np.abs(np.subtract(result.getpixel((5, 5)), (20, 250, 40))).max() <= 3
    grey = decode(encode(Image.fromarray(GRADIENT), icc_profile=swapped_profile()))
    assert np.abs(np.asarray(grey).astype(int) - GRADIENT[..., None]).max() <= 2


def test_srgb_leaves_pixels_untouched(encode, noise):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert decode(encode(noise(), icc_profile=srgb)).tobytes() == noise().tobytes()


@pytest.mark.parametrize("profile", [b"rubbish", b"\0" * 500])
def test_a_damaged_profile_is_ignored(profile, encode, noise):
    assert decode(encode(noise(), icc_profile=profile)).tobytes() == noise().tobytes()


def test_metadata_is_dropped(encode, noise):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for mode in ("RGB", "L", "RGBA"):
        assert decode(encode(noise(mode=mode), icc_profile=srgb, dpi=(72, 72))).info == {}
