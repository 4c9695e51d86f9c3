"""Maps out of a store as files: overlays, grey pictures, masks, NPY, and a table of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import ImageError, InputError, UnknownNameError
from ..core.finish import finish_named
from ..core.geometry import Box
from ..core.maps import Maps, Status
from ..core.progress import Progress, Silent
from ..store import MapSet, PredictionTable, Store, StoreError, slug
from ..store.pictures import Pictures
from .caption import target_name
from .overlay import is_signed, limit_of, overlay_map, pixels_of, resample

Kind = Literal["overlay", "grey", "mask", "npy"]
Size = Literal["native", "picture"]
KINDS: tuple[str, ...] = get_args(Kind)
COLUMNS = ("image", "model", "method", "target", "status", "kind", "file", "left", "top", "right", "bottom")


@dataclass(frozen=True)
class Exported:
    """What an export came to.

    Attributes:
        folder: where the files are.
        index: the table of all files, and of the maps without one.
        files: number of files by kind.
        notes: what could not be done, one line each.
    """

    folder: Path
    index: Path
    files: Mapping[str, int]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Wanted:
    """What to write, and where."""

    folder: Path
    kinds: tuple[str, ...]
    share: float
    size: Size
    pictures: Pictures
    counts: dict[str, int] = field(default_factory=dict)

    def suffix(self, kind: str) -> str:
        if kind == "npy":
            return ".npy"
        several = len(set(self.kinds) - {"npy"}) > 1
        return f".{kind}.png" if several else ".png"


def export_store(
    store: Store,
    folder: Path,
    *,
    kinds: Sequence[str] = ("overlay",),
    models: Sequence[str] = (),
    methods: Sequence[str] = (),
    share: float = 0.2,
    size: Size = "native",
    progress: Progress | None = None,
) -> Exported:
    """Write maps as ``FOLDER/<model>/<method>/<image>.png`` or ``.npy``, and ``FOLDER/index.csv``.

    Where several kinds of pictures are asked for, the kind stands before ``.png``. A map that is zero, constant
    or not finite has no grey picture and no mask; its line in the table says so.

    Args:
        store: where the maps are.
        folder: new or existing; files of the same name are replaced.
        kinds: of `KINDS`. Overlays, grey pictures and masks show maps after the method's published final step,
            NPY files hold them raw.
        models: labels of the models wanted; all if empty.
        methods: labels of the methods wanted; all if empty.
        share: of a map's cells that its mask marks, in (0, 1].
        size: of grey pictures and masks: the map's own, or the picture's.
        progress: told of every map.

    Raises:
        UnknownNameError: a kind, model or method that there is not.
        InputError: `share` is out of range, or there are no maps.
    """
    for name in kinds:
        if name not in KINDS:
            raise UnknownNameError("kind of file", name, KINDS)
    if not 0 < share <= 1:
        raise InputError(f"the share of cells in a mask lies between 0 and 1, not at {share}")
    if size not in get_args(Size):
        raise UnknownNameError("size", size, get_args(Size))
    sets = choose_sets(store, models, methods)
    pictures = Pictures.of(store) if "overlay" in kinds else Pictures({})
    wanted = _Wanted(folder, tuple(k for k in KINDS if k in kinds), share, size, pictures, dict.fromkeys(kinds, 0))
    progress = progress or Silent()
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / "index.csv"
    progress.start(len(sets) * len(store.manifest.images), "export")
    try:
        with index.open("w", newline="", encoding="utf-8") as file:
            table = csv.writer(file, lineterminator="\n")
            table.writerow(COLUMNS)
            table.writerows(_export(store, sets, wanted, progress))
    finally:
        progress.finish()
    return Exported(folder, index, wanted.counts, tuple(pictures.notes()))


def choose_sets(store: Store, models: Sequence[str], methods: Sequence[str]) -> list[MapSet]:
    """The sets of maps with these labels; all where a list is empty.

    Raises:
        UnknownNameError: a label that there is not.
        InputError: there is nothing at all.
    """
    sets = store.map_sets()
    for kind, asked, known in (
        ("model", models, {one.model for one in sets}),
        ("method label", methods, {one.label for one in sets}),
    ):
        for name in asked:
            if name not in known:
                raise UnknownNameError(kind, name, known)
    chosen = [s for s in sets if (not models or s.model in models) and (not methods or s.label in methods)]
    if not chosen:
        raise InputError(f"{store.path} holds no such maps")
    return chosen


def _export(store: Store, sets: Sequence[MapSet], wanted: _Wanted, progress: Progress) -> Iterator[tuple[Any, ...]]:
    """Write files, and give the lines of the table. Blocks come first, so that pictures are decoded once."""
    labels = _labels(sets)
    model_folders = _distinct(list(dict.fromkeys(one.model for one in sets)))
    method_folders = _distinct(list(dict.fromkeys(labels.values())))
    stems = file_stems([image.name for image in store.manifest.images])
    predictions = {one.model: _predictions(store, one.model) for one in sets}
    for block in range(store.blocks):
        rows = store.block_slice(block)
        wanted.pictures.forget()
        for one in sets:
            maps = store.maps(one.model, one.key, rows)
            label, predicted = labels[one.model, one.key], predictions[one.model]
            place = PurePosixPath(model_folders[one.model], method_folders[label])
            classes = predicted.classes if predicted is not None else ()
            for row, at in enumerate(range(rows.start, rows.stop)):
                image = store.manifest.images[at]
                sizes = predicted.sizes[at] if predicted is not None else np.array([-1, -1])
                target = target_name(classes, maps.targets[row].tolist())
                start = (image.name, one.model, label, target, Status(int(maps.status[row])).name.lower())
                box = ["" if np.isnan(edge) else f"{edge:g}" for edge in maps.boxes[row].tolist()]
                files = list(_files(wanted, place / stems[at], maps, row, (int(sizes[1]), int(sizes[0]))))
                yield from ((*start, kind, file, *box) for kind, file in files or [("", "")])
            progress.advance(len(maps), f"{one.model}, {one.label}")


def _files(
    wanted: _Wanted, stem: PurePosixPath, maps: Maps, row: int, picture_size: tuple[int, int]
) -> Iterator[tuple[str, str]]:
    """Write one map in every form it can have: kind and path of each."""
    status = Status(int(maps.status[row]))
    for kind in wanted.kinds:
        name = stem.with_name(stem.name + wanted.suffix(kind))
        path = wanted.folder / name
        if not (status == Status.OK or (status.has_map and kind in ("npy", "overlay"))):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == "npy":
            np.save(path, maps.values[row], allow_pickle=False)
        elif kind == "overlay":
            try:
                picture = wanted.pictures.load(maps.images[row])
            except ImageError:
                continue
            overlay_map(picture, maps, row).save(path)
        else:
            size = picture_size if wanted.size == "picture" else None
            shown = grey(maps, row, size) if kind == "grey" else mask(maps, row, wanted.share, size)
            if shown is None:
                continue
            shown.save(path)
        wanted.counts[kind] += 1
        yield kind, str(name)


def grey(maps: Maps, row: int, size: tuple[int, int] | None = None) -> Image.Image | None:
    """A map as an 8-bit grey picture after its final step: black is 0 and white its maximum.

    Signed maps have 0 in the middle (128) and their largest magnitude at 1 or 255.

    Args:
        maps: raw maps.
        row: which of them.
        size: width and height of the picture, to show the map in its place; None for the map's own cells.

    Returns:
        Mode ``L``; None where nothing of the map lies in the picture.
    """
    values, signed = _finished(maps, row), is_signed(maps)
    limit = limit_of(values) or 1.0
    shares = np.clip(values / limit, -1 if signed else 0, 1)
    levels = 128 + 127 * shares if signed else 255 * shares
    return _placed(np.rint(levels).astype(np.float32), maps, row, size, 128 if signed else 0, smooth=True)


def mask(maps: Maps, row: int, share: float, size: tuple[int, int] | None = None) -> Image.Image | None:
    """The cells where a map is largest after its final step, as a 1-bit picture.

    Args:
        maps: raw maps.
        row: which of them.
        share: of the cells; their number is rounded, and at least 1. Cells that the final step made equal are
            taken in the order of their raw values.
        size: see `grey`; cells keep their edges.

    Returns:
        Mode ``1``; None where nothing of the map lies in the picture.
    """
    chosen = top_share(_finished(maps, row), share, maps.values[row])
    placed = _placed(chosen.astype(np.float32) * 255, maps, row, size, 0, smooth=False)
    return None if placed is None else placed.point(lambda level: 255 if level > 127 else 0, "1")


def top_share(values: NDArray[Any], share: float, raw: NDArray[Any] | None = None) -> NDArray[np.bool_]:
    """The largest cells of a map.

    Args:
        values: ``[h, w]``.
        share: of the cells; their number is rounded, and at least 1.
        raw: ``[h, w]``: what settles between equal values; after that, the first cell.

    Returns:
        ``[h, w]``.
    """
    number = max(1, round(share * values.size))
    order = np.lexsort((-(values if raw is None else raw).ravel(), -values.ravel()))
    chosen = np.zeros(values.size, bool)
    chosen[order[:number]] = True
    return chosen.reshape(values.shape)


def _finished(maps: Maps, row: int) -> NDArray[Any]:
    return finish_named(maps.attributes.get("finish", "none"))(maps.values[row])


def _placed(
    levels: NDArray[np.float32], maps: Maps, row: int, size: tuple[int, int] | None, around: int, smooth: bool
) -> Image.Image | None:
    """Levels in [0, 255] as a grey picture of their own size, or in their place in the whole picture."""
    if size is None:
        return Image.fromarray(levels.astype(np.uint8))
    box = Box(*maps.boxes[row].tolist())
    area = pixels_of(box, size) if min(size) > 0 else None
    if area is None:
        return None
    canvas = np.full((size[1], size[0]), around, np.uint8)
    left, top, right, bottom = area
    canvas[top:bottom, left:right] = np.rint(resample(levels, box, area, smooth=smooth)).astype(np.uint8)
    return Image.fromarray(canvas)


def _predictions(store: Store, model: str) -> PredictionTable | None:
    try:
        return store.predictions(model)
    except StoreError:  # maps from elsewhere, without predictions
        return None


def _labels(sets: Sequence[MapSet]) -> dict[tuple[str, str], str]:
    """What to call each set of maps: its label, or its key where a model has several of that label."""
    often = [(one.model, one.label) for one in sets]
    return {(one.model, one.key): one.label if often.count((one.model, one.label)) == 1 else one.key for one in sets}


def _distinct(labels: Sequence[str]) -> dict[str, str]:
    """A folder name for each label."""
    names: dict[str, str] = {}
    for label in labels:
        name, number = slug(label), 2
        while name in names.values():
            name, number = f"{slug(label)}-{number}", number + 1
        names[label] = name
    return names


def file_stems(names: Sequence[str]) -> list[str]:
    """File names without extension for images; those that would clash keep their extension.

    Args:
        names: as the store has them, with ``/`` between folders.
    """
    safe = [
        PurePosixPath(*(p for p in PurePosixPath(n.replace("\\", "/")).parts if p not in ("/", "..", ".")))
        for n in names
    ]
    stems = [str(path.with_suffix("")) if path.name else "image" for path in safe]
    folded = [stem.casefold() for stem in stems]
    clear = [stem if folded.count(low) == 1 else str(path) for stem, low, path in zip(stems, folded, safe, strict=True)]
    taken: set[str] = set()
    for i, stem in enumerate(clear):
        number = 2
        while clear[i].casefold() in taken:
            clear[i], number = f"{stem}-{number}", number + 1
        taken.add(clear[i].casefold())
    return clear
