"""A batch of pictures as one classifier sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.geometry import Box, Preprocess
from .transforms import prepare

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Batch:
    """Inputs of one classifier, with where they lie in their pictures.

    Attributes:
        inputs: float32 ``[b, c, h, w]``, normalised as the classifier wants it.
        boxes: what each input covers, in pixels of its upright picture.
        identities: stable identity of each image; seeds come from it.
        labels: the index of each image's own label among the classifier's classes, or None.
        pictures: the pictures themselves, which superpixels are made of; None where inputs came without any.
        preprocess: how the inputs were made of the pictures, where that is known.
    """

    inputs: Tensor
    boxes: tuple[Box, ...]
    identities: tuple[str, ...]
    labels: tuple[int | None, ...]
    pictures: tuple[Image, ...] | None = field(default=None, repr=False)
    preprocess: Preprocess | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def take(self, rows: Sequence[int]) -> Batch:
        """The batch of those rows, in that order."""
        return replace(
            self,
            inputs=self.inputs[list(rows)],
            boxes=tuple(self.boxes[row] for row in rows),
            identities=tuple(self.identities[row] for row in rows),
            labels=tuple(self.labels[row] for row in rows),
            pictures=None if self.pictures is None else tuple(self.pictures[row] for row in rows),
        )

    def to(self, device: torch.device) -> Batch:
        """The same batch with its inputs on another device."""
        return replace(self, inputs=self.inputs.to(device, non_blocking=True))


def make_batch(
    pictures: Sequence[Image],
    preprocess: Preprocess,
    identities: Sequence[str] | None = None,
    labels: Sequence[int | None] | None = None,
) -> Batch:
    """Prepare upright RGB pictures for a classifier.

    Args:
        pictures: decoded pictures of any size; the batch keeps them, so they must not be changed later.
        preprocess: the classifier's own preprocessing.
        identities: stable identities; by default their positions, which makes noise depend on the order.
        labels: class indices, or None where there is none.
    """
    inputs, boxes = zip(*(prepare(picture, preprocess) for picture in pictures), strict=True)
    return Batch(
        torch.stack(inputs),
        tuple(boxes),
        tuple(identities if identities is not None else map(str, range(len(pictures)))),
        tuple(labels if labels is not None else [None] * len(pictures)),
        tuple(pictures),
        preprocess,
    )
