"""The family question: do groups of models differ in where they look, and how sure can one be?"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.correction import holm
from ...core.errors import InputError
from ...core.plain import plain
from .anosim import anosim
from .checks import Matrix, checked, pairs, same_length, symmetric
from .image_noise import image_share
from .labelings import DRAWS, LIMIT, labelings
from .leave_one_out import LeaveOneOut, leave_one_out
from .mantel import mantel
from .mrm import Regression, mrm
from .permanova import Permanova, permanova
from .permdisp import Permdisp, permdisp
from .power import Power, Scatter, power, scatter
from .results import PermutationTest
from .words import Findings, Verdict, sentence, verdict

RESOLUTION = "map resolution"
GROUPS = "groups"
POWER = 0.8


@dataclass(frozen=True)
class Confounder:
    """How one possible confounder goes together with the dissimilarity and with the groups (Mantel tests)."""

    dissimilarity: PermutationTest
    groups: PermutationTest


@dataclass(frozen=True)
class Answer:
    """Everything found on the family question.

    Attributes:
        sentence: a sentence about it that can be quoted.
        verdict: the rule that decided on its main clause; see `words.verdict`.
        groups: names of the groups, and how many items each has.
        anosim: are pairs inside groups more alike?
        permanova: are the groups' centres apart?
        permdisp: do the groups differ in spread?
        adjusted: Holm's p-values of the two confirmatory tests, ``anosim`` and ``permanova``.
        without: the tests without each item and each lineage.
        scatter: of the items inside their groups, and the observed shift.
        power: of the decision that the verdict rests on.
        confounders: Mantel tests of each.
        regression: of the dissimilarity on groups and confounders; None where there are no confounders, or where
            it cannot be made.
        skipped: confounders that could not be used, with the reason.
        findings: the numbers that the sentence was made from.
    """

    sentence: str
    verdict: Verdict
    groups: Mapping[str, int]
    anosim: PermutationTest
    permanova: Permanova
    permdisp: Permdisp
    adjusted: Mapping[str, float]
    without: LeaveOneOut
    scatter: Scatter
    power: Power
    confounders: Mapping[str, Confounder]
    regression: Regression | None
    skipped: Mapping[str, str]
    findings: Findings

    def to_dict(self) -> dict[str, Any]:
        """All of it but the null distributions in JSON's own types."""
        named = ("sentence", "verdict", "groups", "anosim", "permanova", "permdisp", "adjusted", "without", "power")
        return {
            **{name: plain(getattr(self, name)) for name in named},
            "scatter": plain(vars(self.scatter)),
            "confounders": {name: plain(vars(found)) for name, found in self.confounders.items()},
            "regression": plain(self.regression),
            "skipped": dict(self.skipped),
            "findings": plain(vars(self.findings)),
        }

    def __str__(self) -> str:
        return self.sentence


def family_question(
    dissimilarity: ArrayLike,
    groups: Sequence[object] | NDArray[np.generic],
    *,
    resolution: ArrayLike | None = None,
    blocks: Sequence[Hashable] | None = None,
    confounders: Mapping[str, ArrayLike] | None = None,
    alpha: float = 0.05,
    seed: int = 0,
    names: Sequence[str] | None = None,
    lineages: Sequence[Hashable] | None = None,
    per_image: ArrayLike | None = None,
    relevant: float = 1.0,
    simulations: int = 1000,
    limit: int = LIMIT,
    draws: int = DRAWS,
    subject: str = "where they look",
    noun: str = "model",
) -> Answer:
    """Ask whether groups differ, with every test that the answer needs.

    ANOSIM and PERMANOVA are the confirmatory tests, corrected by Holm's method for the two. PERMDISP, the tests
    without each item, the regression on confounders and the power by simulation decide on what is said beside
    them; see `words` for the rules.

    Args:
        dissimilarity: ``[item, item]``, symmetric, non-negative, known for all pairs.
        groups: the family of each item.
        resolution: cells along a side of each item's maps before resizing; a confounder by the difference of
            its logarithms.
        blocks: the lineage of each item, None for none; see `labelings`. The regression and the Mantel tests
            permute single items all the same.
        confounders: by name, ``[item]`` (pairs differ by the absolute difference) or ``[item, item]``, such as
            accuracy and same-prediction rate.
        alpha: the level of all decisions.
        seed: of everything drawn.
        names: of the items.
        lineages: as `blocks`, where items of a lineage are to be left out together but labels move singly.
        per_image: similarities ``[image, item, item]``, which tell whether more images would help.
        relevant: a shift, in standard deviations, that should not be missed; decides when power is too low.
        simulations: for the power of each shift.
        limit: as in `labelings`.
        draws: as in `labelings`, and permutations of the Mantel tests and the regression.
        subject: in what the groups may differ, for the sentence.
        noun: what one item is, for the sentence.

    Raises:
        InputError: the input does not fit together, or there is nothing to test.
    """
    matrix = checked(dissimilarity)
    found = labelings(groups, blocks=blocks, limit=limit, draws=draws, seed=seed)
    same_length(len(matrix), len(found.observed), "groups")
    other, skipped = _confounders(len(matrix), resolution, confounders or {})
    place, sums, spread = anosim(matrix, found), permanova(matrix, found), permdisp(matrix, found)
    without = leave_one_out(
        matrix,
        groups,
        names=names,
        blocks=blocks,
        lineages=lineages,
        alpha=alpha,
        limit=limit,
        draws=draws,
        seed=seed,
    )
    able = power(matrix, found, test="either", alpha=alpha, wanted=POWER, simulations=simulations, seed=seed)
    apart = (found.observed[:, None] != found.observed).astype(np.float64)
    tested = {
        name: Confounder(mantel(values, matrix, draws=draws, seed=seed), mantel(values, apart, draws=draws, seed=seed))
        for name, values in other.items()
        if np.ptp(pairs(matrix)) > 0
    }
    regression, inflation = _regression(matrix, apart, other, draws, seed)
    wider = max(spread.spread, key=lambda name: spread.spread[name])
    sizes = dict(zip(found.names, found.sizes.tolist(), strict=True))
    findings = Findings(
        groups=found.names,
        r=place.statistic,
        anosim=place.p,
        permanova=sums.p,
        permdisp=spread.p,
        count=len(found),
        exact=found.exact,
        resolution=found.resolution,
        alpha=alpha,
        wanted=POWER,
        smallest=able.smallest,
        relevant=relevant,
        wider=wider,
        liberal=sizes[wider] == min(sizes.values()) < max(sizes.values()),
        changing=tuple((one.name, one.p) for one in without.changing),
        worst=(without.worst.name, without.worst.p) if without.worst else None,
        confounders=tuple(other),
        adjusted=regression.coefficients[GROUPS].p if regression else None,
        inflation=inflation,
        image_share=None if per_image is None else image_share(per_image, matrix, found),
        subject=subject,
        noun=noun,
    )
    adjusted = holm([place.p, sums.p])
    return Answer(
        sentence=sentence(findings),
        verdict=verdict(findings),
        groups=sizes,
        anosim=place,
        permanova=sums,
        permdisp=spread,
        adjusted={"anosim": float(adjusted[0]), "permanova": float(adjusted[1])},
        without=without,
        scatter=scatter(matrix, found),
        power=able,
        confounders=tested,
        regression=regression,
        skipped=skipped,
        findings=findings,
    )


def _confounders(
    items: int, resolution: ArrayLike | None, given: Mapping[str, ArrayLike]
) -> tuple[dict[str, Matrix], dict[str, str]]:
    """Confounders as matrices, and those that say nothing, with the reason.

    Raises:
        InputError: one is of another size, has unknown values, or a name that is taken.
    """
    values: dict[str, NDArray[np.float64]] = {}
    if resolution is not None:
        cells = np.asarray(resolution, dtype=np.float64)
        if cells.ndim != 1 or not (cells > 0).all():
            raise InputError("resolution is a positive number of cells for each item")
        values[RESOLUTION] = np.log2(cells)
    for name, one in given.items():
        if name in values or name == GROUPS:
            raise InputError(f"a confounder cannot be called {name!r}; the name is taken")
        values[name] = np.asarray(one, dtype=np.float64)
    usable: dict[str, Matrix] = {}
    skipped: dict[str, str] = {}
    for name, one in values.items():
        matrix = symmetric(np.abs(one[:, None] - one) if one.ndim == 1 else one, f"confounder {name!r}")
        same_length(items, len(matrix), f"confounder {name!r}")
        if np.ptp(pairs(matrix)) <= 1e-12 * np.abs(matrix).max(initial=0):
            skipped[name] = "it is the same for all pairs"
        elif _follows(matrix, usable.values()):
            skipped[name] = f"it follows from {' and '.join(usable)}"
        else:
            usable[name] = matrix
    return usable, skipped


def _follows(matrix: Matrix, others: Iterable[Matrix]) -> bool:
    """Whether the pairs of a matrix are a combination of those of others and a constant."""
    values = pairs(matrix)
    basis = np.stack([np.ones(len(values)), *map(pairs, others)], axis=1)
    rest = values - basis @ np.linalg.lstsq(basis, values, rcond=None)[0]
    return bool(np.var(rest) < 1e-10 * np.var(values))


def _regression(
    matrix: Matrix, apart: Matrix, other: Mapping[str, Matrix], draws: int, seed: int
) -> tuple[Regression | None, float]:
    """The regression on groups and confounders, and the groups' variance inflation in it."""
    if not other:
        return None, 1.0
    columns = np.stack([np.ones(len(pairs(matrix))), *(pairs(one) for one in other.values())], axis=1)
    between = pairs(apart)
    rest = between - columns @ np.linalg.lstsq(columns, between, rcond=None)[0]
    if np.var(rest) < 1e-10 * np.var(between):
        return None, float("inf")
    made = mrm(matrix, {GROUPS: apart, **other}, draws=draws, seed=seed)
    return made, made.coefficients[GROUPS].inflation
