"""What a comparison finds: one number per pair of sets, with its spread, its interval, its floor and its ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..core.accessors import shown
from ..core.errors import InputError
from ..core.plain import plain
from .calibration import calibrated

Matrix = NDArray[np.float64]
Subset = Literal["common", "pairwise"]

#: half width of an interval for which `Agreement.to_dict` says how many images it needs
HALF_WIDTH = 0.02


@dataclass(frozen=True)
class Agreement:
    """How alike sets of maps of the same images are. All matrices are ``[set, set]``.

    Attributes:
        label: what the sets have in common: the method's label, or the model's where methods are compared.
        across: what the sets are: ``models`` or ``methods``.
        sets: their labels.
        images: identities of the images, in the order of `per_image`.
        per_image: similarity per image, ``[image, set, set]``; NaN where one of the two maps is unusable.
        subset: ``common``: only images usable in all sets that have any usable map; ``pairwise``: each pair
            on its own images.
        mean: mean similarity over images; NaN where a pair has none.
        sd: standard deviation over images (N - 1); NaN for fewer than two images.
        median: median over images.
        dissimilarity: ``sqrt((1 - mean)^2 + sd^2)``, with sd taken as 0 where there is one image only.
        low, high: bounds of the percentile bootstrap interval of `mean` over images.
        count: number of images behind each mean.
        floor: mean similarity of maps of *different* images, which is what chance gives. Whatever images a filter or
            the subset leaves out, the floor is over all.
        dropped: per set, how many images had no usable map, by reason.
        steps: what was done to the maps before they were compared.
        bootstrap: ``level``, ``resamples`` and ``seed`` of the interval, and what is drawn: ``stratified``, and how
            many ``clusters``.
        measure: key of the measure, as a user writes it.
        measure_label: what the measure is called in words.
        measure_settings: all its settings, those estimated from the maps too.
        range: lowest and highest value of the measure.
        identical: similarity of a map with itself; NaN where it depends on the map.
        floor_pairs: number of pairs of maps behind each floor; 0 where unknown.
        ceiling: similarity that can be expected at best, see `crosslight.agreement.calibration.ceiling_between`; NaN
            where it was not measured.
        filter: name of the filter that images passed; empty if none.
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
    measure: str = "cosine"
    measure_label: str = "cosine"
    measure_settings: Mapping[str, Any] = field(default_factory=dict)
    range: tuple[float, float] = (-1.0, 1.0)
    identical: float = 1.0
    floor_pairs: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    ceiling: Matrix = field(default_factory=lambda: np.zeros((0, 0)))
    filter: str = ""

    def __post_init__(self) -> None:
        number = len(self.sets)
        if self.ceiling.shape != (number, number):
            object.__setattr__(self, "ceiling", np.full((number, number), np.nan))
        if self.floor_pairs.shape != (number, number):
            object.__setattr__(self, "floor_pairs", np.zeros((number, number), np.int64))

    @property
    def calibrated(self) -> Matrix:
        """``(mean - floor) / (ceiling - floor)``: 0 is chance, 1 what repeats reach; NaN without a ceiling."""
        return calibrated(self.mean, self.floor, self.ceiling)

    @property
    def above_chance(self) -> Matrix:
        """``(mean - floor) / (identical - floor)``: 0 is chance, 1 identical maps, which noisy methods cannot reach."""
        return calibrated(self.mean, self.floor, self.identical)

    def with_ceiling(self, ceiling: Matrix) -> Agreement:
        """The same with a ceiling, ``[set, set]``.

        Raises:
            InputError: it has another shape.
        """
        if ceiling.shape != self.mean.shape:
            raise InputError(f"a ceiling for {len(self.sets)} sets must be {list(self.mean.shape)}")
        return replace(self, ceiling=np.asarray(ceiling, np.float64))

    def images_needed(self, half_width: float = HALF_WIDTH) -> Matrix:
        """Images that each pair's interval of that half width needs, ``[set, set]``; NaN without a spread."""
        from .structure.reliability import images_needed

        level = self.bootstrap.get("level", 0.95)
        needed = images_needed(np.nan_to_num(self.sd, nan=0.0), half_width, level=level)
        return np.where(np.isfinite(self.sd), needed, np.nan)

    @property
    def unusable(self) -> tuple[str, ...]:
        """Sets without any image behind their numbers."""
        return tuple(s for s, own in zip(self.sets, self.mean.diagonal(), strict=True) if np.isnan(own))

    def pairs(self) -> list[tuple[str, str, float, float, int]]:
        """Pairs above the diagonal: the two sets, their mean, the floor beside it, the images behind it."""
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
        matrices = ("mean", "sd", "median", "dissimilarity", "low", "high", "floor", "ceiling", "calibrated")
        result: dict[str, Any] = {
            "label": self.label,
            "across": self.across,
            "measure": self.measure,
            "measure_label": self.measure_label,
            "measure_settings": dict(self.measure_settings),
            "range": plain(np.array(self.range)),
            "sets": list(self.sets),
            "images": len(self.images),
            "subset": self.subset,
            "filter": self.filter,
            **{name: plain(getattr(self, name)) for name in matrices},
            "above_chance": plain(self.above_chance),
            "count": self.count.tolist(),
            "floor_pairs": self.floor_pairs.tolist(),
            "images_needed": {"half_width": HALF_WIDTH, "images": plain(self.images_needed())},
            "unusable": list(self.unusable),
            "dropped": {label: dict(reasons) for label, reasons in self.dropped.items()},
            "steps": dict(self.steps),
            "bootstrap": dict(self.bootstrap),
        }
        if per_image:
            result |= {"image_names": list(self.images), "per_image": plain(self.per_image)}
        return result

    def __repr__(self) -> str:
        return f"<Agreement {self.label}: {len(self.sets)} {self.across}, {len(self.images)} images>"

    def _repr_html_(self) -> str:
        return shown(self)


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
