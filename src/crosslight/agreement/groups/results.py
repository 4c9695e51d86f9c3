"""What a permutation test found."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from ...core.plain import plain
from .checks import Matrix


@dataclass(frozen=True)
class PermutationTest:
    """A statistic and the share of labelings, or permutations, that give one as large.

    Attributes:
        name: of the test.
        statistic: the observed one.
        p: share of all compared labelings, the observed one counted, with a statistic at least as large; NaN
            where the test is not defined.
        count: labelings or permutations compared.
        exact: whether these are all there are.
        resolution: the smallest p-value possible.
        null: the statistic of every labeling, ``[labeling]``, the observed one first.
    """

    name: str
    statistic: float
    p: float
    count: int
    exact: bool
    resolution: float
    null: Matrix = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """All of it but the null distribution in JSON's own types, NaN and infinity as None."""
        return {f.name: plain(getattr(self, f.name)) for f in fields(self) if f.name != "null"}
