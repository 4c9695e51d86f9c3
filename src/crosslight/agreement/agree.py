"""Agreement of models, or of methods: from maps in memory or from a store, one block of images at a time."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..core.errors import InputError, UnknownNameError
from ..core.maps import Maps, take
from ..core.seeds import digest
from ..store import MapSet, Store
from .aggregate import Agreement, Subset, aggregate
from .prepare import Steps, prepare
from .similarity import cosine_of_units, mismatched, unit
from .structure.trees import average_linkage

BLOCK = 32  # images compared at a time where the maps are in memory already


def agree_blocks(
    blocks: Iterable[Sequence[Maps]],
    labels: Sequence[str],
    steps: Steps | None = None,
    *,
    label: str = "",
    across: str = "models",
    subset: Subset = "common",
    seed: int = 0,
) -> Agreement:
    """Compare sets of maps that come block by block; only one block of maps is held at a time.

    Args:
        blocks: for every block of images, the maps of each set over it, in the order of `labels`.
        labels: names of the sets, unique.
        steps: what is done to the maps before; the default steps if None.
        label: what the sets have in common.
        across: what the sets are: ``models`` or ``methods``.
        subset: which images count, see `Agreement`.
        seed: of the bootstrap.

    Returns:
        The agreement over all images.

    Raises:
        InputError: labels repeat, or a block's maps are not over the same images.
    """
    steps = steps or Steps()
    cosines = [np.empty((0, len(labels), len(labels)))]
    images: list[str] = []
    sums, counts = np.zeros((len(labels), steps.grid**2)), np.zeros(len(labels), np.int64)
    dropped: list[Counter[str]] = [Counter() for _ in labels]
    for block in blocks:
        prepared = prepare(block, steps)
        units = unit(prepared.values)
        cosines.append(cosine_of_units(units))
        sums += np.nansum(units, axis=1)
        counts += prepared.usable.sum(axis=1)
        images += block[0].images
        for counter, reasons in zip(dropped, prepared.dropped, strict=True):
            counter.update(reasons)
    per_image = np.concatenate(cosines)
    return aggregate(
        per_image,
        labels,
        images,
        subset=subset,
        floor=mismatched(sums, counts, per_image),
        label=label,
        across=across,
        dropped={name: dict(counter) for name, counter in zip(labels, dropped, strict=True)},
        steps=steps.as_dict(),
        seed=seed,
    )


def agree_maps(
    maps: Mapping[str, Maps],
    steps: Steps | None = None,
    *,
    label: str = "",
    across: str = "models",
    subset: Subset = "common",
    seed: int = 0,
) -> Agreement:
    """Compare sets of maps of the same images.

    Args:
        maps: label to maps: several models with one method, or several methods on one model. Resolutions and
            boxes may differ; the images must be the same in the same order.
        steps: what is done to the maps before; the default steps if None.
        label: what the sets have in common.
        across: what the sets are: ``models`` or ``methods``.
        subset: which images count, see `Agreement`.
        seed: of the bootstrap.

    Returns:
        The agreement.

    Raises:
        InputError: there are no maps, or they are not over the same images.
    """
    if not maps:
        raise InputError("there are no maps to compare")
    first = next(iter(maps.values()))
    for name, others in maps.items():
        if others.images != first.images:
            raise InputError(f"the maps of {name!r} are not over the same images as those of {next(iter(maps))!r}")
    blocks = (
        [take(one, slice(start, start + BLOCK)) for one in maps.values()] for start in range(0, len(first), BLOCK)
    )
    return agree_blocks(blocks, list(maps), steps, label=label, across=across, subset=subset, seed=seed)


def agree_store(
    store: Store,
    method_label: str | None = None,
    steps: Steps | None = None,
    *,
    sets: Iterable[MapSet] | None = None,
    subset: Subset = "common",
    seed: int = 0,
) -> dict[str, Agreement]:
    """Compare the models of a store within each method.

    Args:
        store: where the maps are.
        method_label: compare within this method only.
        steps: what is done to the maps before; the default steps if None.
        sets: which sets of maps to use, such as those of the present study file; all if None.
        subset: which images count, see `Agreement`.
        seed: of the bootstrap.

    Returns:
        Method label to agreement, for the methods with two sets of maps or more. Where the store holds a method of
        one model with several settings, each is a set of its own, called
        ``MODEL (KEY)``.

    Raises:
        UnknownNameError: the store holds no maps with that label.
    """
    chosen = list(store.map_sets() if sets is None else sets)
    labels = list(dict.fromkeys(one.label for one in chosen))
    if method_label is not None and method_label not in labels:
        raise UnknownNameError("method label", method_label, labels)
    wanted = labels if method_label is None else [method_label]
    by_label = {label: [one for one in chosen if one.label == label] for label in wanted}
    return {
        label: _agree_sets(store, same, label, "models", steps, subset, seed)
        for label, same in by_label.items()
        if len(same) > 1 or method_label is not None
    }


def agree_methods(
    store: Store,
    model: str,
    steps: Steps | None = None,
    *,
    sets: Iterable[MapSet] | None = None,
    subset: Subset = "common",
    seed: int = 0,
) -> Agreement:
    """Compare the methods of one model in a store.

    Args:
        store: where the maps are.
        model: the model's label.
        steps: what is done to the maps before; the default steps if None.
        sets: which sets of maps to use; all if None. Those of other models are passed over.
        subset: which images count, see `Agreement`.
        seed: of the bootstrap.

    Returns:
        The agreement; its sets are the methods' labels, or ``LABEL (KEY)`` where a label stands for several.

    Raises:
        StoreError: the store holds nothing of that model.
        InputError: there are no maps of it.
    """
    chosen = [one for one in (store.map_sets(model) if sets is None else sets) if one.model == model]
    if not chosen:
        raise InputError(f"there are no maps of {model!r} to compare")
    return _agree_sets(store, chosen, model, "methods", steps, subset, seed)


def _agree_sets(
    store: Store,
    sets: Sequence[MapSet],
    label: str,
    across: str,
    steps: Steps | None,
    subset: Subset,
    seed: int,
) -> Agreement:
    names = [one.model if across == "models" else one.label for one in sets]
    repeated = {name for name, times in Counter(names).items() if times > 1}
    names = [f"{name} ({one.key})" if name in repeated else name for name, one in zip(names, sets, strict=True)]
    streams = [store.iter_blocks(one.model, one.key) for one in sets]
    blocks = ([maps for _, maps in parts] for parts in zip(*streams, strict=True))
    return agree_blocks(blocks, names, steps, label=label, across=across, subset=subset, seed=seed)


def save(result: Agreement, out_dir: str | Path) -> list[Path]:
    """Write a result as ``OUT/agreement/<label>.json`` (all of it, with its tree) and ``.csv`` (the means).

    Args:
        result: what to write.
        out_dir: the study's folder.

    Returns:
        The files written, each complete or not there at all.
    """
    folder = Path(out_dir) / "agreement"
    folder.mkdir(parents=True, exist_ok=True)
    stem = file_stem(result.label if result.across == "models" else f"{result.across} of {result.label}")
    tree = average_linkage(result.dissimilarity, result.sets)
    content = json.dumps(result.to_dict() | {"tree": tree.to_dict()}, indent=1, allow_nan=False)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["", *result.sets])
    for name, row in zip(result.sets, result.mean.tolist(), strict=True):
        writer.writerow([name, *("" if np.isnan(value) else repr(value) for value in row)])
    return [_write(folder / f"{stem}.json", content), _write(folder / f"{stem}.csv", table.getvalue())]


def file_stem(label: str) -> str:
    """A file name for a label; labels that need changes get a digest, so that no two share a file."""
    plain = re.sub(r"[^\w.-]+", "-", label, flags=re.ASCII).strip("-.") or "agreement"
    return plain if plain == label else f"{plain}-{digest(label, 6)}"


def _write(path: Path, content: str) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
