"""The picture that an input was cut out of, as the plane on which windows and masks are laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.geometry import Box

if TYPE_CHECKING:
    from ..images.batch import Batch


def frame(batch: Batch, row: int) -> Box:
    """The whole picture of an image; where it is not at hand, what the input covers is taken for it."""
    if batch.pictures is None:
        return batch.boxes[row]
    picture = batch.pictures[row]
    return Box(0, 0, picture.width, picture.height)


def pixel_edges(box: Box, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Where the pixels of an input begin and end, in pixels of the picture.

    Args:
        box: what the input covers.
        size: height and width of the input.

    Returns:
        float64: ``[h + 1]`` along y and ``[w + 1]`` along x.
    """
    height, width = size
    steps = [torch.arange(count + 1, dtype=torch.float64) / count for count in (height, width)]
    return box.top + box.height * steps[0], box.left + box.width * steps[1]


def coverage(edges: Tensor, starts: Tensor, stops: Tensor) -> Tensor:
    """Which share of each pixel lies inside intervals of one axis.

    Args:
        edges: float64 ``[h + 1]``, increasing.
        starts: float64 ``[n]``.
        stops: float64 ``[n]``.

    Returns:
        float64 ``[n, h]`` in [0, 1].
    """
    low, high = edges[:-1], edges[1:]
    inside = torch.minimum(high, stops[:, None]) - torch.maximum(low, starts[:, None])
    return (inside / (high - low)).clamp(0, 1)
