"""What cross-testing found: how much of each model's confidence every model's regions keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.bootstrap import mean_interval
from ...core.plain import Plain, plain
from ..artefacts.finding import percent
from .regions import BASELINES

Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate(Plain):
    """A mean over images.

    Attributes:
        mean: over images.
        low, high: bounds of its 95 % bootstrap interval over images; it says nothing about other models.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class CrossTest:
    """How much of the confidence of model B is kept when it sees what model A finds important, and nothing else.

    All values are shares of B's probability on the whole picture, of the class that it predicts there; they exceed 1
    where B is surer without the rest. Matrices are ``[A, B]``: whose map, and who looks.

    Attributes:
        models: labels.
        method: label of the maps.
        share: what is shown, as a share of the part of the picture that all models see.
        fill: what is seen instead of the rest.
        images: identities of the images that count: those with a usable map of every model.
        kept: ``[image, A, B]``.
        mean: over images.
        low, high: bounds of its 95 % bootstrap interval over images.
        baselines: names of regions that know nothing of the models: ``random`` ones, as coarse as 7 x 7 cells, and the
            ``centre``.
        baseline: ``[image, baseline, B]``: what these keep.
        baseline_mean: ``[baseline, B]``.
        baseline_low, baseline_high: bounds of its interval.
        confidence: ``[image, B]``: probability of the predicted class on the whole picture.
        summary: means over models: ``own`` (A = B), ``others`` (A and B differ), ``own less others`` and the baselines.
        skipped: reasons for which images were left out, with their number.
        settings: ``seed``, ``resamples``, ``grid`` and ``coarse``.

    Source:
        Jiang, Khorram and Fuxin, "Comparing the decision-making mechanisms by transformers and CNNs via explanation
        methods", arXiv:2212.06872: regions salient to one network are shown to another. Deviation: maps of any
        method in place of regions that are optimised, one share of the picture, and baselines.
    """

    models: tuple[str, ...]
    method: str
    share: float
    fill: str
    images: tuple[str, ...]
    kept: Matrix
    mean: Matrix
    low: Matrix
    high: Matrix
    baselines: tuple[str, ...]
    baseline: Matrix
    baseline_mean: Matrix
    baseline_low: Matrix
    baseline_high: Matrix
    confidence: Matrix
    summary: Mapping[str, Estimate]
    skipped: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def per_image(self) -> Matrix:
        """The symmetric part for each image, ``[image, model, model]``: ``(kept[A, B] + kept[B, A]) / 2``."""
        return np.asarray((self.kept + self.kept.transpose(0, 2, 1)) / 2)

    @property
    def similarity(self) -> Matrix:
        """Its mean over images: how well two models do with each other's regions."""
        return np.asarray((self.mean + self.mean.T) / 2)

    @property
    def interaction(self) -> Matrix:
        """``[A, B]``: what is kept beyond what A's regions keep of any model and B keeps under any model's regions.

        Some maps lie on the object for everyone, and some networks bear any hiding; in `mean` and `similarity` these
        outweigh what two models share. Here rows and columns have a mean of 0.
        """
        rows, columns = (self.mean.mean(axis=axis, keepdims=True) for axis in (1, 0))
        return np.asarray(self.mean - rows - columns + self.mean.mean())

    @property
    def sentence(self) -> str:
        """What a model's regions keep of its own confidence and of the others'."""
        own, others, less = (self.summary[name] for name in ("own", "others", "own less others"))
        random, centre = (self.summary[name] for name in BASELINES)
        share, points = percent(self.share), [round(100 * value) for value in (less.mean, less.low, less.high)]
        return (
            f"What a model finds important keeps {percent(own.mean)} of its own confidence and {percent(others.mean)} "
            f"of the others' (difference {points[0]} points, 95 % interval {points[1]} to {points[2]}); a random "
            f"{share} of the picture keeps {percent(random.mean)}, the middle {share} {percent(centre.mean)} "
            f"({self.method}, top {share}, N = {len(self.images)} images, {len(self.models)} models)."
        )

    def sentence_of(self, model: str) -> str:
        """The same of one model's regions.

        Args:
            model: its label.
        """
        at = self.models.index(model)
        others = [i for i in range(len(self.models)) if i != at]
        random = self.baseline_mean[self.baselines.index("random")]
        return (
            f"What {model} finds important keeps {percent(self.mean[at, at])} of its own confidence and "
            f"{percent(self.mean[at, others].mean())} of the others'; a random {percent(self.share)} of the picture "
            f"keeps {percent(random[at])} and {percent(random[others].mean())}."
        )

    def to_dict(self) -> dict[str, Any]:
        """All of it but values per image in JSON's own types, NaN as None."""
        left = {name: value for name, value in self.__dict__.items() if name not in ("kept", "baseline", "confidence")}
        return {
            **{name: plain(value) for name, value in left.items()},
            "similarity": plain(self.similarity),
            "interaction": plain(self.interaction),
            "sentence": self.sentence,
            "sentences": {model: self.sentence_of(model) for model in self.models},
        }


def summarised(kept: Matrix, baseline: Matrix, resamples: int, seed: int) -> dict[str, Any]:
    """Means over images and their intervals, as `CrossTest` names them; the same images are drawn for all of them.

    Args:
        kept: ``[image, A, B]``, finite.
        baseline: ``[image, baseline, B]``, finite.
        resamples: of the images.
        seed: of the resampling.
    """
    images, models = kept.shape[:2]
    own = np.diagonal(kept, axis1=1, axis2=2).mean(axis=1)
    others = (kept.sum(axis=(1, 2)) - own * models) / (models * (models - 1))
    single = {"own": own, "others": others, "own less others": own - others}
    single |= {name: baseline[:, i].mean(axis=1) for i, name in enumerate(BASELINES)}
    columns = np.concatenate(
        [kept.reshape(images, -1), baseline.reshape(images, -1), np.stack(list(single.values()), axis=1)], axis=1
    )
    low, high = mean_interval(columns, resamples=resamples, seed=seed)
    bounds = np.stack([columns.mean(axis=0), low, high])
    pairs, plains, rest = np.split(bounds, [models**2, models**2 + baseline[0].size], axis=1)
    names = ("mean", "low", "high")
    found: dict[str, Any] = dict(zip(names, pairs.reshape(3, models, models), strict=True))
    found |= {f"baseline_{name}": one for name, one in zip(names, plains.reshape(3, *baseline.shape[1:]), strict=True)}
    found["summary"] = {name: Estimate(*map(float, rest[:, i])) for i, name in enumerate(single)}
    return found
