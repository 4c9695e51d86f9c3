"""Dissection without a network: activations and features that were computed elsewhere, in ``.npy`` files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import InputError
from ...core.seeds import digest
from ..records import TOP, Dissection, UnitLayer
from .concepts import ConceptList, merge_concepts
from .label import label_by_words
from .probe import Form, top_rows
from .registry import find_score

_PREFIX = "activations_"


def dissect_features(
    activations: Mapping[str, ArrayLike],
    image_features: ArrayLike,
    concept_features: ArrayLike,
    concepts: Sequence[str] | ConceptList,
    *,
    images: Sequence[str] | None = None,
    model: str = "features",
    score: str = "soft-wpmi",
    form: Form = "own",
    **options: Any,
) -> Dissection:
    """Label units by words from arrays alone.

    Args:
        activations: ``[images, units]`` by name of the layer, pooled over the cells, in execution order.
        image_features: ``[images, dimensions]``; NaN rows are images that are left out.
        concept_features: ``[concepts, dimensions]``, a row for each name in order, blank ones not counted. Where a
            name is there several times, its first row counts, or there are rows for the merged list.
        concepts: their names.
        images: names of the images; numbers by default.
        model: how the classifier is called in reports.
        score: see `label_by_words`.
        form: see `label_by_words`. In the published form sums are rounded as in the published code.
        **options: of `label_by_words`.

    Returns:
        The dissection. The depth of a layer is its place among those given, its maps have one cell and its thresholds
        are not known: NaN.

    Raises:
        InputError: no layer, shapes that do not match, or what `label_by_words` raises.
    """
    if not activations:
        raise InputError("there are no activations; give those of at least one layer")
    texts = np.asarray(concept_features)
    listed = concepts if isinstance(concepts, ConceptList) else merge_concepts(concepts)
    if texts.ndim != 2 or len(texts) not in (listed.given, len(listed)):
        raise InputError(
            f"concept features of shape {texts.shape} for {listed.given} concepts; give one row for each, blank lines "
            "not counted"
        )
    if len(texts) > len(listed):
        texts = texts[list(listed.places)]
    layers = tuple(
        _layer(name, np.asarray(values), (at + 1) / len(activations))
        for at, (name, values) in enumerate(activations.items())
    )
    count = len(layers[0].activations)
    if images is not None and len(images) != count:
        raise InputError(f"{len(images)} names of images, activations of {count}; both are of the same images")
    names = tuple(images) if images is not None else tuple(str(row) for row in range(count))
    if form == "published" and find_score(score).company:
        options = {"rounding": "float32", **options}
    labellings = tuple(
        label_by_words(
            layer,
            image_features,
            texts,
            listed.names,
            categories=listed.categories,
            score=score,
            form=form,
            identities=names,
            **options,
        )
        for layer in layers
    )
    facts = {
        "source": "features",
        "depth": "place among the layers given",
        "concepts": listed.source,
        "concepts_note": listed.note,
        "concepts_digest": digest(list(listed.names)),
    }
    return Dissection(model, names, names, layers, labellings, {}, facts)


def _layer(name: str, values: NDArray[Any], depth: float) -> UnitLayer:
    """A layer of which nothing but the pooled activations is known."""
    if values.ndim != 2 or not values.size or values.dtype.kind not in "fiu":
        raise InputError(f"activations of {name} are numbers [images, units], not {values.dtype} {values.shape}")
    answers = np.ascontiguousarray(values, np.float32)
    known = np.flatnonzero(np.isfinite(answers).all(axis=1))
    if not len(known):
        raise InputError(f"activations of {name} are not finite for any image")
    units, count = answers.shape[1], min(TOP, len(known))
    top = np.full((units, TOP), -1, np.int32)
    top[:, :count] = known[top_rows(answers[known], count)]
    maps = np.where(top >= 0, answers[top, np.arange(units)[:, None]], 0)
    return UnitLayer(
        name=name,
        depth=depth,
        grid=(1, 1),
        activations=answers,
        thresholds=np.full(units, np.nan, np.float32),
        top_images=top,
        top_maps=np.clip(maps, -65504, 65504).astype(np.float16)[:, :, None, None],
        dead=np.ptp(answers[known], axis=0) == 0,
    )


def read_array(path: str | os.PathLike[str]) -> NDArray[Any]:
    """A ``.npy`` file of numbers with two axes.

    Raises:
        InputError: it is not there, is none, or holds something else.
    """
    where = Path(path)
    try:
        found = np.load(where, allow_pickle=False)
    except FileNotFoundError:
        raise InputError(f"{where} is not there; give a .npy file") from None
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{where} cannot be read as a .npy file of numbers: {error}") from error
    if not isinstance(found, np.ndarray) or found.ndim != 2 or found.dtype.kind not in "fiu":
        raise InputError(f"{where} does not hold numbers with two axes; save one array with numpy.save")
    return found


def read_activations(where: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> dict[str, NDArray[Any]]:
    """Activations of layers from files ``LAYER.npy`` or ``activations_LAYER.npy``.

    Args:
        where: a folder, a file or several files. In a folder that has files with the longer name, only these are read.

    Returns:
        By name of the layer; of a folder in natural order, in which ``layer10`` follows ``layer9``.

    Raises:
        InputError: there is no such file, or two have the same layer.
    """
    paths = [Path(where)] if isinstance(where, str | os.PathLike) else [Path(path) for path in where]
    if len(paths) == 1 and paths[0].is_dir():
        inside = sorted(paths[0].glob("*.npy"), key=lambda path: _natural(path.stem))
        paths = [path for path in inside if path.stem.startswith(_PREFIX)] or inside
    if not paths:
        raise InputError(f"{where} holds no .npy file; give files LAYER.npy or activations_LAYER.npy")
    found: dict[str, NDArray[Any]] = {}
    for path in paths:
        name = path.stem.removeprefix(_PREFIX)
        if name in found:
            raise InputError(f"{path}: the layer {name} is there already; give each layer once")
        found[name] = read_array(path)
    return found


def _natural(text: str) -> list[tuple[bool, int, str]]:
    """A key that sorts numbers within a text by value."""
    import re

    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", text)]
