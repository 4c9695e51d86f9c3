"""The photographs that were dropped: bounded, decoded safely, in memory only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import unquote

from PIL import Image

from ..core.errors import ImageError
from ..images import decode
from .recent import Recent
from .refusal import Refused

#: of one file, and of all that are kept
MAX_BYTES, KEEP_BYTES = 32_000_000, 1_000_000_000
MAX_PIXELS = 40_000_000
MAX_PHOTOS = 200
#: decoded pixels that are kept; 3 bytes each
KEEP_PIXELS = 64_000_000
#: bytes of photographs as the page shows them
KEEP_SHOWN = 64_000_000
#: of a file beyond the limit, so much is read and thrown away, so that its sender hears the answer
PATIENCE_BYTES = 64_000_000
#: longest side of a photograph that the page can ask for, in pixels
MAX_SIDE = 2048


@dataclass(frozen=True)
class Photo:
    """A photograph.

    Attributes:
        id: the first 16 hexadecimal digits of the SHA-256 of its bytes, as the images of a study have it.
        name: of its file, for people.
        width, height: of the upright picture, in pixels.
        data: the file's bytes.
    """

    id: str
    name: str
    width: int
    height: int
    data: bytes = field(repr=False)

    def facts(self) -> dict[str, str | int]:
        """What the page needs to know."""
        return {"id": self.id, "name": self.name, "width": self.width, "height": self.height}


class Photos:
    """The photographs that are kept; the oldest unused go first."""

    def __init__(self) -> None:
        # A file weighs its bytes, and at least so much that no more than `MAX_PHOTOS` fit.
        least = KEEP_BYTES / MAX_PHOTOS
        self._photos: Recent[str, Photo] = Recent(KEEP_BYTES, lambda photo: max(least, len(photo.data)))
        self._pictures: Recent[str, Image.Image] = Recent(KEEP_PIXELS, lambda picture: picture.width * picture.height)
        self._shown: Recent[tuple[str, int], bytes] = Recent(KEEP_SHOWN, len)

    def add(self, data: bytes, name: str) -> tuple[Photo, bool]:
        """Keep a photograph, and whether it is new.

        Args:
            data: an image file's bytes.
            name: of the file, as the browser says; it is never used as a path.

        Raises:
            Refused: it is no picture that can be used, with the reason.
        """
        identity = hashlib.sha256(data).hexdigest()[:16]
        known = self._photos.get(identity)
        if known is not None:
            return known, False
        picture = safely(data, shown_name(name))
        photo = Photo(identity, shown_name(name), picture.width, picture.height, data)
        self._pictures.put(identity, picture)
        for gone, _ in self._photos.put(identity, photo):
            self._pictures.drop(lambda key, gone=gone: key == gone)  # type: ignore[misc]
        return photo, True

    def get(self, identity: str) -> Photo:
        """A photograph, which counts as used now.

        Raises:
            Refused: it is not there, or not any more.
        """
        photo = self._photos.get(identity)
        if photo is None:
            raise Refused(404, "this photograph is not here any more", "drop it again")
        return photo

    def picture(self, photo: Photo) -> Image.Image:
        """The picture, upright RGB; of a photograph that was dropped from here, too."""
        picture = self._pictures.get(photo.id)
        if picture is None:
            picture = decode(photo.data, max_pixels=MAX_PIXELS)
            self._pictures.put(photo.id, picture)
        return picture

    def shown(self, photo: Photo, side: int) -> bytes:
        """A photograph as JPEG, its longer side at most so many pixels."""
        found = self._shown.get((photo.id, side))
        if found is None:
            found = jpeg(self.picture(photo), side)
            self._shown.put((photo.id, side), found)
        return found

    def forget(self, identity: str) -> None:
        """Drop a photograph, if it is there."""
        self._photos.drop(lambda key: key == identity)
        self._pictures.drop(lambda key: key == identity)
        self._shown.drop(lambda key: key[0] == identity)

    def __len__(self) -> int:
        return len(self._photos)


def safely(data: bytes, name: str) -> Image.Image:
    """A picture, upright RGB.

    Args:
        data: an image file's bytes.
        name: for the message.

    Raises:
        Refused: it is no picture that can be used, with the reason.
    """
    try:
        return decode(data, max_pixels=MAX_PIXELS)
    except ImageError as error:
        large = "too many pixels" in str(error)
        hint = "make it smaller first" if large else "drop a photograph: JPEG, PNG, WebP, GIF, BMP or TIFF"
        raise Refused(413 if large else 415, f"{name}: {error}", hint) from None


def jpeg(picture: Image.Image, side: int) -> bytes:
    """A picture as JPEG, its longer side at most so many pixels."""
    small = picture if max(picture.size) <= side else _smaller(picture, side)
    buffer = BytesIO()
    tiny = max(small.size) <= 256  # is shown enlarged, where every artefact would be seen
    small.save(buffer, "JPEG", quality=94 if tiny else 86, subsampling=0 if tiny else 2)
    return buffer.getvalue()


def _smaller(picture: Image.Image, side: int) -> Image.Image:
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


async def read_body(stream: AsyncIterator[bytes], announced: str | None, limit: int = MAX_BYTES) -> bytes:
    """The body of a request, of which never more than the limit is held.

    Args:
        stream: the body as it comes.
        announced: what ``Content-Length`` says.
        limit: most bytes.

    Raises:
        Refused: there are more; told at once where that many were announced that reading on makes no sense.
    """
    hint = f"at most {limit / 1e6:g} MB a file: make it smaller first"
    if announced is not None and announced.isdecimal() and int(announced) > limit + PATIENCE_BYTES:
        raise Refused(413, f"this file has {int(announced) / 1e6:,.0f} MB", hint)
    held, seen = bytearray(), 0
    async for chunk in stream:
        seen += len(chunk)
        if seen > limit + PATIENCE_BYTES:
            break
        if seen > limit:
            held.clear()
        else:
            held += chunk
    if seen > limit:
        raise Refused(413, f"this file has more than {limit / 1e6:g} MB", hint)
    return bytes(held)


def shown_name(text: str) -> str:
    """What a file is called, without folders and what cannot be printed.

    Args:
        text: percent-encoded or not.
    """
    name = re.split(r"[/\\]", unquote(text))[-1]
    name = "".join(character for character in name if character.isprintable()).strip()
    return name[:120] or "photograph"
