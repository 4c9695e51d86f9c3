from __future__ import annotations

import struct
import threading
import warnings
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import ImageError
from crosslight.images import decode
from crosslight.images.decode import MAX_PIXELS

#: For each EXIF orientation, where the upright picture's corners (top left, top right, bottom right, bottom
#: left) lie in the stored one. From the EXIF standard's table of rows and columns.
CORNERS = {
    1: ("tl", "tr", "br", "bl"),
    2: ("tr", "tl", "bl", "br"),
    3: ("br", "bl", "tl", "tr"),
    4: ("bl", "br", "tr", "tl"),
    5: ("tl", "bl", "br", "tr"),
    6: ("bl", "tl", "tr", "br"),
    7: ("br", "tr", "tl", "bl"),
    8: ("tr", "br", "bl", "tl"),
}
PLACES = {"tl": (0, 0), "tr": (1, 0), "br": (1, 1), "bl": (0, 1)}
COLOURS = ((250, 10, 10), (10, 250, 10), (10, 10, 250), (250, 250, 10))


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_is_applied(orientation, format, encode):
    wide = orientation < 5
    width, height = (48, 32) if wide else (32, 48)  # the stored picture; upright it is always 48 x 32
    stored = Image.new("RGB", (width, height), (128, 128, 128))
    for place, colour in zip(CORNERS[orientation], COLOURS, strict=True):
        x, y = PLACES[place]
        stored.paste(colour, (x * (width - 16), y * (height - 16), x * (width - 16) + 16, y * (height - 16) + 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(encode(stored, format, exif=exif, **({"quality": 95} if format in ("JPEG", "WEBP") else {})))
    assert picture.size == (48, 32)
    for (x, y), colour in zip([(5, 5), (42, 5), (42, 26), (5, 26)], COLOURS, strict=True):
        assert np.abs(np.subtract(picture.getpixel((x, y)), colour)).max() < 30, (x, y)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_does_not_lose_the_picture(encode, noise):
    data = encode(noise(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert decode(data).size == (40, 30)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello, this is a shopping list", "text"),
        (b"<!DOCTYPE html><html>404", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), "HEIF"),
        (bytes(range(256)), "not an image"),
    ],
)
def test_what_is_no_image_is_refused_with_its_reason(data, reason):
    with pytest.raises(ImageError, match=reason):
        decode(data)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_truncated_files_are_refused(format, part, encode, noise):
    data = encode(noise(64, 64), format)
    with pytest.raises(ImageError, match=r"truncated|damaged|not an image"):
        decode(data[: int(len(data) * part)])


def test_a_truncated_jpeg_is_called_so(encode, noise, tmp_path):
    data = encode(noise(64, 64), "JPEG")
    path = tmp_path / "cut.jpg"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageError, match="truncated"):
        decode(path)


def test_text_with_an_image_name_says_so(tmp_path):
    path = tmp_path / "notes.jpg"
    path.write_text("buy milk\n" * 20)
    with pytest.raises(ImageError, match=r"text, though it is named \.jpg"):
        decode(path)


def test_huge_headers_are_refused_before_decoding(tmp_path):
    path = tmp_path / "bomb.png"
    for width, height in [
        (30_000, 30_000),
        (10_000, 10_000),
        (8_001, 8_000),
    ]:  # Pillow: error, warning, nothing
        path.write_bytes(png_header(width, height))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(ImageError, match="too many pixels"):
                decode(path)
    path.write_bytes(png_header(30_000, 30_000))
    with pytest.raises(ImageError, match=r"900,000,000 .*64,000,000"):
        decode(path)


def test_limits_are_inclusive(encode, noise):
    data = encode(noise(40, 30))
    assert decode(data, max_pixels=1200).size == (40, 30)
    with pytest.raises(ImageError, match=r"too many pixels: 40 x 30"):
        decode(data, max_pixels=1199)
    assert decode(data, min_side=30).size == (40, 30)
    with pytest.raises(ImageError, match=r"too small: 40 x 30"):
        decode(data, min_side=31)
    with pytest.raises(ImageError, match=r"too small: 1 x 1"):
        decode(encode(noise(1, 1)))
    assert MAX_PIXELS == 64_000_000


def test_places_that_hold_no_picture(tmp_path):
    with pytest.raises(ImageError, match="no such file"):
        decode(tmp_path / "none.jpg")
    with pytest.raises(ImageError, match="folder"):
        decode(tmp_path)


def test_path_bytes_and_file_are_the_same(tmp_path, encode, noise):
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise()))
    expected = noise().tobytes()
    assert decode(path).tobytes() == decode(str(path)).tobytes() == expected
    assert decode(path.read_bytes()).tobytes() == decode(BytesIO(path.read_bytes())).tobytes() == expected


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_animations_give_their_first_frame(format, encode):
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "lime", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    data = encode(frames[0], format, save_all=True, append_images=frames[1:], **options)
    assert decode(data).getcolors() == [(400, (255, 0, 0))]


def test_threads_decode_alike(encode, noise):
    data = [encode(noise(seed=seed)) for seed in range(8)]
    results: dict[int, bytes] = {}
    filters = list(warnings.filters)

    def work(i: int) -> None:
        for _ in range(5):
            results[i] = decode(data[i]).tobytes()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert [results[i] for i in range(8)] == [noise(seed=seed).tobytes() for seed in range(8)]
    assert list(warnings.filters) == filters
