"""How likely each concept is for an image: a softmax over all concepts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .probe import blocks

_ROWS = 2048


def softmax(
    images: NDArray[np.float32],
    concepts: NDArray[np.float32],
    sharpness: float,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """The share of every concept for every image.

    Args:
        images: ``[images, dimensions]`` of length 1.
        concepts: ``[concepts, dimensions]`` of length 1.
        sharpness: what cosines are multiplied with.
        out: where the result is written.

    Returns:
        float32 ``[images, concepts]``, in [0, 1].
    """
    found = _raised(np.matmul(images, concepts.T, out=out), sharpness)
    found /= found.sum(axis=1)[:, None]  # along rows NumPy adds in pairs, which keeps float32 sums exact to 1e-7
    return found


class Likelihood:
    """The same by blocks of concepts, for what needs all images of a concept at once; it takes the product twice.

    Args:
        images: ``[images, dimensions]`` of length 1.
        concepts: ``[concepts, dimensions]`` of length 1.
        sharpness: what cosines are multiplied with.
        width: concepts of a block while the sums are formed; see `blocks`.
    """

    def __init__(
        self,
        images: NDArray[np.float32],
        concepts: NDArray[np.float32],
        sharpness: float,
        width: int | None = None,
    ):
        self._images, self._concepts, self._sharpness = images, concepts, sharpness
        total = np.zeros(len(images))
        for part in blocks(len(concepts), min(len(images), _ROWS), width):
            for start in range(0, len(images), _ROWS):
                block = _raised(images[start : start + _ROWS] @ concepts[part].T, sharpness)
                total[start : start + _ROWS] += block.sum(axis=1, dtype=np.float64)
        self._scale = (1 / total).astype(np.float32)[:, None]

    def __call__(self, part: slice) -> NDArray[np.float32]:
        """float32 ``[images, concepts of the block]``, in [0, 1]."""
        block = _raised(self._images @ self._concepts[part].T, self._sharpness)
        block *= self._scale
        return block


def _raised(cosines: NDArray[np.float32], sharpness: float) -> NDArray[np.float32]:
    """The exponentials, in place."""
    cosines -= np.float32(1)  # the largest cosine there can be, so that nothing overflows
    cosines *= np.float32(sharpness)
    return np.exp(cosines, out=cosines)
