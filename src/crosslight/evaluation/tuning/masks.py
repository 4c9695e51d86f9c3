"""Masks of images that no study has stored yet."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...core.errors import InputError, suggestion
from ...store import ImageEntry
from ..localisation import PictureMask
from ..mask_files import read_boxes, read_folder
from ..masks import HOW, WHAT, ArrayMasks, Given, MaskSource, SceneMasks, check_masks
from .cases import Unit


def masks_of(units: Sequence[Unit], source: str, given: Given = None) -> dict[str, PictureMask]:
    """The masks of images, by identity; images without one, or with an empty one, are not among them.

    Args:
        units: the images.
        source: where they are from, as a study names it.
        given: as for `crosslight.evaluation.masks.open_masks`.

    Raises:
        InputError: there are none, or some do not fit their pictures.
    """
    entries = [ImageEntry(unit[0].identity, unit[0].name) for unit in units]
    sizes = np.array([unit[0].size for unit in units])
    masks = _source(entries, source, given)
    check_masks(masks, entries, sizes)
    found = {}
    for entry, (height, width) in zip(entries, sizes.tolist(), strict=True):
        if masks.has(entry) and (inside := masks.read(entry, (height, width))).any():
            found[entry.identity] = PictureMask(inside)
    if not found:
        raise InputError(f"no mask has a pixel inside ({masks.name})")
    return found


def _source(entries: Sequence[ImageEntry], source: str, given: Given) -> MaskSource:
    if isinstance(given, Mapping):
        return ArrayMasks(given)
    if given is not None and not isinstance(given, str | os.PathLike):
        return given
    path = None if given is None else Path(given).expanduser()
    if path is not None and path.is_dir():
        return read_folder(path, entries)
    if path is not None and path.is_file():
        return read_boxes(path, entries)
    what = next((one for one in WHAT if str(given or WHAT[0]) == one), None)
    if what is None:
        near = suggestion(str(given), WHAT)
        raise InputError(f"{given}: no such file or folder{near if near.startswith('; did') else ''}; {HOW}")
    parts = source.split(":")
    if parts[0] != "scenes":
        raise InputError(f"{source} does not say where the evidence in its images is: {HOW}")
    return SceneMasks(parts[2] if len(parts) == 3 else "clean", what, source)
