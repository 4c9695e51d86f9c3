"""Square matrices as tables whose cells are shaded: methods against methods, predictions against predictions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ...agreement import Agreement
from ...agreement.predictions import SamePredictions
from ..words import between, number


@dataclass(frozen=True)
class GridCell:
    """One cell.

    Attributes:
        text: its value.
        title: all that is known of it.
        strength: of its colour, 0 to 100; None for the diagonal.
    """

    text: str
    title: str
    strength: int | None


@dataclass(frozen=True)
class Grid:
    """A matrix.

    Attributes:
        name: what its values are.
        note: how to read it.
        labels: of rows and columns.
        rows: its cells.
    """

    name: str
    note: str
    labels: tuple[str, ...]
    rows: tuple[tuple[GridCell, ...], ...]


def prediction_grids(found: SamePredictions | None) -> tuple[Grid, ...]:
    """How often two models predict the same class, kappa and error consistency; those without a value are left out."""
    if found is None or len(found.models) < 2:
        return ()
    images = found.of[np.triu_indices(len(found.models), 1)]
    low, high = int(images.min()), int(images.max())
    count = f"N = {high:,} images" if low == high else f"N = {low:,} to {high:,} images"
    entries: list[tuple[str, str, NDArray[np.float64], Callable[[int, int], str]]] = [
        (
            "Same prediction",
            f"Share of the images for which two models name one class; {count}.",
            found.fraction,
            lambda i, j: (
                f"{found.count[i, j]} of {found.of[i, j]} images, 95 % interval "
                f"{between(found.low[i, j], found.high[i, j])}"
            ),
        ),
        (
            "Kappa of the predictions",
            "The same beyond what the models' class frequencies give by chance (Cohen's kappa): 0 is chance, 1 always.",
            found.kappa,
            lambda i, j: f"{found.of[i, j]} images",
        ),
        (
            "Error consistency",
            "Kappa of being right or wrong: whether two models err on the same images more than their accuracies make "
            "them.",
            found.error_consistency,
            lambda i, j: f"{found.of[i, j]} images",
        ),
    ]
    return tuple(
        grid_of(name, note, found.models, matrix, title)
        for name, note, matrix, title in entries
        if np.isfinite(matrix[np.triu_indices(len(matrix), 1)]).any()
    )


def method_grid(across: Mapping[str, Agreement]) -> Grid | None:
    """Mean similarity of the maps of every two methods over models, with the range over models; None for one method."""
    labels = tuple(dict.fromkeys(label for one in across.values() for label in one.sets))
    if len(labels) < 2:
        return None
    known: dict[tuple[int, int], dict[str, float]] = {}
    floors: list[float] = []
    for model, one in across.items():
        at = [labels.index(label) for label in one.sets]
        for i, j in combinations(range(len(at)), 2):
            if math.isfinite(value := float(one.mean[i, j])):
                known.setdefault((min(at[i], at[j]), max(at[i], at[j])), {})[model] = value
                floors.append(float(one.floor[i, j]))
    if not known:
        return None
    matrix = np.full((len(labels), len(labels)), np.nan)
    for (i, j), values in known.items():
        matrix[i, j] = matrix[j, i] = np.mean(list(values.values()))

    def about(i: int, j: int) -> str:
        values = known.get((min(i, j), max(i, j)), {})
        if len(values) < 2:
            return "one model" if values else ""
        least, most = min(values, key=lambda m: values[m]), max(values, key=lambda m: values[m])
        return f"{between(values[least], values[most])}, lowest on {least}, highest on {most}, {len(values)} models"

    finite = [floor for floor in floors if math.isfinite(floor)]
    chance = f"; the chance floor is {number(float(np.mean(finite)))} on average" if finite else ""
    measure = next(iter(across.values())).measure_label
    over = f"mean over {len(across)} models" if len(across) > 1 else "one model"
    note = f"{measure[:1].upper()}{measure[1:]} of the maps of one image by two methods; {over}{chance}."
    return grid_of("Method against method", note, labels, matrix, about)


def grid_of(
    name: str,
    note: str,
    labels: Sequence[str],
    matrix: NDArray[np.float64],
    about: Callable[[int, int], str],
) -> Grid:
    """A grid whose colours go from its lowest value to its highest.

    Args:
        name: what the values are.
        note: how to read them.
        labels: of rows and columns.
        matrix: ``[label, label]``, NaN where unknown.
        about: for a row and a column, what is known besides.
    """
    others = matrix[~np.eye(len(matrix), dtype=bool)]
    known = others[np.isfinite(others)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    low = min(low, high - 0.1)  # so that differences of nothing do not look like much

    def cell(i: int, j: int) -> GridCell:
        value = float(matrix[i, j])
        title = about(i, j) if i != j else ""
        strength = None if i == j else round(100 * (value - low) / (high - low)) if math.isfinite(value) else 0
        return GridCell(
            "" if i == j else number(value), f"{labels[i]} and {labels[j]}: {title}" if title else "", strength
        )

    rows = tuple(tuple(cell(i, j) for j in range(len(labels))) for i in range(len(labels)))
    return Grid(name, note, tuple(labels), rows)
