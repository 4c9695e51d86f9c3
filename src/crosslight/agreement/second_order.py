"""Second-order similarity: do two sets of maps find the same images alike? No shared resolution is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError, suggestion
from ..core.seeds import seed_for
from .groups.mantel import item_orders, permuted_pairs
from .measures import Measure, find_measure
from .measures.ranks import average_ranks

Matrix = NDArray[np.float64]
Correlation = Literal["pearson", "spearman"]

#: values held at a time in resampling and permuting, about 64 MB
_VALUES = 2**23
#: null correlations this close to the observed one count as equal to it
_EQUAL = 1e-10


@dataclass(frozen=True)
class SecondOrder:
    """Second-order similarities with what chance does to them. Matrices are ``[set, set]``.

    Attributes:
        value: correlation of the image x image similarities of two sets; NaN for sets without any map.
        low, high: bounds of the percentile bootstrap interval over images.
        p: Mantel p-value, one-sided: how often images in another order correlate at least as much; NaN on the diagonal.
        images: which images were used, ``[image]``.
        correlation: ``pearson`` or ``spearman``.
        settings: ``level``, ``resamples``, ``draws``, ``exact`` (whether all orders were tried) and ``seed``.
    """

    value: Matrix
    low: Matrix
    high: Matrix
    p: Matrix
    images: NDArray[np.bool_]
    correlation: Correlation
    settings: dict[str, Any]


def image_similarities(representation: NDArray[Any], measure: str | Measure = "cosine") -> Matrix:
    """How alike the maps of every two images of one set are.

    Args:
        representation: ``[image, r]``, as the measure's `represent` makes it from this set alone; NaN without a map.
        measure: with what representations are compared. Vectors of length 1 (cosine, Pearson, Spearman) are all
            compared by ``cosine``.

    Returns:
        float64 ``[image, image]``.
    """
    stack = np.asarray(representation)[:, None]  # images in the place of sets: the measure does not mind
    return np.asarray(find_measure(measure).compared(stack, stack)[0], np.float64)


def second_order(
    representations: Sequence[NDArray[Any]],
    *,
    measure: str | Measure = "cosine",
    correlation: Correlation = "pearson",
) -> Matrix:
    """Correlation of the image x image similarities of every two sets, over pairs of different images.

    Args:
        representations: for each set ``[image, r]``, the same images in the same order; r may differ, so that every
            set stays at its native resolution. NaN where there is no map.
        measure: see `image_similarities`.
        correlation: of the similarities, or of their ranks.

    Returns:
        float64 ``[set, set]`` over the images usable in all sets but those without any; NaN in the rows of these,
        and of sets whose similarities are all the same.

    Raises:
        InputError: the sets differ in their images, or fewer than three are usable in all.

    Source:
        Kriegeskorte, Mur and Bandettini, Representational similarity analysis, 2008, applied to maps.
    """
    vectors = _pairs_of_images(representations, measure, correlation)[0]
    return _correlations(vectors, np.ones((1, vectors.shape[1])))[0]


def second_order_test(
    representations: Sequence[NDArray[Any]],
    *,
    measure: str | Measure = "cosine",
    correlation: Correlation = "pearson",
    level: float = 0.95,
    resamples: int = 1000,
    draws: int = 1000,
    seed: int = 0,
) -> SecondOrder:
    """`second_order` with bootstrap intervals over images and Mantel p-values.

    Args:
        representations: see `second_order`.
        measure: see `image_similarities`.
        correlation: of the similarities, or of their ranks. Ranks are those of the whole sample in every resample.
        level: coverage of the interval in (0, 1).
        resamples: of the images, the same for all pairs of sets. An image drawn twice makes no pair with itself,
            which would be a pair of greatest similarity in both sets. Time grows with
            ``resamples x (sets x images)^2 / 2``.
        draws: orders of the images, the observed one counted; up to 8 images, all orders are tried.
        seed: of both.

    Raises:
        InputError: see `second_order`; the level, or a number of draws, is not possible.
    """
    if not 0 < level < 1 or resamples < 1:
        raise InputError(f"level must lie in (0, 1) and resamples be positive, not {level} and {resamples}")
    vectors, common = _pairs_of_images(representations, measure, correlation)
    images = int(common.sum())
    value = _correlations(vectors, np.ones((1, vectors.shape[1])))[0]
    low, high = _bootstrap(vectors, images, level, resamples, seed)
    orders, exact = item_orders(images, draws, seed)
    settings = {"level": level, "resamples": resamples, "draws": len(orders), "exact": exact, "seed": seed}
    return SecondOrder(value, low, high, _mantel(vectors, images, orders), common, correlation, settings)


def _pairs_of_images(
    representations: Sequence[NDArray[Any]], measure: str | Measure, correlation: str
) -> tuple[Matrix, NDArray[np.bool_]]:
    """Each set's similarities of different common images, ``[set, pair]``, centred, of length 1, and these images."""
    if correlation not in get_args(Correlation):
        raise InputError(f"unknown correlation {correlation!r}{suggestion(correlation, get_args(Correlation))}")
    if not representations or len({len(own) for own in representations}) != 1:
        numbers = ", ".join(str(len(own)) for own in representations) or "none"
        raise InputError(f"second-order similarity needs sets of maps of the same images, not of {numbers}")
    usable = np.stack([np.isfinite(own).all(axis=-1) for own in representations])
    alive = np.asarray(usable.any(axis=1))
    common = np.asarray(usable[alive].all(axis=0) & alive.any())
    if (number := int(common.sum())) < 3:
        raise InputError(f"second-order similarity needs three images with maps in every set, not {number}")
    above = np.triu_indices(number, 1)
    vectors = np.full((len(usable), len(above[0])), np.nan)
    for into, own, any_map in zip(vectors, representations, alive, strict=True):
        if any_map:
            into[:] = image_similarities(own[common], measure)[above]
    if correlation == "spearman":
        vectors = np.where(alive[:, None], average_ranks(vectors), np.nan)
    size = np.abs(vectors).max(axis=1, keepdims=True)
    vectors -= vectors.mean(axis=1, keepdims=True)
    length = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    flat = np.abs(vectors).max(axis=1, keepdims=True) <= 1e-9 * size
    return np.where(flat, np.nan, vectors / np.where(flat, 1, length)), common


def _correlations(vectors: Matrix, weights: Matrix) -> Matrix:
    """Weighted correlations of all rows: ``[set, pair]`` and ``[draw, pair]`` to ``[draw, set, set]``."""
    total = weights.sum(axis=1)
    total = np.where(total > 0, total, np.nan)
    means = weights @ vectors.T / total[:, None]
    products = np.stack([(vectors * own) @ vectors.T for own in weights]) / total[:, None, None]
    products -= means[:, :, None] * means[:, None, :]
    products = (products + products.transpose(0, 2, 1)) / 2
    spread = np.diagonal(products, axis1=1, axis2=2)
    spread = np.sqrt(np.where(spread > 1e-12 / vectors.shape[1], spread, np.nan))
    return np.clip(products / (spread[:, :, None] * spread[:, None, :]), -1, 1)


def _bootstrap(vectors: Matrix, images: int, level: float, resamples: int, seed: int) -> tuple[Matrix, Matrix]:
    random = np.random.default_rng(seed_for(seed, "second-order"))
    above = np.triu_indices(images, 1)
    found = np.empty((resamples, len(vectors), len(vectors)))
    step = max(1, _VALUES // vectors.shape[1])
    for start in range(0, resamples, step):
        part = found[start : start + step]
        times = random.multinomial(images, np.full(images, 1 / images), size=len(part)).astype(np.float64)
        part[:] = _correlations(vectors, times[:, above[0]] * times[:, above[1]])
    bounds = np.full((2, len(vectors), len(vectors)), np.nan)
    known = np.isfinite(found).any(axis=0)
    if known.any():
        bounds[:, known] = np.nanquantile(found[:, known], [(1 - level) / 2, (1 + level) / 2], axis=0)
    return bounds[0], bounds[1]


def _mantel(vectors: Matrix, images: int, orders: NDArray[np.int64]) -> Matrix:
    """Share of orders of the images in which two sets correlate at least as much as in the given one, the first."""
    extreme = np.full((len(vectors), len(vectors)), np.nan)
    alive = np.flatnonzero(np.isfinite(vectors).all(axis=1))
    step = max(1, _VALUES // vectors.shape[1])
    for position, index in enumerate(alive):
        others = alive[position + 1 :]
        if not len(others):
            break
        square = np.zeros((images, images))
        square[np.triu_indices(images, 1)] = vectors[index]
        square += square.T
        # Neither mean nor length change with the order, so products of the vectors are correlations.
        observed = vectors[others] @ vectors[index]
        count = np.zeros(len(others))
        for start in range(0, len(orders), step):
            for rows in permuted_pairs(square, orders[start : start + step]):
                count += (rows @ vectors[others].T >= observed - _EQUAL).sum(axis=0)
        extreme[index, others] = extreme[others, index] = count / len(orders)
    return extreme
