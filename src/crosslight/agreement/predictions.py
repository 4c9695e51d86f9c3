"""What the models said: classes, confidence and correctness side by side, and how often two say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.bootstrap import mean_interval
from ..core.errors import StoreError
from ..core.plain import Plain
from ..store import Store

ROWS = 1024  # images whose logits are held at a time


@dataclass(frozen=True)
class Predictions:
    """The predictions of several models for the same images.

    Attributes:
        models: their labels.
        images: identities.
        top: int64 ``[model, image]``: the predicted class as a number that means the same for all models, -1 where
            there is no prediction.
        confidence: float64 ``[model, image]``: probability of that class, NaN where there is none.
        right: float64 ``[model, image]``: 1 where it is the labelled class, 0 where not, NaN where nothing is known.
        names: of the classes, by number.
    """

    models: tuple[str, ...]
    images: tuple[str, ...]
    top: NDArray[np.int64]
    confidence: NDArray[np.float64]
    right: NDArray[np.float64]
    names: tuple[str, ...]

    def same(self) -> NDArray[np.float64]:
        """float64 ``[image, model, model]``: 1 where two models predict the same class, NaN where one has none."""
        known = (self.top >= 0).T
        same = (self.top.T[:, :, None] == self.top.T[:, None, :]).astype(np.float64)
        return np.where(known[:, :, None] & known[:, None, :], same, np.nan)


@dataclass(frozen=True)
class SamePredictions(Plain):
    """How often two models predict the same class. All matrices are ``[model, model]``.

    Attributes:
        models: their labels.
        count: images on which both predict the same class.
        of: images on which both predict.
        fraction: ``count / of``, NaN where there is none.
        low, high: bounds of the 95 % bootstrap interval of `fraction` over images.
        kappa: Cohen's kappa of the predicted classes: agreement beyond what the models' class frequencies give.
        error_consistency: kappa of being right or wrong: do the models err on the same images more than their
            accuracies make them? NaN without labels, or where a model is always right or always wrong.

    Source:
        Error consistency: Geirhos, Meding and Wichmann, "Beyond accuracy: quantifying trial-by-trial behaviour of CNNs
        and humans by measuring error consistency", NeurIPS 2020, equation 3.
    """

    models: tuple[str, ...]
    count: NDArray[np.int64]
    of: NDArray[np.int64]
    fraction: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    kappa: NDArray[np.float64]
    error_consistency: NDArray[np.float64]


def read_predictions(store: Store, models: Sequence[str] | None = None) -> Predictions:
    """The predictions of a store, block by block.

    Classes are compared by their identifiers where the models have them, else by name.

    Args:
        store: where they are.
        models: which models; all with predictions if None. One without any has none for every image.
    """
    labels = store.models() if models is None else tuple(models)
    images = tuple(image.identity for image in store.manifest.images)
    top = np.full((len(labels), len(images)), -1, np.int64)
    confidence, right = np.full((2, *top.shape), np.nan)
    numbers: dict[str, int] = {}
    names: list[str] = []
    for row, label in enumerate(labels):
        truth: NDArray[np.int64] | None = None
        for start in range(0, len(images), ROWS):
            rows = slice(start, min(start + ROWS, len(images)))
            try:
                table = store.predictions(label, rows)
            except StoreError:
                if start:
                    raise
                break  # a model of which only maps are stored
            known = np.flatnonzero(table.top1 >= 0)
            own = table.top1[known]
            ids = table.attributes.get("class_ids") or ()
            for index in np.unique(own).tolist():
                key = ids[index] if index < len(ids) else table.classes[index].casefold()
                if key not in numbers:
                    numbers[key] = len(names)
                    names.append(table.classes[index])
                top[row, start + known[own == index]] = numbers[key]
            confidence[row, start + known] = table.probabilities[known, own]
            if truth is None:
                labelled = table.attributes.get("labels") or [None] * len(images)
                truth = np.array([-1 if index is None else index for index in labelled], np.int64)
            asked = truth[start + known]
            right[row, start + known] = np.where(asked >= 0, own == asked, np.nan)
    return Predictions(labels, images, top, confidence, right, tuple(names))


def same_predictions(predictions: Predictions, *, resamples: int = 2000, seed: int = 0) -> SamePredictions:
    """How often every two models predict the same class, with chance taken off and with intervals.

    Args:
        predictions: of two models or more.
        resamples: of the images, for the interval.
        seed: of the resampling.
    """
    same = predictions.same()
    number = len(predictions.models)
    of = np.isfinite(same).sum(axis=0)
    count = np.nansum(same, axis=0).astype(np.int64)
    fraction = np.where(of > 0, count / np.maximum(of, 1), np.nan)
    low, high = (
        side.reshape(number, number)
        for side in mean_interval(same.reshape(len(same), number**2), resamples=resamples, seed=seed)
    )
    kappa, consistency = np.full((2, number, number), np.nan)
    for i, j in zip(*np.triu_indices(number), strict=True):
        both = (predictions.top[i] >= 0) & (predictions.top[j] >= 0)
        kappa[i, j] = kappa[j, i] = cohen_kappa(predictions.top[i, both], predictions.top[j, both])
        both = np.isfinite(predictions.right[i] + predictions.right[j])
        consistency[i, j] = consistency[j, i] = cohen_kappa(predictions.right[i, both], predictions.right[j, both])
    return SamePredictions(predictions.models, count, of, fraction, low, high, kappa, consistency)


def cohen_kappa(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Agreement of two lists of labels beyond chance, ``(p_o - p_e) / (1 - p_e)``.

    Args:
        one: ``[n]``.
        other: ``[n]``.

    Returns:
        At most 1; NaN for empty lists, or where both hold one and the same label throughout.

    Source:
        Cohen, "A coefficient of agreement for nominal scales", 1960. ``p_e`` is what chance gives, not disagreement.
    """
    if not len(one):
        return float("nan")
    labels, codes = np.unique(np.concatenate([one, other]), return_inverse=True)
    first = np.bincount(codes[: len(one)], minlength=len(labels)) / len(one)
    second = np.bincount(codes[len(one) :], minlength=len(labels)) / len(one)
    by_chance = float(first @ second)
    observed = float((np.asarray(one) == np.asarray(other)).mean())
    return (observed - by_chance) / (1 - by_chance) if by_chance < 1 else float("nan")
