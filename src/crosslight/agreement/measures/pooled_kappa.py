"""Cohen's kappa over all cells of all images together, for comparison with publications that did so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from .base import Array


def pooled_kappa(blocks: Iterable[Array], cuts: Sequence[float] = (0.5,)) -> NDArray[np.float64]:
    """Kappa of one table of classes per pair of sets, into which all cells of all images are counted.

    Warning:
        Use the measure ``kappa`` unless you reproduce a publication. Pooling mixes two questions: whether two maps
        mark the same places of an image, and whether both mark much on the same images. Two maps that are independent
        within every image have a positive pooled kappa as soon as the marked share varies over images in both alike.
        The number has no images behind it, so no interval over images, and large maps weigh more.

    Args:
        blocks: maps block by block, ``[set, image, cell]``, already on the scale of the cuts, such as [0, 1].
            A pair of sets is counted where both maps are finite.
        cuts: rising thresholds; a cell is above a cut if its value is larger.

    Returns:
        float64 ``[set, set]``; NaN where nothing was counted, or one class holds every cell of both sets.

    Raises:
        InputError: there are no blocks, or the cuts do not rise.

    Source:
        The reference thesis on explanations of CNNs and transformers, with cuts of .5, and .4 and .7.
    """
    edges = (-np.inf, *cuts, np.inf)
    if len(edges) < 3 or any(a >= b for a, b in pairwise(edges)):
        raise InputError(f"pooled kappa needs rising cuts, not {tuple(cuts)}")
    table: NDArray[np.float64] | None = None
    for block in blocks:
        found = confusion(block, edges)
        if table is not None and found.shape != table.shape:
            raise InputError(f"blocks of {table.shape[-1]} and of {found.shape[-1]} sets cannot be pooled")
        table = found if table is None else table + found
    if table is None:
        raise InputError("pooled kappa needs one block of maps or more")
    return kappa_of_tables(table)


def confusion(block: Array, edges: Sequence[float]) -> NDArray[np.float64]:
    """Cells by their class in one set and in the other, ``[class, class, set, set]``, over the images of a block."""
    number = len(edges) - 1
    table = np.zeros((number, number, len(block), len(block)))
    for image in range(block.shape[1]):
        values = block[:, image]
        known = np.isfinite(values).all(axis=-1, keepdims=True)
        # Counts of one image fit into float32, whose products are the fastest.
        masks = [((values > low) & (values <= high) & known).astype(np.float32) for low, high in pairwise(edges)]
        for i, one in enumerate(masks):
            for j, other in enumerate(masks):
                table[i, j] += one @ other.T
    return table


def kappa_of_tables(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Kappa of every pair of sets, ``[class, class, set, set]`` to ``[set, set]``."""
    total = table.sum(axis=(0, 1))
    shares = table / np.where(total > 0, total, np.nan)
    observed = np.einsum("ccst->st", shares)
    expected = (shares.sum(axis=1) * shares.sum(axis=0)).sum(axis=0)
    return np.where(expected < 1 - 1e-12, (observed - expected) / np.where(expected < 1, 1 - expected, 1), np.nan)
