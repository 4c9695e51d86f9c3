"""Everything that can be said about a published matrix without its images."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ...core.errors import InputError
from ..groups.anosim import anosim
from ..groups.labelings import labelings
from ..groups.permanova import permanova
from ..groups.question import Answer, family_question
from .case import Case
from .correlation import Correlation, correlate
from .group_table import GroupTable
from .structure import NEIGHBOURS, Structure, structure


@dataclass(frozen=True)
class Blocks:
    """The confirmatory tests with labels that move by lineage, as relatives are not exchangeable with others.

    Attributes:
        anosim: p-value.
        permanova: p-value.
        count: labelings compared.
        exact: whether these are all.
        resolution: the smallest p-value possible.
    """

    anosim: float
    permanova: float
    count: int
    exact: bool
    resolution: float


@dataclass(frozen=True)
class Family:
    """The family question on a published matrix.

    Attributes:
        table: what the sets are.
        answer: the tests and the sentence.
        by_lineage: whether the labels of `answer` moved by lineage.
        blocks: the tests with labels that move by lineage; None where no lineage has two sets, or where these leave
            nothing to permute.
    """

    table: GroupTable
    answer: Answer
    by_lineage: bool
    blocks: Blocks | None

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types."""
        return {
            **self.answer.to_dict(),
            "table": self.table.to_dict(),
            "by_lineage": self.by_lineage,
            "blocks": None if self.blocks is None else dict(vars(self.blocks)),
        }


@dataclass(frozen=True)
class Reanalysis:
    """The result.

    Attributes:
        case: what was analysed.
        structure: trees, clusters, communities, maps.
        correlation: with the other matrix; None without one.
        family: whether groups differ; None without groups.
        seed: of everything drawn.
    """

    case: Case
    structure: Structure
    correlation: Correlation | None
    family: Family | None
    seed: int

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types: ``matrix``, ``structure``, ``with``, ``family`` and ``seed``."""
        other = None
        if self.case.other is not None and self.correlation is not None:
            other = self.correlation.to_dict() | {"matrix": self.case.other.to_dict()}
        return {
            "matrix": self.case.matrix.to_dict() | {"dropped": list(self.case.dropped)},
            "structure": self.structure.to_dict(),
            "with": other,
            "family": None if self.family is None else self.family.to_dict(),
            "seed": self.seed,
        }


def reanalyse(
    case: Case,
    *,
    clusters: int | None = None,
    radius: float | None = None,
    neighbours: int = NEIGHBOURS,
    by_lineage: bool = False,
    subject: str = "where they look",
    seeds: int = 100,
    simulations: int = 1000,
    seed: int = 0,
) -> Reanalysis:
    """Analyse a published matrix again.

    Args:
        case: the matrix, and what stands beside it.
        clusters: number of clusters; chosen by silhouette if None.
        radius: of DBSCAN on the distances between rows, see `structure`.
        neighbours: of DBSCAN.
        by_lineage: in the family question, labels move by lineage; otherwise singly, lineages are only left out
            together, and the p-values of labels that move by lineage stand beside.
        subject: in what the groups may differ, for the sentence.
        seeds: runs of Louvain at each resolution.
        simulations: of each shift, for the power of the family question.
        seed: of everything drawn.

    Raises:
        InputError: options do not fit the matrix.
    """
    table = case.groups
    if by_lineage and (table is None or not any(table.lineages)):
        raise InputError("labels can only move by lineage where the table of groups has a column 'lineage'")
    found = structure(
        case.matrix,
        groups=None if table is None else table.groups,
        clusters=clusters,
        radius=radius,
        neighbours=neighbours,
        seeds=seeds,
        seed=seed,
    )
    other = None if case.other is None else correlate(case.matrix, case.other, seed=seed)
    family = None
    if table is not None:
        distances = case.matrix.dissimilarity
        answer = family_question(
            distances,
            table.groups,
            resolution=table.resolution,
            confounders=table.confounders,
            names=case.matrix.sets,
            blocks=table.lineages if by_lineage else None,
            lineages=table.lineages,
            simulations=simulations,
            subject=subject,
            seed=seed,
        )
        family = Family(table, answer, by_lineage, _blocks(case, table, seed))
    return Reanalysis(case, found, other, family, seed)


def _blocks(case: Case, table: GroupTable, seed: int) -> Blocks | None:
    sizes = Counter(one for one in table.lineages if one)
    if not sizes or max(sizes.values()) < 2:
        return None
    try:
        moved = labelings(table.groups, blocks=table.lineages, seed=seed)
    except InputError:
        return None
    if len(moved) < 2:
        return None
    distances = case.matrix.dissimilarity
    place, sums = anosim(distances, moved), permanova(distances, moved)
    return Blocks(place.p, sums.p, len(moved), moved.exact, moved.resolution)
