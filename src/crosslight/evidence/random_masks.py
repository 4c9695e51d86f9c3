"""Outcomes of showing an image through random masks."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import torch
from pydantic import Field
from torch import Tensor

from ..core.geometry import Box
from ..core.seeds import seed_for
from .base import Evidence, EvidenceSettings
from .fills import make_fill
from .frames import frame, pixel_edges
from .masking import WholeFill, blend
from .outcomes import Outcomes
from .targets import Targets

if TYPE_CHECKING:
    from ..core.targets import TargetPolicy
    from ..models.classifier import Classifier
    from .gathering import Gathering

#: masks whose random numbers are drawn together
BLOCK = 256
#: values of masks that are held at once where they are summed
HELD = 1 << 20
MOST = 1 << 16


class RandomMaskSettings(EvidenceSettings):
    """The masks."""

    masks: int = Field(1000, ge=2, le=MOST, description="number of masks; published: 4000 to 8000")
    cells: int = Field(7, ge=1, le=64, description="cells of a mask along the picture's shorter side")
    share: float = Field(0.5, gt=0, lt=1, description="probability that a cell is shown")
    fill: WholeFill = Field(
        "zero",
        description="what is seen where the image is hidden: zero (published: 0 after normalising), mean, black, "
        "white, grey, blur, blur:SHARE or #rrggbb",
    )


@dataclass(frozen=True)
class RandomMasks:
    """The masks of one image, made when they are needed.

    Attributes:
        grids: bool ``[n, r, c]``: which cells each mask shows.
        shifts: float ``[n, 2]`` in [0, 1): how far it is shifted along y and x, in cells.
        rows: float ``[h]``: centres of the input's rows of pixels, in cells from the picture's upper edge.
        columns: float ``[w]``: the same along x, from its left edge.
        cells: cells along the picture's shorter side.
    """

    grids: Tensor
    shifts: Tensor
    rows: Tensor
    columns: Tensor
    cells: int

    def __len__(self) -> int:
        return len(self.grids)

    def to(self, like: Tensor) -> RandomMasks:
        """The same masks, made on the device and in the type of a tensor."""
        return RandomMasks(
            self.grids.to(like.device),
            self.shifts.to(like),
            self.rows.to(like),
            self.columns.to(like),
            self.cells,
        )

    def make(self, which: range) -> Tensor:
        """Some of the masks, float ``[n, h, w]`` in [0, 1].

        Source: section 3.2. A grid of s x s is resized bilinearly to s + 1 cells a side, and cut to s cells at a random
            place. Deviations: the place is not rounded to pixels; where the picture is not square, the longer side has
            more cells.
        """
        part = slice(which.start, which.stop)
        grids = self.grids[part].to(self.rows.dtype)
        down = self._weights(self.rows, self.shifts[part, 0], grids.shape[1])
        across = self._weights(self.columns, self.shifts[part, 1], grids.shape[2])
        return down @ grids @ across.transpose(1, 2)

    def sums(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted sums of the masks, and of their squares.

        Args:
            first: float64 ``[j, n]``: weights of the masks.
            second: float64 ``[k, n]``: weights of their squares.

        Returns:
            float64 ``[j, h, w]`` and ``[k, h, w]``.
        """
        shape = (len(self.rows), len(self.columns))
        plain, squared = first.new_zeros((len(first), *shape)), second.new_zeros((len(second), *shape))
        size = max(1, HELD // (shape[0] * shape[1]))  # whatever the batch size is, so that sums do not depend on it
        for start in range(0, len(self), size):
            part = slice(start, min(start + size, len(self)))
            masks = self.make(range(part.start, part.stop))
            plain += torch.tensordot(first[:, part].to(masks), masks, dims=1).to(plain)
            squared += torch.tensordot(second[:, part].to(masks), masks.square_(), dims=1).to(squared)
        return plain, squared

    def _weights(self, centres: Tensor, shifts: Tensor, count: int) -> Tensor:
        """Of the grid's cells for each pixel along one axis, ``[n, pixels, count]``: two of them, which sum to 1."""
        at = (centres + shifts[:, None]) * (self.cells / (self.cells + 1)) - 0.5
        distances = at.clamp(0, count - 1)[:, :, None] - torch.arange(count, device=at.device)
        return (1 - distances.abs()).clamp_min(0)


def random_masks(
    picture: Box, box: Box, size: tuple[int, int], settings: RandomMaskSettings, seed: int, identity: str
) -> RandomMasks:
    """The masks of an image, which depend on it, the seed and the settings; the first are the same under any number.

    Args:
        picture: the whole of it.
        box: what the input covers.
        size: height and width of the input.
        settings: how many, and of what kind.
        seed: of the study.
        identity: of the image.
    """
    cell = min(picture.width, picture.height) / settings.cells
    pitch = cell * (settings.cells + 1) / settings.cells  # of the resized grid
    shape = [ceil((length + cell) / pitch - 1e-9) for length in (picture.height, picture.width)]
    numbers = shape[0] * shape[1] + 2
    grids, shifts = [], []
    for block in range(ceil(settings.masks / BLOCK)):
        generator = torch.Generator().manual_seed(seed_for(seed, identity, "random masks", block))
        drawn = torch.rand((BLOCK, numbers), generator=generator)
        grids.append(drawn[:, :-2].reshape(BLOCK, *shape) < settings.share)
        shifts.append(drawn[:, -2:])
    rows, columns = (
        ((edges[:-1] + edges[1:]) / 2 - origin) / cell
        for edges, origin in zip(pixel_edges(box, size), (picture.top, picture.left), strict=True)
    )
    count = settings.masks
    return RandomMasks(torch.cat(grids)[:count], torch.cat(shifts)[:count], rows, columns, settings.cells)


@dataclass(frozen=True)
class RandomMaskOutcomes(Evidence):
    """What the network says of an image seen through random masks.

    Masks are laid out over the picture and belong to it and to the seed: all classifiers are asked about the same ones.

    Attributes:
        masks: of each image.
        outcomes: at least as many of each image as there are masks.
        targets: the classes explained.
        share: probability that a cell of a mask is shown, and the mean of every pixel of the masks.
    """

    masks: tuple[RandomMasks, ...]
    outcomes: Outcomes
    targets: Targets
    share: float

    Settings = RandomMaskSettings
    budget = "masks"
    quick = MappingProxyType({"masks": 50})
    gives_logits = False
    shared_by_targets = True

    @classmethod
    def gather(cls, gathering: Gathering, policy: TargetPolicy, settings: EvidenceSettings) -> Self:
        """One forward pass per mask."""
        assert isinstance(settings, RandomMaskSettings)
        inputs, batch = gathering.inputs, gathering.batch
        size = (inputs.shape[-2], inputs.shape[-1])
        made = (
            random_masks(frame(batch, row), batch.boxes[row], size, settings, gathering.seed, batch.identities[row])
            for row in range(len(batch))
        )
        masks = tuple(one.to(inputs) for one in made)
        fill = make_fill(inputs, None, settings.fill, gathering.classifier.preprocess)

        def cover(image: int, variants: range, out: Tensor) -> None:
            blend(inputs[image], fill[image], masks[image].make(variants), out)

        key = settings.model_copy(update={"masks": MOST})  # the sequence is the same whatever their number
        outcomes = gathering.outcomes(key, [settings.masks] * len(batch), cover, policy)
        return cls(masks, outcomes, gathering.targets(policy), settings.share)

    @classmethod
    def evaluations(cls, settings: EvidenceSettings, classifier: Classifier | None = None) -> int:
        """One pass per mask."""
        assert isinstance(settings, RandomMaskSettings)
        return settings.masks
