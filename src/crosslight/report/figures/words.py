"""What titles, captions and cells of figures say, and the tree that several of them share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...agreement.aggregate import Agreement
from ...agreement.structure.trees import Tree, average_linkage
from .lettering import safe

#: of what is not known
UNKNOWN = "#e6e6e6"


def tree_of(agreement: Agreement) -> Tree:
    """The average-linkage tree of the sets' dissimilarities."""
    return average_linkage(agreement.dissimilarity, agreement.sets)


def title_of(agreement: Agreement, what: str) -> str:
    """What is on top of a figure, with a capital first letter."""
    label = f"{safe(agreement.label)}: " if agreement.label else ""
    text = f"{label}{what} {agreement.across}"
    return text[0].upper() + text[1:]


def above(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """The known values above the diagonal."""
    values = matrix[np.triu_indices(len(matrix), 1)]
    return values[np.isfinite(values)]


def mean_above(matrix: NDArray[np.float64]) -> float | None:
    """Mean of the known values above the diagonal, None without any."""
    values = above(matrix)
    return float(values.mean()) if len(values) else None


def cell_number(value: float) -> str:
    """Two digits without the leading zero, as matrices of correlations are printed."""
    if not np.isfinite(value):
        return "–"
    text = f"{value:.2f}".replace("-", "−")
    if text in ("0.00", "−0.00"):
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "−0.")) else text


def span(values: NDArray[np.float64]) -> str:
    """Lowest and highest of some values, and their mean."""
    low, high = cell_number(values.min()), cell_number(values.max())
    return low if low == high else f"{low} to {high} by pair, {cell_number(float(values.mean()))} on average"
