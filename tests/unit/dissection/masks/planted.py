"""Layers made of arrays, and labels in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from crosslight.dissection import Dissection
from crosslight.dissection.masks import ImageLabels
from crosslight.dissection.quantile import SHARE, rank_of
from crosslight.dissection.regions import Regions, kept_cells
from crosslight.dissection.units import LayerFacts, UnitRecorder, finish_layer
from crosslight.store import ImageEntry


@dataclass(frozen=True)
class Arrays:
    """Labels by the image's name."""

    concepts: tuple[str, ...]
    categories: tuple[str, ...]
    by_name: Mapping[str, ImageLabels]
    name: str = "arrays"

    def labels(self, image: ImageEntry, size: tuple[int, int]) -> ImageLabels | None:
        return self.by_name.get(image.name)


def planted(
    maps: NDArray[np.float32],
    sizes: NDArray[np.int32],
    boxes: NDArray[np.float64] | None = None,
    names: tuple[str, ...] | None = None,
    identities: tuple[str, ...] | None = None,
    share: float = SHARE,
    block: int = 7,
    own: NDArray[np.float64] | None = None,
) -> tuple[Dissection, Regions]:
    """A layer ``planted`` whose maps are given, ``[images, units, rows, columns]``, as if a network had made them.

    With ``own``, a share of each unit, at most `share`, its threshold is the quantile of that share.
    """
    images, units, *grid = maps.shape
    facts = LayerFacts("planted", 1.0, (grid[0], grid[1]), units)
    recorder, blocks = UnitRecorder(facts, images, share), []
    for start in range(0, images, block):
        part = torch.from_numpy(maps[start : start + block])
        recorder.add(part, part.mean((2, 3)), list(range(start, start + len(part))))
        blocks.append(recorder.block(start, start + len(part)))
    thresholds = recorder.thresholds(images)
    if own is not None:
        cells = np.sort(maps.swapaxes(0, 1).reshape(units, -1), axis=1)
        at = cells.shape[1] - np.array([rank_of(cells.shape[1], float(one)) for one in own])
        thresholds = np.maximum(thresholds, cells[np.arange(units), at])
    if boxes is None:
        boxes = np.array([[0, 0, width, height] for height, width in sizes], np.float64)
    parts = tuple(kept_cells(one.cells, facts.grid, thresholds) for one in blocks)
    names = names or tuple(f"image-{row}" for row in range(images))
    layer = finish_layer(facts, blocks, thresholds)
    dissection = Dissection("made", names, identities or names, (layer,), (), {}, {})
    return dissection, Regions("planted", facts.grid, thresholds, boxes, sizes, parts)
