"""What a unit answers to, made visible: its best images, with the part where it is active outlined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import ImageError, InputError
from ..core.geometry import Preprocess
from ..images import ImageRecord, ImageSet
from .records import NONE, Dissection, UnitLayer

#: how much of the light is left outside of the active region
DIM = 0.35
#: colours of the outline and of its edge, which show on light and on dark pictures
LINE, EDGE = (255, 222, 60), (20, 20, 26)


@dataclass(frozen=True)
class UnitPicture:
    """One of a unit's best images.

    Attributes:
        row: of the image in the dissection.
        picture: RGB, as large as was asked for.
        region: bool ``[h, w]``: where the unit is active, in pixels of `picture`.
    """

    row: int
    picture: Image.Image
    region: NDArray[np.bool_]


def preprocess_of(dissection: Dissection) -> Preprocess | None:
    """How the classifier cut its input out of the pictures; None where the dissection does not say."""
    settings = dissection.facts.get("settings")
    known = settings.get("preprocess") if isinstance(settings, Mapping) else None
    if not isinstance(known, Mapping):
        return None
    values: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in known.items()}
    return Preprocess(**values)


@lru_cache(maxsize=4096)
def box_of(size: tuple[int, int], preprocess: Preprocess | None) -> tuple[float, float, float, float]:
    """The part of an upright picture that a classifier sees: left, top, right, bottom in its pixels.

    Args:
        size: width and height of the picture.
        preprocess: of the classifier; None takes the whole picture.
    """
    if preprocess is None:
        return (0.0, 0.0, float(size[0]), float(size[1]))
    from ..images.transforms import prepare

    # The pixels do not matter for where they are taken from.
    _, box = prepare(Image.new("L", size), preprocess)
    return box.as_tuple()


def upsampled(values: NDArray[Any], box: Sequence[float], size: tuple[int, int], scale: float = 1.0) -> NDArray[Any]:
    """A unit's map at the pixels of a picture, bilinear between the middles of its cells and constant beyond them.

    Args:
        values: ``[rows, columns]``.
        box: the part of the upright picture that they cover, in its pixels.
        size: width and height of the picture that is wanted.
        scale: pixels of the wanted picture to one of the upright one.

    Returns:
        float64 ``[height, width]``; NaN outside of the box.
    """
    left, top, right, bottom = (edge * scale for edge in box)
    rows, columns = values.shape
    y, inside_y = _places(size[1], top, bottom, rows)
    x, inside_x = _places(size[0], left, right, columns)
    y0, x0 = np.floor(y).astype(int), np.floor(x).astype(int)
    y1, x1 = np.minimum(y0 + 1, rows - 1), np.minimum(x0 + 1, columns - 1)
    v, u = (y - y0)[:, None], x - x0
    grid = values.astype(np.float64)
    above = grid[np.ix_(y0, x0)] * (1 - u) + grid[np.ix_(y0, x1)] * u
    below = grid[np.ix_(y1, x0)] * (1 - u) + grid[np.ix_(y1, x1)] * u
    found = above * (1 - v) + below * v
    found[~inside_y], found[:, ~inside_x] = np.nan, np.nan
    return found


def _places(length: int, low: float, high: float, cells: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Where the middles of pixels lie between the middles of cells, from 0; and which of them lie in the box."""
    if not high > low:
        raise InputError(f"a box from {low} to {high} holds nothing")
    share = (np.arange(length) + 0.5 - low) / (high - low)
    return np.clip(share * cells - 0.5, 0, cells - 1), (share >= 0) & (share <= 1)


def active_region(
    values: NDArray[Any], threshold: float, box: Sequence[float], size: tuple[int, int], scale: float = 1.0
) -> NDArray[np.bool_]:
    """Where a unit is above its threshold in a picture.

    Args:
        values: the unit's map ``[rows, columns]``.
        threshold: of the unit.
        box: what the map covers, in pixels of the upright picture.
        size: width and height of the picture that is wanted.
        scale: pixels of the wanted picture to one of the upright one.

    Returns:
        bool ``[height, width]``.

    Source: Bau et al. 2017, arXiv:1704.05796, section 2.3: bilinear upsampling, then the threshold. Deviation: the
        region lies in the picture rather than in the network's input, so that its place under each crop is right.
    """
    with np.errstate(invalid="ignore"):
        found: NDArray[np.bool_] = upsampled(values, box, size, scale) > threshold
    return found


def outlined(picture: Image.Image, region: NDArray[np.bool_], *, thick: int = 1) -> Image.Image:
    """A picture that is dimmed outside of a region, with a line around it.

    Args:
        picture: RGB.
        region: bool ``[h, w]``, of the picture's size.
        thick: pixels of the line; a dark edge as wide is added outside.

    Raises:
        InputError: the sizes differ.
    """
    if region.shape != picture.size[::-1]:
        raise InputError(f"a region of {list(region.shape)} does not fit a picture of {list(picture.size[::-1])}")
    pixels = np.asarray(picture.convert("RGB")).astype(np.float64)
    pixels[~region] *= DIM
    line = _grown(region, thick) & ~region
    edge = _grown(region, 2 * thick) & ~region & ~line
    pixels[edge], pixels[line] = EDGE, LINE
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def _grown(region: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """A region with all pixels that are `by` steps away at most, up, down or aside."""
    for _ in range(by):
        grown = region.copy()
        grown[1:] |= region[:-1]
        grown[:-1] |= region[1:]
        grown[:, 1:] |= region[:, :-1]
        grown[:, :-1] |= region[:, 1:]
        region = grown
    return region


def records_of(dissection: Dissection, images: ImageSet | None = None) -> tuple[dict[str, ImageRecord], str]:
    """The images of a dissection by identity, as far as they are still where they were; and why not, in words.

    Args:
        dissection: says in ``facts["images"]`` what it was made of: ``source``, ``path`` (where that is, from
            anywhere), ``limit``, ``sample`` and ``seed``; or in ``facts["source"]`` at least the source.
        images: the pictures, where they are known. Those of stored features are found by their names.
    """
    if images is not None:
        return _by_identity(images), ""
    from ..images import open_images

    facts = dissection.facts.get("images")
    asked: dict[str, Any] = dict(facts) if isinstance(facts, Mapping) else {"source": dissection.facts.get("source")}
    if not asked.get("source"):
        return {}, "the dissection does not say where they are"
    try:
        found = open_images(
            str(asked.get("path") or asked["source"]),
            limit=asked.get("limit"),
            sample=asked.get("sample", "random"),
            seed=asked.get("seed", 0),
        )
    except InputError as error:
        return {}, str(error)
    return _by_identity(found), ""


def _by_identity(images: ImageSet) -> dict[str, ImageRecord]:
    """And by name, which is the identity of images behind stored features."""
    return {record.name: record for record in images} | {record.identity: record for record in images}


def unit_pictures(
    dissection: Dissection,
    layer: UnitLayer,
    unit: int,
    records: Mapping[str, ImageRecord],
    *,
    most: int = 10,
    side: int = 224,
) -> list[UnitPicture]:
    """A unit's best images with its active regions.

    Args:
        dissection: the layer's.
        layer: one of its layers.
        unit: from 0.
        records: of the images, by identity; see `records_of`. Images that are not there are left out.
        most: images at most.
        side: pixels of the longer side of each picture at most.

    Raises:
        InputError: the layer has no such unit.
    """
    if not 0 <= unit < layer.units:
        raise InputError(f"{layer.name} has units 0 to {layer.units - 1}, not {unit}")
    preprocess = preprocess_of(dissection)
    found: list[UnitPicture] = []
    for place, row in enumerate(layer.top_images[unit, :most].tolist()):
        record = records.get(dissection.identities[row]) if row != NONE else None
        if record is None:
            continue
        try:
            picture = record.load()
        except ImageError:
            continue
        box = box_of(picture.size, preprocess)
        scale = min(1.0, side / max(picture.size))
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        region = active_region(layer.top_maps[unit, place], float(layer.thresholds[unit]), box, size, scale)
        found.append(UnitPicture(row, picture.resize(size, Image.Resampling.LANCZOS), region))
    return found
