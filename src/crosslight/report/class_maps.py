"""Mean maps by class: where a model looks for it on average, when it is right and when it is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .contents import Contents, MethodGroup, ModelColumn, is_signed_method
from .parts import deflated, write_part
from .tiles import TOP_BYTE

#: cells along a side of a mean map
CELLS = 24

#: images that a mean map has at least, and each of two that are compared
FEWEST, FEWEST_COMPARED = 3, 5

#: classes with mean maps of their own, the ones with most images
MOST = 60

#: kinds of mean maps: of all images of a class, of those that the model gets right, and wrong
KINDS = ("all", "right", "wrong")


@dataclass(frozen=True)
class Classes:
    """The classes of a study's images.

    Attributes:
        by: ``label``, or ``prediction`` where no image has a label.
        names: of the classes, those with most images first, equal ones by name.
        rows: for each class, the images of that label; none where classes are predictions.
    """

    by: str
    names: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]

    def members(self, model: ModelColumn, number: int) -> NDArray[np.bool_]:
        """``[image]``: the images of a class, for a model: by their label, or by what it says itself."""
        if self.by == "label":
            mask = np.zeros(len(model.top), bool)
            mask[list(self.rows[number])] = True
            return mask
        return np.array([short_of(model, row) == self.names[number] for row in range(len(model.top))], bool)


def short_of(model: ModelColumn, row: int) -> str:
    """What a model says of an image, in short; empty where it says nothing."""
    top = int(model.top[row, 0])
    return model.short(top) if top >= 0 else ""


def classes_of(contents: Contents) -> Classes | None:
    """The classes of the images: labels as the models call them, else predictions.

    Args:
        contents: with predictions.

    Returns:
        None where there are neither labels nor predictions.
    """
    names = [_label(contents, row) for row in range(len(contents.images))]
    if any(names):
        count = Counter(name for name in names if name)
        order = sorted(count, key=lambda name: (-count[name], name))
        rows = {name: tuple(row for row, other in enumerate(names) if other == name) for name in order}
        return Classes("label", tuple(order), tuple(rows.values()))
    said = Counter(
        name for model in contents.models for row in range(len(contents.images)) if (name := short_of(model, row))
    )
    order = sorted(said, key=lambda name: (-said[name], name))
    return Classes("prediction", tuple(order), tuple(() for _ in order)) if order else None


def _label(contents: Contents, row: int) -> str:
    """As ``labelOf`` in the page's scripts: what a model calls the labelled class, else the label as written."""
    for model in contents.models:
        if model.truth[row] >= 0:
            return model.short(int(model.truth[row]))
    label = contents.images[row].label
    return "" if label is None else str(label)


def write_classes(contents: Contents, folder: Path) -> Classes | None:
    """Write ``classes.js``, and ``classes-<method>.js`` with the mean maps of every method.

    Args:
        contents: what there is.
        folder: existing.

    Returns:
        The classes; None where nothing is written.
    """
    classes = classes_of(contents)
    if classes is None:
        return None
    write_part(
        folder,
        "classes",
        {"by": classes.by, "names": classes.names, "rows": classes.rows, "mapped": min(MOST, len(classes.names)),
         "fewest": FEWEST, "compared": FEWEST_COMPARED, "cells": CELLS},
    )  # fmt: skip
    for number, group in enumerate(contents.methods):
        write_part(folder, f"classes-{number}", mean_part(contents, group, classes))
    return classes


def mean_part(contents: Contents, group: MethodGroup, classes: Classes) -> dict[str, Any]:
    """The mean maps of one method: one entry per model, class and kind, and their bytes one after the other.

    An entry is the number of the class, -1 for all of them; the kind; the number of images; the value of the highest
    byte, where 1 is what every cell would have if the attribution were spread evenly; and the place of its first byte.
    """
    content = bytearray()
    columns: list[dict[str, Any] | None] = []
    signed = is_signed_method(group)
    for model in contents.models:
        if model.label not in group.sets:
            columns.append(None)
            continue
        wanted = _wanted(classes, model)
        blocks = _blocks(contents, group, model.label, signed)
        masks = np.array([mask for _, _, mask in wanted], bool).reshape(len(wanted), len(contents.images))
        means, counts = mean_maps(blocks, masks)
        entries: list[list[Any]] = []
        for (number, kind, _), mean, count in zip(wanted, means, counts.tolist(), strict=True):
            if count < (FEWEST if kind == "all" else FEWEST_COMPARED):
                continue
            shown = on_grid(mean)
            limit = float(np.abs(shown).max())
            entries.append([number, kind, count, float(f"{limit:.4g}"), len(content)])
            content += _bytes(shown, limit, signed)
        columns.append({"signed": signed, "entries": entries})
    return {"columns": columns, "bytes": deflated(bytes(content))}


def _blocks(
    contents: Contents, group: MethodGroup, model: str, signed: bool
) -> Iterator[tuple[slice, NDArray[np.floating]]]:
    """The maps as the page shows them, NaN where there is none."""
    for rows, maps in contents.store.iter_blocks(model, group.sets[model].key):
        values = np.where(maps.usable[:, None, None], maps.finished().values, np.nan)
        yield rows, values if signed else np.maximum(values, 0)  # what speaks against counts as 0, as elsewhere


def _wanted(classes: Classes, model: ModelColumn) -> list[tuple[int, str, NDArray[np.bool_]]]:
    """Class, kind and images of each mean map of a model."""
    wanted: list[tuple[int, str, NDArray[np.bool_]]] = []
    for number in range(-1, min(MOST, len(classes.names))):
        members = np.ones(len(model.top), bool) if number < 0 else classes.members(model, number)
        if members.sum() < FEWEST:
            continue
        wanted.append((number, "all", members))
        right, wrong = members & model.right, members & model.judged & ~model.right
        if min(right.sum(), wrong.sum()) >= FEWEST_COMPARED:
            wanted += [(number, "right", right), (number, "wrong", wrong)]
    return wanted


def mean_maps(
    blocks: Iterable[tuple[slice, NDArray[np.floating]]], masks: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Means of maps, each divided by the sum of its absolute values first, so that every image counts the same.

    All maps of a model under one method have one shape, so means are taken in their own cells and brought to the common
    grid once, which is the same, since that is linear.

    Args:
        blocks: rows of images with their maps ``[image, y, x]``; those not finite or zero everywhere do not count.
        masks: ``[mean, image]``: which images each mean is of.

    Returns:
        ``[mean, y, x]`` in multiples of an even spread, 0 where there is no map; and the number of maps behind each.
    """
    sums: NDArray[np.float64] | None = None
    counts = np.zeros(len(masks), np.int64)
    for rows, values in blocks:
        total = np.abs(values).sum(axis=(1, 2), dtype=np.float64)
        used = np.isfinite(total) & (total > 0)
        shares = values[used] / total[used, None, None]
        weights = masks[:, rows][:, used]
        added = np.tensordot(weights.astype(np.float64), shares, axes=1)
        sums = added if sums is None else sums + added
        counts += weights.sum(axis=1)
    if sums is None:
        return np.zeros((len(masks), 1, 1)), counts
    return sums * sums[0].size / np.maximum(counts, 1)[:, None, None] if len(sums) else sums, counts


def on_grid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """A map on the common grid: interpolated from coarser cells, averaged from finer ones."""
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((CELLS, CELLS), Image.Resampling.BILINEAR)).astype(np.float64)


def _bytes(mean: NDArray[np.float64], limit: float, signed: bool) -> bytes:
    low = -limit if signed else 0.0
    share = np.clip((mean - low) / (limit - low), 0, 1) if limit > 0 else np.full(mean.shape, 0.5 if signed else 0.0)
    return np.rint(share * TOP_BYTE).astype(np.uint8).tobytes()
