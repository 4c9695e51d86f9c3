"""From similarities per image to one number per pair of sets, with its spread, its interval and its floor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.bootstrap import mean_interval
from ..core.errors import InputError

Matrix = NDArray[np.float64]
Subset = Literal["common", "pairwise"]


@dataclass(frozen=True)
class Agreement:
    """How alike sets of maps of the same images are. All matrices are ``[set, set]``.

    Attributes:
        label: what the sets have in common: the method's label, or the model's where methods are compared.
        across: what the sets are: ``models`` or ``methods``.
        sets: their labels.
        images: identities of the images, in the order of `per_image`.
        per_image: cosine per image, ``[image, set, set]``; NaN where one of the two maps is unusable.
        subset: ``common``: only images usable in all sets that have any usable map; ``pairwise``: each pair
            on its own images.
        mean: mean cosine over images; NaN where a pair has none.
        sd: standard deviation over images (N - 1); NaN for fewer than two images.
        median: median over images.
        dissimilarity: ``sqrt((1 - mean)^2 + sd^2)``, with sd taken as 0 where there is one image only.
        low, high: bounds of the percentile bootstrap interval of `mean` over images.
        count: number of images behind each mean.
        floor: mean cosine between maps of *different* images, which is what chance gives.
        dropped: per set, how many images had no usable map, by reason.
        steps: what was done to the maps before they were compared.
        bootstrap: ``level``, ``resamples`` and ``seed`` of the interval.
    """

    label: str
    across: str
    sets: tuple[str, ...]
    images: tuple[str, ...]
    per_image: Matrix
    subset: Subset
    mean: Matrix
    sd: Matrix
    median: Matrix
    dissimilarity: Matrix
    low: Matrix
    high: Matrix
    count: NDArray[np.int64]
    floor: Matrix
    dropped: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    steps: Mapping[str, Any] = field(default_factory=dict)
    bootstrap: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unusable(self) -> tuple[str, ...]:
        """Sets without any image behind their numbers."""
        return tuple(s for s, own in zip(self.sets, self.mean.diagonal(), strict=True) if np.isnan(own))

    def pairs(self) -> list[tuple[str, str, float, float, int]]:
        """Pairs above the diagonal: the two sets, their mean cosine, the floor beside it, the images behind it."""
        rows, columns = np.triu_indices(len(self.sets), 1)
        return [
            (
                self.sets[i],
                self.sets[j],
                float(self.mean[i, j]),
                float(self.floor[i, j]),
                int(self.count[i, j]),
            )
            for i, j in zip(rows, columns, strict=True)
        ]

    def to_dict(self, per_image: bool = False) -> dict[str, Any]:
        """All of it in JSON's own types, NaN as None.

        Args:
            per_image: include the similarities of every image.
        """
        matrices = ("mean", "sd", "median", "dissimilarity", "low", "high", "floor")
        result: dict[str, Any] = {
            "label": self.label,
            "across": self.across,
            "measure": "cosine",
            "sets": list(self.sets),
            "images": len(self.images),
            "subset": self.subset,
            **{name: _plain(getattr(self, name)) for name in matrices},
            "count": self.count.tolist(),
            "unusable": list(self.unusable),
            "dropped": {label: dict(reasons) for label, reasons in self.dropped.items()},
            "steps": dict(self.steps),
            "bootstrap": dict(self.bootstrap),
        }
        if per_image:
            result |= {"image_names": list(self.images), "per_image": _plain(self.per_image)}
        return result

    def __repr__(self) -> str:
        return f"<Agreement {self.label}: {len(self.sets)} {self.across}, {len(self.images)} images>"

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(label)}</th>" for label in self.sets)
        rows = "".join(
            f"<tr><th>{escape(label)}</th>"
            + "".join(f"<td>{_short(m)} <small>({_short(f)})</small></td>" for m, f in zip(mean, floor, strict=True))
            + "</tr>"
            for label, mean, floor in zip(self.sets, self.mean, self.floor, strict=True)
        )
        caption = f"{escape(self.label)}: mean cosine (floor from different images), {describe_count(self)}"
        return f"<table><caption>{caption}</caption><tr><th></th>{head}</tr>{rows}</table>"


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
    resamples: int = 2000,
    seed: int = 0,
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
    if len(names) != len(per_image):
        raise InputError(f"{len(names)} image names for {len(per_image)} images")
    used = per_image[common_images(per_image)] if subset == "common" else per_image
    count, mean, sd = moments(used)
    low, high = bootstrap_interval(used, level=level, resamples=resamples, seed=seed)
    return Agreement(
        label=label,
        across=across,
        sets=tuple(sets),
        images=names,
        per_image=per_image,
        subset=subset,
        mean=mean,
        sd=sd,
        median=_median(used),
        dissimilarity=thesis_dissimilarity(mean, sd),
        low=low,
        high=high,
        count=count,
        floor=np.full((number, number), np.nan) if floor is None else floor,
        dropped=dropped or {},
        steps=steps or {},
        bootstrap={"level": level, "resamples": resamples, "seed": seed},
    )


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


def moments(per_image: Matrix) -> tuple[NDArray[np.int64], Matrix, Matrix]:
    """Number of images, mean and standard deviation (N - 1) for each pair, over the images that have a value.

    Args:
        per_image: ``[image, set, set]``, NaN where unknown.

    Returns:
        ``(count, mean, sd)``, each ``[set, set]``; the mean is NaN for no image, sd for fewer than two.
    """
    known = np.isfinite(per_image)
    count = known.sum(axis=0)
    mean = np.where(count > 0, np.where(known, per_image, 0).sum(axis=0) / np.maximum(count, 1), np.nan)
    squares = np.where(known, (per_image - mean) ** 2, 0).sum(axis=0)
    sd = np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
    return count, mean, sd


def thesis_dissimilarity(mean: Matrix, sd: Matrix) -> Matrix:
    """One distance per pair: far apart on average, or unsteady over images.

    Args:
        mean: mean similarity.
        sd: its standard deviation over images (N - 1); NaN counts as 0.

    Returns:
        ``sqrt((1 - mean)^2 + sd^2)``.

    Source:
        The reference thesis on CNN against transformer explanations. Deviation: one image, for which the thesis'
        variance is not defined, gives ``1 - mean``.
    """
    return np.sqrt((1 - mean) ** 2 + np.nan_to_num(sd, nan=0.0) ** 2)


def bootstrap_interval(
    per_image: Matrix, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[Matrix, Matrix]:
    """Percentile bootstrap interval of every pair's mean; images are resampled, the same ones for all pairs.

    Args:
        per_image: ``[image, set, set]``, NaN where unknown.
        level: coverage in (0, 1).
        resamples: number of resamples.
        seed: of the resampling.

    Returns:
        ``(low, high)``, each ``[set, set]``; NaN for pairs with fewer than two images.
    """
    number = per_image.shape[1]
    rows, columns = np.triu_indices(number)
    bounds = mean_interval(per_image[:, rows, columns], level=level, resamples=resamples, seed=seed)
    low, high = np.full((2, number, number), np.nan)
    low[rows, columns] = low[columns, rows] = bounds[0]
    high[rows, columns] = high[columns, rows] = bounds[1]
    return low, high


def describe_count(agreement: Agreement) -> str:
    """How many images are behind the numbers, in words."""
    rows, columns = np.triu_indices(len(agreement.sets), 0 if len(agreement.sets) < 2 else 1)
    alive = agreement.count.diagonal() > 0
    counts = agreement.count[rows, columns][alive[rows] & alive[columns]]
    if not len(counts) or not agreement.images:
        return "no common images" if agreement.images else "number of images unknown"
    fewest, most = int(counts.min()), int(counts.max())
    number = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    if fewest == len(agreement.images):
        return f"N = {number} images"
    kind = "those usable in all sets" if agreement.subset == "common" else "each pair its own"
    return f"N = {number} of {len(agreement.images)} images ({kind})"


def _median(per_image: Matrix) -> Matrix:
    flat = per_image.reshape(len(per_image), per_image.shape[1] ** 2)
    median = np.full(flat.shape[1], np.nan)
    known = np.isfinite(flat).any(axis=0)
    if known.any():
        median[known] = np.nanmedian(flat[:, known], axis=0)
    return median.reshape(per_image.shape[1:])


def _plain(values: NDArray[Any]) -> Any:
    """Nested lists with None for NaN."""
    plain = values.astype(object)
    plain[~np.isfinite(values)] = None
    return plain.tolist()


def _short(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"
