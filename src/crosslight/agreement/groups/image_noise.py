"""How much of the models' scatter is owed to the sample of images, which more images would remove."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ...core.errors import InputError
from .checks import checked
from .labelings import Groups
from .power import codes_of


def image_share(per_image: ArrayLike, dissimilarity: ArrayLike, groups: Groups) -> float:
    """The share of the sum of squares inside groups that comes from the finite number of images.

    A mean over n images has the variance ``sd^2 / n``, which adds as much to the square of ``1 - mean`` on average.
    For ``sqrt((1 - mean)^2 + sd^2)`` the same holds up to terms of one n-th of ``sd^2``.

    Args:
        per_image: similarities ``[image, item, item]``, NaN where unknown.
        dissimilarity: ``[item, item]``, made from their means.
        groups: the group of each item.

    Returns:
        A number in [0, 1]: near 0 where more images would not bring the models of a group closer, near 1 where
        nothing but the images sets them apart.

    Raises:
        InputError: shapes do not fit, or a pair inside a group has fewer than two images.
    """
    values = np.asarray(per_image, dtype=np.float64)
    matrix = checked(dissimilarity)
    if values.ndim != 3 or values.shape[1:] != matrix.shape:
        raise InputError(f"per-image similarities have the shape {values.shape}; [image, item, item] is needed")
    codes, sizes = codes_of(groups, len(matrix))
    rows, columns = np.triu_indices(len(matrix), 1)
    inside = codes[rows] == codes[columns]
    rows, columns = rows[inside], columns[inside]
    chosen = values[:, rows, columns]
    count = np.isfinite(chosen).sum(axis=0)
    if count.min() < 2:
        i = int(count.argmin())
        raise InputError(f"items {rows[i]} and {columns[i]} share {count[i]} images; at least two are needed")
    weights = 1 / sizes[codes[rows]]
    noise = float((weights * np.nanvar(chosen, axis=0, ddof=1) / count).sum())
    total = float((weights * matrix[rows, columns] ** 2).sum())
    return min(1.0, noise / total) if total > 0 else 0.0
