"""Analyses made by hand: everything that can be found, for as many models as wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from crosslight.agreement import aggregate
from crosslight.agreement.analysis import Analysis, MethodAnalysis, Relation
from crosslight.agreement.artefacts import Finding
from crosslight.agreement.covariates import Covariate
from crosslight.agreement.disagreement import rank_disagreement
from crosslight.agreement.multiverse import Choice, Multiverse, Universe
from crosslight.agreement.predictions import SamePredictions
from crosslight.agreement.relations import Kinship, ladder
from crosslight.agreement.structure import bootstrap_ellipses, branch_support, split_half, without_gaps
from crosslight.agreement.structure.consensus import Consensus
from crosslight.agreement.variance import split_variance

FAMILIES = ("convolutional", "transformer", "hybrid")
NAN = float("nan")


def method_of(
    number: int,
    *,
    label: str = "Grad-CAM",
    images: tuple[str, ...] | int = 12,
    names: tuple[str, ...] = (),
    missing: int | None = None,
    families: bool = True,
) -> MethodAnalysis:
    """All that is said of one method but communities: models of three families in turn, the first two one network.

    Args:
        number: of models.
        label: of the method.
        images: their identities, or how many.
        names: of the models.
        missing: a model without any map.
        families: whether anything is known of the models.
    """
    identities = tuple(f"i{i}" for i in range(images)) if isinstance(images, int) else images
    names = names or tuple(f"Model number {i}" for i in range(number))
    rng = np.random.default_rng(number)
    vectors = (
        rng.random((number, len(identities), 30)) + 2 * rng.random((3, len(identities), 30))[np.arange(number) % 3]
    )
    if number > 1:
        vectors[1] = vectors[0] + 0.2 * rng.random(vectors[0].shape)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    if missing is not None:
        vectors[missing] = np.nan
    per_image = np.einsum("aic,bic->iab", vectors, vectors)
    floor = np.full((number, number), 0.5)
    pairs = np.full((number, number), 132)
    main = aggregate(
        per_image, names, identities, floor=floor, floor_pairs=pairs, label=label, resamples=50, steps={"grid": 28}
    )
    if families and number > 1:
        ceiling = np.full((number, number), NAN)
        ceiling[0, 1] = ceiling[1, 0] = 0.97
        main = main.with_ceiling(ceiling)
    other = replace(main, measure="pearson", measure_label="Pearson correlation", mean=main.mean - 0.2)
    kin = Kinship(
        names,
        "family",
        tuple(FAMILIES[i % 3] if i != 1 else FAMILIES[0] for i in range(number)) if families else (None,) * number,
        (None,) * number,
        tuple("one network" if i < 2 else None for i in range(number)) if families else (None,) * number,
    )
    found, left, _ = without_gaps(per_image, names)
    structured = len(left) > 2
    cosines = np.where(np.isfinite(vectors[..., 0]), 0.8, np.nan).T + 0.01 * rng.standard_normal(
        (len(identities), number)
    )
    known = np.isfinite(cosines)
    return MethodAnalysis(
        label=label,
        agreements={"cosine": main, "pearson": other},
        kin=kin,
        ladder=ladder(main, kin, resamples=50),
        answer=answer("underpowered"),
        support=branch_support(found, left, resamples=20) if structured else None,
        ellipses=bootstrap_ellipses(found, resamples=20) if structured else None,
        reliability=split_half(found, splits=20) if structured else None,
        consensus=Consensus(
            names, cosines, cosines, known.sum(axis=1), np.where(known.all(axis=0), cosines.mean(axis=0), NAN),
            cosines.std(axis=0), len(identities),
        ),
        properties=(
            Covariate("confidence", 0.4, 0.1, 0.6, 0.02, 12),
            Covariate("correctness", NAN, NAN, NAN, NAN, 12),
            Covariate("complexity", NAN, NAN, NAN, NAN, 3),
        ),
        disagreement=rank_disagreement(main, dict.fromkeys(identities, True)),
        multiverse=choices(),
        skipped={"communities": "no dissimilarity is below 1"},
    )  # fmt: skip


def answer(verdict: str, sentence: str = "No difference was found (ANOSIM R = -.12, p = .4): underpowered.") -> Any:
    """An answer of which only the sentence is read."""
    return SimpleNamespace(verdict=verdict, sentence=sentence)


def choices() -> Multiverse:
    """Twelve universes, one of them without a statistic."""
    universes = tuple(
        Universe(
            {"sign": sign, "normalise": "none", "grid": grid, "measure": measure, "distance": "mean"},
            0.1, NAN if (sign, grid, measure) == ("signed", 7, "iou") else 0.1 * grid / 7 - 0.2 * (measure == "iou"),
            0.02, 0.03, 0.05, decision, 12,
        )
        for sign, decision in (("published", "none"), ("signed", "one test"), ("absolute", "differ"))
        for grid in (7, 28)
        for measure in ("cosine", "iou")
    )  # fmt: skip
    return Multiverse("Grad-CAM", ("a", "b"), universes, (Choice("sign", 0.5, 0.0, 8, {}, {}),), 0.05, {})  # type: ignore[arg-type]


def analysis_of(methods: dict[str, MethodAnalysis], images: int = 12) -> Analysis:
    """Methods with all that is said of them together."""
    first = next(iter(methods.values()))
    models = first.main.sets
    number = len(models)
    rng = np.random.default_rng(0)
    values = rng.random((number, 2, images, 16))
    across = {}
    for model, maps in zip(models, values, strict=True):
        unit = maps / np.linalg.norm(maps, axis=2, keepdims=True)
        across[model] = aggregate(
            np.einsum("aic,bic->iab", unit, unit), ("Grad-CAM", "Fine"), label=model, across="methods",
            floor=np.full((2, 2), 0.4), resamples=20,
        )  # fmt: skip
    share = np.full((number, number), 0.75)
    same = SamePredictions(
        models, np.full((number, number), 9), np.full((number, number), images), share, share - 0.1, share + 0.1,
        share - 0.3, np.full((number, number), NAN),
    )  # fmt: skip
    return Analysis(
        methods=methods,
        across_methods=across,
        predictions=same,
        relations=(
            Relation("Grad-CAM, cosine", "Grad-CAM, Pearson correlation", 0.91, 0.01, 0.02, number),
            Relation("Grad-CAM, cosine", "same prediction", -0.2, 0.5, 0.6, number),
        ),
        artefacts=(
            Finding(
                f"{models[0]}/Grad-CAM", "corner", "severe", 0.9, 0.1,
                '90 % of 24 maps have their largest value in a corner, the top-left one; chance -0.00. '
                f'Compare again without that cell: --repair "{models[0]}/Grad-CAM:corner=top-left".',
            ),
            Finding(f"{models[0]}/Grad-CAM", "zero", "warning", 0.2, NAN, "20 % of the maps are 0 everywhere."),
            Finding(f"{models[0]}/Fine", "emptied", "note", 0.1, NAN, "one map is empty."),
        ),
        variance=split_variance([values], resamples=20) if number > 1 else None,
        steps={"grid": 28},
        skipped={"variance": "only here to be listed"},
    )  # fmt: skip


@pytest.fixture
def made_method() -> Callable[..., MethodAnalysis]:
    """`method_of`."""
    return method_of


@pytest.fixture
def made_answer() -> Callable[..., Any]:
    """`answer`."""
    return answer


@pytest.fixture
def made_analysis() -> Callable[..., Analysis]:
    """`analysis_of`."""
    return analysis_of
