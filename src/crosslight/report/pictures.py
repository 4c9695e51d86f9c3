"""The three pictures of the first screen: one photograph with telling maps, and two small charts."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..agreement import Agreement
from ..agreement.analysis import MethodAnalysis
from ..core.errors import ImageError
from ..core.maps import Status
from ..store.pictures import Pictures
from .contents import Contents, MethodGroup
from .finding import Finding
from .findings import main_method
from .overlay import is_signed
from .right import Right
from .small_charts import SmallChart, agreement_chart, answers_chart, score_chart
from .summary import Pair, pairs_of
from .tiles import jpeg, tile_of
from .words import two_decimals

#: longest side of the photograph
SIDE = 420

#: maps beside it where there is one model only
MOST = 4


@dataclass(frozen=True)
class Striking:
    """The image that shows best what was found of two pairs of models.

    Attributes:
        row: of the image in the study.
        alike, different: the pair of models that is most alike over all images, and the one that is least.
        values: their similarities on this image.
        means: their similarities over all images, each with what chance gives, in words.
        among: of what images it was chosen, in words.
    """

    row: int
    alike: tuple[str, str]
    different: tuple[str, str] | None
    values: tuple[float, float]
    means: tuple[str, str]
    among: str


@dataclass(frozen=True)
class Pictured:
    """The pictures of the first screen, as far as there is something to draw.

    Attributes:
        row: a photograph with maps.
        charts: small charts, at most two.
    """

    row: Row | None = None
    charts: tuple[SmallChart, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """What the script draws."""
        return {"row": self.row.data if self.row else None, "charts": [chart.to_dict() for chart in self.charts]}


@dataclass(frozen=True)
class Row:
    """A photograph with maps, as the page shows it.

    Attributes:
        data: for the script that draws it.
        text: what it shows, in one sentence with numbers.
        note: how it was chosen.
        link: the view with more of it.
    """

    data: Mapping[str, Any]
    text: str
    note: str
    link: str


def pictured(
    contents: Contents,
    methods: Mapping[str, MethodAnalysis],
    right: Right | None,
    pictures: Pictures,
    photographs: Sequence[bool],
    found: Sequence[Finding],
) -> Pictured:
    """The pictures of the first screen.

    Args:
        contents: what there is.
        methods: what was found of each, by label.
        right: scores, where there are any.
        pictures: where photographs are.
        photographs: for each image, whether there is one.
        found: the findings; charts say what they say.
    """
    known = {label: one for label, one in methods.items() if pairs_of(one.main)}
    main = main_method(contents, known) if known else ""
    group = next((group for group in contents.methods if group.label == main), None)
    agreement = known[main].main if known else None
    row = row_picture(contents, group, agreement, pictures, photographs)
    answers = score_chart(right.tables[0], found) if right is not None and right.tables else None
    charts = (agreement_chart(main, known, found), answers or answers_chart(contents, found))
    return Pictured(row, tuple(chart for chart in charts if chart is not None))


#: by how much the most alike pair must be above the least alike one for an image to show that they differ
CONTRAST = 0.05


def striking(contents: Contents, agreement: Agreement, photographs: Sequence[bool]) -> Striking | None:
    """Choose the image on which the most alike pair is most above the least alike one.

    It is looked for among the images that all models get right, so that a difference is one of looking and not of
    answering; where there is none with a contrast worth showing, among those on which they answer the same, else among
    all. Where no image has any, the most alike pair stands alone.

    Args:
        contents: with predictions.
        agreement: of models.
        photographs: for each image, whether there is a picture; images without count only where there is none at all.

    Returns:
        None where no pair of models has a similarity on any of the images.
    """
    ranked = sorted(pairs_of(agreement), key=lambda pair: -pair.above)
    if not ranked:
        return None
    index = {label: at for at, label in enumerate(agreement.sets)}
    most, least = ranked[0], ranked[-1]
    near = agreement.per_image[:, index[most.first], index[most.second]]
    far = agreement.per_image[:, index[least.first], index[least.second]]
    contrast = near - far if least is not most else near
    rows = {image.identity: row for row, image in enumerate(contents.images)}
    at = np.array([rows[identity] for identity in agreement.images], np.intp)
    usable = np.isfinite(contrast)  # then both are
    if any(photographs):
        usable &= np.array(photographs, bool)[at]
    found: Striking | None = None
    for mask, words in _choices(contents, agreement.sets):
        wanted = usable & mask[at]
        if not wanted.any():
            continue
        best = int(np.argmax(np.where(wanted, contrast, -np.inf)))
        shown = least is not most and contrast[best] >= CONTRAST
        different = (least.first, least.second) if shown else None
        best = best if shown else int(np.argmax(np.where(wanted, near, -np.inf)))
        values, means = (float(near[best]), float(far[best])), (_mean(most), _mean(least))
        found = Striking(int(at[best]), (most.first, most.second), different, values, means, words)
        if shown or least is most:
            break
    return found


def _mean(pair: Pair) -> str:
    chance = f" (chance {two_decimals(pair.floor)})" if np.isfinite(pair.floor) else ""
    return two_decimals(pair.mean) + chance


def _choices(contents: Contents, labels: Sequence[str]) -> list[tuple[NDArray[np.bool_], str]]:
    """Images that all models get right, on which they say the same, and all of them; each with its words."""
    models = [model for model in contents.models if model.label in labels]
    count = len(contents.images)
    everyone = "both classifiers" if len(models) == 2 else f"all {len(models)} classifiers"
    right = np.logical_and.reduce([model.right for model in models]) if models else np.zeros(count, bool)
    said = [set(names) for names in zip(*(model.spoken for model in models), strict=True)]
    same = np.array([len(names) == 1 and "" not in names for names in said] or [False] * count, bool)
    return [
        (np.asarray(right), f"the images that {everyone} get right"),
        (same, f"the images on which {everyone} say the same"),
        (np.ones(count, bool), "all images"),
    ]


def row_picture(
    contents: Contents,
    group: MethodGroup | None,
    agreement: Agreement | None,
    pictures: Pictures,
    photographs: Sequence[bool],
) -> Row | None:
    """The photograph with the maps of the most alike and the least alike models; of one model, by several methods.

    Args:
        contents: what there is.
        group: the main method; None for one model.
        agreement: of the models under it; None for one model.
        pictures: where photographs are.
        photographs: for each image, whether there is one.

    Returns:
        None where there is no map to show.
    """
    found = striking(contents, agreement, photographs) if agreement is not None else None
    if found is None or agreement is None or group is None:
        return _methods_row(contents, pictures, photographs)
    tiles = [_tile(contents, group, model, found.row, "alike") for model in found.alike]
    tiles += [_tile(contents, group, model, found.row, "different") for model in found.different or ()]
    if any(tile is None for tile in tiles):
        return None
    measure = agreement.measure_label
    one, other = found.alike
    value = two_decimals(found.values[0])
    if found.different is None:
        text = f"Under {group.label}, {one} and {other} look at such places of this picture ({measure} {value})."
        note = f"Over all images {found.means[0]}. "
    else:
        text = f"Under {group.label}, {one} and {other} look at more similar places of this picture "
        text += f"({measure} {value}) than {' and '.join(found.different)} ({two_decimals(found.values[1])})."
        note = f"Over all images {found.means[0]} and {found.means[1]}. "
    extreme = "contrast" if found.different is not None else "similarity"
    note += f"Of {found.among}, this one has the largest {extreme}."
    said = [f"{measure} {two_decimals(value)}" for value in found.values]
    data = _row_data(contents, pictures, found.row, tiles) | {"alike": said[0], "different": said[1]}
    return Row(data, text, note, "look")


def _methods_row(contents: Contents, pictures: Pictures, photographs: Sequence[bool]) -> Row | None:
    """The maps of one model by several methods, on the image it is surest of."""
    if not contents.models:
        return None
    model = contents.models[0]
    sure = np.where(np.isfinite(model.probabilities[:, 0]), model.probabilities[:, 0], 0)
    order = np.argsort(-(sure + np.array(photographs, float)), kind="stable").tolist()
    for row in order[:20]:
        tiles = [
            tile
            for group in contents.methods
            if model.label in group.sets
            and (tile := _tile(contents, group, model.label, row, "method", group.label)) is not None
        ][:MOST]
        if tiles:
            methods = " and ".join(str(tile["label"]) for tile in tiles) if len(tiles) < 3 else f"{len(tiles)} methods"
            text = f"Where {model.label} looks in this picture, as told by {methods}."
            note = f"Of all images, it is the one of which {model.label} is surest." if sure[row] > 0 else ""
            return Row(_row_data(contents, pictures, row, tiles), text, note, "look")
    return None


def _tile(
    contents: Contents, group: MethodGroup, model: str, row: int, kind: str, label: str = ""
) -> dict[str, Any] | None:
    """One map for the script, with what the model said; None where there is nothing to see."""
    one = group.sets.get(model)
    if one is None:
        return None
    maps = contents.store.maps(model, one.key, slice(row, row + 1)).finished()
    if maps.status[0] != Status.OK:
        return None
    signed = is_signed(maps)
    tile = tile_of(maps.values[0], signed=signed)
    if not tile.limit > 0:
        return None
    number = [column.label for column in contents.models].index(model)
    column = contents.models[number]
    p = float(column.probabilities[row, 0])
    return {
        "label": label or model, "kind": kind, "model": number, "method": contents.methods.index(group),
        "said": column.short(int(column.top[row, 0])) if column.top[row, 0] >= 0 else "",
        "p": round(p, 4) if np.isfinite(p) else None,
        "right": bool(column.right[row]) if column.judged[row] else None,
        "cells": tile.cells, "native": one.shape, "box": [round(float(edge), 2) for edge in maps.boxes[0]],
        "signed": signed, "limit": tile.limit, "bytes": base64.b64encode(tile.content).decode("ascii"),
    }  # fmt: skip


def _row_data(
    contents: Contents, pictures: Pictures, row: int, tiles: Sequence[Mapping[str, Any] | None]
) -> dict[str, Any]:
    image, size = contents.images[row], contents.sizes[row].tolist()
    return {
        "image": row,
        "name": image.name,
        "label": image.label or "",
        "photo": photograph(pictures, image.identity),
        "size": size[::-1] if size[0] > 0 else [1, 1],
        "tiles": list(tiles),
    }


def photograph(pictures: Pictures, identity: str, side: int = SIDE) -> str | None:
    """A photograph as JPEG in base64; None where it cannot be read."""
    try:
        return base64.b64encode(jpeg(pictures.load(identity), side)).decode("ascii")
    except ImageError:
        return None
    finally:
        pictures.forget()
