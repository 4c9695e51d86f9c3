"""Numbers as the page is given them: rounded, without NaN, and no matrix twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = 4


def rounded(value: float, digits: int = DIGITS) -> float | None:
    """A number of JSON; None where it is not known."""
    return round(float(value), digits) + 0.0 if np.isfinite(value) else None


def row(values: Sequence[float] | NDArray[np.float64], digits: int = DIGITS) -> list[float | None]:
    """Numbers in their order."""
    return [rounded(value, digits) for value in np.asarray(values, np.float64).tolist()]


def triangle(matrix: NDArray[Any], digits: int = DIGITS) -> Any:
    """A symmetric matrix as its part above the diagonal, row by row.

    Args:
        matrix: ``[set, set]``.
        digits: after the point.

    Returns:
        A list; the number itself where all are the same, and None where none is known.
    """
    found = row(matrix[np.triu_indices(len(matrix), 1)], digits)
    return found[0] if found and len(set(found)) == 1 else found or None
