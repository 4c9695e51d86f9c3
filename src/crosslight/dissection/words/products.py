"""Log-likelihoods of units' top images under every concept, found in one product of images and concepts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .likelihood import softmax

#: keeps a likelihood of 0 from ruling a concept out
FLOOR = 1e-7
#: powers of ten that products stay within: of ``float32``, and of the ``float64`` that they are gathered in
_SHORT, _LONG = 36.0, 290.0
#: numbers of a block of images times concepts
_BLOCK = 5_000_000


def log_likelihoods(
    images: NDArray[np.float32],
    concepts: NDArray[np.float32],
    chosen: NDArray[np.intp],
    weights: NDArray[np.float64],
    sharpness: float,
    size: int | None = None,
    see: Callable[[NDArray[np.float32]], None] = lambda share: None,
) -> NDArray[np.float64]:
    """``sum_r log(1 + w[u, r] (P[chosen[u, r], c] - 1) + FLOOR)`` for every unit u and concept c.

    P is the softmax over all concepts. A block of images has it for all concepts at once, and each unit takes the
    terms of those of its images that are in the block. Logarithms are slow, so terms are multiplied as long as no
    product can leave the range of its numbers. A weight is taken out of its term, which leaves one addition for each:
    ``w (P + (1 - w + FLOOR) / w)``.

    Args:
        images: ``[images, dimensions]`` of length 1.
        concepts: ``[concepts, dimensions]`` of length 1.
        chosen: ``[units, top]``: rows of images.
        weights: ``[units, top]``, in [0.5, 1], or 0 for an image that does not count.
        sharpness: of the softmax.
        size: images of a block; by default as many as keep it in 20 MB.
        see: called with P of every block, float32 ``[images of the block, concepts]``, which is used again.

    Returns:
        float64 ``[units, concepts]``.
    """
    units, top = chosen.shape
    known = np.where(weights > 0, weights, 1)
    added = ((1 - known + FLOOR) / known).astype(np.float32)
    digits = max(-np.log10(float(added.min())), np.log10(1 + float(added.max())))
    group, whole = max(1, int(_SHORT / digits)), top * digits <= _LONG
    found = (np.ones if whole else np.zeros)((units, len(concepts)))
    step = min(size or max(_BLOCK // len(concepts), 16), len(images))
    likely = np.empty((step, len(concepts)), np.float32)
    product, term = np.empty((2, len(concepts)), np.float32)
    for start in range(0, len(images), step):
        share = softmax(images[start : start + step], concepts, sharpness, out=likely[: len(images) - start])
        see(share)
        unit, rank = np.nonzero((weights > 0) & (chosen >= start) & (chosen < start + step))
        ends = np.cumsum(np.bincount(unit, minlength=units)).tolist()
        rows = [share[row] for row in (chosen[unit, rank] - start).tolist()]
        more = list(added[unit, rank, None])
        for own, begin, end in zip(found, [0, *ends], ends, strict=False):
            for first in range(begin, end, group):
                np.add(rows[first], more[first], product)
                for at in range(first + 1, min(first + group, end)):
                    np.add(rows[at], more[at], term)
                    np.multiply(product, term, product)
                if whole:
                    np.multiply(own, product, own)
                else:
                    np.add(own, np.log(product, term), own)
    if whole:
        np.log(found, out=found)
    found += np.log(known).sum(axis=1)[:, None]
    return found
