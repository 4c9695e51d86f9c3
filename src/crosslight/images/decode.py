"""Reading a picture as a person sees it: upright, RGB, 8 bits, sRGB; or saying why that cannot be done."""

from __future__ import annotations

import re
import threading
import warnings
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from ..core.errors import ImageError
from .colour import to_rgb

#: More pixels than any camera's common output; 64 million need 190 MB as RGB.
MAX_PIXELS = 64_000_000
MIN_SIDE = 8

_ORIENTATION = 0x0112
#: What undoes each EXIF orientation.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_warnings_lock = threading.Lock()


def decode(
    data: bytes | str | Path | BinaryIO,
    max_pixels: int = MAX_PIXELS,
    min_side: int = MIN_SIDE,
    profiles: bool = True,
) -> Image.Image:
    """Read a picture upright, as 8-bit RGB in sRGB; of an animation, the first frame.

    Args:
        data: the file's bytes, its path, or a binary file open at its beginning.
        max_pixels: larger pictures are refused before any pixel is decoded.
        min_side: pictures with a shorter side in pixels are refused.
        profiles: whether to convert by embedded colour profiles; most training pipelines ignore them.

    Returns:
        A picture of mode ``RGB``. Transparent parts are composited on white.

    Raises:
        ImageError: there is no usable picture, with the reason.
    """
    if isinstance(data, str | Path):
        path = Path(data)
        _check_file(path)
        try:
            with path.open("rb") as file:
                return _decode(file, max_pixels, min_side, profiles, path.suffix.lower())
        except OSError as error:
            raise ImageError(f"the file cannot be read: {error.strerror or error}") from error
    return _decode(BytesIO(data) if isinstance(data, bytes) else data, max_pixels, min_side, profiles, "")


def upright(picture: Image.Image) -> Image.Image:
    """A decoded picture turned as its EXIF orientation says."""
    try:
        turn = _UPRIGHT.get(picture.getexif().get(_ORIENTATION, 1))
    except Exception:  # damaged metadata is no reason to lose the picture
        return picture
    return picture if turn is None else picture.transpose(turn)


def check_size(width: int, height: int, max_pixels: int = MAX_PIXELS, min_side: int = MIN_SIDE) -> None:
    """Refuse a picture of a size that is of no use.

    Raises:
        ImageError: it has too many pixels, or a side that is too short.
    """
    if width * height > max_pixels:
        raise ImageError(f"too many pixels: {width} x {height} (at most {max_pixels:,} in all)")
    if min(width, height) < min_side:
        raise ImageError(f"too small: {width} x {height} pixels (each side needs at least {min_side})")


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise ImageError("this is a folder, not a picture")
    if not path.exists():
        raise ImageError("no such file")
    if not path.is_file():  # reading a pipe or a device could wait for ever
        raise ImageError("this is not a regular file")


def _decode(file: BinaryIO, max_pixels: int, min_side: int, profiles: bool, suffix: str) -> Image.Image:
    head = file.read(64)
    if not head:
        raise ImageError("the file is empty")
    file.seek(0)
    try:
        with _open(file) as picture:
            check_size(*picture.size, max_pixels, min_side)
            picture.load()
            # After loading: PNG may keep its orientation behind the pixels, TIFF applies it while loading.
            return to_rgb(upright(picture), profiles)
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(_not_an_image(head, suffix)) from None
    except Image.DecompressionBombError as error:
        count = re.search(r"\((\d+) pixels\)", str(error))
        pixels = f"{int(count[1]):,}" if count else "more than Pillow allows"
        raise ImageError(f"too many pixels: {pixels} (at most {max_pixels:,} in all)") from None
    except MemoryError:
        raise ImageError("not enough memory to decode this picture") from None
    except Exception as error:  # decoders of damaged files raise nearly anything
        text = str(error) or type(error).__name__
        cut = isinstance(error, EOFError) or "truncated" in text.lower()
        raise ImageError(f"the file is {'truncated' if cut else 'damaged'}: {text}") from error


def _open(file: BinaryIO) -> Image.Image:
    # Pillow warns of pictures that `check_size` refuses a moment later.
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(file)


def _not_an_image(head: bytes, suffix: str) -> str:
    if head.startswith(b"version https://git-lfs"):
        return "not an image but a Git LFS pointer; fetch the file itself with `git lfs pull`"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif"):
        return "a HEIF picture, which Pillow cannot read here; convert it to JPEG or PNG"
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "not an image but a web page"
    if b"\0" not in head and all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head):
        return "not an image but text" + (f", though it is named {suffix}" if suffix else "")
    return "not an image in a format that Pillow reads, or its first bytes are damaged"
