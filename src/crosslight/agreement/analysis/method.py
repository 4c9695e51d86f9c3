"""What can be said about the models under one method."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ...core.means import known_mean
from ...core.plain import plain
from ...store import MapSet
from ..aggregate import filtered
from ..agree import agree_store_by, read_blocks
from ..calibration import ceiling_between
from ..covariates import Covariate, covariates, image_agreement
from ..disagreement import Disagreement, rank_disagreement
from ..filters import Filter
from ..groups import Answer, family_question, mantel
from ..groups.results import PermutationTest
from ..multiverse import Multiverse, multiverse
from ..prepare import Steps, prepare
from ..relations import Kinship, Ladder, kinship, ladder
from ..result import Agreement
from ..similarity import unit
from ..structure import (
    Communities,
    Consensus,
    Ellipses,
    SplitHalf,
    Support,
    bootstrap_ellipses,
    branch_support,
    communities,
    consensus,
    split_half,
    without_gaps,
)
from .request import Found, Request, filter_of, tried

#: runs of Louvain at each resolution
LOUVAIN = 20


@dataclass(frozen=True)
class MethodAnalysis:
    """What was found about the models under one method.

    Attributes:
        label: the method's label.
        agreements: by the key of the measure; the first is the main one, which all else is about.
        kin: what the models are.
        ladder: how alike models of each relation are.
        answer: the family question; None where it cannot be asked.
        support: the tree with the support of its branches.
        ellipses: the models on a map, with what the images leave open.
        communities: Louvain over seeds and resolutions.
        reliability: whether the pattern over pairs comes back with other images.
        consensus: each model against the consensus of the others.
        properties: agreement on each image against properties of the image.
        disagreement: images ranked by how much the models disagree.
        with_predictions: Mantel test of the dissimilarity against how often predictions differ.
        multiverse: the family question under every combination of choices; None unless asked for.
        skipped: what could not be made, with the reason.
    """

    label: str
    agreements: Mapping[str, Agreement]
    kin: Kinship
    ladder: Ladder
    answer: Answer | None = None
    support: Support | None = None
    ellipses: Ellipses | None = None
    communities: Communities | None = None
    reliability: SplitHalf | None = None
    consensus: Consensus | None = None
    properties: tuple[Covariate, ...] = ()
    disagreement: tuple[Disagreement, ...] = ()
    with_predictions: PermutationTest | None = None
    multiverse: Multiverse | None = None
    skipped: Mapping[str, str] = field(default_factory=dict)

    @property
    def main(self) -> Agreement:
        """By the first measure."""
        return next(iter(self.agreements.values()))

    def to_dict(self) -> dict[str, Any]:
        """All of it but similarities per image, in JSON's own types."""
        rest = {name: plain(value) for name, value in self.__dict__.items() if name != "agreements"}
        return {"agreements": {key: one.to_dict() for key, one in self.agreements.items()}, **rest}


def analyse_method(asked: Request, label: str, sets: Sequence[MapSet]) -> MethodAnalysis:
    """Compare the models under one method.

    Args:
        asked: the request.
        label: the method's label.
        sets: its sets of maps, two or more.
    """
    by_measure = agree_store_by(asked.store, asked.measures, asked.steps, name=label, sets=sets, **asked.shared)[label]
    kin = _kin(asked, [one.model for one in sets])
    only = filter_of(asked, [one.model for one in sets])
    agreements = {key: _with_ceiling(_filtered(one, only), kin) for key, one in by_measure.items()}
    main = next(iter(agreements.values()))
    per_image, left, _ = without_gaps(main.per_image, main.sets)
    seed, resamples, skipped = asked.seed, asked.resamples, dict[str, str]()
    own_images = only is not None and only.mask.ndim == 3
    enough = len(left) > 2 and len(per_image) > 1 and not own_images
    if own_images:
        skipped["structure"] = "each pair of models has images of its own, so that none can be drawn again for all"
    elif not enough:
        skipped["structure"] = (
            f"three models and two images are needed; {len(left)} models share {len(per_image)} images"
        )

    def structure(name: str, make: Callable[[], Found]) -> Found | None:
        return tried(skipped, name, make) if enough else None

    places = [main.sets.index(name) for name in left]
    distances = main.dissimilarity[np.ix_(places, places)]
    rows = [asked.told.images.index(image) for image in main.images]
    properties = {name: values[rows] for name, values in asked.properties.items()}
    return MethodAnalysis(
        label=label,
        agreements=agreements,
        kin=kin,
        ladder=ladder(main, kin, seed=seed),
        answer=tried(skipped, "groups", lambda: _family(asked, main, kin, sets, skipped)),
        support=structure("tree", lambda: branch_support(per_image, left, resamples=resamples, seed=seed)),
        ellipses=structure("map", lambda: bootstrap_ellipses(per_image, resamples=resamples, seed=seed)),
        communities=structure("communities", lambda: communities(distances, seeds=LOUVAIN, seed=seed)),
        reliability=structure("reliability", lambda: split_half(per_image, seed=seed)),
        consensus=structure("consensus", lambda: _consensus(asked, sets, main.sets)),
        properties=covariates(image_agreement(main.per_image), properties, seed=seed),
        disagreement=rank_disagreement(main, _same(asked)),
        with_predictions=tried(skipped, "predictions", lambda: _with_predictions(asked, main)),
        multiverse=tried(skipped, "choices", lambda: _universes(asked, label, sets, main, kin))
        if asked.every_choice
        else None,
        skipped=skipped,
    )


def _kin(asked: Request, models: Sequence[str]) -> Kinship:
    """What the models are; where all are of one family, their lineages are the groups, if there are some."""
    kin = kinship(asked.store, models, asked.by, asked.groups)
    if kin.by == "family" and not kin.testable and any(kin.lineages):
        other = kinship(asked.store, models, "lineage")
        return other if other.testable else kin
    return kin


def _family(asked: Request, main: Agreement, kin: Kinship, sets: Sequence[MapSet], skipped: dict[str, str]) -> Answer:
    """The family question on the models of groups of two or more, another seed of a network left out."""
    usable = np.isfinite(main.mean.diagonal())
    places = [i for i, (g, first) in enumerate(zip(kin.groups, kin.first, strict=True)) if g and first and usable[i]]
    sizes = Counter(kin.groups[i] for i in places)
    alone = [f"{main.sets[i]} ({kin.groups[i]})" for i in places if sizes[kin.groups[i]] == 1]
    places = [i for i in places if sizes[kin.groups[i]] > 1]
    if len({kin.groups[i] for i in places}) < 2:
        known = ", ".join(f"{count} {name}" for name, count in sizes.items()) or "none is known"
        raise InputError(f"two groups of two models are needed, seeds of one network counted once; there are: {known}")
    if alone:
        skipped["models alone in their group"] = ", ".join(alone)
    repeats = [main.sets[i] for i, first in enumerate(kin.first) if not first and kin.groups[i]]
    if repeats:
        skipped["further seeds, in the question of groups"] = ", ".join(repeats)
    names = [sets[i].model for i in places]
    rows = [asked.told.models.index(name) for name in names]
    confounders: dict[str, NDArray[np.float64]] = {}
    accuracy = known_mean(asked.told.right[rows], 1)
    if np.isfinite(accuracy).all():
        confounders["accuracy"] = accuracy
    same = known_mean(asked.told.same()[:, rows][:, :, rows], 0)
    if np.isfinite(same).all():
        confounders["different answers"] = 1 - same
    if asked.groups is not None:
        confounders |= asked.groups.take(names).confounders
    return family_question(
        main.dissimilarity[np.ix_(places, places)],
        [str(kin.groups[i]) for i in places],
        resolution=[float(np.sqrt(np.prod(sets[i].shape))) for i in places],
        confounders=confounders,
        names=[main.sets[i] for i in places],
        lineages=None if kin.by == "lineage" else [kin.lineages[i] for i in places],  # a group cannot be left out
        per_image=main.per_image[:, places][:, :, places],
        seed=asked.seed,
    )


def _filtered(agreement: Agreement, only: Filter | None) -> Agreement:
    """Over the images that a filter leaves; those that it takes from all models are unknown to all that follows."""
    if only is None:
        return agreement
    left = filtered(agreement, only)
    if only.mask.ndim == 3:
        return left
    return replace(left, per_image=np.where(only.mask[:, None, None], agreement.per_image, np.nan))


def _with_ceiling(agreement: Agreement, kin: Kinship) -> Agreement:
    """With how alike two seeds of a network are as the ceiling, where there are some."""
    groups: dict[str, list[str]] = {}
    for label, name in zip(agreement.sets, kin.replicates, strict=True):
        if name is not None:
            groups.setdefault(name, []).append(label)
    repeats = {other: same[0] for same in groups.values() for other in same[1:]}
    if not repeats:
        return agreement
    ceiling = ceiling_between(agreement, repeats, agreement.sets)
    # A seed is as reliable as the network that it repeats.
    origin = [agreement.sets.index(repeats.get(label, label)) for label in agreement.sets]
    return agreement.with_ceiling(ceiling[np.ix_(origin, origin)])


def _consensus(asked: Request, sets: Sequence[MapSet], labels: Sequence[str]) -> Consensus:
    positions: list[int] = []

    def blocks() -> Iterator[NDArray[np.float64]]:
        for rows, maps in read_blocks(asked.store, sets, asked.seed, asked.repairs):
            positions.extend(rows)
            own = prepare(maps, asked.steps)
            yield unit(np.where(own.usable[..., None], own.values, np.nan))

    found = consensus(blocks(), labels)
    order = np.argsort(positions)
    ordered = {name: getattr(found, name)[order] for name in ("per_image", "with_own", "usable")}
    return replace(found, **ordered)


def _with_predictions(asked: Request, main: Agreement) -> PermutationTest:
    if any(label not in asked.told.models for label in main.sets):
        raise InputError("models with several settings under one label have one set of predictions")
    rows = [asked.told.models.index(label) for label in main.sets]
    same = known_mean(asked.told.same()[:, rows][:, :, rows], 0)
    if not (np.isfinite(same).all() and np.isfinite(main.dissimilarity).all()):
        raise InputError("some models have no predictions, or no images in common")
    return mantel(main.dissimilarity, 1 - same, seed=asked.seed)


def _universes(asked: Request, label: str, sets: Sequence[MapSet], main: Agreement, kin: Kinship) -> Multiverse:
    def compare(steps: Steps, measures: Sequence[str]) -> Mapping[str, Agreement]:
        # No interval is read, so that few resamples will do.
        own = {**asked.shared, "resamples": 10}
        return agree_store_by(asked.store, measures, steps, name=label, sets=sets, **own)[label]

    known = {
        name: group for name, group, first in zip(main.sets, kin.groups, kin.first, strict=True) if group and first
    }
    sizes = Counter(known.values())
    groups = {name: group for name, group in known.items() if sizes[group] > 1}
    return multiverse(compare, groups, label=label, seed=asked.seed)


def _same(asked: Request) -> dict[str, bool]:
    """Whether all models that predict something predict one class, by image."""
    columns = zip(asked.told.images, asked.told.top.T, strict=True)
    return {image: len(set(column[column >= 0].tolist())) == 1 for image, column in columns}
