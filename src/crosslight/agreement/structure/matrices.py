"""What the functions on structure are given: matrices without gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ..aggregate import common_images


def without_gaps(
    per_image: NDArray[np.float64], labels: Sequence[str]
) -> tuple[NDArray[np.float64], tuple[str, ...], NDArray[np.bool_]]:
    """Similarities of the sets that have any usable map, over the images usable in all of these.

    Args:
        per_image: ``[image, set, set]``: similarities, NaN where a map is unusable.
        labels: names of the sets.

    Returns:
        The similarities ``[image, set, set]`` that are left, finite; the labels that are left; and which images are,
        bool ``[image]``. They are the images behind `Agreement.mean` with the subset ``common``.
    """
    alive = np.asarray(np.isfinite(np.diagonal(per_image, axis1=1, axis2=2)).any(axis=0))
    images = common_images(per_image)
    left = tuple(label for label, own in zip(labels, alive, strict=True) if own)
    return per_image[images][:, alive][:, :, alive], left, images


def complete(matrix: NDArray[np.float64], diagonal: float | None = 0.0) -> NDArray[np.float64]:
    """A copy of a matrix that has no gaps.

    Args:
        matrix: ``[set, set]``, finite.
        diagonal: what the diagonal is set to, so that it is not read; it is kept if None.

    Returns:
        float64 ``[set, set]``.

    Raises:
        InputError: the matrix is not square, is empty, or lacks values.
    """
    own = np.array(matrix, np.float64)
    if own.ndim != 2 or own.shape[0] != own.shape[1] or not len(own):
        raise InputError(f"a square matrix [set, set] is needed, not {list(own.shape)}")
    if diagonal is not None:
        np.fill_diagonal(own, diagonal)
    if not np.isfinite(own).all():
        raise InputError("every pair of sets needs a value; leave out the sets that lack some")
    return own
