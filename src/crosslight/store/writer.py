"""Writing one block: all its shards to disk, then the done-markers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..core.seeds import digest
from .codec import encode_block
from .durable import make_folder, remove_file, write_files
from .layout import ArraySpec, plain
from .markers import Stamp, encode_marker
from .records import Failure, MapBlock, PredictionBlock


@dataclass(frozen=True)
class Target:
    """Where one group's part of a block goes.

    Attributes:
        group: folder of the group's arrays.
        marker: path of the block's marker.
        arrays: the group's arrays.
        stamp: what the block is made from.
        model: the model's label.
        key: the set of maps, or None for predictions.
        label: the method's label, or None for predictions.
    """

    group: Path
    marker: Path
    arrays: tuple[ArraySpec, ...]
    stamp: Stamp
    model: str
    key: str | None = None
    label: str | None = None


#: a group's target, and its rows of the block by array name
Part = tuple[Target, Mapping[str, ArrayLike]]


def prediction_rows(block: PredictionBlock) -> dict[str, ArrayLike]:
    """The block's rows by array name."""
    return {"logits": block.logits, "size": block.sizes, "status": block.status}


def map_rows(block: MapBlock, diagnostics: Sequence[str]) -> dict[str, ArrayLike]:
    """The block's rows by array name.

    Raises:
        ValueError: a diagnostic that the set of maps was not created with.
    """
    unknown = sorted(set(block.diagnostics) - set(diagnostics))
    if unknown:
        raise ValueError(f"diagnostics {unknown} are not among {list(diagnostics)}: name them in add_maps")
    rows: dict[str, ArrayLike] = {
        "maps": block.values,
        "box": block.boxes,
        "target": block.targets,
        "status": block.status,
    }
    absent = np.full(len(block.values), np.nan)
    return rows | {name: block.diagnostics.get(name, absent) for name in diagnostics}


def write_block(
    parts: Sequence[Part],
    block: int,
    images: int,
    failures: Sequence[Failure],
    notes: Mapping[str, Any],
    partial: Path,
) -> None:
    """Write one block of several groups.

    Nothing is touched unless everything fits. Markers of an earlier computation go first, so that none ever
    vouches for shards of two computations.

    Args:
        parts: each group's target, and its rows by array name.
        block: index of the block.
        images: images in this block.
        failures: what failed in this block.
        notes: anything about the computation.
        partial: folder for temporary files.

    Raises:
        ValueError: rows that do not fit.
        StoreError: the disk is full, or the like.
    """
    if not parts:
        raise ValueError("nothing to write: give predictions or maps")
    shards: dict[Path, bytes] = {}
    markers: dict[Path, bytes] = {}
    notes = plain(notes)
    task = digest([parts[0][0].model, block, [target.key for target, _ in parts], notes])
    targets = [target for target, _ in parts]
    for target, rows in parts:
        lengths = {}
        for spec in target.arrays:
            count = len(np.asarray(rows[spec.name]))
            if count != images:
                raise ValueError(
                    f"{target.model} / {target.label or 'predictions'}: {spec.name} has {count} rows, "
                    f"block {block} has {images} images"
                )
            name = spec.file(block)
            content = shards[target.group / name] = encode_block(spec, rows[spec.name])
            lengths[name] = len(content)
        group = {
            "model": target.model,
            "key": target.key,
            "label": target.label,
            "block": block,
            "task": task,
        }
        mine = [failure for failure in failures if target in _keepers(failure, targets)]
        markers[target.marker] = encode_marker(target.stamp, group, lengths, mine, notes)

    for path in markers:
        make_folder(path.parent)
        remove_file(path)
    make_folder(partial)
    write_files(shards, partial)
    write_files(markers, partial)


def _keepers(failure: Failure, targets: Sequence[Target]) -> list[Target]:
    """Whose markers keep a failure: its method's, else the predictions', else all."""
    named = [t for t in targets if t.label is not None and failure.stage == f"method:{t.label}"]
    return named or [t for t in targets if t.key is None] or list(targets)
