"""How far two matrices over the same sets go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from ..groups.mantel import DRAWS, mantel
from .matrix import Published

TRAP = (
    "Over all entries every pair counts twice, and the diagonal, which is known beforehand, makes the matrices look "
    "alike: matrices of ones on the diagonal and low values beside it correlate whatever their pairs say. It is given "
    "to reproduce published numbers; read the pairs above the diagonal"
)


@dataclass(frozen=True)
class Correlation:
    """The correlation of two matrices of similarities.

    Attributes:
        file: of the other matrix.
        pairs: pairs above the diagonal.
        pearson: over these pairs.
        spearman: over these pairs.
        pearson_p: Mantel's two-sided p-value of `pearson`: sets are permuted, not pairs.
        spearman_p: the same of `spearman`.
        count: permutations compared, the observed order counted.
        exact: whether these are all.
        entries: number of all entries, diagonal included.
        pearson_all: over all entries, as some publications have it; see `TRAP`.
        spearman_all: the same with ranks.
    """

    file: str
    pairs: int
    pearson: float
    spearman: float
    pearson_p: float
    spearman_p: float
    count: int
    exact: bool
    entries: int
    pearson_all: float
    spearman_all: float

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types."""
        mantel_test = {"count": self.count, "exact": self.exact}
        return {
            "file": self.file,
            "pairs": {
                "number": self.pairs,
                "pearson": self.pearson,
                "spearman": self.spearman,
                "mantel": {"pearson_p": self.pearson_p, "spearman_p": self.spearman_p, **mantel_test},
            },
            "all_entries": {
                "number": self.entries,
                "pearson": self.pearson_all,
                "spearman": self.spearman_all,
                "caution": TRAP,
            },
        }


def correlate(one: Published, other: Published, *, draws: int = DRAWS, seed: int = 0) -> Correlation:
    """Correlate the similarities of two matrices.

    Args:
        one: a matrix.
        other: another one over the same sets, in the same order. Dissimilarities are taken as 1 less themselves.
        draws: permutations of the Mantel tests, the observed order counted, where there are more than 8 sets.
        seed: of the drawing.

    Raises:
        InputError: a matrix has the same value for all pairs.

    Source:
        Mantel, The detection of disease clustering, 1967, for the p-values; the reference thesis on CNN against
        transformer explanations for the correlation over all entries.
    """
    first, second = one.similarity, other.similarity
    value = mantel(first, second, draws=draws, seed=seed)
    rank = mantel(first, second, correlation="spearman", draws=draws, seed=seed)
    return Correlation(
        file=other.file,
        pairs=len(one.pairs),
        pearson=value.statistic,
        spearman=rank.statistic,
        pearson_p=value.p,
        spearman_p=rank.p,
        count=value.count,
        exact=value.exact,
        entries=first.size,
        pearson_all=float(np.corrcoef(first.ravel(), second.ravel())[0, 1]),
        spearman_all=float(spearmanr(first.ravel(), second.ravel()).statistic),
    )
