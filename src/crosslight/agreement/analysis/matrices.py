"""How the matrices of methods, measures and predictions over the same models go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.plain import Plain
from ..groups import benjamini_hochberg, mantel

#: models that two matrices must share: of three, no more than six orders can be compared
FEWEST = 4
DRAWS = 2000

Labelled = tuple[tuple[str, ...], NDArray[np.float64]]


@dataclass(frozen=True)
class Relation(Plain):
    """How two matrices over the same models go together.

    Attributes:
        one, other: what they are: ``METHOD, MEASURE`` or ``same prediction``.
        correlation: Pearson's over the pairs above the diagonal.
        p: Mantel p-value, two-sided.
        adjusted: after Benjamini and Hochberg, over all relations.
        models: how many they share.
    """

    one: str
    other: str
    correlation: float
    p: float
    adjusted: float
    models: int


def relations(matrices: Mapping[str, Labelled], *, seed: int = 0) -> tuple[Relation, ...]:
    """Mantel tests between every two matrices, over the models that both know all pairs of.

    Args:
        matrices: by name, the labels and the similarities ``[model, model]``.
        seed: of the permutations.

    Returns:
        Those that share four models or more and are not constant there.
    """
    found: list[tuple[str, str, float, float, int]] = []
    for (one, (sets, mean)), (other, (others, values)) in combinations(matrices.items(), 2):
        shared = [label for label in sets if label in others]
        first, second = _of(shared, sets, mean), _of(shared, others, values)
        known = np.isfinite(first.diagonal()) & np.isfinite(second.diagonal())
        first, second = first[np.ix_(known, known)], second[np.ix_(known, known)]
        if known.sum() < FEWEST or not (np.isfinite(first).all() and np.isfinite(second).all()):
            continue
        try:
            test = mantel(first, second, draws=DRAWS, seed=seed)
        except InputError:  # one is the same for all pairs
            continue
        found.append((one, other, test.statistic, test.p, int(known.sum())))
    adjusted = benjamini_hochberg([p for *_, p, _ in found]).tolist() if found else []
    return tuple(
        Relation(one, other, r, p, q, models) for (one, other, r, p, models), q in zip(found, adjusted, strict=True)
    )


def _of(labels: list[str], sets: tuple[str, ...], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    places = [sets.index(label) for label in labels]
    return matrix[np.ix_(places, places)]
