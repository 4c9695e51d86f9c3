"""Where dissections lie: one in a folder, or one of each model in folders below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..core.errors import InputError
from ..store.layout import slug
from .records import Dissection
from .saved import has_dissection, save_dissection

#: where a study keeps those of its models
WITHIN = "dissection"


def folder_of(out: Path, model: str, several: bool) -> Path:
    """The folder of one model's dissection: the one asked for, or one below it where there are several models."""
    return out / slug(model) if several else out


def dissections_in(folder: Path) -> list[Path]:
    """The folders of all dissections in a folder, by name: itself, those below it, those of a study.

    Args:
        folder: need not be there.
    """
    if has_dissection(folder):
        return [folder]
    if not folder.is_dir():
        return []
    below = sorted(path for path in folder.iterdir() if path.is_dir() and has_dissection(path))
    return below or (dissections_in(folder / WITHIN) if (folder / WITHIN).is_dir() else [])


def remember(
    dissection: Dissection, folder: Path, *, images: str, limit: int | None, sample: str, seed: int, **facts: str
) -> Dissection:
    """The same dissection, which says where its pictures are found again; saved where that is new.

    Args:
        dissection: as it was saved in the folder.
        folder: of it.
        images: their source as it was named, see `crosslight.images.open_images`.
        limit: images at most.
        sample: how they were chosen.
        seed: of the choice.
        **facts: what else there is to remember; empty words are left out.
    """
    path = Path(images).expanduser()
    where = str(path.resolve()) if path.exists() else images
    source = {"source": images, "path": where, "limit": limit, "sample": sample, "seed": seed}
    new = {"images": source} | {key: value for key, value in facts.items() if value}
    if all(dissection.facts.get(key) == value for key, value in new.items()):
        return dissection
    found = replace(dissection, facts={**dissection.facts, **new})
    save_dissection(found, folder)
    return found


def find_dissections(folders: Sequence[Path]) -> list[Path]:
    """The folders of dissections under some folders.

    Raises:
        InputError: one of them has none; the message says how to make one.
    """
    found: list[Path] = []
    for folder in folders:
        there = dissections_in(folder)
        if not there:
            state = "is not there" if not folder.exists() else "holds no dissection"
            raise InputError(f"{folder} {state}: make one with crosslight dissect --model M --out {folder}")
        found += [path for path in there if path not in found]
    return found
