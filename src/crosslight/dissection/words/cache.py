"""Features that are computed once: kept in a folder under what they are of, never under a name."""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import ImageError
from ...core.progress import Progress, Silent
from ...core.seeds import digest
from ...store import durable
from .concepts import SLOT, texts_of
from .encoders import Encoder
from .probe import unit_length

#: images that are encoded and kept together
BLOCK = 256
_VERSION = 1
Array = NDArray[np.float32]


def image_features(
    encoder: Encoder,
    identities: Sequence[str],
    load: Callable[[int], object],
    *,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Array, dict[int, str]]:
    """Features of images.

    Args:
        encoder: what encodes them.
        identities: of the images; the same identity is the same picture.
        load: gives the picture of a row.
        folder: where features are kept; nowhere by default. A file that is damaged is computed again.
        progress: told of every block.

    Returns:
        ``[images, dimensions]``, NaN for images that cannot be read, and why not, by row.
    """
    told = progress or Silent()
    told.start(len(identities), f"images through {encoder.name}")
    parts: list[tuple[int, Array]] = []
    failures: dict[int, str] = {}
    try:
        for start in range(0, len(identities), BLOCK):
            rows = list(range(start, min(start + BLOCK, len(identities))))
            key = digest([_VERSION, encoder.digest, [identities[row] for row in rows]], 24)
            path = folder / f"images-{key}.npy" if folder is not None else None
            own = _read(path, len(rows))
            if own is None:
                own, failed = _encoded(encoder, rows, load)
                failures |= failed
                if path is not None and not failed:  # a picture that could not be read may be mended
                    _write(path, own)
            parts.append((start, own))
            told.advance(len(rows), encoder.name)
    finally:
        told.finish()
    dimensions = max((own.shape[1] for _, own in parts), default=0)
    found = np.full((len(identities), dimensions), np.nan, np.float32)
    for start, own in parts:
        if own.shape[1]:
            found[start : start + len(own)] = own
    return found, failures


def text_features(
    encoder: Encoder, names: Sequence[str], *, templates: Sequence[str] = (SLOT,), folder: Path | None = None
) -> Array:
    """Features of concepts: the mean over the templates of what the encoder makes of each text, at length 1.

    Args:
        encoder: what encodes them.
        names: of the concepts.
        templates: such as ``a photo of a {}``; the bare name by default.
        folder: where features are kept; nowhere by default.

    Returns:
        ``[concepts, dimensions]`` of length 1.

    Raises:
        InputError: a template or a text cannot be used.
    """
    texts = texts_of(names, templates)
    key = digest([_VERSION, encoder.digest, texts], 24)
    path = folder / f"texts-{key}.npy" if folder is not None else None
    found = _read(path, len(names))
    if found is None:
        every = np.mean([unit_length(encoder.encode_texts(own), "concept").astype(np.float64) for own in texts], axis=0)
        found = unit_length(every, "concept")
        if path is not None:
            _write(path, found)
    return found


def _encoded(encoder: Encoder, rows: list[int], load: Callable[[int], object]) -> tuple[Array, dict[int, str]]:
    """Features of some rows, NaN where a picture cannot be read."""
    pictures, good, failures = [], [], {}
    for at, row in enumerate(rows):
        try:
            pictures.append(load(row))
            good.append(at)
        except ImageError as error:
            failures[row] = str(error)
    if not good:
        return np.zeros((len(rows), 0), np.float32), failures
    own = np.asarray(encoder.encode_images(pictures), np.float32)  # type: ignore[arg-type]
    found = np.full((len(rows), own.shape[1]), np.nan, np.float32)
    found[good] = own
    return found, failures


def _read(path: Path | None, rows: int) -> Array | None:
    """Kept features; None if there are none or the file is damaged."""
    if path is None or not path.is_file():
        return None
    try:
        content = path.read_bytes()
        kept, check = content[:-4], content[-4:]
        if zlib.crc32(kept).to_bytes(4, "big") != check:
            return None
        found = np.load(io.BytesIO(kept), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    fits = isinstance(found, np.ndarray) and found.dtype == np.float32 and found.ndim == 2 and len(found) == rows
    return found if fits else None


def _write(path: Path, features: Array) -> None:
    """Keep features so that the file is whole or not there; its last four bytes are a CRC-32 of the others."""
    made = io.BytesIO()
    np.save(made, features, allow_pickle=False)
    content = made.getvalue()
    durable.make_folder(path.parent)
    durable.write_files({path: content + zlib.crc32(content).to_bytes(4, "big")}, path.parent)


def content_digest(features: Array) -> str:
    """A digest of an array, for records of what was computed with what."""
    found = hashlib.sha256(f"{features.shape} {features.dtype}".encode())
    found.update(np.ascontiguousarray(features).tobytes())
    return found.hexdigest()[:16]
