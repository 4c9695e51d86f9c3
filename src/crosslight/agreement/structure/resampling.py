"""Resamples of the images, all at once: means and dissimilarities of every pair of sets by matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core.errors import InputError, UnknownNameError
from ..aggregate import thesis_dissimilarity

Spread = Literal["spread", "mean"]

#: numbers held at a time: some 30 megabytes
_HELD = 4_000_000


def pair_values(per_image: NDArray[np.float64]) -> NDArray[np.float64]:
    """Similarities of the pairs above the diagonal.

    Args:
        per_image: ``[image, set, set]``, finite above the diagonal.

    Returns:
        ``[image, pair]``, in the order of SciPy's condensed matrices.

    Raises:
        InputError: values are missing, or there are fewer than two images or sets.
    """
    per_image = np.asarray(per_image, np.float64)
    if per_image.ndim != 3 or per_image.shape[1] != per_image.shape[2]:
        raise InputError(f"similarities per image are [image, set, set], not {list(per_image.shape)}")
    if per_image.shape[0] < 2 or per_image.shape[1] < 2:
        raise InputError(f"resampling needs two images and two sets or more, not {list(per_image.shape[:2])}")
    rows, columns = np.triu_indices(per_image.shape[1], 1)
    values = per_image[:, rows, columns]
    if not np.isfinite(values).all():
        missing = int((~np.isfinite(values).all(axis=1)).sum())
        raise InputError(
            f"{missing} of {len(values)} images lack a similarity of some pair; "
            "leave out sets without usable maps, then keep only the images that are usable in all others"
        )
    return values


def strata_of(strata: ArrayLike | None, images: int) -> list[NDArray[np.intp]]:
    """Positions of the images of each stratum; all images are one stratum where none are given.

    Args:
        strata: ``[image]``: any labels, such as classes; or None.
        images: number of images.

    Returns:
        One array of positions per stratum.

    Raises:
        InputError: there is not one label per image.
    """
    if strata is None:
        return [np.arange(images)]
    labels = np.asarray(strata)
    if labels.shape != (images,):
        raise InputError(f"{images} images need {images} strata, not {list(labels.shape)}")
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]


def sizes_at(scale: float, strata: list[NDArray[np.intp]]) -> list[int]:
    """How many images a resample of that scale draws from each stratum: at least one each, and two in all."""
    sizes = [max(1, round(scale * len(one))) for one in strata]
    return sizes if sum(sizes) > 1 else [2]


def draws(
    random: np.random.Generator, resamples: int, strata: list[NDArray[np.intp]], sizes: list[int]
) -> NDArray[np.float64]:
    """How often each image is drawn in each resample.

    Args:
        random: the source of randomness.
        resamples: number of resamples.
        strata: positions of the images of each stratum.
        sizes: images drawn from each stratum, with replacement.

    Returns:
        float64 ``[resample, image]``; rows sum to the sum of `sizes`.
    """
    counts = np.zeros((resamples, sum(map(len, strata))))
    for places, size in zip(strata, sizes, strict=True):
        drawn = random.integers(len(places), size=(resamples, size))
        drawn += np.arange(resamples)[:, None] * len(places)
        flat = np.bincount(drawn.ravel(), minlength=resamples * len(places))
        counts[:, places] = flat.reshape(resamples, len(places))
    return counts


def resampled_dissimilarities(
    pairs: NDArray[np.float64],
    *,
    resamples: int,
    random: np.random.Generator,
    scale: float = 1.0,
    kind: Spread = "spread",
    strata: list[NDArray[np.intp]] | None = None,
) -> Iterator[NDArray[np.float64]]:
    """Dissimilarities of all pairs under resamples of the images, some resamples at a time.

    Args:
        pairs: ``[image, pair]``: similarities, finite.
        resamples: number of resamples.
        random: the source of randomness.
        scale: size of a resample as a share of the number of images.
        kind: ``spread``: ``sqrt((1 - mean)^2 + sd^2)``; ``mean``: ``1 - mean``.
        strata: positions of the images of each stratum; one stratum if None.

    Yields:
        ``[some resamples, pair]``, `resamples` rows in all.

    Raises:
        UnknownNameError: no such kind.
    """
    if kind not in get_args(Spread):
        raise UnknownNameError("kind of dissimilarity", kind, get_args(Spread))
    strata = strata_of(None, len(pairs)) if strata is None else strata
    sizes = sizes_at(scale, strata)
    size = sum(sizes)
    centre = pairs.mean(axis=0)
    centred = pairs - centre  # squares of small deviations keep their digits
    columns = np.concatenate([centred, centred**2], axis=1) if kind == "spread" else centred
    step = max(1, _HELD // max(len(pairs), size, columns.shape[1]))
    for start in range(0, resamples, step):
        sums = draws(random, min(step, resamples - start), strata, sizes) @ columns / size
        shift = sums[:, : pairs.shape[1]]
        if kind == "mean":
            yield 1 - (centre + shift)
        else:
            variance = np.maximum(sums[:, pairs.shape[1] :] - shift**2, 0) * size / (size - 1)
            yield thesis_dissimilarity(centre + shift, np.sqrt(variance))


def dissimilarity_of(pairs: NDArray[np.float64], kind: Spread = "spread") -> NDArray[np.float64]:
    """Dissimilarities of all pairs over the images as they are: ``[image, pair]`` to ``[pair]``."""
    mean = pairs.mean(axis=0)
    return 1 - mean if kind == "mean" else thesis_dissimilarity(mean, pairs.std(axis=0, ddof=1))
