"""Spearman's correlation: Pearson's, of the ranks of cells."""

from __future__ import annotations

import numpy as np

from .base import Array, Cells
from .cosine import dot
from .grids import known_rows, on_grid, varies
from .ranks import average_ranks
from .registry import measure


def rank_vectors(values: Array) -> Array:
    """Centred average ranks as vectors of length 1, so that their products are Spearman's correlations.

    Args:
        values: ``[set, image, cell]``.

    Returns:
        ``[set, image, cell]`` of the same type; NaN where a map is constant or not finite.
    """
    known = varies(values)
    vectors = np.empty_like(values)
    for own, into, fine in zip(values, vectors, known, strict=True):
        ranks = average_ranks(own)
        ranks -= (values.shape[-1] + 1) / 2
        length = np.sqrt(np.einsum("ic,ic->i", ranks, ranks))
        into[:] = ranks / np.where(fine & (length > 0), length, 1)[:, None]
    return known_rows(vectors, known)


@measure("spearman", compare=dot, title="Spearman correlation", reference="Spearman 1904")
def spearman(cells: Cells) -> Array:
    """Each map's average ranks, centred, as a vector of length 1."""
    on_grid(cells, "spearman")
    return rank_vectors(cells.values)
