"""Maps made elsewhere, taken into a store so that they can be compared with its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError, StoreError, UnknownNameError, suggestion
from ..core.finding import image_finder
from ..core.maps import Status, judge
from ..core.seeds import digest
from .layout import ImageEntry
from .records import MapBlock
from .store import Store

SUFFIXES = (".npy", ".png")
BOXES = ("full", "model")
IMPORTED = "imported"

#: grey modes of Pillow, and the value that becomes 1
_WHITE = {"1": 1.0, "L": 255.0, "I;16": 65535.0, "I;16B": 65535.0, "I;16L": 65535.0, "I": 65535.0}


@dataclass(frozen=True)
class Imported:
    """What an import came to.

    Attributes:
        key: of the new set of maps within its model.
        shape: height and width of the maps.
        maps: number of images with a map.
        missing: names of the images without.
        unmatched: files that belong to no image, each with the end of a message that names the nearest.
    """

    key: str
    shape: tuple[int, int]
    maps: int
    missing: tuple[str, ...]
    unmatched: Mapping[str, str]


@dataclass(frozen=True)
class _Source:
    """Where one image's map is: a file, and the position within a stack."""

    path: Path
    shape: tuple[int, int]
    position: int | None = None

    def read(self) -> NDArray[np.float32]:
        """``[h, w]``."""
        if self.path.suffix.lower() == ".npy":
            values = np.load(self.path, mmap_mode="r", allow_pickle=False)
            return np.array(values if self.position is None else values[self.position], np.float32)
        with Image.open(self.path) as picture:
            white = _WHITE[picture.mode]
            return (np.asarray(picture, np.float64) / white).astype(np.float32)


def import_maps(
    store: Store, folder: Path, *, model: str, method: str, box: str = "full", reference: str = ""
) -> Imported:
    """Take maps made elsewhere into a store as a set of maps of their own; values stay as they are.

    Args:
        store: whose images the maps belong to.
        folder: NPY files ``[h, w]`` and grey PNG files (8 or 16 bits, scaled to [0, 1]) named like the images,
            with or without the image's own extension; or one NPY file ``[image, h, w]`` in the store's order.
        model: label of the classifier that they explain, in the store or not.
        method: a label that this classifier has no maps of yet.
        box: what a map covers: ``full``, the whole picture, or ``model``, what the classifier sees of it.
        reference: where the method is described.

    Raises:
        InputError: nothing matches, or a file cannot be used; all of them are named.
        StoreError: there are maps of that label already, or the pictures' sizes are not known.
    """
    if box not in BOXES:
        raise UnknownNameError("box", box, BOXES)
    images = store.manifest.images
    sources, unmatched = find_maps(folder, images)
    shape = _common_shape([source for source in sources if source is not None], folder)
    boxes = _boxes(store, model, box)
    # Where the picture itself cannot be used, nothing says what a map of it would cover.
    sources = [source if np.isfinite(boxes[row]).all() else None for row, source in enumerate(sources)]
    known = model in store.models()
    attributes = {
        "method": IMPORTED,
        "source": IMPORTED,
        "settings": {"box": box},
        "finish": "none",
        "sign": "signed" if _any_negative(sources) else "magnitude",
        "target": "unknown",
        "site": None,
        "reference": reference,
        "content": _content(sources),
    }
    settings = digest(attributes)
    _check_new(store, model, method, settings)
    if not known:
        store.add_model(model, 0, {"source": IMPORTED, "digest": IMPORTED, "name": model})
    key = store.add_maps(model, method, settings, shape, attributes)
    for block in range(store.blocks):
        if not store.is_done(model, key, block):
            store.write(model, block, maps={key: _block(store, block, sources, boxes, shape)})
    missing = tuple(image.name for image, source in zip(images, sources, strict=True) if source is None)
    return Imported(key, shape, len(images) - len(missing), missing, unmatched)


def find_maps(folder: Path, images: Sequence[ImageEntry]) -> tuple[list[_Source | None], dict[str, str]]:
    """Which file belongs to which image.

    Returns:
        For every image its map or None, and the files that belong to none with the nearest name.

    Raises:
        InputError: no file can be used, or some are broken or in doubt; all of them are named.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}")
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not files:
        raise InputError(f"{folder} holds no .npy or .png file")
    problems: list[str] = []
    shapes: dict[Path, tuple[int, ...]] = {}
    for path in files:
        try:
            shapes[path] = _shape(path)
        except Exception as error:  # whatever a damaged file makes NumPy or Pillow raise
            problems.append(f"{path.relative_to(folder)}: {error}")
    stacks = [path for path, shape in shapes.items() if len(shape) == 3]
    if stacks and not problems:
        return _from_stack(stacks, shapes, files, folder, len(images)), {}
    finder = image_finder(images)
    found: list[_Source | None] = [None] * len(images)
    unmatched = {}
    for path, shape in shapes.items():
        name = path.relative_to(folder).as_posix()
        rows = finder(name)
        if len(rows) > 1:
            several = " and ".join(repr(images[row].name) for row in rows[:3])
            problems.append(f"{name}: could belong to {several}; use the whole name")
        elif not rows:
            near = suggestion(PurePosixPath(name).stem, [PurePosixPath(i.name).stem for i in images])
            unmatched[name] = near if near.startswith("; did") else ""
        elif (other := found[rows[0]]) is not None:
            problems.append(f"{name}: {other.path.relative_to(folder)} belongs to the same image")
        else:
            found[rows[0]] = _Source(path, (shape[0], shape[1]))
    if problems:
        raise InputError(
            "\n".join([f"{folder}: {len(problems)} files cannot be used", *(f"  - {p}" for p in problems)])
        )
    if all(source is None for source in found):
        some = "".join(f"\n  - {name}{near}" for name, near in list(unmatched.items())[:10])
        raise InputError(f"{folder}: no file is named like an image of the study, such as {images[0].name!r}{some}")
    return found, unmatched


def _from_stack(
    stacks: Sequence[Path],
    shapes: Mapping[Path, tuple[int, ...]],
    files: Sequence[Path],
    folder: Path,
    count: int,
) -> list[_Source | None]:
    if len(files) > 1:
        raise InputError(f"{folder}: {stacks[0].name} holds maps of all images, so it must be the only file")
    images, height, width = shapes[stacks[0]]
    if images != count:
        raise InputError(f"{stacks[0]} holds {images} maps, the study has {count} images")
    return [_Source(stacks[0], (height, width), position) for position in range(count)]


def _shape(path: Path) -> tuple[int, ...]:
    """The shape of a file's array, after checking that it can be a map; little of it is read."""
    if path.suffix.lower() == ".npy":
        values = np.load(path, mmap_mode="r", allow_pickle=False)
        if values.dtype.kind not in "fiub":
            raise InputError(f"holds {values.dtype}, not real numbers")
        if values.ndim not in (2, 3) or 0 in values.shape:
            raise InputError(f"has shape {list(values.shape)}; a map is [h, w], or [images, h, w] for all of them")
        return tuple(values.shape)
    with Image.open(path) as picture:
        if picture.mode not in _WHITE:
            raise InputError(f"is a picture of mode {picture.mode}; a map is grey, of 8 or 16 bits")
        picture.load()
        return (picture.height, picture.width)


def _common_shape(sources: Sequence[_Source], folder: Path) -> tuple[int, int]:
    sizes: dict[tuple[int, int], list[str]] = {}
    for source in sources:
        sizes.setdefault(source.shape, []).append(source.path.name)
    if len(sizes) > 1:
        listed = "".join(
            f"\n  - {height} x {width}: {len(names)} files, such as {names[0]}"
            for (height, width), names in sorted(sizes.items())
        )
        raise InputError(f"{folder}: all maps must have one resolution (height x width); here are{listed}")
    return next(iter(sizes))


def _boxes(store: Store, model: str, box: str) -> NDArray[np.float64]:
    """``[image, 4]``; NaN where an image was not usable.

    Raises:
        StoreError: the store does not know.
    """
    if box == "model":
        sets = store.map_sets(model, every=True) if model in store.models() else ()
        own = [one for one in sets if one.attributes.get("source") != IMPORTED]
        if not own:
            raise StoreError(f"{store.path} holds no maps of {model!r} to take the box from: use --box full")
        return store.maps(model, own[0].key).boxes
    boxes = np.full((len(store.manifest.images), 4), np.nan)
    for other in store.models():
        try:
            sizes = store.predictions(other).sizes
        except StoreError:  # maps from elsewhere
            continue
        here = (sizes > 0).all(axis=1)
        zero = np.zeros(int(here.sum()))
        boxes[here] = np.stack([zero, zero, sizes[here, 1], sizes[here, 0]], axis=1)
    if np.isnan(boxes).all():
        raise StoreError(f"{store.path} does not know the sizes of its pictures yet: run the study first")
    return boxes


def _check_new(store: Store, model: str, method: str, settings: str) -> None:
    for one in store.map_sets(model, every=True) if model in store.models() else ():
        if one.label == method and one.attributes["digest"] != settings:
            raise StoreError(f"{store.path} holds other maps of {method!r} on {model!r}: choose another label")


def _any_negative(sources: Sequence[_Source | None]) -> bool:
    return any(
        source is not None and source.path.suffix.lower() == ".npy" and bool((source.read() < 0).any())
        for source in sources
    )


def _content(sources: Sequence[_Source | None]) -> str:
    """A digest of which file belongs to which image, and of what is in the files."""
    files: dict[Path, str] = {}
    parts: list[Any] = []
    for source in sources:
        if source is None:
            parts.append(None)
            continue
        if source.path not in files:
            with source.path.open("rb") as file:
                files[source.path] = hashlib.file_digest(file, "sha256").hexdigest()
        parts.append([files[source.path], source.position])
    return digest(parts, 32)


def _block(
    store: Store,
    block: int,
    sources: Sequence[_Source | None],
    boxes: NDArray[np.float64],
    shape: tuple[int, int],
) -> MapBlock:
    rows = store.block_slice(block)
    # An image without a map is not one that failed: nothing was tried.
    content = MapBlock.blank(rows.stop - rows.start, shape, Status.SKIPPED)
    for at, row in enumerate(range(rows.start, rows.stop)):
        source = sources[row]
        if source is not None:
            content.values[at] = source.read()
            content.boxes[at] = boxes[row]
            content.status[at] = judge(content.values[at : at + 1])[0]
    return content
