"""How the compared models are related, and whether nearer relatives look at more similar places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.bootstrap import mean_interval
from ..core.errors import InputError, suggestion
from ..core.plain import Plain, plain
from ..store import Store, StoreError
from .aggregate import Agreement
from .published.group_table import GroupTable

#: relations of two models, the nearest first
RELATIONS = ("another seed", "one lineage", "one group", "different groups")


@dataclass(frozen=True)
class Kinship(Plain):
    """What every set is, as far as it is known.

    Attributes:
        sets: labels.
        by: what the groups are: a fact such as ``family``, or ``groups`` of a table.
        groups: of each set, None where unknown.
        lineages: of each set, None where it has none.
        replicates: a name shared by sets that differ in their seed alone, None where unknown.
    """

    sets: tuple[str, ...]
    by: str
    groups: tuple[str | None, ...]
    lineages: tuple[str | None, ...]
    replicates: tuple[str | None, ...]

    @property
    def first(self) -> tuple[bool, ...]:
        """Which sets repeat none before them: another seed of a network is no further witness."""
        seen: set[str] = set()
        found = []
        for name in self.replicates:
            found.append(name is None or name not in seen)
            seen |= {name} if name is not None else set()
        return tuple(found)

    @property
    def testable(self) -> bool:
        """Whether there are two groups of two sets or more, replicates counted once."""
        sizes = Counter(g for g, first in zip(self.groups, self.first, strict=True) if g is not None and first)
        return sum(size > 1 for size in sizes.values()) > 1

    def relation(self, one: int, other: int) -> str | None:
        """How two sets are related; None where their groups are not known."""
        if self.replicates[one] is not None and self.replicates[one] == self.replicates[other]:
            return RELATIONS[0]
        if self.lineages[one] is not None and self.lineages[one] == self.lineages[other]:
            return RELATIONS[1]
        if self.groups[one] is None or self.groups[other] is None:
            return None
        return RELATIONS[2] if self.groups[one] == self.groups[other] else RELATIONS[3]


@dataclass(frozen=True)
class Rung(Plain):
    """How alike the maps of models of one relation are.

    Attributes:
        relation: one of `RELATIONS`.
        mean: mean similarity over its pairs and the images.
        low, high: bounds of the 95 % bootstrap interval over images; it says nothing about other models.
        floor: mean over its pairs of the similarity of maps of different images.
        pairs: number of its pairs.
    """

    relation: str
    mean: float
    low: float
    high: float
    floor: float
    pairs: int


@dataclass(frozen=True)
class Ladder:
    """All relations that there are, the nearest first.

    Attributes:
        rungs: one for each relation.
        difference: mean of the nearest relation less that of the farthest, NaN where there is one relation only.
        low, high: bounds of its 95 % bootstrap interval over images.
        images: number of images.
        by: what the groups are.
    """

    rungs: tuple[Rung, ...]
    difference: float
    low: float
    high: float
    images: int
    by: str = "family"

    @property
    def sentence(self) -> str:
        """Whether nearer relatives look at more similar places; empty where there is nothing to compare.

        The interval is over images, so the sentence is about these models: among models without any difference between
        families it says something else than "not closer" in a third of all cases. Whether families differ, the family
        question answers.
        """
        if len(self.rungs) < 2 or not np.isfinite(self.difference):
            return ""
        near, far = self.rungs[0], self.rungs[-1]
        word = "closer" if self.low > 0 else "farther apart" if self.high < 0 else "not closer"
        said = {
            "another seed": "two seeds of one network are",
            "one lineage": "two networks of one lineage are",
            "one group": f"two networks of one {self._group} are",
        }[near.relation]
        against = {
            "one lineage": "others of one lineage",
            "one group": f"others of one {self._group}",
            "different groups": f"two networks of different {self._groups}",
        }[far.relation]
        return (
            f"Of these models, {said} {word} than {against}: mean similarity {near.mean:.2f} against {far.mean:.2f} "
            f"(difference {self.difference:.3f}, 95 % interval over images {self.low:.3f} to {self.high:.3f}, "
            f"N = {self.images})."
        ).replace("-0.", "\u22120.")

    @property
    def _group(self) -> str:
        return "group" if self.by == "groups" else self.by

    @property
    def _groups(self) -> str:
        return "families" if self.by == "family" else f"{self._group}s" if self.by != "groups" else "groups"

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types, NaN as None."""
        rest = {name: plain(value) for name, value in self.__dict__.items() if name != "rungs"}
        return {"rungs": [rung.to_dict() for rung in self.rungs], "sentence": self.sentence, **rest}


def kinship(store: Store, models: Sequence[str], by: str = "family", table: GroupTable | None = None) -> Kinship:
    """What a store, or a table of the user's own, says of models.

    Args:
        store: where their facts are.
        models: labels.
        by: the fact that makes groups, such as ``family``, ``source`` or ``lineage``.
        table: groups and lineages by label instead; models that it does not name have none.

    Raises:
        InputError: no model has that fact.
    """
    facts = [_facts(store, label) for label in models]
    replicates = tuple(_text(own.get("replicate")) for own in facts)
    if table is not None:
        rows = {label: i for i, label in enumerate(table.sets)}
        known = [rows.get(label) for label in models]
        groups = tuple(None if row is None else str(table.groups[row]) for row in known)
        lineages = tuple(None if row is None else table.lineages[row] for row in known)
        return Kinship(tuple(models), "groups", groups, lineages, replicates)
    groups = tuple(_text(own.get(by)) for own in facts)
    if models and not any(groups) and by != "family":
        fields = sorted({name for own in facts for name, value in own.items() if isinstance(value, str) and value})
        raise InputError(f"no model has the fact {by!r}{suggestion(by, fields)}")
    return Kinship(tuple(models), by, groups, tuple(_text(own.get("lineage")) for own in facts), replicates)


def ladder(agreement: Agreement, kin: Kinship, *, resamples: int = 2000, seed: int = 0) -> Ladder:
    """Mean similarity for each relation of two models, over the images that all compared models have maps of.

    Args:
        agreement: of models.
        kin: what they are, in the same order.
        resamples: of the images.
        seed: of the resampling.
    """
    rows, columns = np.triu_indices(len(agreement.sets), 1)
    values = agreement.per_image[:, rows, columns]
    alive = np.isfinite(values).any(axis=0)
    relations = np.array([kin.relation(i, j) or "" for i, j in zip(rows.tolist(), columns.tolist(), strict=True)])
    used = alive & (relations != "")
    values, relations = values[:, used], relations[used]
    values = values[np.isfinite(values).all(axis=1)]
    floors = agreement.floor[rows, columns][used]
    present = [name for name in RELATIONS if (relations == name).any()]
    if not len(values) or not present:
        return Ladder((), float("nan"), float("nan"), float("nan"), len(values), kin.by)
    means = np.stack([values[:, relations == name].mean(axis=1) for name in present], axis=1)
    columns_of = np.concatenate([means, means[:, :1] - means[:, -1:]], axis=1)
    low, high = mean_interval(columns_of, resamples=resamples, seed=seed)
    centre: NDArray[np.float64] = columns_of.mean(axis=0)
    rungs = tuple(
        Rung(
            name,
            float(centre[i]),
            float(low[i]),
            float(high[i]),
            float(np.mean(floors[relations == name])),
            int((relations == name).sum()),
        )
        for i, name in enumerate(present)
    )
    if len(present) < 2:
        return Ladder(rungs, float("nan"), float("nan"), float("nan"), len(values), kin.by)
    return Ladder(rungs, float(centre[-1]), float(low[-1]), float(high[-1]), len(values), kin.by)


def _facts(store: Store, label: str) -> Mapping[str, Any]:
    try:
        attributes = store.predictions(label, slice(0, 0)).attributes
    except StoreError:
        attributes = {}
    return attributes.get("facts") or {}


def _text(value: Any) -> str | None:
    """A fact that says something."""
    return str(value) if value not in (None, "", "unknown") else None
