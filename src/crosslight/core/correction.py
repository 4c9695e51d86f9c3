"""p-values adjusted for the number of tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import InputError

Matrix = NDArray[np.float64]


def holm(p: ArrayLike) -> Matrix:
    """Holm's adjusted p-values, which bound the chance of any false rejection.

    Args:
        p: p-values in [0, 1], of any shape; NaN, a test that could not be made, stays NaN and is not counted.

    Returns:
        float64 of the same shape. Reject where it is at most alpha.

    Raises:
        InputError: a value is outside [0, 1].

    Source:
        Holm, A simple sequentially rejective multiple test procedure, 1979.
    """
    return _adjusted(p, lambda ordered, n: np.maximum.accumulate(ordered * (n - np.arange(n))))


def benjamini_hochberg(p: ArrayLike) -> Matrix:
    """Benjamini and Hochberg's adjusted p-values, which bound the expected share of false rejections.

    Args:
        p: p-values in [0, 1], of any shape; NaN, a test that was not made, stays NaN and is not counted.

    Returns:
        float64 of the same shape. Reject where it is at most the share allowed.

    Raises:
        InputError: a value is outside [0, 1].

    Source:
        Benjamini and Hochberg, Controlling the false discovery rate, 1995; for independent tests and such as
        depend positively on each other.
    """
    return _adjusted(p, lambda ordered, n: np.minimum.accumulate((ordered * n / np.arange(1, n + 1))[::-1])[::-1])


def _adjusted(p: ArrayLike, rule: Callable[[Matrix, int], Matrix]) -> Matrix:
    values = np.asarray(p, dtype=np.float64)
    known = ~np.isnan(values)
    if ((values[known] < 0) | (values[known] > 1)).any():
        raise InputError("p-values lie between 0 and 1")
    flat = values[known]
    order = np.argsort(flat, kind="stable")
    adjusted = np.empty_like(flat)
    adjusted[order] = np.minimum(rule(flat[order], len(flat)), 1)
    result = np.full(values.shape, np.nan)
    result[known] = adjusted
    return result
