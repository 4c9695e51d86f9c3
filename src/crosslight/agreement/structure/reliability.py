"""Whether there are images enough: split-half reliability, and how many an interval of given width needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from ...core.errors import InputError
from ...core.seeds import seed_for
from .resampling import pair_values, strata_of


@dataclass(frozen=True)
class SplitHalf:
    """How far the pattern over pairs comes back with other images.

    Attributes:
        correlation: mean over splits of the correlation, over pairs, between the two halves' mean similarities.
        reliability: Spearman-Brown's step up of `correlation` to all images. Nothing can be expected to correlate
            with these means higher than its square root.
        low, high: central 95 % of the splits, stepped up. They show the luck of the split, not an interval over images.
        splits: number of splits with a correlation.
        images: number of images.
    """

    correlation: float
    reliability: float
    low: float
    high: float
    splits: int
    images: int

    def to_dict(self) -> dict[str, Any]:
        """The numbers in JSON's own types, NaN as None."""
        return {name: None if np.isnan(value) else value for name, value in self.__dict__.items()}


def split_half(
    per_image: NDArray[np.float64], *, splits: int = 1000, strata: ArrayLike | None = None, seed: int = 0
) -> SplitHalf:
    """Split the images in two at random, many times, and compare the pairs' mean similarities.

    Args:
        per_image: ``[image, set, set]``: similarities, symmetric, finite; three sets or more, or there is no pattern.
        splits: number of random splits.
        strata: ``[image]``: classes of the images, each split by itself; one stratum if None.
        seed: of the splits.

    Returns:
        The reliability; NaN where all pairs of a half are alike.

    Raises:
        InputError: shapes do not fit, values are missing, or there are too few sets or images.

    Source:
        Spearman, and Brown, British Journal of Psychology 3, 1910.
    """
    pairs = pair_values(per_image)
    if pairs.shape[1] < 3 or len(pairs) < 4 or splits < 1:
        raise InputError("split halves need three sets, four images and one split or more")
    random = np.random.default_rng(seed_for(seed, "split half"))
    centred = pairs - pairs.mean(axis=0)
    layers = strata_of(strata, len(pairs))
    first = np.zeros((splits, len(pairs)))
    for places in layers:
        ranks = random.random((splits, len(places))).argsort(axis=1).argsort(axis=1)
        # of an odd number, the image left over goes to either half
        extra = random.integers(2, size=(splits, 1)) if len(places) % 2 else 0
        first[:, places] = ranks < len(places) // 2 + extra
    sizes = first.sum(axis=1, keepdims=True)
    sums = first @ centred
    halves = np.stack([sums / np.maximum(sizes, 1), -sums / np.maximum(len(pairs) - sizes, 1)])
    both = ((sizes > 0) & (sizes < len(pairs)))[:, 0]
    halves = (halves + pairs.mean(axis=0))[:, both]
    off = halves - halves.mean(axis=2, keepdims=True)
    spread = np.sqrt((off**2).sum(axis=2))
    flat = (spread < 1e-12).any(axis=0)
    correlation = (off[0] * off[1]).sum(axis=1)[~flat] / spread.prod(axis=0)[~flat]
    if not len(correlation):
        return SplitHalf(*(float("nan"),) * 4, 0, len(pairs))
    # Stepped up last: the formula runs to minus infinity at -1, and single splits would rule the mean.
    average = float(correlation.mean())
    whole, low, high = spearman_brown([average, *np.quantile(correlation, [0.025, 0.975])]).tolist()
    return SplitHalf(average, whole, low, high, len(correlation), len(pairs))


def spearman_brown(reliability: ArrayLike, factor: float = 2.0) -> NDArray[np.float64]:
    """Reliability of a measurement that is `factor` times as long: ``k r / (1 + (k - 1) r)``.

    Args:
        reliability: r, up to 1.
        factor: k, above 0; below 1 for a shorter one.

    Returns:
        In the shape of `reliability`; NaN for negative r so low that the formula has no meaning.
    """
    values = np.asarray(reliability, np.float64)
    below = 1 + (factor - 1) * values
    return np.asarray(factor * values / np.where(below > 0, below, np.nan))


def intraclass_correlation(values: NDArray[np.float64], classes: Sequence[object]) -> NDArray[np.float64]:
    """How much alike images of one class are: ICC(1) from one-way analysis of variance.

    Args:
        values: ``[image]`` or ``[image, column]``, finite: a number of each image, such as a pair's similarity.
        classes: ``[image]``: class of each image; two classes or more, one of them with two images.

    Returns:
        A number, or one per column, of at most 1. Negative where images of a class differ more than those of
        different classes; 0 where nothing varies.

    Raises:
        InputError: there are not two classes, or no class has two images.

    Source:
        Donner, "A review of inference procedures for the intraclass correlation coefficient", International
        Statistical Review 54, 1986, with its n0 for classes of different sizes.
    """
    values = np.asarray(values, np.float64)
    if len(classes) != len(values):
        raise InputError(f"{len(values)} images need {len(values)} classes, not {len(classes)}")
    numbers: dict[object, int] = {}
    which = np.array([numbers.setdefault(own, len(numbers)) for own in classes], np.int64)
    size = np.bincount(which)
    images, count = len(values), len(size)
    if count < 2 or images <= count:
        raise InputError("the correlation within classes needs two classes, and a class with two images")
    columns = values.reshape(images, -1)
    member = np.eye(count)[which]
    means = (member.T @ columns) / size[:, None]
    between = (size[:, None] * (means - columns.mean(axis=0)) ** 2).sum(axis=0) / (count - 1)
    within = ((columns - means[which]) ** 2).sum(axis=0) / (images - count)
    typical = (images - (size**2).sum() / images) / (count - 1)
    total = between + (typical - 1) * within
    rho = np.where(total > 0, (between - within) / np.where(total > 0, total, 1), 0.0)
    return rho.reshape(values.shape[1:])


def images_needed(
    sd: ArrayLike, half_width: float, *, per_class: float = 1.0, rho: ArrayLike = 0.0, level: float = 0.95
) -> NDArray[np.int64]:
    """Images that a mean's interval of given half width needs: ``(z s / h)^2 (1 + (m - 1) rho)``.

    Args:
        sd: standard deviation over images of the measure, such as a pair's similarity.
        half_width: h, in the measure's unit, above 0.
        per_class: m: images of each class that are planned.
        rho: correlation within classes, see `intraclass_correlation`; taken as 0 where it is negative, so that a
            negative estimate never promises fewer images.
        level: coverage in (0, 1); z is 1.96 at 0.95.

    Returns:
        Whole numbers in the shape of `sd`, at least 2. With m > 1 the classes, too, must be drawn from those that the
        result shall speak of.

    Raises:
        InputError: numbers are out of range.

    Source:
        Kish, "Survey Sampling", 1965, chapter 5 (effect of clustering on the variance).
    """
    if not (half_width > 0 and per_class >= 1 and 0 < level < 1):
        raise InputError("the half width must be above 0, images per class 1 or more, the level between 0 and 1")
    spread = np.asarray(sd, np.float64)
    if not (np.isfinite(spread).all() and (spread >= 0).all()):
        raise InputError("standard deviations must be finite and not negative")
    effect = 1 + (per_class - 1) * np.maximum(np.asarray(rho, np.float64), 0)
    needed = (ndtri((1 + level) / 2) * spread / half_width) ** 2 * effect
    return np.asarray(np.maximum(np.ceil(needed - 1e-9), 2), np.int64)
