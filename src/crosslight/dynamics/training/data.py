"""The pictures of a training: which ones train, validate and test, and what each shows."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.classes import Classes
from ...core.errors import InputError
from ...images import ImageRecord, ImageSet, open_images
from ...images.image_set import natural_key
from ...images.subset import choose

#: names under which data sets keep their parts, in folders
FOLDERS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test", "testing"),
}
#: share of the pictures that is held out for validation where nobody named any
HELD_OUT = 0.15


@dataclass(frozen=True)
class Part:
    """Pictures that are used for the same.

    Attributes:
        records: the pictures.
        labels: int64 ``[n]``: number of each one's class.
        source: what `open_images` reads them from, among others.
    """

    records: tuple[ImageRecord, ...]
    labels: NDArray[np.int64]
    source: str

    def __len__(self) -> int:
        return len(self.records)

    @property
    def ids(self) -> tuple[str, ...]:
        """What each picture is called in the history: its name, or its identity where names repeat."""
        names = tuple(record.name for record in self.records)
        return names if len(set(names)) == len(names) else self.identities

    @property
    def identities(self) -> tuple[str, ...]:
        """The identity of each picture."""
        return tuple(record.identity for record in self.records)

    def take(self, rows: Sequence[int]) -> Part:
        """The part with those pictures, in that order."""
        return replace(self, records=tuple(self.records[row] for row in rows), labels=self.labels[list(rows)])


@dataclass(frozen=True)
class Pictures:
    """The pictures of a training.

    Attributes:
        classes: names, by number.
        train, validation, test: the parts; there may be no test.
        split: how validation was drawn from the training pictures, in words; empty where it has a source of its own.
        remarks: what was odd in the pictures, as sentences.
        skipped: pictures that are not used: ``part``, ``name``, ``reason``.
    """

    classes: tuple[str, ...]
    train: Part
    validation: Part
    test: Part | None = None
    split: str = ""
    remarks: tuple[str, ...] = ()
    skipped: tuple[dict[str, str], ...] = field(default=(), repr=False)

    @property
    def parts(self) -> dict[str, Part]:
        """The parts by name."""
        test = {"test": self.test} if self.test is not None else {}
        return {"train": self.train, "validation": self.validation, **test}


def open_pictures(
    images: str | os.PathLike[str],
    validation: str | os.PathLike[str] | float | None = None,
    test: str | os.PathLike[str] | None = None,
    *,
    classes: Classes | None = None,
    limit: int | None = None,
    seed: int = 0,
    base: Path | None = None,
) -> Pictures:
    """Find the pictures of a training, without decoding any.

    Args:
        images: what `open_images` reads: the training pictures. A folder with the sub-folders ``train`` and, as they
            are there, ``validation`` (or ``val``) and ``test`` is all parts at once.
        validation: likewise; or the share of the training pictures that is held out, stratified by class; by default
            `HELD_OUT`, unless a folder has its own.
        test: likewise, looked at once, when all is done.
        classes: names in the order of the outputs; by default the training pictures' labels, sorted.
        limit: at most so many training pictures, of all classes alike.
        seed: of everything that is drawn.
        base: folder that relative paths start from.

    Raises:
        InputError: no pictures, no labels, fewer than two classes, or a part that would be empty.
    """
    sources = _sources(images, validation, test, base)
    shown = sources["train"]
    opened = {
        name: open_images(
            source, limit=limit if name == "train" else None, sample="stratified", seed=seed, base=base, profiles=False
        )
        for name, source in sources.items()
    }
    names = _classes(opened["train"], classes, shown)
    remarks: list[str] = []
    skipped: list[dict[str, str]] = []
    parts = {name: _part(name, found, sources[name], names, remarks, skipped, base) for name, found in opened.items()}
    train, split = parts["train"], ""
    if "validation" not in parts:
        share = HELD_OUT if validation is None else float(validation)  # type: ignore[arg-type]
        train, parts["validation"] = hold_out(train, share, seed)
        split = f"{share:g} of the pictures of each class were held out at random (seed {seed})"
    missing = [names.names[row] for row in range(len(names)) if row not in set(train.labels.tolist())]
    if missing:
        remarks.append(f"no training picture shows {', '.join(missing)}")
    if len(set(train.labels.tolist())) < 2:
        raise InputError(f"{shown}: at least two classes need training pictures")
    for name, part in parts.items():
        if not len(part):
            raise InputError(f"{sources.get(name, shown)}: no {name} picture has a label of the training's classes")
    remarks += _repeated(train, {name: part for name, part in parts.items() if name != "train"})
    return Pictures(names.names, train, parts["validation"], parts.get("test"), split, tuple(remarks), tuple(skipped))


def hold_out(part: Part, share: float, seed: int) -> tuple[Part, Part]:
    """Divide a part at random, each class by itself; each picture's lot depends on its name and the seed alone.

    Args:
        part: what is divided.
        share: of each class that goes into the second part, in (0, 1); one picture at least where there are two.
        seed: another seed, another division.

    Raises:
        InputError: the share is not valid, or a class has a single picture only and nothing is left to hold out.
    """
    if not 0 < share < 1:
        raise InputError(f"the share of pictures held out for validation lies in (0, 1), and is {share:g}")
    held: list[int] = []
    for label in sorted(set(part.labels.tolist())):
        rows = np.flatnonzero(part.labels == label).tolist()
        count = min(max(1, round(share * len(rows))), len(rows) - 1)
        if count:
            chosen = choose([part.records[row].name for row in rows], [None] * len(rows), count, "random", seed)
            held += [rows[at] for at in chosen]
    if not held:
        raise InputError("no class has two pictures, so that none can be held out; name --validation pictures")
    apart = set(held)
    return part.take([row for row in range(len(part)) if row not in apart]), part.take(sorted(held))


def _sources(
    images: str | os.PathLike[str],
    validation: str | os.PathLike[str] | float | None,
    test: str | os.PathLike[str] | None,
    base: Path | None,
) -> dict[str, str]:
    """The source of each part that has one of its own."""
    sources = {"train": os.fspath(images)}
    folder = (base or Path()) / Path(sources["train"]).expanduser()
    if folder.is_dir():
        found = {part: next((n for n in names if (folder / n).is_dir()), None) for part, names in FOLDERS.items()}
        if found["train"]:
            sources = {part: f"{sources['train'].rstrip('/')}/{name}" for part, name in found.items() if name}
    if isinstance(validation, float | int):
        sources.pop("validation", None)
    elif validation is not None:
        sources["validation"] = os.fspath(validation)
    if test is not None:
        sources["test"] = os.fspath(test)
    return sources


def _classes(images: ImageSet, given: Classes | None, shown: str) -> Classes:
    counts = images.label_counts()
    if not counts:
        raise InputError(
            f"{shown}: the pictures have no labels; put those of each class into a folder of its own, or name a list "
            "or Parquet file with a column of labels"
        )
    if given is not None:
        if len(given) < 2:
            raise InputError("a classifier needs at least two classes")
        return given
    if len(counts) < 2:
        only = next(iter(counts))
        raise InputError(f"{shown}: all pictures are of one class ({only}); a classifier needs at least two")
    return Classes(tuple(sorted(counts, key=natural_key)))


def _part(
    name: str,
    images: ImageSet,
    source: str,
    classes: Classes,
    remarks: list[str],
    skipped: list[dict[str, str]],
    base: Path | None,
) -> Part:
    number = {label: classes.find(label) for label in images.classes}
    rows, unknown, unlabelled = [], Counter[str](), 0
    for row, record in enumerate(images):
        if record.label is None:
            unlabelled += 1
            skipped.append({"part": name, "name": record.name, "reason": "it has no label"})
        elif number[record.label] is None:
            unknown[record.label] += 1
            reason = f"the training pictures have no class {record.label!r}"
            skipped.append({"part": name, "name": record.name, "reason": reason})
        else:
            rows.append(row)
    if unlabelled:
        remarks.append(f"{unlabelled:,} of the {name} pictures have no label and are left out")
    for label, count in unknown.items():
        remarks.append(f"{count:,} of the {name} pictures are of the class {label!r}, which training lacks: left out")
    local = source.partition(":")[0] not in ("hf", "scenes")
    where = str((base or Path()).joinpath(Path(source).expanduser()).absolute()) if local else source
    labels = np.array([number[images[row].label or ""] for row in rows], np.int64)
    return Part(tuple(images[row] for row in rows), labels, where)


def _repeated(train: Part, others: Mapping[str, Part]) -> list[str]:
    """A sentence for each part with pictures that are trained on as well."""
    known = set(train.identities)
    found = {name: sum(identity in known for identity in part.identities) for name, part in others.items()}
    return [
        f"{count:,} of the {name} pictures are among the training pictures, byte for byte"
        for name, count in found.items()
        if count
    ]


def as_facts(pictures: Pictures) -> dict[str, Any]:
    """What the pictures were, as JSON can hold it."""
    return {
        name: {"source": part.source, "pictures": len(part), "classes": _counts(part, pictures.classes)}
        for name, part in pictures.parts.items()
    } | {"split": pictures.split}


def _counts(part: Part, classes: Sequence[str]) -> dict[str, int]:
    counted = np.bincount(part.labels, minlength=len(classes))
    return {name: int(count) for name, count in zip(classes, counted, strict=True)}
