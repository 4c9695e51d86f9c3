"""How sure the labels of units are: chosen on one half of the images, tested on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.errors import InputError
from ..core.seeds import seed_for

#: share of a half's images that stand for a concept, and how many these are at least
SHARE, LEAST = 0.05, 10
#: units tested at a time
_UNITS = 256


@dataclass(frozen=True)
class Tested:
    """How labels fared on images that they were not chosen on.

    Attributes:
        auc: float64 ``[units]``: area under the curve, in [0, 1]; NaN where there was no test.
        p: float64 ``[units]``: one-sided p-value that it is above 0.5. 1 where neither half of the images chose the
            label; NaN where there was no test.
        possible: whether there were images enough for a test.
    """

    auc: NDArray[np.float64]
    p: NDArray[np.float64]
    possible: bool


def halves(identities: Sequence[str], seed: int = 0) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split images into two halves by what they are, not by where they stand.

    Args:
        identities: of the images.
        seed: another seed gives another split.

    Returns:
        The rows of each half, ascending; the first has one more where the number is odd.
    """
    keys = np.array([seed_for(seed, identity, "half") for identity in identities], dtype=np.uint64)
    order = np.argsort(keys, kind="stable")
    middle = (len(order) + 1) // 2
    return np.sort(order[:middle]), np.sort(order[middle:])


def concept_images(count: int) -> int:
    """How many of `count` images stand for a concept: 5 %, but at least 10."""
    return max(LEAST, round(SHARE * count))


def detection(activations: ArrayLike, similarity: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How well each unit's activation tells the images of its concept from the others.

    Args:
        activations: ``[images, units]``.
        similarity: ``[images, units]``: of each image to the unit's concept; the `concept_images` most similar stand
            for it, of equal ones the first.

    Returns:
        The area under the curve, in [0, 1], and the one-sided p-value of Mann and Whitney's test that it is above
        0.5; both float64 ``[units]``. NaN where there are not as many other images.

    Raises:
        InputError: the shapes differ.
    """
    from scipy.stats import mannwhitneyu

    answers, alike = np.asarray(activations), np.asarray(similarity)
    if answers.shape != alike.shape or answers.ndim != 2:
        raise InputError(f"activations {answers.shape} and similarities {alike.shape} are both [images, units]")
    images, units = answers.shape
    count = concept_images(images)
    auc, p = np.full(units, np.nan), np.full(units, np.nan)
    if images < 2 * count:
        return auc, p
    for start in range(0, units, _UNITS):
        part = slice(start, start + _UNITS)
        order = np.argsort(-alike[:, part], axis=0, kind="stable")
        ranked = np.take_along_axis(answers[:, part], order, axis=0).astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = mannwhitneyu(ranked[:count], ranked[count:], alternative="greater", method="asymptotic", axis=0)
        auc[part], p[part] = found.statistic / (count * (images - count)), found.pvalue
    return auc, p


def cross_tested(
    label: NDArray[np.int32],
    chosen: tuple[NDArray[np.int32], NDArray[np.int32]],
    split: tuple[NDArray[np.intp], NDArray[np.intp]],
    activations: NDArray[np.float32],
    images: NDArray[np.float32],
    concepts: NDArray[np.float32],
) -> Tested:
    """Test each label on the half of the images that had no part in choosing it.

    A half that by itself chooses the label has the other half as its test. Where both do, the area is the mean of the
    two tests; p is twice the smaller one in any case, since there were two chances.

    Args:
        label: ``[units]``: concepts, chosen on all images.
        chosen: the same, chosen on each half alone.
        split: rows of each half.
        activations: ``[images, units]``.
        images: ``[images, dimensions]`` of length 1.
        concepts: ``[concepts, dimensions]`` of length 1.
    """
    auc, p = np.full((2, len(label)), np.nan), np.full((2, len(label)), np.nan)
    for at, (own, rows) in enumerate(zip(chosen, reversed(split), strict=True)):
        agreed = np.flatnonzero(own == label)
        for start in range(0, len(agreed), _UNITS):
            units = agreed[start : start + _UNITS]
            alike = images[rows] @ concepts[label[units]].T
            auc[at, units], p[at, units] = detection(activations[np.ix_(rows, units)], alike)
    tests = np.maximum((~np.isnan(auc)).sum(axis=0), 1)
    mean = np.where(np.isnan(auc).all(axis=0), np.nan, np.nansum(auc, axis=0) / tests)
    smaller = np.fmin(p[0], p[1])
    return Tested(mean, np.where(np.isnan(smaller), 1.0, np.minimum(2 * smaller, 1)), True)


def enough_images(images: int) -> bool:
    """Whether a half of so many images has at least 10 for the concept and as many others."""
    return images >= 2 * concept_images(images)


def untested(units: int) -> Tested:
    """What is known of labels that were not tested."""
    nothing = np.full(units, np.nan)
    return Tested(nothing, nothing, False)
