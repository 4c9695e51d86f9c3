"""Does the answer rest on one item, or on one lineage?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.correction import holm
from ...core.errors import InputError
from ...core.plain import plain
from .anosim import anosim
from .checks import checked, same_length
from .labelings import DRAWS, LIMIT, labelings
from .permanova import permanova
from .permdisp import permdisp


@dataclass(frozen=True)
class Tests:
    """The tests of one set of items.

    Attributes:
        r: ANOSIM's R.
        anosim: its p-value.
        permanova: PERMANOVA's p-value.
        permdisp: PERMDISP's p-value; NaN where groups are too small for it.
        found: whether ANOSIM or PERMANOVA is significant after Holm's correction for the two.
        count: labelings compared.
    """

    r: float
    anosim: float
    permanova: float
    permdisp: float
    found: bool
    count: int


@dataclass(frozen=True)
class Without:
    """What is left of the tests when some items are left out.

    Attributes:
        items: their positions.
        name: how a person would call them.
        tests: of the others; None where they cannot be tested.
        changes: whether the conclusion is another one than with all items.
        reason: why there are no tests.
    """

    items: tuple[int, ...]
    name: str
    tests: Tests | None
    changes: bool
    reason: str = ""

    @property
    def p(self) -> float:
        """ANOSIM's p-value, NaN where there is none."""
        return self.tests.anosim if self.tests else float("nan")


@dataclass(frozen=True)
class LeaveOneOut:
    """The tests with all items, and without each item and each lineage of several.

    Attributes:
        everything: with all items.
        without: one for each item, then one for each lineage.
        alpha: the level of the conclusions.
    """

    everything: Tests
    without: tuple[Without, ...]
    alpha: float

    @property
    def changing(self) -> tuple[Without, ...]:
        """Those that change the conclusion, the largest ANOSIM p-value first where a difference is lost."""
        found = [one for one in self.without if one.changes]
        return tuple(sorted(found, key=lambda one: -one.p if self.everything.found else one.p))

    @property
    def worst(self) -> Without | None:
        """The one that leaves the largest ANOSIM p-value."""
        tested = [one for one in self.without if one.tests]
        return max(tested, key=lambda one: one.p, default=None)

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types."""
        tests = plain(vars(self.everything))
        without = [
            {
                "items": list(one.items),
                "name": one.name,
                "tests": plain(vars(one.tests)) if one.tests else None,
                "changes": one.changes,
                "reason": one.reason,
            }
            for one in self.without
        ]
        return {"everything": tests, "without": without, "alpha": self.alpha}


def leave_one_out(
    dissimilarity: ArrayLike,
    groups: Sequence[object] | NDArray[np.generic],
    *,
    names: Sequence[str] | None = None,
    blocks: Sequence[Hashable] | None = None,
    lineages: Sequence[Hashable] | None = None,
    alpha: float = 0.05,
    limit: int = LIMIT,
    draws: int = DRAWS,
    seed: int = 0,
) -> LeaveOneOut:
    """ANOSIM, PERMANOVA and PERMDISP without each item, and without each lineage of several items.

    Args:
        dissimilarity: ``[item, item]``.
        groups: the group of each item.
        names: of the items; by default ``item 0`` and so on.
        blocks: the lineage of each item, None for none; labels move by lineage, see `labelings`.
        lineages: the same, where items of a lineage are to be left out together but labels move singly; by default
            `blocks`.
        alpha: the level of the conclusions.
        limit: as in `labelings`.
        draws: as in `labelings`.
        seed: of the drawing of labelings, where they are too many to be listed.

    Raises:
        InputError: the matrix is not a dissimilarity, or groups, names, blocks or lineages do not fit it.
    """
    matrix = checked(dissimilarity)
    items = len(matrix)
    labels = [str(group) for group in groups]
    called = [f"item {i}" for i in range(items)] if names is None else [str(name) for name in names]
    moved: list[Hashable] = [None] * items if blocks is None else list(blocks)
    together: list[Hashable] = moved if lineages is None else list(lineages)
    for given, what in ((labels, "groups"), (called, "names"), (moved, "blocks"), (together, "lineages")):
        same_length(items, len(given), what)

    def tests(kept: list[int]) -> Tests:
        part = matrix[np.ix_(kept, kept)]
        own = [moved[i] for i in kept]
        found = labelings([labels[i] for i in kept], blocks=own, limit=limit, draws=draws, seed=seed)
        place, sums, spread = anosim(part, found), permanova(part, found), permdisp(part, found)
        holds = significant(place.p, sums.p, alpha)
        return Tests(place.statistic, place.p, sums.p, spread.p, holds, len(found))

    everything = tests(list(range(items)))
    left_out: list[tuple[tuple[int, ...], str]] = [((i,), called[i]) for i in range(items)]
    for lineage in dict.fromkeys(one for one in together if one is not None):
        members = tuple(i for i in range(items) if together[i] == lineage)
        if len(members) > 1:
            left_out.append((members, " and ".join(called[i] for i in members)))
    without = []
    for members, name in left_out:
        try:
            rest = tests([i for i in range(items) if i not in members])
        except InputError as error:
            without.append(Without(members, name, None, False, str(error)))
        else:
            without.append(Without(members, name, rest, rest.found != everything.found))
    return LeaveOneOut(everything, tuple(without), alpha)


def significant(anosim: float, permanova: float, alpha: float) -> bool:
    """Whether one of the two confirmatory tests is significant after Holm's correction for both."""
    return bool(np.nanmin(holm([anosim, permanova])) <= alpha * (1 + 1e-9))
