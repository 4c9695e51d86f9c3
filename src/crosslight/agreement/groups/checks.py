"""What every test of groups asks of its input, with errors that say what to change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import InputError

Matrix = NDArray[np.float64]
Codes = NDArray[np.int8]

#: differences below this share of the largest value are rounding, not data
TOLERANCE = 1e-12
MOST_GROUPS = 100


def checked(dissimilarity: ArrayLike, name: str = "the dissimilarity") -> Matrix:
    """A dissimilarity matrix as float64, exactly symmetric and with a diagonal of zeros.

    Args:
        dissimilarity: ``[item, item]``, non-negative, symmetric. The diagonal is not read.
        name: how an error calls the matrix.

    Raises:
        InputError: it is not square, has fewer than three items, or holds values that are unknown, negative or
            not symmetric.
    """
    matrix = symmetric(dissimilarity, name)
    if len(matrix) < 3:
        raise InputError(f"{name} has {len(matrix)} items; at least three are needed")
    largest = float(matrix.max())
    if matrix.min() < -1e-9 * max(largest, 1):
        i, j = np.unravel_index(int(matrix.argmin()), matrix.shape)
        raise InputError(f"{name} is negative at [{i}, {j}] ({matrix.min():.3g}); give 1 - similarity, not similarity")
    return np.maximum(matrix, 0)


def symmetric(values: ArrayLike, name: str) -> Matrix:
    """A square matrix as float64 with the mean of both triangles and a diagonal of zeros.

    Raises:
        InputError: it is not square, not symmetric, or unknown somewhere off the diagonal.
    """
    matrix = np.array(values, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError(f"{name} must be a square matrix, not of shape {matrix.shape}")
    np.fill_diagonal(matrix, 0)
    if not np.isfinite(matrix).all():
        i, j = np.argwhere(~np.isfinite(matrix))[0]
        raise InputError(f"{name} is not known at [{i}, {j}]; leave out items with unknown pairs first")
    if not np.allclose(matrix, matrix.T, rtol=1e-6, atol=1e-9):
        i, j = np.unravel_index(int(np.abs(matrix - matrix.T).argmax()), matrix.shape)
        raise InputError(f"{name} is not symmetric: [{i}, {j}] is {matrix[i, j]:.6g}, [{j}, {i}] {matrix[j, i]:.6g}")
    return (matrix + matrix.T) / 2


def coded(groups: Sequence[object] | NDArray[np.generic]) -> tuple[Codes, tuple[str, ...]]:
    """Groups as codes, numbered in the order in which they first stand, and their names.

    Raises:
        InputError: there are fewer than two groups, too many, or one of a single item.
    """
    labels = [str(group) for group in groups]
    names = tuple(dict.fromkeys(labels))
    if len(names) < 2:
        raise InputError(f"two or more groups are needed; all {len(labels)} items are of one ({', '.join(names)})")
    if len(names) > MOST_GROUPS:
        raise InputError(f"{len(names)} groups are more than {MOST_GROUPS}; is this a name of each item?")
    codes = np.array([names.index(label) for label in labels], dtype=np.int8)
    single = [name for name, size in zip(names, np.bincount(codes), strict=True) if size < 2]
    if single:
        raise InputError(f"group {single[0]!r} has one item; every group needs at least two, so leave it out")
    return codes, names


def pairs(matrix: Matrix) -> Matrix:
    """The values above the diagonal, ``[pair]``, row after row."""
    return matrix[np.triu_indices(len(matrix), 1)]


def same_length(items: int, given: int, what: str) -> None:
    """Raise an InputError unless something was given for each item.

    Raises:
        InputError: the two numbers differ.
    """
    if items != given:
        raise InputError(f"{what} of {given} items were given, but the matrix has {items}")
