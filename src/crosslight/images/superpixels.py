"""Superpixels: made once of each picture, and seen through every classifier's own crop.

Pictures are cut up rather than inputs, so that classifiers which see different crops of a picture are asked about
the same parts of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..core.errors import InputError
from ..core.geometry import Box
from .label_cache import LabelCache
from .segmenters import TIES, SegmentSettings, segment, settings_read
from .transforms import prepare, to_picture

if TYPE_CHECKING:
    from .batch import Batch

#: Pictures with more pixels are cut up at about so many (418 x 313 of a 4:3 picture, a little more than most
#: classifiers see), because time grows with pixels and settings such as `min_size` are in pixels.
SEGMENTED_PIXELS = 2**17

CACHE = LabelCache(256 * 2**20)


@dataclass(frozen=True)
class Superpixels:
    """The parts that a picture is cut into.

    Attributes:
        labels: int32 ``[h, w]``, read-only: the superpixel of each pixel at the resolution at which the picture
            was cut up, numbered from 0 in the order in which they first appear, row by row.
        count: how many there are: 1 where the algorithm finds no parts.
        box: the part of the picture that `labels` covers: all of it, unless an input was cut up.
    """

    labels: NDArray[np.int32]
    count: int
    box: Box


def superpixels(picture: Image.Image, settings: SegmentSettings, seed: int = TIES) -> Superpixels:
    """Cut a picture into superpixels. The same picture and settings always give the same.

    How many there are is the algorithm's own affair. SLIC merges parts that are small or torn: where 50 are wanted,
    it makes some 40 to 50 of a photograph, and may make a single one of pure noise; where there are hardly more
    pixels than that, it makes more. A grid has as many as `grid_shape` says. Superpixels are connected, those of
    Felzenszwalb across corners too; those of Quickshift need not be.

    Args:
        picture: of any size and mode. Beyond 131,072 pixels it is cut up at about that many, area-averaged.
        settings: the algorithm and its settings.
        seed: breaks ties of quickshift.

    Raises:
        ImageError: there are fewer pixels than superpixels wanted.
    """
    whole = Box(0, 0, picture.width, picture.height)
    return _cut(_bounded(picture.convert("RGB")), whole, settings, seed)


def through_crop(found: Superpixels, box: Box, size: tuple[int, int]) -> NDArray[np.int32]:
    """The superpixel under the centre of each pixel of a classifier's input.

    Args:
        found: superpixels of a picture.
        box: what the input covers, in pixels of the picture.
        size: height and width of the input.

    Returns:
        int32 ``[h, w]``; -1 where the input shows nothing of the picture, or nothing that was cut up.
    """
    rows = _cells(box.top, box.bottom, size[0], found.box.top, found.box.bottom, found.labels.shape[0])
    columns = _cells(box.left, box.right, size[1], found.box.left, found.box.right, found.labels.shape[1])
    labels = found.labels[np.ix_(rows, columns)]
    labels[rows < 0] = -1
    labels[:, columns < 0] = -1
    return labels


def superpixels_of(batch: Batch, row: int, settings: SegmentSettings) -> Superpixels:
    """The superpixels of an image of a batch: made now, or remembered from another method, batch or classifier.

    With ``segment_input`` they are those of what the classifier sees of the picture, in their numbering and at
    its resolution. The inputs themselves are not looked at: perturbed inputs keep the superpixels of the originals.

    Args:
        batch: with its pictures.
        row: which image.
        settings: the algorithm and its settings; others that a subclass adds play no part.

    Raises:
        InputError: the batch has no pictures.
        ImageError: there are fewer pixels than superpixels wanted.
    """
    if batch.pictures is None:
        raise InputError(
            "superpixels are made of pictures, and these inputs came without theirs: use make_batch, or give the"
            " Batch its pictures"
        )
    picture = batch.pictures[row]
    key: list[Any] = [_fingerprint(picture), settings.segmentation, *settings_read(settings).values()]
    if not settings.segment_input:
        return CACHE.get(tuple(key), lambda: superpixels(picture, settings))
    preprocess = batch.preprocess
    if preprocess is None:
        raise InputError("segment_input needs to know the preprocessing: use make_batch, or give the Batch its own")

    def cut_input() -> Superpixels:
        inputs, box = prepare(picture, preprocess)
        return _cut(to_picture(inputs, preprocess).convert("RGB"), box, settings, TIES)

    return CACHE.get((*key, preprocess), cut_input)


def segments_of(batch: Batch, row: int, settings: SegmentSettings) -> NDArray[np.int32]:
    """The superpixel of each pixel of an input.

    Args:
        batch: as for `superpixels_of`.
        row: which image.
        settings: the algorithm and its settings.

    Returns:
        int32 ``[h, w]`` as `through_crop` gives it. Superpixels outside the crop, and tiny ones, may not occur in it.
    """
    height, width = batch.inputs.shape[-2:]
    return through_crop(superpixels_of(batch, row, settings), batch.boxes[row], (height, width))


def _cut(picture: Image.Image, box: Box, settings: SegmentSettings, seed: int) -> Superpixels:
    labels, count = numbered(segment(np.asarray(picture), settings, seed))
    labels.flags.writeable = False
    return Superpixels(labels, count, box)


def numbered(labels: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int32], int]:
    """Labels numbered from 0 in the order in which they first appear, row by row; and how many there are.

    Args:
        labels: ``[h, w]``, not negative.
    """
    flat = labels.ravel()
    first = np.full(int(flat.max()) + 1, flat.size)
    first[flat[::-1]] = np.arange(flat.size)[::-1]  # of several values for one label the last stays: the first place
    order = np.argsort(first, kind="stable")
    count = int((first < flat.size).sum())
    number = np.empty(len(first), np.int32)
    number[order] = np.arange(len(first))
    return number[labels], count


def _bounded(picture: Image.Image) -> Image.Image:
    """The picture, or its area average at about as many pixels as are ever cut up."""
    pixels = picture.width * picture.height
    if pixels <= SEGMENTED_PIXELS:
        return picture
    shrink = sqrt(SEGMENTED_PIXELS / pixels)
    size = (max(round(picture.width * shrink), 1), max(round(picture.height * shrink), 1))
    return picture.resize(size, Image.Resampling.BOX)


def _cells(start: float, stop: float, count: int, first: float, last: float, cells: int) -> NDArray[np.int64]:
    """Along one axis, the cell that holds the centre of each pixel; -1 beyond them.

    Args:
        start: where the pixels begin.
        stop: where they end.
        count: how many pixels.
        first: where the cells begin.
        last: where they end.
        cells: how many cells.
    """
    centres = start + (np.arange(count) + 0.5) * ((stop - start) / count)
    at = np.floor((centres - first) / ((last - first) / cells))
    return np.where((centres >= first) & (centres < last), np.clip(at, 0, cells - 1), -1).astype(np.int64)


def _fingerprint(picture: Image.Image) -> bytes:
    """What a picture is known by: its pixels, since identities given by hand may repeat from batch to batch."""
    known = hashlib.sha256(f"{picture.mode} {picture.width} {picture.height} ".encode())
    known.update(picture.tobytes())
    return known.digest()
