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
    product can leave the range of its numbers. With ``v = 1 - w + FLOOR`` taken out, a term is ``1 + P w / v``, which
    PyTorch multiplies in one pass: ``product + w / v * product * P``.

    Args:
        images: ``[images, dimensions]`` of length 1.
        concepts: ``[concepts, dimensions]`` of length 1.
        chosen: ``[units, top]``: rows of images.
        weights: ``[units, top]``, in [0, 1]; images of weight 0 do not count.
        sharpness: of the softmax.
        size: images of a block; by default as many as keep it in 20 MB.
        see: called with P of every block, float32 ``[images of the block, concepts]``, which is used again.

    Returns:
        float64 ``[units, concepts]``.
    """
    import torch

    units, top = chosen.shape
    rest = 1 - weights + FLOOR
    slope = weights / rest
    digits = float(np.log10(1 + max(slope.max(), 9)))
    group, whole = int(_SHORT / digits), top * digits <= _LONG
    found = (np.ones if whole else np.zeros)((units, len(concepts)))
    step = min(size or max(_BLOCK // len(concepts), 16), len(images))
    likely = np.empty((step, len(concepts)), np.float32)
    product = torch.empty(len(concepts))
    gathered = product.numpy()
    for start in range(0, len(images), step):
        share = softmax(images[start : start + step], concepts, sharpness, out=likely[: len(images) - start])
        see(share)
        unit, rank = np.nonzero((weights > 0) & (chosen >= start) & (chosen < start + step))
        ends = np.cumsum(np.bincount(unit, minlength=units)).tolist()
        every = torch.from_numpy(share).unbind()
        rows = [every[row] for row in (chosen[unit, rank] - start).tolist()]
        slopes = slope[unit, rank].tolist()
        for own, begin, end in zip(found, [0, *ends], ends, strict=False):
            for first in range(begin, end, group):
                product.fill_(1)
                for at in range(first, min(first + group, end)):
                    product.addcmul_(product, rows[at], value=slopes[at])
                if whole:
                    np.multiply(own, gathered, own)
                else:
                    np.add(own, np.log(gathered), own)
    if whole:
        np.log(found, out=found)
    found += np.log(np.where(weights > 0, rest, 1)).sum(axis=1)[:, None]
    return found
