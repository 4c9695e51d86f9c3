"""What stands where in a store: the manifest, names, and the arrays of a group.

``OUT/study.json`` is the manifest, ``OUT/maps.zarr/<model>/`` holds a model's predictions,
``OUT/maps.zarr/<model>/<label>-<digest>/`` one set of maps, ``OUT/done/<model>/.../<block>.json`` the
done-markers, ``OUT/failures/`` what failed outside any block, and ``OUT/.partial/`` temporary files.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import StoreError
from ..core.maps import Status
from ..core.seeds import digest

FORMAT, VERSION = "crosslight-store", 1
SELECTED = "selected.json"
STUDY, ARRAYS, DONE, FAILURES, PARTIAL = "study.json", "maps.zarr", "done", "failures", ".partial"
PREDICTIONS = "predictions"

#: maps up to this height and width share one inner chunk per block; larger ones have one each
SMALL_MAP = 64

#: arrays that every set of maps has; diagnostics may not take their names
MAP_ARRAYS = ("maps", "box", "target", "status")


@dataclass(frozen=True)
class ImageEntry:
    """One image of a study.

    Attributes:
        identity: stable identity, whatever the file is called.
        name: as shown to people.
        label: its class as the source gives it, or None.
    """

    identity: str
    name: str
    label: str | int | None = None


@dataclass(frozen=True)
class Manifest:
    """What the plan fixes for one output folder.

    Attributes:
        name: the study's name.
        identity: digest of everything that may not change between runs into one folder.
        images: in the order of the arrays' first axis.
        block: images per block, which is the shard length.
        seed: the study's seed.
        facts: anything else worth keeping, as JSON: versions, the study file's text, the command.
    """

    name: str
    identity: str
    images: tuple[ImageEntry, ...]
    block: int
    seed: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.block < 1:
            raise ValueError(f"a block has at least one image, not {self.block}")
        if not self.images:
            raise ValueError("a study has at least one image")

    def to_json(self) -> dict[str, Any]:
        """The content of ``study.json``."""
        return plain({"format": FORMAT, "version": VERSION} | dataclasses.asdict(self))

    @classmethod
    def from_json(cls, content: Any, path: Path) -> Manifest:
        """Read back what `to_json` gave.

        Raises:
            StoreError: it is no manifest, or one of a later version.
        """
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise StoreError(f"{path} is not the manifest of a Crosslight store")
        if content.get("version") != VERSION:
            raise StoreError(
                f"{path} has format version {content.get('version')}, this Crosslight reads {VERSION}: "
                "open it with the Crosslight that wrote it"
            )
        try:
            images = tuple(ImageEntry(**entry) for entry in content["images"])
            rest = {name: content[name] for name in ("name", "identity", "block", "seed", "facts")}
            return cls(images=images, **rest)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{path} is damaged ({error}): restore it from a copy") from error


@dataclass(frozen=True)
class ArraySpec:
    """One array of a store; its first axis is the image, cut into blocks.

    Attributes:
        name: name within its group.
        shape: all axes.
        dtype: little-endian NumPy name.
        fill: what stands where nothing was written.
        dims: names of the axes.
        block: images per file.
        inner: images per inner chunk of a sharded array; None for a plain one, whose chunk is the file.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    fill: float
    dims: tuple[str, ...]
    block: int
    inner: int | None = None

    def file(self, block: int) -> str:
        """The file of a block, relative to the group."""
        return f"{self.name}/c.{block}" + ".0" * (len(self.shape) - 1)


def prediction_arrays(images: int, block: int, classes: int) -> tuple[ArraySpec, ...]:
    """The arrays of a model's group; none for a model without predictions (`classes` 0)."""
    if classes == 0:
        return ()
    return (
        ArraySpec("logits", (images, classes), "<f4", math.nan, ("image", "class"), block),
        ArraySpec("size", (images, 2), "<i4", -1, ("image", "side"), block),
        ArraySpec("status", (images,), "|u1", Status.PENDING, ("image",), block),
    )


def map_arrays(images: int, block: int, shape: tuple[int, int], diagnostics: Sequence[str]) -> tuple[ArraySpec, ...]:
    """The arrays of a set of maps."""
    height, width = shape
    inner = block if max(height, width) <= SMALL_MAP else 1
    return (
        ArraySpec("maps", (images, height, width), "<f4", math.nan, ("image", "y", "x"), block, inner),
        ArraySpec("box", (images, 4), "<f8", math.nan, ("image", "edge"), block),
        ArraySpec("target", (images, 2), "<i4", -1, ("image", "role"), block),
        ArraySpec("status", (images,), "|u1", Status.PENDING, ("image",), block),
        *(ArraySpec(name, (images,), "<f8", math.nan, ("image",), block) for name in diagnostics),
    )


_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}


def slug(name: str) -> str:
    """A file name for a label: lower case, ASCII, valid on every file system; not unique by itself."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    text = re.sub(r"[^a-z0-9._]+", "-", text)[:48].strip("-._")
    if not text or text.split(".")[0] in _RESERVED:
        return unique_slug(name)
    return text


def unique_slug(name: str) -> str:
    """A file name that no other label has, for labels whose plain slug is taken."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower())[:48].strip("-")
    return f"{text or 'x'}-{digest(name, 8)}"


def set_key(label: str, settings: str) -> str:
    """The key of a set of maps within its model: readable, and different for other settings or labels.

    Args:
        label: the method's label.
        settings: digest of the settings.
    """
    return f"{slug(label)}-{digest([label, settings], 8)}"


def plain(value: Any) -> Any:
    """A value as JSON can hold it: tuples and arrays become lists, paths and infinite numbers text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=repr)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value) if f.init}
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)


def to_json(value: Any) -> bytes:
    """Stable JSON text of a value, readable by people."""
    text = json.dumps(plain(value), indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def read_json(path: Path) -> Any:
    """The content of a JSON file; None where there is none, or it is unreadable."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
