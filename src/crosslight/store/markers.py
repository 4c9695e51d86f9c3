"""Done-markers: small files that say that one block of one group of arrays is on disk, and made from what.

A marker is written after its shards are on disk. Resuming reads markers alone; one that does not match the
group's settings, its site or the block's images counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..core.seeds import digest
from .layout import read_json, to_json
from .records import Failure


@dataclass(frozen=True)
class Stamp:
    """What a block was made from; a marker with another stamp does not count.

    Attributes:
        settings: digest of the settings.
        site: where in the network the maps were read, or None.
        images: digest of the identities of the block's images.
    """

    settings: str
    site: Any
    images: str


def stamp(attributes: Mapping[str, Any], identities: Iterable[str]) -> Stamp:
    """The stamp of a block of images under a group's attributes."""
    return Stamp(attributes["digest"], attributes.get("site"), digest(list(identities), 16))


def marker_name(block: int) -> str:
    """The file name of a block's marker."""
    return f"{block:06d}.json"


def encode_marker(
    stamp: Stamp,
    group: Mapping[str, Any],
    files: Mapping[str, int],
    failures: Iterable[Failure],
    notes: Mapping[str, Any],
) -> bytes:
    """The content of a marker.

    Args:
        stamp: what the block was made from.
        group: model, label, key and block, for `notes`.
        files: length in bytes of each file of the block, by path relative to the arrays' group.
        failures: what failed in this block.
        notes: anything about the computation; the same for all groups of one write.
    """
    content = asdict(stamp) | dict(group)
    content |= {"files": dict(files), "failures": [asdict(f) for f in failures], "notes": dict(notes)}
    return to_json(content)


def read_marker(path: Path, expected: Stamp) -> dict[str, Any] | None:
    """A marker that counts, else None: there is none, it is damaged, or its stamp is another."""
    content = read_json(path)
    if not isinstance(content, dict) or not {"files", "failures", "notes"} <= content.keys():
        return None
    if any(content.get(name) != value for name, value in asdict(expected).items()):
        return None
    return content


def broken_file(marker: Mapping[str, Any], group: Path) -> Path | None:
    """The first file of a marked block that is missing or has another length than when it was written."""
    for name, length in marker["files"].items():
        path = group / name
        try:
            if path.stat().st_size != length:
                return path
        except OSError:
            return path
    return None
