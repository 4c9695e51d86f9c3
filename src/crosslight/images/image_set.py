"""The images of a study: where each is found, what it is called, and an identity that outlives its name."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol, overload

from PIL import Image

from ..core.errors import ImageError
from .colour import to_rgb
from .decode import check_size, decode, upright
from .subset import How, choose

_IDENTITY_LENGTH = 16


class Content(Protocol):
    """Where the bytes of an image come from. Contents can be pickled, so that worker processes can read them."""

    def read(self) -> bytes:
        """The image file's bytes.

        Raises:
            ImageError: they cannot be read.
        """


@dataclass(frozen=True)
class FileContent:
    """An image in a file of its own."""

    path: Path

    def read(self) -> bytes:
        """The file's bytes."""
        if not self.path.exists():
            raise ImageError("no such file")
        if not self.path.is_file():
            raise ImageError("this is not a regular file")
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise ImageError(f"the file cannot be read: {error.strerror or error}") from error


@dataclass(frozen=True)
class PictureContent:
    """A picture that is in memory already."""

    picture: Image.Image

    def read(self) -> bytes:
        """Size, mode and pixels: no image file, but what the identity comes from."""
        width, height = self.picture.size
        return f"{self.picture.mode} {width} {height} ".encode() + self.picture.tobytes()


@dataclass(frozen=True)
class Entry:
    """An image that a source lists, before anything of it is read.

    Attributes:
        name: path relative to the source's root, with ``/``.
        label: what the source says it shows, or None.
        content: how to read it.
    """

    name: str
    label: str | None
    content: Content


@dataclass(frozen=True)
class ImageRecord:
    """One image of a set.

    Attributes:
        identity: the first 16 hexadecimal digits of the SHA-256 of its bytes, with ``-2``, ``-3`` for further
            images of the same bytes in the order of their names; ``missing-`` and a digest of its name where
            it cannot be read.
        name: path relative to the source's root, with ``/``.
        label: what the source says it shows, or None.
    """

    identity: str
    name: str
    label: str | None
    _content: Content = field(repr=False, compare=False)
    _profiles: bool = field(default=True, repr=False, compare=False)

    def load(self) -> Image.Image:
        """The picture, upright, 8-bit RGB, sRGB.

        Raises:
            ImageError: it cannot be used, with the reason.
        """
        content = self._content
        if isinstance(content, PictureContent):
            check_size(*content.picture.size)
            return to_rgb(upright(content.picture), self._profiles)
        # A file is decoded from its path: an oversized one is refused without being read.
        return decode(content.path if isinstance(content, FileContent) else content.read(), profiles=self._profiles)

    def bytes(self) -> bytes:
        """The image file's own bytes (size, mode and pixels for a picture that was given in memory).

        Raises:
            ImageError: they cannot be read.
        """
        return self._content.read()


@dataclass(frozen=True)
class ImageSet(Sequence[ImageRecord]):
    """The images of a study, in the order of their source.

    Attributes:
        records: the images.
        source: what they were taken from, in words.
    """

    records: tuple[ImageRecord, ...]
    source: str = ""

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> ImageRecord: ...
    @overload
    def __getitem__(self, index: slice) -> ImageSet: ...
    def __getitem__(self, index: int | slice) -> ImageRecord | ImageSet:
        if isinstance(index, slice):
            return replace(self, records=self.records[index])
        return self.records[index]

    def __repr__(self) -> str:
        return f"<ImageSet {self.source}: {len(self)} images, {len(self.classes)} labels>"

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The labels seen, sorted."""
        return tuple(self.label_counts())

    @cached_property
    def identities(self) -> tuple[str, ...]:
        """The identity of each image."""
        return tuple(record.identity for record in self.records)

    def label_counts(self) -> dict[str, int]:
        """How many images have each label, sorted by label; images without one are not counted."""
        counts = Counter(record.label for record in self.records if record.label is not None)
        return {label: counts[label] for label in sorted(counts, key=natural_key)}

    def subset(self, limit: int | None, how: How = "random", seed: int = 0) -> ImageSet:
        """At most `limit` images, chosen by name and seed alone; see `choose`. Identities stay as they are."""
        rows = choose([r.name for r in self.records], [r.label for r in self.records], limit, how, seed)
        if len(rows) == len(self):
            return self
        return ImageSet(
            tuple(self.records[row] for row in rows),
            describe_subset(self.source, len(rows), len(self), how, seed),
        )


def describe_subset(source: str, count: int, total: int, how: How, seed: int) -> str:
    """In words, which part of a source is used."""
    drawn = "the first" if how == "first" else f"{how}, seed {seed}"
    return f"{source} ({count:,} of {total:,} images, {drawn})"


def make_image_set(entries: Sequence[Entry], source: str, profiles: bool = True) -> ImageSet:
    """Read every entry's bytes once, for its identity.

    Args:
        entries: what a source lists, in its order.
        source: in words, where they come from.
        profiles: whether `ImageRecord.load` converts by embedded colour profiles.
    """
    digests = [_digest(entry) for entry in entries]
    seen: Counter[str] = Counter()
    identities = [""] * len(entries)
    for row in sorted(range(len(entries)), key=lambda row: (natural_key(entries[row].name), row)):
        seen[digests[row]] += 1
        copy = seen[digests[row]]
        identities[row] = digests[row] if copy == 1 else f"{digests[row]}-{copy}"
    return ImageSet(
        tuple(
            ImageRecord(identity, entry.name, entry.label, entry.content, profiles)
            for identity, entry in zip(identities, entries, strict=True)
        ),
        source,
    )


def _digest(entry: Entry) -> str:
    try:
        return hashlib.sha256(entry.content.read()).hexdigest()[:_IDENTITY_LENGTH]
    except ImageError:
        return "missing-" + hashlib.sha256(entry.name.encode()).hexdigest()[:_IDENTITY_LENGTH]


_NUMBER = re.compile(r"([0-9]+)")


def natural_key(name: str) -> tuple[tuple[tuple[str | int, ...], ...], str]:
    """A sort key by which ``img2`` comes before ``img10``, folder by folder; ties are settled by the name itself."""
    parts = (_NUMBER.split(part.casefold()) for part in name.split("/"))
    return tuple(tuple(int(p) if p.isdecimal() else p for p in part) for part in parts), name


def relative_names(paths: Iterable[Path]) -> list[str]:
    """Names of files relative to the folder that holds them all, with ``/``.

    Args:
        paths: absolute paths.
    """
    paths = list(paths)
    if not paths:
        return []
    root = paths[0].parent
    while not all(path.is_relative_to(root) for path in paths):
        root = root.parent
    return [path_name(path.relative_to(root)) for path in paths]


def path_name(path: Path) -> str:
    """A relative path as a name that can be printed and stored, whatever bytes are in it."""
    return path.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
