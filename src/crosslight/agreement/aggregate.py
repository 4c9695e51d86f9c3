"""From similarities per image to one number per pair of sets, with its spread, its interval and its floor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core.bootstrap import RESAMPLES
from ..core.errors import InputError
from .filters import Filter
from .intervals import bootstrap_interval, median, moments, thesis_dissimilarity
from .measures import MEASURES, Measure
from .result import Agreement, Matrix, Subset, describe_count

__all__ = [
    "Agreement",
    "Subset",
    "aggregate",
    "bootstrap_interval",
    "common_images",
    "describe_count",
    "filtered",
    "from_matrix",
    "moments",
    "thesis_dissimilarity",
]


def aggregate(
    per_image: Matrix,
    sets: Sequence[str],
    images: Sequence[str] | None = None,
    *,
    subset: Subset = "common",
    floor: Matrix | None = None,
    label: str = "",
    across: str = "models",
    dropped: Mapping[str, Mapping[str, int]] | None = None,
    steps: Mapping[str, Any] | None = None,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
    measure: Measure | None = None,
    key: str = "",
    floor_pairs: NDArray[np.int64] | None = None,
    ceiling: Matrix | None = None,
    only: Filter | None = None,
    strata: ArrayLike | Sequence[object] | None = None,
    clusters: ArrayLike | Sequence[object] | None = None,
) -> Agreement:
    """Summarise similarities over images.

    Args:
        per_image: ``[image, set, set]``, symmetric, NaN where a map is unusable.
        sets: labels, unique.
        images: identities of the images.
        subset: which images count, see `Agreement`.
        floor: ``[set, set]``, see `crosslight.agreement.similarity.mismatched`; unknown if None.
        label: what the sets have in common.
        across: what the sets are.
        dropped: per set, counts by reason.
        steps: as recorded.
        level: coverage of the interval.
        resamples: number of bootstrap resamples of the images.
        seed: of the resampling.
        measure: what the similarities are; cosine if None.
        key: what the user called it; the measure's own key if empty.
        floor_pairs: ``[set, set]``: pairs of maps behind the floor.
        ceiling: ``[set, set]``, see `Agreement`; unknown if None.
        only: the images that count, beside `subset`; each pair has its own number then if the filter is one for pairs.
        strata: ``[image]``: classes; the bootstrap then draws as many images of each as there are.
        clusters: ``[image]``: groups of images that are drawn together, such as frames of one video.

    Returns:
        The result. Nothing in it depends on the order of the sets but the order of rows and columns.

    Raises:
        InputError: shapes and labels do not fit together.
    """
    number = len(sets)
    if per_image.ndim != 3 or per_image.shape[1:] != (number, number):
        raise InputError(f"{number} sets need similarities [image, {number}, {number}], not {list(per_image.shape)}")
    if len(set(sets)) != number:
        raise InputError("labels of compared sets must be unique")
    names = tuple(images) if images is not None else tuple(str(i) for i in range(len(per_image)))
    for what, given in (
        ("image names", names),
        ("strata", strata),
        ("clusters", clusters),
        ("mask", only and only.mask),
    ):
        if given is not None and len(given) != len(per_image):  # type: ignore[arg-type]
            raise InputError(f"{len(given)} {what} for {len(per_image)} images")  # type: ignore[arg-type]
    used = per_image
    if only is not None:
        used = np.where(only.pairs(number), per_image, np.nan)
    rows = common_images(per_image) if subset == "common" else np.ones(len(per_image), bool)
    used = used[rows]
    layers, groups = (None if own is None else [x for x, row in zip(own, rows, strict=True) if row]  # type: ignore[arg-type]
                      for own in (strata, clusters))  # fmt: skip
    count, mean, sd = moments(used)
    low, high = bootstrap_interval(used, level=level, resamples=resamples, seed=seed, strata=layers, clusters=groups)
    drawn = {"stratified": strata is not None, "clusters": None if groups is None else len(set(groups))}
    measure = measure or MEASURES["cosine"]
    return Agreement(
        label=label,
        across=across,
        sets=tuple(sets),
        images=names,
        per_image=per_image,
        subset=subset,
        mean=mean,
        sd=sd,
        median=median(used),
        dissimilarity=thesis_dissimilarity(mean, sd),
        low=low,
        high=high,
        count=count,
        floor=np.full((number, number), np.nan) if floor is None else floor,
        dropped=dropped or {},
        steps=steps or {},
        bootstrap={"level": level, "resamples": resamples, "seed": seed, **drawn},
        measure=key or measure.key,
        measure_label=measure.label,
        measure_settings=measure.settings,
        range=(measure.low, measure.high),
        identical=measure.identical,
        floor_pairs=np.zeros((number, number), np.int64) if floor_pairs is None else floor_pairs,
        ceiling=np.full((number, number), np.nan) if ceiling is None else ceiling,
        filter=only.name if only is not None else "",
    )


def filtered(
    agreement: Agreement,
    only: Filter,
    *,
    subset: Subset | None = None,
    strata: ArrayLike | Sequence[object] | None = None,
    clusters: ArrayLike | Sequence[object] | None = None,
) -> Agreement:
    """The same similarities over the images that a filter leaves, without reading a map again.

    Args:
        agreement: with similarities per image.
        only: what stays; `Agreement.count` has the number of images of each pair.
        subset: which images count beside it; as in `agreement` if None.
        strata: see `aggregate`.
        clusters: see `aggregate`.
    """
    how = {name: agreement.bootstrap[name] for name in ("level", "resamples", "seed")}
    made = aggregate(
        agreement.per_image,
        agreement.sets,
        agreement.images,
        subset=subset or agreement.subset,
        only=only,
        strata=strata,
        clusters=clusters,
        **how,
    )
    kept = ("mean", "sd", "median", "dissimilarity", "low", "high", "count", "filter", "bootstrap", "subset")
    return replace(agreement, **{name: getattr(made, name) for name in kept})


def from_matrix(mean: Matrix, sets: Sequence[str], label: str = "", across: str = "models") -> Agreement:
    """A published matrix of mean similarities as a result, with everything unknown left NaN.

    Args:
        mean: ``[set, set]``, symmetric.
        sets: labels.
        label: what the sets have in common.
        across: what the sets are.
    """
    mean = np.asarray(mean, np.float64)
    empty = aggregate(np.empty((0, len(sets), len(sets))), sets, label=label, across=across)
    fields = empty.__dict__ | {"mean": mean, "dissimilarity": thesis_dissimilarity(mean, empty.sd)}
    return Agreement(**fields)


def common_images(per_image: Matrix) -> NDArray[np.bool_]:
    """Images usable in every set, but for sets that have no usable image at all.

    Args:
        per_image: ``[image, set, set]``.

    Returns:
        bool ``[image]``.
    """
    usable = np.isfinite(np.diagonal(per_image, axis1=1, axis2=2))
    alive = usable.any(axis=0)
    return np.asarray(usable[:, alive].all(axis=1)) if alive.any() else np.zeros(len(per_image), bool)
