"""Finding the image that a file or an entry elsewhere belongs to, by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from .errors import InputError

#: problems named in a message; the rest is counted
NAMED = 5


class Named(Protocol):
    """An image by what it is and what it is called."""

    @property
    def identity(self) -> str:
        """Stable, whatever the file is called."""

    @property
    def name(self) -> str:
        """Path relative to the source's root, with ``/``."""


def image_finder(images: Sequence[Named]) -> Callable[[str], list[int]]:
    """A function from a file's name to the images that it can mean; the most exact reading wins."""
    tables: list[dict[str, list[int]]] = [{}, {}, {}, {}]
    for row, image in enumerate(images):
        path = PurePosixPath(image.name)
        for table, form in zip(tables, (str(path), str(path.with_suffix("")), path.name, path.stem), strict=True):
            table.setdefault(form, []).append(row)

    def find(name: str) -> list[int]:
        path = PurePosixPath(name)
        # a.jpg.npy and a.npy, with the folders and without; a.b.npy may stand for a.b.jpg
        for form in dict.fromkeys((str(path), str(path.with_suffix("")), path.name, path.stem)):
            for table in tables:
                if form in table:
                    return table[form]
        return []

    return find


def files_of(folder: Path, images: Sequence[Named]) -> dict[str, Path]:
    """The PNG files in a folder that are named like images, by the image's identity.

    Args:
        folder: with its sub-folders.
        images: of the study.

    Raises:
        InputError: no file belongs to an image, or it is in doubt to which.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".png")
    if not files:
        raise InputError(f"{folder} holds no .png file to serve as a mask")
    finder = image_finder(images)
    found: dict[str, Path] = {}
    problems = []
    for path in files:
        name = path.relative_to(folder).as_posix()
        rows = finder(name)
        if len(rows) > 1:
            several = " and ".join(repr(images[row].name) for row in rows[:3])
            problems.append(f"{name}: could belong to {several}; use the whole name")
        elif rows and images[rows[0]].identity in found:
            problems.append(f"{name}: {found[images[rows[0]].identity].name} belongs to the same image")
        elif rows:
            found[images[rows[0]].identity] = path
    refuse(str(folder), problems)
    if not found:
        raise InputError(f"{folder}: no file is named like an image of the study, such as {images[0].name!r}")
    return found


def refuse(where: str, problems: Sequence[str]) -> None:
    """Raise an error with the first few problems, if there are any."""
    if problems:
        listed = [f"  - {problem}" for problem in problems[:NAMED]]
        more = [f"  - and {len(problems) - NAMED} more"] if len(problems) > NAMED else []
        raise InputError("\n".join([f"{where}: {len(problems)} entries cannot be used", *listed, *more]))
