"""What is kept of one layer's activations while they pass, so that nothing has to be computed twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .quantile import SHARE, TopValues, rank_of
from .records import NONE, TOP, UnitLayer
from .regions import Cells

if TYPE_CHECKING:
    from torch import Tensor

#: pooled activations that differ by less than this, relative to the largest, are the same
SAME = 1e-6
_LARGEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class LayerFacts:
    """What is known of a layer before any image is read.

    Attributes:
        name: of the site.
        depth: of the site.
        grid: rows and columns of its maps.
        units: how many there are.
    """

    name: str
    depth: float
    grid: tuple[int, int]
    units: int

    @property
    def cells(self) -> int:
        """Of a map."""
        return self.grid[0] * self.grid[1]


@dataclass(frozen=True)
class UnitBlock:
    """What is kept of a few consecutive images.

    Attributes:
        pooled: float32 ``[images, units]``; NaN for images that could not be read.
        cells: everything above `bounds`, and its neighbours.
        bounds: float32 ``[units]``: lower bounds of the thresholds; all cells above them are among `cells`.
        top_units: int32 ``[n]``: units that an image was among the best of, at the time.
        top_images: int32 ``[n]``: the rows of those images.
        top_maps: float16 ``[n, rows, columns]``: the units' maps on them.
    """

    pooled: NDArray[np.float32]
    cells: Cells
    bounds: NDArray[np.float32]
    top_units: NDArray[np.int32]
    top_images: NDArray[np.int32]
    top_maps: NDArray[np.float16]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it by name."""
        kept = {name: getattr(self, name) for name in ("pooled", "bounds", "top_units", "top_images", "top_maps")}
        return kept | {"starts": self.cells.starts, "index": self.cells.index, "values": self.cells.values}

    @classmethod
    def of(cls, first: int, arrays: dict[str, NDArray[Any]]) -> UnitBlock:
        """What `arrays` gave, of the images from row `first` on."""
        found = dict(arrays)
        return cls(cells=Cells(first, *(found.pop(name) for name in ("starts", "index", "values"))), **found)


class UnitRecorder:
    """Takes the activations of one layer in, image by image in their order, and gives them back in blocks.

    Args:
        facts: of the layer.
        images: how many there will be at most.
        share: of all cells that lie above a unit's threshold.
    """

    def __init__(self, facts: LayerFacts, images: int, share: float = SHARE) -> None:
        self.facts, self.share = facts, share
        self._top = TopValues(facts.units, rank_of(images * facts.cells, share))
        self._floor = np.full(facts.units, -np.inf, np.float32)
        self._best = np.full((facts.units, TOP), -np.inf, np.float32)
        self._rows: list[NDArray[np.intp]] = []
        self._pooled: list[NDArray[np.float32]] = []
        self._cells: list[tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[np.float32]]] = []
        self._tops: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float16]]] = []

    @property
    def bounds(self) -> NDArray[np.float32]:
        """Lower bounds of the thresholds, float32 ``[units]``; -inf where nothing is known yet."""
        return np.maximum(self._top.bounds, self._floor)

    def add(self, features: Tensor, pooled: Tensor, rows: Sequence[int]) -> None:
        """Take a batch in.

        Args:
            features: float32 ``[b, units, rows, columns]``, finite, on any device.
            pooled: float32 ``[b, units]``.
            rows: of the images, ascending, after all that came before.
        """
        import torch

        values = features.contiguous()
        batch, units = values.shape[:2]
        bounds = torch.from_numpy(self.bounds).to(values.device)
        if bool(torch.isinf(bounds).all()):
            self._top.add_rows(values.transpose(0, 1).reshape(units, -1).cpu().numpy())
        else:
            at = (values > bounds[:, None, None]).flatten().nonzero().squeeze(1)
            unit = torch.div(at, self.facts.cells, rounding_mode="floor") % units
            self._top.add(unit.cpu().numpy(), values.flatten()[at].cpu().numpy())
        bounds = torch.from_numpy(self.bounds).to(values.device)
        at = near_in(values > bounds[:, None, None]).flatten().nonzero().squeeze(1)
        inside, image = at % (units * self.facts.cells), torch.div(at, units * self.facts.cells, rounding_mode="floor")
        counts = np.bincount(image.cpu().numpy(), minlength=batch).astype(np.int64)
        self._cells.append((counts, inside.cpu().numpy().astype(np.uint32), values.flatten()[at].cpu().numpy()))
        self._rows.append(np.asarray(rows, np.intp))
        self._pooled.append(pooled.cpu().numpy())
        self._add_best(values, self._pooled[-1], np.asarray(rows, np.int32))

    def block(self, first: int, stop: int) -> UnitBlock:
        """What was taken in of the images from row `first` up to `stop`; the next block begins."""
        units, (height, width) = self.facts.units, self.facts.grid
        rows = np.concatenate(self._rows) if self._rows else np.empty(0, np.intp)
        pooled = np.full((stop - first, units), np.nan, np.float32)
        counts = np.zeros(stop - first, np.int64)
        index, values = np.empty(0, np.uint32), np.empty(0, np.float32)
        if len(rows):
            pooled[rows - first] = np.concatenate(self._pooled)
            counts[rows - first] = np.concatenate([one[0] for one in self._cells])
            index, values = (np.concatenate([one[part] for one in self._cells]) for part in (1, 2))
        tops = [np.concatenate(part) for part in zip(*self._tops, strict=True)] or [
            np.empty(0, np.int32),
            np.empty(0, np.int32),
            np.empty((0, height, width), np.float16),
        ]
        self._rows, self._pooled, self._cells, self._tops = [], [], [], []
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return UnitBlock(pooled, Cells(first, starts, index, values), self.bounds, *tops)

    def replay(self, block: UnitBlock) -> None:
        """Take a block in that an earlier run has written."""
        units = (block.cells.index // np.uint32(self.facts.cells)).astype(np.int64)
        self._top.add(units, block.cells.values)
        self._floor = np.maximum(self._floor, block.bounds)
        read = block.pooled[~np.isnan(block.pooled).any(axis=1)]
        self._best = _best_of(np.concatenate([self._best, read.T], axis=1))

    def thresholds(self, images: int) -> NDArray[np.float32]:
        """The exact quantile of each unit.

        All cells above the highest bound were kept, so it is the value of that rank among them, or the bound itself.

        Args:
            images: how many were taken in, in this run and in those replayed.
        """
        return np.maximum(self._top.greatest(rank_of(images * self.facts.cells, self.share)), self._floor)

    def _add_best(self, features: Tensor, pooled: NDArray[np.float32], rows: NDArray[np.int32]) -> None:
        image, unit = np.nonzero(pooled > self._best[:, -1])
        before = self._best
        self._best = _best_of(np.concatenate([before, pooled.T], axis=1))
        enough = pooled[image, unit] >= self._best[unit, -1]
        image, unit = image[enough], unit[enough]
        import torch

        where = (torch.from_numpy(image).to(features.device), torch.from_numpy(unit).to(features.device))
        maps = features[where].clamp(-_LARGEST, _LARGEST).half().cpu().numpy()
        self._tops.append((unit.astype(np.int32), rows[image], maps))


def near_in(above: Tensor) -> Tensor:
    """As `regions.near`, of a tensor on any device."""
    wide = above.clone()
    wide[..., 1:, :] |= above[..., :-1, :]
    wide[..., :-1, :] |= above[..., 1:, :]
    full = wide.clone()
    full[..., 1:] |= wide[..., :-1]
    full[..., :-1] |= wide[..., 1:]
    return full


def finish_layer(facts: LayerFacts, blocks: Sequence[UnitBlock], thresholds: NDArray[np.float32]) -> UnitLayer:
    """A layer's record from its blocks.

    Args:
        facts: of the layer.
        blocks: of all images, in their order; only pooled activations and top maps are read.
        thresholds: the exact quantiles.
    """
    pooled = np.concatenate([block.pooled for block in blocks])
    read = ~np.isnan(pooled).any(axis=1)
    spread = np.ptp(pooled[read], axis=0) if read.any() else np.zeros(facts.units)
    size = np.abs(pooled[read]).max(axis=0, initial=0)
    top = _top_images(pooled)
    maps = np.zeros((facts.units, TOP, *facts.grid), np.float16)
    for block in blocks:
        places = top[block.top_units] == block.top_images[:, None]
        entry, place = np.nonzero(places)
        maps[block.top_units[entry], place] = block.top_maps[entry]
    return UnitLayer(facts.name, facts.depth, facts.grid, pooled, thresholds, top, maps, dead=spread <= SAME * size)


def _top_images(pooled: NDArray[np.float32]) -> NDArray[np.int32]:
    """Rows of each unit's best images, of equal ones the first; those that could not be read are none."""
    order = np.argsort(np.where(np.isnan(pooled), np.inf, -pooled), axis=0, kind="stable")[:TOP].T
    there = ~np.isnan(np.take_along_axis(pooled, order.T, axis=0)).T
    top = np.full((pooled.shape[1], TOP), NONE, np.int32)
    top[:, : order.shape[1]] = np.where(there, order, NONE)
    return top


def _best_of(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The greatest of each row, best first."""
    return -np.sort(-values, axis=1)[:, :TOP]
