"""The view of units: what each detects, with its best images, as parts that the page loads when they are looked at.

``units`` says of every unit of every dissection what stands on its card. ``units-<model>-<layer>-<chunk>`` has the best
images of some units and their maps there, and ``units-photos-<chunk>`` small pictures that all models share, since a
dissection may be of other images than the study.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import ImageError, StoreError
from ..core.progress import Progress, Silent
from ..dissection.compare import UNKNOWN, Comparison, NamedLayer, compare, units_of
from ..dissection.folders import dissections_in
from ..dissection.folding import Fold
from ..dissection.pictures import box_of, preprocess_of, records_of
from ..dissection.records import NONE, Dissection, Labelling, UnitLayer
from ..dissection.saved import open_dissection
from ..images import ImageRecord, ImageSet
from ..store import Store
from .parts import deflated, write_part
from .tiles import jpeg

#: the value of a map's highest byte
TOP_BYTE = 254
#: cells along a side of a map; finer ones are averaged
CELLS = 32
#: longest side of a small picture, and how many stand in one script
SIDE, PHOTOS = 144, 24
#: bytes of maps in one script before compression, and units at most
CHUNK_BYTES, CHUNK_UNITS = 400_000, 256
#: different pictures from which on each unit shows fewer of them
MANY, FEWER = 2_000, 5


@dataclass(frozen=True)
class Units:
    """What the template of the view is given.

    Attributes:
        dissections: those that are shown.
        labels: what each is called, no two alike.
        comparison: by the way of labelling that they share; None where they share none.
        score: that way.
        notes: what could not be shown, in words.
        parts: names of the parts that were written.
    """

    dissections: tuple[Dissection, ...]
    labels: tuple[str, ...]
    comparison: Comparison | None
    score: str
    notes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ("units",)


@dataclass
class _Photos:
    """Pictures by the order in which units need them, the same image of two dissections once."""

    places: dict[str, int] = field(default_factory=dict)
    sources: list[ImageRecord | None] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    sizes: list[tuple[int, int] | None] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def place(self, identity: str, name: str, record: ImageRecord | None) -> int:
        """Where a picture is, or will be."""
        if identity not in self.places:
            self.places[identity] = len(self.sources)
            self.sources.append(record)
            self.names.append(name)
        return self.places[identity]


def write_units(
    folder: Path,
    dissections: Sequence[Dissection],
    *,
    images: Mapping[str, ImageSet] | None = None,
    progress: Progress | None = None,
) -> Units:
    """Write the parts of the view.

    Args:
        folder: of the page's assets.
        dissections: one or more, of one model each.
        images: the pictures of a dissection by its model, where they are not to be looked for at their source.
        progress: told of every layer.
    """
    progress = progress or Silent()
    labels = _distinct([one.model for one in dissections])
    score, comparison = _compared(dissections, labels)
    most = _most(dissections)
    photos, concepts, notes, parts = _Photos(), _Concepts(), [], ["units"]
    models = []
    progress.start(sum(len(one.layers) for one in dissections), "units")
    for number, (dissection, label) in enumerate(zip(dissections, labels, strict=True)):
        records, gone = records_of(dissection, (images or {}).get(dissection.model))
        if gone:
            notes.append(f"The pictures of {label} cannot be shown: {gone}.")
        tops = [_write_layer(folder, f"units-{number}-{at}", dissection, layer, photos, records, concepts, most, parts)
                for at, layer in enumerate(dissection.layers)]  # fmt: skip
        models.append({"label": label, "layers": tops})
        progress.advance(len(dissection.layers), f"units: {label}")
    parts += _write_photos(folder, photos)
    if photos.missing and not notes:
        notes.append(f"{len(photos.missing):,} pictures cannot be shown, such as: {photos.missing[0]}.")
    for dissection, model in zip(dissections, models, strict=True):
        model |= _boxes(dissection, photos.sizes)
    write_part(
        folder,
        "units",
        {"score": score, "concepts": concepts.rows(), "models": models, "photos": len(photos.sources),
         "photosPerPart": PHOTOS, "names": photos.names, "top": TOP_BYTE},
    )  # fmt: skip
    progress.finish()
    return Units(tuple(dissections), labels, comparison, score, tuple(notes), tuple(parts))


def units_of_store(store: Store, folder: Path, progress: Progress | None = None) -> Units | None:
    """Write the parts of the view for a study whose classifiers were dissected; None where none was.

    A dissection that cannot be read is said to be so, and left out.

    Args:
        store: has dissections in ``dissection/`` within it.
        folder: of the page's assets.
        progress: told of every layer.
    """
    found, notes = [], []
    for path in dissections_in(store.path / "dissection"):
        try:
            found.append(open_dissection(path))
        except StoreError as error:
            notes.append(f"{path.name} is left out: {error}.")
    found = [one for one in found if one.layers]
    if not found:
        return None
    made = write_units(folder, found, progress=progress)
    return replace(made, notes=(*made.notes, *notes))


@dataclass
class _Concepts:
    """All concepts that some unit has, numbered."""

    numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def number(self, name: str, category: str) -> int:
        """Of a concept."""
        return self.numbers.setdefault((name, category), len(self.numbers))

    def rows(self) -> list[list[str]]:
        """Name, category, and the name with plurals folded."""
        fold = Fold(plurals=True)
        return [[name, category, fold(name)] for name, category in self.numbers]


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names of which no two are alike."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(found)


def _compared(dissections: Sequence[Dissection], labels: Sequence[str]) -> tuple[str, Comparison | None]:
    """The first way of labelling that all have, and the comparison by it."""
    ways = [list(dict.fromkeys(one.score for one in each.labellings)) for each in dissections]
    shared = [score for score in (ways[0] if ways else []) if all(score in own for own in ways)]
    if not shared:
        return next((own[0] for own in ways if own), ""), None
    sides = [units_of(one, shared[0]) for one in dissections]
    named = [type(side)(label, side.layers, side.score) for side, label in zip(sides, labels, strict=True)]
    return shared[0], compare(named)


def _most(dissections: Sequence[Dissection]) -> int:
    """How many of a unit's best images are shown."""
    every = {
        one.identities[row]
        for one in dissections
        for layer in one.layers
        for row in np.unique(layer.top_images).tolist()
        if row != NONE
    }
    whole = max((layer.top_images.shape[1] for one in dissections for layer in one.layers), default=0)
    return whole if len(every) <= MANY else min(whole, FEWER)


def _write_layer(
    folder: Path,
    name: str,
    dissection: Dissection,
    layer: UnitLayer,
    photos: _Photos,
    records: Mapping[str, ImageRecord],
    concepts: _Concepts,
    most: int,
    parts: list[str],
) -> dict[str, Any]:
    """Write the maps of a layer's units, and say what stands on their cards."""
    top = layer.top_images[:, :most]
    maps, level = _bytes(layer.top_maps[:, :most], layer.thresholds)
    labellings = [one for one in dissection.labellings if one.layer == layer.name]
    size = int(np.clip(CHUNK_BYTES // max(1, maps[0].size if len(maps) else 1), 8, CHUNK_UNITS))
    for chunk, start in enumerate(range(0, layer.units, size)):
        units = slice(start, start + size)
        places = [
            [photos.place(dissection.identities[row], dissection.images[row], records.get(dissection.identities[row]))
             if row != NONE else -1 for row in rows]
            for rows in top[units].tolist()
        ]  # fmt: skip
        write_part(
            folder,
            f"{name}-{chunk}",
            {"top": places, "cells": list(maps.shape[2:]), "level": _plain(level[units], 2),
             "bytes": deflated(maps[units].tobytes()),
             "candidates": {str(at): _candidates(one, units, concepts) for at, one in enumerate(labellings)}},
        )  # fmt: skip
        parts.append(f"{name}-{chunk}")
    return {
        "name": layer.name,
        "depth": round(float(layer.depth), 4),
        "grid": list(layer.grid),
        "units": layer.units,
        "chunk": size,
        "dead": np.flatnonzero(layer.dead).tolist(),
        "thresholds": _plain(layer.thresholds, 5),
        "labels": [_card(one, concepts) for one in labellings],
    }


def _card(labelling: Labelling, concepts: _Concepts) -> dict[str, Any]:
    """What stands on the cards of a layer's units, by one way of labelling."""
    numbers = _numbered(labelling, concepts)
    why = list(dict.fromkeys(labelling.why))
    return {
        "score": labelling.score,
        "best": [numbers(best) for best in labelling.best.tolist()],
        "value": _plain(_best_scores(labelling), 5),
        "auc": _plain(labelling.auc, 4),
        "q": _plain(labelling.q, 6),
        "clusters": labelling.clusters.tolist(),
        "twin": labelling.twin.tolist(),
        "why": [why.index(one) for one in labelling.why],
        "reasons": why,
    }


def _best_scores(labelling: Labelling) -> NDArray[np.floating]:
    """The score of each unit's label, or of its first candidate where it has none."""
    found = labelling.scores[:, 0].astype(np.float64)
    for unit, best in enumerate(labelling.best.tolist()):
        at = np.flatnonzero(labelling.candidates[unit] == best) if best != NONE else np.array([], int)
        if at.size:
            found[unit] = labelling.scores[unit, at[0]]
    return found


def _numbered(labelling: Labelling, concepts: _Concepts) -> Any:
    """The function that turns a labelling's own number of a concept into that of the page; `NONE` stays."""
    layer = NamedLayer("", (), categories=dict(zip(labelling.concepts, labelling.categories, strict=False)))

    def number(own: int) -> int:
        if own == NONE:
            return -1
        name = labelling.concepts[own]
        category = layer.category(name)
        return concepts.number(name, "" if category == UNKNOWN else category)

    return number


def _candidates(labelling: Labelling, units: slice, concepts: _Concepts) -> list[list[list[Any]]]:
    numbers = _numbered(labelling, concepts)
    return [
        [[numbers(own), value] for own, value in zip(row, _plain(values, 4), strict=True) if own != NONE]
        for row, values in zip(labelling.candidates[units].tolist(), labelling.scores[units], strict=True)
    ]


def _bytes(maps: NDArray[np.float16], thresholds: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Maps as bytes from each unit's lowest value shown to its highest, and its threshold on that scale."""
    values = _reduced(maps.astype(np.float32))
    finite = np.where(np.isfinite(values), values, np.nan)
    flat = finite.reshape(len(values), -1)
    flat = np.where(np.isfinite(flat).any(axis=1, keepdims=True), flat, 0)
    low, high = np.nanmin(flat, axis=1).astype(np.float64), np.nanmax(flat, axis=1).astype(np.float64)
    span = np.where(high > low, high - low, 1.0)
    shares = (np.nan_to_num(finite, nan=0.0) - low[:, None, None, None]) / span[:, None, None, None]
    level = TOP_BYTE * (thresholds.astype(np.float64) - low) / span
    return np.rint(TOP_BYTE * shares.clip(0, 1)).astype(np.uint8), level


def _reduced(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = maps.shape[2:]
    if max(rows, columns) <= CELLS:
        return maps
    scale = CELLS / max(rows, columns)
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    each = (Image.fromarray(one).resize(size, Image.Resampling.BOX) for one in maps.reshape(-1, rows, columns))
    small = np.array([np.asarray(one) for one in each], np.float32)
    return small.reshape(*maps.shape[:2], size[1], size[0])


def _write_photos(folder: Path, photos: _Photos) -> list[str]:
    """Write the small pictures, and note the sizes of the large ones."""
    names = []
    for chunk, start in enumerate(range(0, len(photos.sources), PHOTOS)):
        small: list[str | None] = []
        for place, record in enumerate(photos.sources[start : start + PHOTOS], start):
            picture = _loaded(record, photos, place)
            photos.sizes.append(picture.size if picture is not None else None)
            content = jpeg(picture, SIDE, enlarged=False) if picture is not None else None
            small.append(base64.b64encode(content).decode("ascii") if content is not None else None)
        names.append(f"units-photos-{chunk}")
        write_part(folder, names[-1], small)
    return names


def _loaded(record: ImageRecord | None, photos: _Photos, place: int) -> Image.Image | None:
    if record is None:
        photos.missing.append(f"{photos.names[place]} is not there any more")
        return None
    try:
        return record.load()
    except ImageError as error:
        photos.missing.append(f"{photos.names[place]}: {error}")
        return None


def _boxes(dissection: Dissection, sizes: Sequence[tuple[int, int] | None]) -> dict[str, Any]:
    """The part of each picture that the model sees, in shares of its sides; equal ones once."""
    preprocess = preprocess_of(dissection)
    boxes: dict[tuple[float, ...], int] = {}
    places = []
    for size in sizes:
        box = (0.0, 0.0, 1.0, 1.0)
        if size is not None:
            left, top, right, bottom = box_of(size, preprocess)
            box = (left / size[0], top / size[1], right / size[0], bottom / size[1])
        places.append(boxes.setdefault(tuple(round(edge, 5) for edge in box), len(boxes)))
    return {"boxes": [list(box) for box in boxes], "box": places}


def _plain(values: NDArray[np.floating], digits: int) -> list[float | None]:
    return [round(float(value), digits) if np.isfinite(value) else None for value in values]
