"""Working off variants of many images in batches of one size, whichever image they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """Some variants of one image, in one batch.

    Attributes:
        image: position of the image.
        variants: which of its variants.
        rows: where they are in the batch.
    """

    image: int
    variants: range
    rows: slice


def chunks(wanted: Sequence[range], size: int) -> Iterator[list[Piece]]:
    """Cut the variants of all images, one image after the other, into batches.

    Args:
        wanted: for each image, which of its variants.
        size: variants in a batch; the last batch may hold fewer.
    """
    batch: list[Piece] = []
    filled = 0
    for image, variants in enumerate(wanted):
        at = variants.start
        while at < variants.stop:
            length = min(variants.stop - at, size - filled)
            batch.append(Piece(image, range(at, at + length), slice(filled, filled + length)))
            at, filled = at + length, filled + length
            if filled == size:
                yield batch
                batch, filled = [], 0
    if batch:
        yield batch
