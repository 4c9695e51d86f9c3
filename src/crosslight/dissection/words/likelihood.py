"""How likely each concept is for an image: a softmax over all concepts that never holds all of them at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .probe import Probe, blocks

_ROWS = 2048


class Likelihood:
    """The share of each concept in a softmax over all concepts, for some images.

    Args:
        probe: the images and concepts.
        rows: of the images that are asked for.
        sharpness: what cosines are multiplied with.
        width: concepts of a block while the sums are formed; see `blocks`.
    """

    def __init__(self, probe: Probe, rows: NDArray[np.intp], sharpness: float, width: int | None = None):
        whole = len(rows) == len(probe.images)
        self._images = probe.images if whole else probe.images[rows]
        self._concepts, self._sharpness = probe.concepts, np.float32(sharpness)
        total = np.zeros(len(rows))
        for part in blocks(len(probe.concepts), min(len(rows), _ROWS), width):
            texts = probe.concepts[part].T
            for start in range(0, len(rows), _ROWS):
                block = self._raised(self._images[start : start + _ROWS] @ texts)
                total[start : start + _ROWS] += block.sum(axis=1, dtype=np.float64)
        self._scale = (1 / total).astype(np.float32)[:, None]

    def __call__(self, part: slice) -> NDArray[np.float32]:
        """float32 ``[rows, concepts of the block]``, in [0, 1]."""
        block = self._raised(self._images @ self._concepts[part].T)
        block *= self._scale
        return block

    def _raised(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        cosines -= np.float32(1)  # the largest cosine there can be, so that nothing overflows
        cosines *= self._sharpness
        return np.exp(cosines, out=cosines)
