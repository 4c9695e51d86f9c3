"""How the regions of units and the places of concepts overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.progress import Progress, Silent
from ...store import ImageEntry
from ..regions import Regions
from .concept_masks import ConceptMasks
from .laid import TILES, Laid
from .upsample import spans_above


@dataclass
class Overlap:
    """Pixels that a layer's regions and the concepts share, over all images that are annotated.

    Attributes:
        both: float64 ``[units, concepts]``: pixels of unit and concept.
        units: float64 ``[units, groups]``: pixels of the unit in images that are annotated in a group's categories.
        concepts: float64 ``[concepts]``: pixels of the concept.
        pixels: float64 ``[groups]``: pixels of the images that are annotated in a group's categories.
        groups: int64 ``[concepts]``: the group of each concept's category.
        annotated: for each group, rows of the images that are annotated.
        pieces: for each image that counts for chance, ``(row, units, tiles, shares)``: the shares of the picture that
            are in both the unit's region and a tile of `PIECES` by `PIECES`.
        places: likewise ``(row, concepts, tiles, shares, areas)``: the share of a tile's pixels that a concept covers,
            and of the picture's pixels what it covers of that tile.
        failures: why the labels of images could not be read, by row.
        looked: rows of the images that were compared.
    """

    both: NDArray[np.float64]
    units: NDArray[np.float64]
    concepts: NDArray[np.float64]
    pixels: NDArray[np.float64]
    groups: NDArray[np.int64]
    annotated: list[list[int]]
    pieces: list[tuple[int, NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]] = field(default_factory=list)
    places: list[tuple[int, NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]] = field(
        default_factory=list
    )
    failures: dict[int, str] = field(default_factory=dict)
    looked: list[int] = field(default_factory=list)

    def iou(self) -> NDArray[np.float64]:
        """Intersection over union, float64 ``[units, concepts]``; 0 where both are empty.

        Source:
            Bau et al., Network Dissection, 2017, equation 1: the sums of intersections and of unions over all images
            that are annotated in the concept's category.
        """
        union = self.units[:, self.groups] + self.concepts - self.both
        return np.divide(self.both, union, out=np.zeros_like(self.both), where=union > 0)


def overlaps(
    regions: Sequence[Regions],
    images: Sequence[ImageEntry],
    masks: ConceptMasks,
    *,
    chance: frozenset[int] = frozenset(),
    progress: Progress | None = None,
) -> list[Overlap]:
    """Compare layers' regions with the places of concepts; each image's labels are read once for all layers.

    Args:
        regions: of the layers, all of the same images.
        images: in the order of the rows.
        masks: where concepts are.
        chance: rows of the images of which pieces are kept, to see what chance gives.
        progress: told of images.

    Raises:
        InputError: no image is annotated.
    """
    listener = progress or Silent()
    names = tuple(dict.fromkeys(masks.categories))
    groups = np.array([names.index(one) for one in masks.categories], np.int64)
    found = [
        Overlap(
            np.zeros((one.units, len(groups))),
            np.zeros((one.units, len(names))),
            np.zeros(len(groups)),
            np.zeros(len(names)),
            groups,
            [[] for _ in names],
        )
        for one in regions
    ]
    streams = [_Stream(one) for one in regions]
    listener.start(len(images), "masks")
    try:
        for row, image in enumerate(images):
            listener.advance(1, masks.name)
            maps = [stream.at(row) for stream in streams]
            size = regions[0].sizes[row]
            if size[0] < 0:
                continue
            try:
                labels = masks.labels(image, (int(size[0]), int(size[1])))
            except InputError as error:
                for one in found:
                    one.failures[row] = str(error)
                continue
            if labels is None:
                continue
            laid = Laid.of(labels, names)
            for one, layer, there in zip(found, regions, maps, strict=True):
                _compare(one, layer, row, laid, there, row in chance)
    finally:
        listener.finish()
    if not any(one.looked for one in found):
        why = f": {next(iter(found[0].failures.values()))}" if found and found[0].failures else ""
        raise InputError(f"no image has labels that can be used ({masks.name}){why}")
    return found


class _Stream:
    """The maps of a layer, image by image."""

    def __init__(self, regions: Regions) -> None:
        self._images = regions.images()
        self._next = next(self._images, None)

    def at(self, row: int) -> tuple[NDArray[np.intp], NDArray[np.float32]] | None:
        """Units and maps of a row; rows are asked for in ascending order."""
        if self._next is None or self._next[0] != row:
            return None
        _, units, maps = self._next
        self._next = next(self._images, None)
        return units, maps


def _compare(
    found: Overlap,
    regions: Regions,
    row: int,
    laid: Laid,
    there: tuple[NDArray[np.intp], NDArray[np.float32]] | None,
    keep: bool,
) -> None:
    """Add one image to a layer's overlap."""
    cut = laid.cut(regions.grid, regions.boxes[row].tolist(), regions.sizes[row].tolist())
    if cut is None or not len(laid.groups):
        return
    found.looked.append(row)
    for group in laid.groups.tolist():
        found.annotated[group].append(row)
    found.pixels[laid.groups] += cut.pixels
    found.concepts[laid.numbers] += cut.counts.sum(axis=1)
    found.concepts[laid.whole] += cut.pixels
    if keep:
        found.places.append((row, *cut.places()))
    if there is None:
        return
    units, maps = there
    both, area = np.zeros((len(units), len(laid.numbers))), np.zeros((len(units), TILES))
    for spans in spans_above(maps, regions.thresholds[units], cut.down, cut.across):
        both += laid.inside(spans, len(units))
        area += np.bincount(spans.unit * TILES + spans.tile, spans.stop - spans.start, area.size).reshape(area.shape)
    whole = area.sum(axis=1)
    found.units[units[:, None], laid.groups] += whole[:, None]
    found.both[units[:, None], laid.numbers] += both
    found.both[units[:, None], laid.whole] += whole[:, None]
    if keep:
        at, tiles = np.nonzero(area)
        found.pieces.append((row, units[at], tiles, (area[at, tiles] / cut.pixels).astype(np.float32)))
