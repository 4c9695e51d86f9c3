"""Opening whatever a study names as its images."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from ..core.errors import InputError, suggestion
from .csv_list import list_csv
from .embedded import list_scenes
from .folder import EXTENSIONS, find_files, list_folder
from .hub import list_hub
from .image_set import (
    Entry,
    FileContent,
    ImageSet,
    PictureContent,
    describe_subset,
    make_image_set,
    natural_key,
    path_name,
    relative_names,
)
from .parquet import list_parquet
from .subset import How, choose

_LISTS = frozenset({".csv", ".tsv", ".txt"})


def open_images(
    source: str | os.PathLike[str] | Image.Image | Sequence[Any],
    limit: int | None = None,
    sample: How = "random",
    seed: int = 0,
    base: Path | None = None,
    columns: Mapping[str, str] | None = None,
    profiles: bool = True,
) -> ImageSet:
    """Open the images of a source, or some of them.

    Only the images that are chosen are read (once, for their identity); none is decoded.

    Args:
        source: a folder (its first-level sub-folders are labels), an image, a list of images in CSV, Parquet in
            the Hugging Face layout (a file, or a folder of shards), a pattern with ``*``, ``hf:NAME:SPLIT``, or
            ``scenes`` (the embedded world, see `list_scenes`); in Python also a list of files, or one or more
            pictures (Pillow images, or arrays ``[h, w]``, ``[h, w, 3]``, ``[h, w, 4]``: uint8, uint16, or floats in
            [0, 1]).
        limit: at most so many images; None means all.
        sample: how they are chosen: ``first``, ``random`` or ``stratified`` over labels; see `choose`.
        seed: seed of the choice.
        base: the folder that relative paths start from; by default the working directory.
        columns: the columns of a CSV (``path``, ``label``) or Parquet file (``image``, ``label``), where they
            have other names than those known.
        profiles: whether pictures are converted to sRGB by their embedded colour profiles. Most training
            pipelines ignore profiles; without, predictions equal those of such a pipeline.

    Raises:
        InputError: there is no such source, or there are no images in it.
    """
    if isinstance(source, str | os.PathLike):
        entries, shown = _list_source(os.fspath(source), base, columns)
    else:
        one = isinstance(source, Image.Image) or (isinstance(source, np.ndarray) and source.ndim < 4)
        given = [source] if one else cast(Sequence[Any], source)
        entries, shown = _list_sequence(given, base), f"{len(given):,} files or pictures"
    rows = choose([e.name for e in entries], [e.label for e in entries], limit, sample, seed)
    if len(rows) < len(entries):
        shown = describe_subset(shown, len(rows), len(entries), sample, seed)
    return make_image_set([entries[row] for row in rows], shown, profiles)


def _list_source(source: str, base: Path | None, columns: Mapping[str, str] | None) -> tuple[list[Entry], str]:
    if source.startswith("hf:"):
        return list_hub(source, columns), source
    if source.split(":")[0] == "scenes" and not _resolve(source, base).exists():
        return list_scenes(source), source
    path = _resolve(source, base)
    if any(mark in source for mark in "*?[") and not path.exists():
        return _list_pattern(path, source, columns), source
    if path.is_dir():
        files = find_files(path, source)
        shards = [file for file in files if file.suffix.lower() == ".parquet"]
        if shards and not any(file.suffix.lower() in EXTENSIONS for file in files):
            shards.sort(key=lambda file: natural_key(file.as_posix()))
            return list_parquet(shards, source, columns), source
        return list_folder(path, files, source), source
    if not path.exists():
        raise InputError(_no_such(path, source))
    if path.suffix.lower() == ".parquet":
        return list_parquet([path], source, columns), source
    if path.suffix.lower() in _LISTS:
        return list_csv(path, source, columns), source
    if path.suffix.lower() in EXTENSIONS or _is_image(path):
        return [Entry(path_name(Path(path.name)), None, FileContent(path))], source
    raise InputError(
        f"{source}: images come from a folder, an image file, a .csv list, a .parquet file, hf:NAME:SPLIT or scenes;"
        " this is none of them"
    )


def _list_pattern(path: Path, source: str, columns: Mapping[str, str] | None) -> list[Entry]:
    found = sorted((Path(name) for name in glob(str(path), recursive=True)), key=lambda p: natural_key(p.as_posix()))
    shards = [p for p in found if p.suffix.lower() == ".parquet"]
    if shards:
        return list_parquet(shards, source, columns)
    images = [p for p in found if p.suffix.lower() in EXTENSIONS and p.is_file()]
    if not images:
        raise InputError(f"{source}: no image fits this pattern")
    return _files(images)


def _list_sequence(source: Sequence[Any], base: Path | None) -> list[Entry]:
    if not len(source):
        raise InputError("the list of images is empty")
    paths = {i: _resolve(os.fspath(s), base) for i, s in enumerate(source) if isinstance(s, str | os.PathLike)}
    missing = [_no_such(path, str(source[i])) for i, path in paths.items() if not path.exists()]
    if missing:
        raise InputError("\n".join(missing))
    files = iter(_files([path.absolute() for path in paths.values()]))
    width = len(str(len(source) - 1))
    return [
        next(files) if i in paths else Entry(f"picture-{i:0{width}d}", None, PictureContent(_to_picture(item, i)))
        for i, item in enumerate(source)
    ]


def _files(paths: list[Path]) -> list[Entry]:
    paths = [path.absolute() for path in paths]
    return [Entry(name, None, FileContent(path)) for name, path in zip(relative_names(paths), paths, strict=True)]


def _to_picture(item: Any, at: int) -> Image.Image:
    if isinstance(item, Image.Image):
        return item.copy()
    values = np.asarray(item)
    fits = values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))
    if not fits or values.dtype.kind not in "uf":
        raise InputError(
            f"image {at} is {type(item).__name__} {values.dtype} {list(values.shape)}; use a path, a Pillow image"
            " or an array [h, w], [h, w, 3] or [h, w, 4]: uint8, uint16, or floats in [0, 1]"
        )
    if values.dtype.kind == "f":
        if values.size and not (np.nanmin(values) >= 0 and np.nanmax(values) <= 1):
            raise InputError(f"image {at}: floats must lie in [0, 1]")
        values = np.round(np.nan_to_num(values) * 255)
    elif values.dtype != np.uint8:
        values = np.round(values / (np.iinfo(values.dtype).max / 255))
    return Image.fromarray(np.ascontiguousarray(values.astype(np.uint8)))


def _resolve(source: str, base: Path | None) -> Path:
    path = Path(source).expanduser()
    return path if base is None or path.is_absolute() else base / path


def _is_image(path: Path) -> bool:
    try:
        with Image.open(path):
            return True
    except Exception:  # whatever Pillow makes of a file that is no image
        return False


def _no_such(path: Path, shown: str) -> str:
    """A message for a path that leads nowhere, with the nearest name at the place where it goes wrong."""
    parent, child = path.parent, path
    while not parent.is_dir() and parent != parent.parent:
        parent, child = parent.parent, parent
    where = "" if child == path else f"; there is no folder {child.name!r} in {parent.name or parent}"
    try:
        near = suggestion(child.name, [item.name for item in parent.iterdir() if not item.name.startswith(".")])
    except OSError:
        near = ""
    return f"{shown}: no such file or folder{where}{near if near.startswith('; did') else ''}"
