"""The k-th largest value of long rows, without sorting them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: values from which a bracket around the wanted one is estimated
_SAMPLE = 1024
#: shorter rows are partitioned as they are
_SHORT = 8 * _SAMPLE


def kth_largest(values: NDArray[Any], k: int) -> NDArray[Any]:
    """The k-th largest value of each row, exactly.

    Args:
        values: ``[..., n]``, floating; rows with NaN give NaN, or anything.
        k: from 1, the largest, to n.

    Returns:
        ``[...]`` in the type of `values`.

    Source:
        Floyd and Rivest, "Expected time bounds for selection", Communications of the ACM 18, 1975. Deviation: the
        sample lies at equal distances along the row, and a row whose bracket fails is partitioned as a whole.
    """
    length = values.shape[-1]
    if length < _SHORT:
        return np.asarray(np.partition(values, length - k, axis=-1)[..., length - k])
    rows = values.reshape(-1, length)
    found = np.empty(len(rows), values.dtype)
    step = length // _SAMPLE
    sample = np.sort(rows[:, step // 2 :: step], axis=1)
    size = sample.shape[1]
    share = k / length
    place, spread = size * (1 - share), 3 * np.sqrt(size * share * (1 - share)) + 2
    low, high = (min(max(int(place + side * spread), 0), size - 1) for side in (-1, 1))
    for number, row in enumerate(rows):
        found[number] = _select(row, k, sample[number, low], sample[number, high])
    return found.reshape(values.shape[:-1])


def _select(row: NDArray[Any], k: int, low: Any, high: Any) -> Any:
    upper = row[row >= low]
    between = upper[upper <= high]
    above = len(upper) - len(between)
    left = len(between) - (k - above)
    if above < k and 0 <= left < len(between):
        return np.partition(between, left)[left]
    return np.partition(row, len(row) - k)[len(row) - k]  # few distinct values, or an unlucky sample


def outer_quantiles(values: NDArray[Any], tail: float) -> NDArray[np.float64]:
    """The quantiles `tail` and ``1 - tail`` of each row, as `numpy.quantile` interpolates between values.

    Args:
        values: ``[row, n]``, floating, without NaN.
        tail: in [0, 0.5].

    Returns:
        ``[2, row]``.

    Source:
        As in `kth_largest`: a regular sample says which values lie far enough outside, and these alone are sorted. A
        row of which they turn out too few is sorted as a whole.
    """
    rows, length = values.shape
    place = tail * (length - 1)
    below, share = int(place), place - int(place)
    size = len(range(0, length, max(length // _SAMPLE, 1)))
    border = int(size * tail + 3 * np.sqrt(size * tail * (1 - tail)) + 2)
    if length < _SHORT or 4 * border > size:
        return np.asarray(np.quantile(values, [tail, 1 - tail], axis=1), np.float64)
    sample = np.sort(values[:, :: length // _SAMPLE], axis=1)
    found = np.empty((2, rows))
    for number, row in enumerate(values):
        low = np.sort(row[row <= sample[number, border]])
        high = np.sort(row[row >= sample[number, size - 1 - border]])
        if min(len(low), len(high)) < below + 2:
            low = high = np.sort(row)
        near = np.array([low[below : below + 2], high[-1 - below : -3 - below : -1]], np.float64)
        found[:, number] = near[:, 0] + share * (near[:, 1] - near[:, 0])
    return found
