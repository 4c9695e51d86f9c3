"""A dissection on disk: JSON and NumPy's own files, nothing that runs code when it is read.

``dissection.json`` is written last, so that a folder that has one is complete. ``layers/LAYER/`` holds one NPY file for
each array of a layer, ``labels/LAYER-SCORE.json`` and ``.npz`` one labelling.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ..core.errors import StoreError
from ..core.plain import plain
from ..store import durable
from ..store.layout import read_json, slug, to_json, unique_slug
from .records import Dissection, Labelling, UnitLayer

FORMAT, VERSION = "crosslight-dissection", 1
MANIFEST, LAYERS, LABELS, PARTIAL = "dissection.json", "layers", "labels", ".partial"

#: arrays of fewer bytes are read at once
SMALL = 1 << 16

_OF_LAYER = ("activations", "thresholds", "top_images", "top_maps", "dead")
_OF_LABELLING = ("best", "candidates", "scores", "auc", "p", "q", "clusters", "twin")


def save_dissection(dissection: Dissection, out: str | os.PathLike[str]) -> Path:
    """Write a dissection into a folder; what an earlier one of the same layers left there is replaced.

    Args:
        dissection: with its labellings, if it has any.
        out: the folder; it is created.

    Returns:
        The manifest, ``out/dissection.json``.

    Raises:
        StoreError: the folder cannot be written.
    """
    folder = Path(out)
    layers = folders_of([layer.name for layer in dissection.layers])
    for name in (PARTIAL, LABELS, *(f"{LAYERS}/{layers[layer.name]}" for layer in dissection.layers)):
        durable.make_folder(folder / name)
    for layer in dissection.layers:
        place = folder / LAYERS / layers[layer.name]
        files = {place / f"{name}.npy": npy(getattr(layer, name)) for name in _OF_LAYER}
        durable.write_files(files, folder / PARTIAL)
    labels = _label_files(dissection.labellings, layers)
    for stem, one in labels.items():
        durable.write_files(_labelling_files(folder / LABELS / stem, one), folder / PARTIAL)
    durable.write_files({folder / MANIFEST: to_json(_manifest(dissection, layers, labels))}, folder / PARTIAL)
    for path in (folder / LABELS).iterdir():
        if path.stem not in labels:
            durable.remove_file(path)
    durable.sweep_partial(folder / PARTIAL)  # of runs that were killed
    with suppress(OSError):
        (folder / PARTIAL).rmdir()
    return folder / MANIFEST


def open_dissection(out: str | os.PathLike[str]) -> Dissection:
    """Read a dissection back; activations and maps of layers stay on disk until they are used.

    Raises:
        StoreError: the folder holds none, a damaged one, or one of a later version.
    """
    folder = Path(out)
    found = read_manifest(folder)
    try:
        layers = tuple(
            UnitLayer(
                one["name"], float(one["depth"]), (int(one["grid"][0]), int(one["grid"][1])), **_arrays(folder, one)
            )
            for one in found["layers"]
        )
        return Dissection(
            model=found["model"],
            images=tuple(found["images"]),
            identities=tuple(found["identities"]),
            layers=layers,
            labellings=tuple(_labelling(folder / LABELS / stem) for stem in found["labellings"]),
            failures={int(row): reason for row, reason in found["failures"].items()},
            facts=found["facts"],
        )
    except (KeyError, TypeError, ValueError, OSError, EOFError, BadZipFile) as error:
        raise StoreError(f"{folder} holds a damaged dissection ({error}): make it again, or restore it") from error


def has_dissection(out: str | os.PathLike[str]) -> bool:
    """Whether a folder holds a complete dissection."""
    return (Path(out) / MANIFEST).is_file()


def with_labellings(dissection: Dissection, labellings: Iterable[Labelling]) -> Dissection:
    """The same dissection with further labellings; those of the same layer and score take the place of earlier ones."""
    new = tuple(labellings)
    keys = {(one.layer, one.score) for one in new}
    kept = tuple(one for one in dissection.labellings if (one.layer, one.score) not in keys)
    return replace(dissection, labellings=kept + new)


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """The content of ``dissection.json``.

    Raises:
        StoreError: there is none, or none that can be read.
    """
    found = read_json(folder / MANIFEST)
    if not isinstance(found, Mapping) or found.get("format") != FORMAT:
        why = "is no manifest of one" if (folder / MANIFEST).exists() else "is missing"
        raise StoreError(f"{folder} holds no dissection: {MANIFEST} {why}; make one with crosslight dissect")
    if found.get("version") != VERSION:
        raise StoreError(
            f"{folder / MANIFEST} has format version {found.get('version')}, this Crosslight reads {VERSION}: "
            "open it with the Crosslight that wrote it"
        )
    return found


def folders_of(names: Iterable[str]) -> dict[str, str]:
    """Names of folders for layers: readable where that is possible, different in any case."""
    folders: dict[str, str] = {}
    for name in names:
        plain_name = slug(name)
        folders[name] = unique_slug(name) if plain_name in folders.values() else plain_name
    return folders


def npy(array: NDArray[Any]) -> bytes:
    """An array as the content of an NPY file."""
    file = BytesIO()
    np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    return file.getvalue()


def _manifest(dissection: Dissection, layers: Mapping[str, str], labels: Mapping[str, Labelling]) -> Mapping[str, Any]:
    return {
        "format": FORMAT,
        "version": VERSION,
        "model": dissection.model,
        "images": dissection.images,
        "identities": dissection.identities,
        "layers": [
            {
                "name": layer.name,
                "folder": layers[layer.name],
                "depth": layer.depth,
                "grid": layer.grid,
                "units": layer.units,
            }
            for layer in dissection.layers
        ],
        "labellings": list(labels),
        "failures": {str(row): reason for row, reason in dissection.failures.items()},
        "facts": plain(dict(dissection.facts)),
    }


def _label_files(labellings: Iterable[Labelling], layers: Mapping[str, str]) -> dict[str, Labelling]:
    files: dict[str, Labelling] = {}
    for one in labellings:
        stem = f"{layers.get(one.layer, slug(one.layer))}-{slug(one.score)}"
        number = 1
        while (name := stem if number == 1 else f"{stem}-{number}") in files:
            number += 1
        files[name] = one
    return files


def _labelling_files(stem: Path, one: Labelling) -> dict[Path, bytes]:
    arrays = BytesIO()
    np.savez(arrays, **{name: getattr(one, name) for name in _OF_LABELLING})
    words = {name: getattr(one, name) for name in ("layer", "score", "concepts", "categories", "why")}
    return {
        stem.with_name(f"{stem.name}.npz"): arrays.getvalue(),
        stem.with_name(f"{stem.name}.json"): to_json(words | {"settings": plain(dict(one.settings))}),
    }


def _labelling(stem: Path) -> Labelling:
    words = read_json(stem.with_name(f"{stem.name}.json"))
    if not isinstance(words, Mapping):
        raise ValueError(f"{stem.name}.json cannot be read")
    with np.load(stem.with_name(f"{stem.name}.npz"), allow_pickle=False) as arrays:
        values = {name: arrays[name] for name in _OF_LABELLING}
    return Labelling(
        layer=words["layer"],
        score=words["score"],
        concepts=tuple(words["concepts"]),
        categories=tuple(words["categories"]),
        why=tuple(words["why"]),
        settings=words["settings"],
        **values,
    )


def _arrays(folder: Path, layer: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    place = folder / LAYERS / layer["folder"]
    return {name: _open(place / f"{name}.npy") for name in _OF_LAYER}


def _open(path: Path) -> NDArray[Any]:
    small = path.stat().st_size < SMALL
    return np.load(path, mmap_mode=None if small else "r", allow_pickle=False)
