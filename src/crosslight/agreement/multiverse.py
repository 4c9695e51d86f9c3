"""The family question under every combination of choices that a study could have made, and which of them decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.correction import benjamini_hochberg, holm
from ..core.errors import InputError
from ..core.plain import Plain, plain
from .aggregate import Agreement
from .groups.anosim import anosim
from .groups.labelings import Labelings, labelings
from .groups.permanova import permanova
from .groups.words import listed
from .prepare import Steps

#: what may become of a map's sign: as the method publishes it, or raw, positive or absolute without that final step
SIGNS: Mapping[str, Mapping[str, Any]] = {
    "published": {"finish": True, "sign": "keep"},
    "signed": {"finish": False, "sign": "keep"},
    "positive": {"finish": False, "sign": "positive"},
    "absolute": {"finish": False, "sign": "absolute"},
}
NORMALISATIONS = ("none", "minmax")
GRIDS = (7, 28)
MEASURES = ("cosine", "pearson", "spearman", "iou", "kappa")
#: how similarities become dissimilarities: with their spread over images, as the reference thesis has it, or without
DISTANCES = ("spread", "mean")
DIMENSIONS = ("sign", "normalise", "grid", "measure", "distance")

Decision = Literal["differ", "one test", "none"]
Compare = Callable[[Steps, Sequence[str]], Mapping[str, Agreement]]


@dataclass(frozen=True)
class Universe:
    """One combination of choices and what it leads to.

    Attributes:
        choices: by dimension: ``sign``, ``normalise``, ``grid``, ``measure``, ``distance``.
        contrast: mean similarity inside groups less that between them, in the measure's unit.
        r: ANOSIM's statistic.
        anosim, permanova: p-values.
        adjusted: Benjamini and Hochberg's adjusted p-value over all universes of the smaller of the two after Holm's
            correction.
        decision: ``differ`` where both tests are significant after Holm's correction for the two, ``one test`` where
            one is, else ``none``. NaN tests decide for ``none``.
        images: behind the means.
    """

    choices: Mapping[str, Any]
    contrast: float
    r: float
    anosim: float
    permanova: float
    adjusted: float
    decision: Decision
    images: int

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types; the choices beside the rest."""
        rest = {name: plain(value) for name, value in self.__dict__.items() if name != "choices"}
        return {**dict(self.choices), **rest}


@dataclass(frozen=True)
class Choice(Plain):
    """How much one dimension decides.

    Attributes:
        dimension: which.
        flips: share of the pairs of universes that differ in this choice alone and come to different decisions.
        reverses: share of these pairs whose contrasts have different signs.
        pairs: number of these pairs.
        differ: by level: share of its universes in which at least one test is significant.
        r: by level: mean of ANOSIM's R.
    """

    dimension: str
    flips: float
    reverses: float
    pairs: int
    differ: Mapping[str, float]
    r: Mapping[str, float]


@dataclass(frozen=True)
class Multiverse:
    """All universes.

    Attributes:
        label: what was compared, such as the method's label.
        groups: names of the groups.
        universes: in the order of the choices.
        choices: the dimensions that had several levels, the most decisive first.
        alpha: level of the decisions.
        left_out: combinations that could not be made, with the reason.
    """

    label: str
    groups: tuple[str, ...]
    universes: tuple[Universe, ...]
    choices: tuple[Choice, ...]
    alpha: float
    left_out: Mapping[str, str]

    @property
    def sentence(self) -> str:
        """What can be said of all universes together."""
        number = len(self.universes)
        if not number:
            return "No combination of choices could be compared."
        found = sum(one.decision != "none" for one in self.universes)
        kept = sum(one.adjusted <= self.alpha for one in self.universes)
        text = f"{listed(self.groups)} differ, by one test at least, in {found} of {number} combinations of choices"
        text += f" ({kept} after correction for so many)" if found else ""
        deciding = [one for one in self.choices if one.flips > 0]
        if not deciding:
            return text + "; no single choice changes the conclusion."
        most = deciding[0]
        text += f"; the {_CALLED[most.dimension]} decides most: {most.flips:.0%} of changes in it alone"
        text += " change the conclusion"
        rest = [f"{_CALLED[one.dimension]} {one.flips:.0%}" for one in deciding[1:3]]
        return (text + (f" ({', '.join(rest)})" if rest else "") + ".").replace("%", " %")

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types."""
        return {
            "label": self.label,
            "groups": list(self.groups),
            "sentence": self.sentence,
            "alpha": self.alpha,
            "universes": [one.to_dict() for one in self.universes],
            "choices": [one.to_dict() for one in self.choices],
            "left_out": dict(self.left_out),
        }


_CALLED = {
    "sign": "sign",
    "normalise": "normalisation",
    "grid": "grid",
    "measure": "measure",
    "distance": "distance",
}


def multiverse(
    compare: Compare,
    groups: Mapping[str, object],
    *,
    label: str = "",
    signs: Iterable[str] = tuple(SIGNS),
    normalisations: Iterable[str] = NORMALISATIONS,
    grids: Iterable[int] = GRIDS,
    measures: Sequence[str] = MEASURES,
    distances: Iterable[str] = DISTANCES,
    alpha: float = 0.05,
    seed: int = 0,
) -> Multiverse:
    """Ask whether groups differ under every combination of choices.

    Args:
        compare: from steps and measures to the agreements by measure, such as one pass over a store.
        groups: by the label of a set; sets without a group are left out.
        label: of what is compared.
        signs: what becomes of the sign, see `SIGNS`.
        normalisations: as in `crosslight.agreement.Steps`.
        grids: cells along a side.
        measures: as users write them.
        distances: how similarities become dissimilarities.
        alpha: level of all decisions.
        seed: of the labelings, where they are drawn.

    Raises:
        InputError: there are not two groups of two sets, or a choice is unknown.

    Source:
        Steegen, Tuerlinckx, Gelman and Vanpaemel, "Increasing transparency through a multiverse analysis",
        Perspectives on Psychological Science 11, 2016.
    """
    unknown = [sign for sign in signs if sign not in SIGNS] + [one for one in distances if one not in DISTANCES]
    if unknown:
        raise InputError(f"no such choice: {unknown[0]!r}; there are {', '.join((*SIGNS, *DISTANCES))}")
    left_out: dict[str, str] = {}
    found: list[Universe] = []
    names: tuple[str, ...] = ()
    for sign, normalise, grid in product(signs, normalisations, grids):
        steps = Steps(**SIGNS[sign], normalise=normalise, grid=grid)  # type: ignore[arg-type]
        for key, agreement in compare(steps, measures).items():
            for distance in distances:
                choices = {
                    "sign": sign, "normalise": normalise, "grid": grid, "measure": key, "distance": distance,
                }  # fmt: skip
                try:
                    universe, names = _universe(agreement, groups, choices, alpha, seed)
                except InputError as error:
                    left_out[", ".join(f"{name} {value}" for name, value in choices.items())] = str(error)
                else:
                    found.append(universe)
    if not found and left_out:
        raise InputError(f"no combination can be compared: {next(iter(left_out.values()))}")
    least = [np.nanmin(holm([one.anosim, one.permanova])) for one in found]
    adjusted = benjamini_hochberg(least)
    universes = tuple(
        Universe(**{**one.__dict__, "adjusted": float(p)}) for one, p in zip(found, adjusted, strict=True)
    )
    decisive = sorted(_choices(universes), key=lambda one: -one.flips)
    return Multiverse(label, names, universes, tuple(decisive), alpha, left_out)


def _universe(
    agreement: Agreement, groups: Mapping[str, object], choices: Mapping[str, Any], alpha: float, seed: int
) -> tuple[Universe, tuple[str, ...]]:
    known = np.isfinite(agreement.dissimilarity).sum(axis=0) > 1
    places = [i for i, label in enumerate(agreement.sets) if label in groups and known[i]]
    mean = agreement.mean[np.ix_(places, places)]
    sd = agreement.sd[np.ix_(places, places)]
    spread = np.nan_to_num(sd, nan=0.0) if choices["distance"] == "spread" else 0
    matrix = np.sqrt((1 - mean) ** 2 + spread**2)
    np.fill_diagonal(matrix, 0)
    own = labelings([groups[agreement.sets[i]] for i in places], seed=seed)
    place, sums = anosim(matrix, own), permanova(matrix, own)
    both = holm([place.p, sums.p])
    significant = int((both <= alpha * (1 + 1e-9)).sum())
    decision: Decision = "differ" if significant == 2 else "one test" if significant else "none"
    counts = agreement.count[np.ix_(places, places)]
    universe = Universe(
        choices, _contrast(mean, own), place.statistic, place.p, sums.p, float("nan"), decision, int(counts.min())
    )
    return universe, own.names


def _contrast(mean: NDArray[np.float64], groups: Labelings) -> float:
    rows, columns = np.triu_indices(len(mean), 1)
    inside = groups.observed[rows] == groups.observed[columns]
    values = mean[rows, columns]
    return float(values[inside].mean() - values[~inside].mean())


def _choices(universes: Sequence[Universe]) -> Iterator[Choice]:
    for dimension in DIMENSIONS:
        by_level: dict[Any, list[Universe]] = {}
        alike: dict[tuple[Any, ...], list[Universe]] = {}
        for one in universes:
            by_level.setdefault(one.choices[dimension], []).append(one)
            alike.setdefault(tuple(one.choices[name] for name in DIMENSIONS if name != dimension), []).append(one)
        if len(by_level) < 2:
            continue
        pairs = [(a, b) for same in alike.values() for i, a in enumerate(same) for b in same[i + 1 :]]
        flips = [(a.decision == "none") != (b.decision == "none") for a, b in pairs]
        reverses = [a.contrast * b.contrast < 0 for a, b in pairs]
        yield Choice(
            dimension,
            float(np.mean(flips)) if flips else 0.0,
            float(np.mean(reverses)) if reverses else 0.0,
            len(pairs),
            {str(level): float(np.mean([u.decision != "none" for u in same])) for level, same in by_level.items()},
            {str(level): float(np.mean([u.r for u in same])) for level, same in by_level.items()},
        )
