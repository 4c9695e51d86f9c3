"""On which images do models agree? Agreement against confidence, correctness, shared answers and complexity."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ..core.errors import ImageError
from ..core.means import known_mean
from ..core.plain import Plain
from ..core.seeds import seed_for
from .predictions import Predictions

if TYPE_CHECKING:
    from PIL.Image import Image

    from ..store.pictures import Pictures

SIDE = 256  # pixels of the shorter side at which complexity is measured
FEWEST = 8  # images that a correlation needs
ODD = 3  # images at least that must not have the commonest value: resamples say nothing of one odd image


@dataclass(frozen=True)
class Covariate(Plain):
    """How one property of the images goes together with the agreement on them.

    Attributes:
        name: of the property.
        correlation: Spearman's, over the images for which both are known; NaN for fewer than 8, or where fewer than
            three images differ from the others in the property.
        low, high: bounds of the 95 % percentile bootstrap interval over images.
        p: two-sided permutation p-value.
        images: how many there are.
    """

    name: str
    correlation: float
    low: float
    high: float
    p: float
    images: int


def image_agreement(per_image: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean similarity of each image over the pairs of sets that are known everywhere else, too.

    Pairs differ in how alike they are, so an image without one of them would seem to be agreed upon more, or less.
    Each pair's own mean over images is taken off first and their grand mean put back.

    Args:
        per_image: ``[image, set, set]``, NaN where unknown.

    Returns:
        ``[image]``, NaN where no pair is known.
    """
    rows, columns = np.triu_indices(per_image.shape[1], 1)
    pairs = per_image[:, rows, columns]
    known = np.isfinite(pairs)
    means = np.where(known, pairs, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    count = known.sum(axis=1)
    above = np.where(known, pairs - means, 0).sum(axis=1) / np.maximum(count, 1)
    alive = known.any(axis=0)
    grand = float(means[alive].mean()) if alive.any() else float("nan")
    return np.where(count > 0, grand + above, np.nan)


def image_properties(
    predictions: Predictions, complexity: NDArray[np.float64] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Properties of the images that agreement may go with.

    Args:
        predictions: of the models whose maps are compared.
        complexity: ``[image]``, see `picture_complexity`.

    Returns:
        By name, ``[image]``, NaN where unknown: ``confidence`` (mean over models of the predicted class's probability),
        ``correctness`` (share of the models that are right), ``same answer`` (share of the pairs of models that predict
        the same class), ``complexity``.
    """
    rows, columns = np.triu_indices(len(predictions.models), 1)
    found = {
        "confidence": known_mean(predictions.confidence, 0),
        "correctness": known_mean(predictions.right, 0),
        "same answer": known_mean(predictions.same()[:, rows, columns], 1),
    }
    return found if complexity is None else found | {"complexity": complexity}


def covariates(
    agreement: NDArray[np.float64],
    properties: Mapping[str, NDArray[np.float64]],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[Covariate, ...]:
    """Spearman's correlation of the agreement on each image with each property, with intervals and tests.

    Args:
        agreement: ``[image]``, see `image_agreement`.
        properties: by name, ``[image]``.
        resamples: of the images for the interval, and permutations for the test.
        seed: of both.
    """
    found = []
    for name, values in properties.items():
        known = np.isfinite(agreement) & np.isfinite(values)
        number = int(known.sum())
        if number < FEWEST or _same(values[known]) > number - ODD or np.ptp(agreement[known]) == 0:
            found.append(Covariate(name, *(float("nan"),) * 4, number))
            continue
        random = np.random.default_rng(seed_for(seed, "covariate", name))
        one, other = rankdata(agreement[known]), rankdata(values[known])
        drawn = random.integers(number, size=(resamples, number))
        spread = _correlations(rankdata(agreement[known][drawn], axis=1), rankdata(values[known][drawn], axis=1))
        low, high = np.nanquantile(spread, [0.025, 0.975])
        own = _correlations(one[None], other[None])[0]
        orders = random.permuted(np.tile(other, (resamples, 1)), axis=1)
        null = np.abs(_correlations(np.broadcast_to(one, orders.shape), orders))
        p = (1 + int((null >= abs(own) - 1e-12).sum())) / (1 + resamples)
        found.append(Covariate(name, float(own), float(low), float(high), p, number))
    return tuple(found)


def complexity_of(picture: Image) -> float:
    """How much there is in a picture: bytes for each pixel of its lossless compression.

    Args:
        picture: RGB. It is reduced to grey, its shorter side to 256 pixels, so that resolution does not count.

    Returns:
        About 0 for a blank picture, 1 for noise.

    Source:
        Compressed size as a measure of visual complexity: Donderi, "Visual complexity: a review", Psychological
        Bulletin 132, 2006. Here PNG (deflate, level 6).
    """
    scale = SIDE / min(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    grey = picture.convert("L").resize(size)
    stream = io.BytesIO()
    grey.save(stream, "PNG", compress_level=6)
    return stream.tell() / (size[0] * size[1])


def picture_complexity(pictures: Pictures, images: tuple[str, ...]) -> NDArray[np.float64]:
    """`complexity_of` every image; NaN for those that are not there any more.

    Args:
        pictures: of a store.
        images: identities.
    """
    values = np.full(len(images), np.nan)
    for row, identity in enumerate(images):
        try:
            values[row] = complexity_of(pictures.load(identity))
        except ImageError:
            continue
    pictures.forget()
    return values


def _same(values: NDArray[np.float64]) -> int:
    """How many have the commonest value."""
    return int(np.unique(values, return_counts=True)[1].max())


def _correlations(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's correlation of each row; NaN where one is constant."""
    one, other = (each - each.mean(axis=1, keepdims=True) for each in (one, other))
    length = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    return (one * other).sum(axis=1) / np.where(length > 0, length, np.nan)
