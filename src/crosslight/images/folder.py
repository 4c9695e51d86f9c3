"""Images in a folder; its first-level sub-folders are their labels."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from ..core.errors import InputError
from .image_set import Entry, FileContent, natural_key, path_name

#: Files with these extensions count as images. HEIC stands here so that such photographs fail visibly where
#: Pillow cannot read them, instead of being left out.
EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".bmp", ".dib", ".gif", ".webp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".j2k", ".tga", ".avif", ".heic", ".heif"}
)
_SKIPPED = frozenset({"__MACOSX", "@eaDir", "$RECYCLE.BIN"})


def list_folder(root: Path, files: list[Path], shown: str) -> list[Entry]:
    """Every image of a folder, sorted so that numbers in names count as numbers.

    Args:
        root: the folder.
        files: what is in it, see `find_files`; other files than images are ignored.
        shown: the folder as the user wrote it, for messages.

    Raises:
        InputError: there are no images in it.
    """
    images = [path.relative_to(root) for path in files if path.suffix.lower() in EXTENSIONS]
    if not images:
        raise InputError(_nothing(files, shown))
    images.sort(key=lambda path: natural_key(path.as_posix()))
    return [
        Entry(
            path_name(path),
            path_name(Path(path.parts[0])) if len(path.parts) > 1 else None,
            FileContent(root / path),
        )
        for path in images
    ]


def find_files(root: Path, shown: str) -> list[Path]:
    """All files below a folder that are not hidden.

    A folder that is reached twice through symbolic links is read once, so loops do no harm; real folders come
    before linked ones, so that they keep their names.

    Args:
        root: the folder.
        shown: the folder as the user wrote it, for messages.

    Raises:
        InputError: a folder in it cannot be read.
    """
    files: list[Path] = []
    linked: list[Path] = []
    visited: set[tuple[int, int]] = set()
    pending = [root]
    while pending or linked:
        folder = pending.pop() if pending else linked.pop(0)
        try:
            status = folder.stat()
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as listing:
                found = sorted(listing, key=lambda item: natural_key(item.name))
        except OSError as error:
            raise InputError(f"{shown}: cannot read the folder {folder.name}: {error.strerror or error}") from error
        for item in found:
            if item.name.startswith(".") or item.name in _SKIPPED:
                continue
            if item.is_dir():
                (linked if item.is_symlink() else pending).append(Path(item.path))
            elif item.is_file() or item.is_symlink():  # a broken link is an image that fails, not none
                files.append(Path(item.path))
    return files


def _nothing(files: list[Path], shown: str) -> str:
    if not files:
        return f"{shown}: the folder is empty (hidden files are ignored)"
    kinds = Counter(path.suffix.lower() or "no extension" for path in files).most_common(3)
    held = ", ".join(f"{count} x {kind}" for kind, count in kinds)
    return f"{shown}: no images in this folder (.jpg, .png, .webp, .tif and others); it holds {held}"
