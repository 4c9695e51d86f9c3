"""Partitions of the sets: how they are written, and how much two of them have in common."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import InputError


def canonical(partition: Sequence[object] | NDArray[np.generic]) -> NDArray[np.int64]:
    """A partition with its clusters numbered from 0 in the order in which they are first met.

    Args:
        partition: ``[set]``: the cluster of each set, under any names.

    Returns:
        int64 ``[set]``; equal for equal partitions.
    """
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(own, len(numbers)) for own in list(partition)], np.int64)


def adjusted_rand(one: ArrayLike, other: ArrayLike) -> float:
    """Adjusted Rand index of two partitions: 1 for equal ones, 0 on average for unrelated ones.

    Args:
        one: ``[set]``: the cluster of each set, under any names.
        other: ``[set]``.

    Returns:
        A number up to 1; negative where they have less in common than by chance.

    Raises:
        InputError: they are not over the same number of sets.

    Source:
        Hubert and Arabie, "Comparing partitions", Journal of Classification 2, 1985, eq. 5.
    """
    first, second = np.asarray(one), np.asarray(other)
    if first.shape != second.shape or first.ndim != 1:
        raise InputError(f"two partitions of the same sets are needed, not {first.size} and {second.size} sets")
    return float(adjusted_rand_matrix(np.stack([canonical(first), canonical(second)]))[0, 1])


def adjusted_rand_matrix(partitions: NDArray[np.int64]) -> NDArray[np.float64]:
    """`adjusted_rand` between every two of many partitions.

    Args:
        partitions: ``[partition, set]``.

    Returns:
        ``[partition, partition]``; 1 on the diagonal.
    """
    together = co_members(partitions)
    pairs = together.shape[1]
    counts = together.sum(axis=1)
    expected = np.outer(counts, counts) / max(pairs, 1)
    most = (counts[:, None] + counts) / 2
    room = most - expected
    same = np.isclose(room, 0)  # both all in one, or both all apart
    return np.where(same, 1.0, (together @ together.T - expected) / np.where(same, 1, room))


def co_members(partitions: NDArray[np.int64]) -> NDArray[np.float64]:
    """Which pairs of sets are in one cluster: ``[partition, set]`` to 1 or 0, ``[partition, pair]``."""
    rows, columns = np.triu_indices(partitions.shape[1], 1)
    return np.asarray(partitions[:, rows] == partitions[:, columns], np.float64)
