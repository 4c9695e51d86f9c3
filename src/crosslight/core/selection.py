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
