"""How much of the variation between maps is the model, the method, the seed and the image."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.errors import InputError
from ..core.plain import plain
from ..core.seeds import seed_for

FACTORS = ("model", "method", "image")

#: images are resampled in so many groups where there are more of them; sums of maps are held for each group
GROUPS = 64

_Effect = frozenset[int]


@dataclass(frozen=True)
class Effect:
    """One part of the variation.

    Attributes:
        factors: what it is due to: one factor, or several for what they do together beyond each by itself.
        squares: sum of squares.
        freedom: degrees of freedom, per cell.
        share: part of the total sum of squares, in [0, 1]; all shares add to 1.
        low, high: interval of `share`.
        component: variance component, without what chance adds to `squares`; may be negative.
        corrected: part of the sum of all components, negative ones taken as 0; these add to 1, too.
        corrected_low, corrected_high: interval of `corrected`.
    """

    factors: tuple[str, ...]
    squares: float
    freedom: int
    share: float
    low: float
    high: float
    component: float
    corrected: float
    corrected_low: float
    corrected_high: float

    @property
    def name(self) -> str:
        """The factors in words: ``model``, or ``model x image``."""
        return " x ".join(self.factors)


@dataclass(frozen=True)
class VarianceSplit:
    """The variation between maps, split exactly.

    Attributes:
        effects: main effects in the order of the factors, then interactions. The last one, of all factors, cannot be
            told from noise.
        levels: number of levels of every factor; the number of images is that of those used.
        images: number of images seen.
        total: sum of squares about the grand mean.
        level: coverage of the intervals.
        resamples, seed, groups: of the bootstrap; `groups` is below the number of images where they were resampled in
            groups.
    """

    effects: tuple[Effect, ...]
    levels: dict[str, int]
    images: int
    total: float
    level: float
    resamples: int
    seed: int
    groups: int

    def __getitem__(self, name: str) -> Effect:
        """The effect of that name, such as ``model`` or ``model x image``."""
        return next(effect for effect in self.effects if effect.name == name)

    @property
    def used(self) -> int:
        """Number of images used: those with a usable map in every cell of the design."""
        return self.levels["image"]

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """The corrected shares in words, largest first; interactions together."""
        if not self.total > 0:
            return f"All maps are the same (N = {self.used} of {self.images} images): there is no variation to split."
        main = sorted((e for e in self.effects if len(e.factors) == 1), key=lambda e: -e.corrected)
        rest = sum(e.corrected for e in self.effects if len(e.factors) > 1)
        first, *others = (f"{_percent(effect.corrected)} {{}}the {effect.factors[0]}" for effect in main)
        together = ", ".join([first.format("of the variation between maps is "), *(one.format("") for one in others)])
        number = f"N = {self.used}" + (f" of {self.images}" if self.used < self.images else "") + " images"
        return f"{together}, and {_percent(rest)} what they do together, and noise ({number})."

    def to_dict(self) -> dict[str, Any]:
        """All of it in JSON's own types, NaN as None."""
        effects = [
            {"name": effect.name, **{key: plain(value) for key, value in effect.__dict__.items()}}
            for effect in self.effects
        ]
        return {**self.__dict__, "effects": effects, "used": self.used, "sentence": self.sentence}


def split_variance(
    blocks: Iterable[NDArray[np.floating]],
    *,
    factors: Sequence[str] = FACTORS,
    unit: bool = True,
    level: float = 0.95,
    resamples: int = 1000,
    groups: int = GROUPS,
    seed: int = 0,
) -> VarianceSplit:
    """Split the variation between maps into what is due to each factor and to their interplay.

    Maps are vectors. Their squared distances from the mean of all maps add up to the total, and this is split into main
    effects and interactions of all orders as in a balanced crossed analysis of variance, cell by cell, summed over
    cells. Only sums over images are held, and a few numbers for each image.

    A sum of squares contains chance: the means of models differ a little even where models do not matter. With all
    factors random, its expectation is known, and from it the variance components are solved; `Effect.corrected` is
    their share. Main effects thus speak of models, methods and images like these, not of these alone.

    Args:
        blocks: ``[model, method, image, cell]``, or as `factors` says, ending in the image and the cell; floating, NaN
            for a map that is not usable. Steps such as the sign are the caller's. Axes before the image have the same
            length in every block.
        factors: names of the axes but for the cell; the last one is ``image``.
        unit: make every map length 1 first, so that a method with large values does not count more. A map of zeros is
            not usable then.
        level: coverage of the intervals, in (0, 1).
        resamples: number of bootstrap resamples of the images. Percentile intervals, moved by the bootstrap's own bias,
            because images drawn twice look like effects.
        groups: where there are more images, they are dealt to so many groups at random, which are resampled; memory is
            `groups` times that of one image's maps.
        seed: of the bootstrap.

    Returns:
        The split; a factor of one level has no effect and is left out.

    Raises:
        InputError: shapes do not fit, or fewer than two images have a usable map in every cell of the design.

    Source:
        Searle, Casella and McCulloch, "Variance Components", 1992, chapter 4 (expected mean squares of balanced crossed
        designs). Deviation: sums of squares of vectors, summed over cells, as in Anderson, Austral Ecology 26, 2001.
    """
    factors = tuple(factors)
    if len(set(factors)) != len(factors) or not factors or factors[-1] != "image" or not 0 < level < 1 or groups < 2:
        raise InputError("factors must be different names that end in 'image', level in (0, 1), and groups 2 or more")
    sums = _Sums(len(factors), groups, np.random.default_rng(seed_for(seed, "groups of images")))
    for block in blocks:
        sums.add(np.asarray(block, np.float64), unit, factors)
    if sums.used < 2:
        raise InputError(
            f"{sums.used} of {sums.images} images have a usable map for every {' and '.join(factors[:-1])}: "
            "two are needed; leave out the one with most gaps"
        )
    counts = [*sums.shape, sums.used]
    varying = [axis for axis, count in enumerate(counts) if count > 1]
    effects = [frozenset(each) for size in range(1, len(varying) + 1) for each in combinations(varying, size)]
    products = sums.products()
    weights = np.ones((1, len(sums.sizes)))
    squares = _squares(effects, products, sums, weights)[:, 0]
    shares, components, corrected = _judge(effects, squares[:, None], counts)
    random = np.random.default_rng(seed_for(seed, "bootstrap of variance"))
    drawn = random.multinomial(len(sums.sizes), np.full(len(sums.sizes), 1 / len(sums.sizes)), resamples)
    resampled = _judge(effects, _squares(effects, products, sums, drawn.astype(np.float64)), counts)
    low, high = _interval(resampled[0], shares, level)
    corrected_low, corrected_high = _interval(resampled[2], corrected, level)
    found = tuple(
        Effect(
            factors=tuple(factors[axis] for axis in sorted(effect)),
            squares=float(squares[i]),
            freedom=math.prod(counts[axis] - 1 for axis in effect),
            share=float(shares[i, 0]),
            low=float(low[i]),
            high=float(high[i]),
            component=float(components[i, 0]),
            corrected=float(corrected[i, 0]),
            corrected_low=float(corrected_low[i]),
            corrected_high=float(corrected_high[i]),
        )
        for i, effect in enumerate(effects)
    )
    return VarianceSplit(
        effects=found,
        levels=dict(zip(factors, counts, strict=True)),
        images=sums.images,
        total=float(squares.sum()) if np.isfinite(shares).all() else 0.0,
        level=level,
        resamples=resamples,
        seed=seed,
        groups=len(sums.sizes),
    )


class _Sums:
    """What is held while blocks go by: sums of maps and of squares, by group of images."""

    def __init__(self, axes: int, groups: int, random: np.random.Generator):
        self.axes, self.groups, self.random = axes - 1, groups, random
        self.shape: tuple[int, ...] = ()
        self.images = self.used = 0
        self.sizes = np.zeros(0)
        self.maps = np.zeros(0)
        self.subsets = [frozenset(s) for n in range(self.axes + 1) for s in combinations(range(self.axes), n)]
        #: per subset of the factors but the image, ``[group]``: squares of the image's means over all other factors
        self.squares = {subset: np.zeros(0) for subset in self.subsets}

    def add(self, block: NDArray[np.float64], unit: bool, factors: tuple[str, ...]) -> None:
        if block.ndim != self.axes + 2:
            raise InputError(f"blocks need the axes {', '.join(factors)}, cell; this one has {block.ndim} axes")
        design, cells = block.shape[:-2], block.shape[-1]
        if not self.sizes.size:
            self.shape = design
            self.maps = np.zeros((0, *design, cells))
        if design != self.shape or cells != self.maps.shape[-1]:
            was = [*self.shape, self.maps.shape[-1]]
            raise InputError(f"blocks differ in shape: {[*design, cells]} after {was} (without the axis of images)")
        maps = np.moveaxis(block, -2, 0)
        self.images += len(maps)
        if unit:
            maps = _unit(maps)
        maps = maps[np.isfinite(maps).reshape(len(maps), -1).all(axis=1)]
        if not len(maps):
            return
        which = self._deal(len(maps))
        new = int(which.max()) + 1 - len(self.sizes)
        if new > 0:
            self.sizes = np.concatenate([self.sizes, np.zeros(new)])
            self.maps = np.concatenate([self.maps, np.zeros((new, *self.maps.shape[1:]))])
            self.squares = {key: np.concatenate([each, np.zeros(new)]) for key, each in self.squares.items()}
        np.add.at(self.sizes, which, 1)
        np.add.at(self.maps, which, maps)
        for subset in self.subsets:
            away = tuple(axis + 1 for axis in range(self.axes) if axis not in subset)
            means = maps.mean(axis=away) if away else maps
            np.add.at(self.squares[subset], which, (means**2).reshape(len(maps), -1).sum(axis=1))
        self.used += len(maps)

    def _deal(self, count: int) -> NDArray[np.int64]:
        """A group for each image: one of its own while there are groups left, then any."""
        own = np.arange(self.used, self.used + count)
        return np.where(own < self.groups, own, self.random.integers(self.groups, size=count))

    def products(self) -> dict[_Effect, NDArray[np.float64]]:
        """Per subset, ``[group, group]``: products of the groups' sums of means over all other factors."""
        found = {}
        for subset in self.subsets:
            away = tuple(axis + 1 for axis in range(self.axes) if axis not in subset)
            flat = (self.maps.mean(axis=away) if away else self.maps).reshape(len(self.maps), -1)
            found[subset] = flat @ flat.T
        return found


def _squares(
    effects: Sequence[_Effect],
    products: dict[_Effect, NDArray[np.float64]],
    sums: _Sums,
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sums of squares ``[effect, resample]`` for groups that count so often, ``[resample, group]``.

    The sums are those of as many images as were used, so that resamples of groups of different sizes compare.
    """
    image, used = sums.axes, sums.used
    number = weights @ sums.sizes
    raw: dict[_Effect, NDArray[np.float64]] = {}
    for subset in sums.subsets:
        others = math.prod(n for axis, n in enumerate(sums.shape) if axis not in subset) * used
        raw[subset] = others * ((weights @ products[subset]) * weights).sum(axis=1) / number**2
        raw[subset | {image}] = others * (weights @ sums.squares[subset]) / number
    found = np.zeros((len(effects), len(weights)))
    for row, effect in zip(found, effects, strict=True):
        for size in range(len(effect) + 1):
            for part in combinations(sorted(effect), size):
                row += (-1) ** (len(effect) - size) * raw[frozenset(part)]
    return found


def _judge(
    effects: Sequence[_Effect], squares: NDArray[np.float64], counts: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Shares, variance components and corrected shares, each ``[effect, resample]``."""
    squares = np.maximum(squares, 0)  # rounding
    total = squares.sum(axis=0)
    # Vectors of length 1 leave rounding of 1e-13 where all maps are the same.
    some = total > 1e-12 * math.prod(counts)
    shares = np.where(some, squares / np.where(some, total, 1), np.nan)
    freedom = np.array([math.prod(counts[axis] - 1 for axis in effect) for effect in effects])
    means = squares / freedom[:, None]
    components = np.array(
        [
            sum((-1) ** (len(other) - len(effect)) * means[j] for j, other in enumerate(effects) if effect <= other)
            / math.prod(n for axis, n in enumerate(counts) if axis not in effect)
            for effect in effects
        ]
    )
    positive = np.maximum(components, 0)
    whole = positive.sum(axis=0)
    corrected = np.where(some & (whole > 0), positive / np.where(whole > 0, whole, 1), np.nan)
    return shares, components, corrected


def _interval(
    resampled: NDArray[np.float64], estimate: NDArray[np.float64], level: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of each row, moved by the bias of the bootstrap, within [0, 1]."""
    resampled = resampled[:, np.isfinite(resampled).all(axis=0)]
    if resampled.shape[1] < 2:
        return np.full(len(estimate), np.nan), np.full(len(estimate), np.nan)
    tail = (1 - level) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail], axis=1) - (resampled.mean(axis=1) - estimate[:, 0])
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def _unit(maps: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = np.abs(maps).max(axis=-1, keepdims=True)
    usable = np.isfinite(largest) & (largest > 0)
    scaled = np.where(usable, maps, 0) / np.where(usable, largest, 1)  # squares of tiny gradients would underflow
    length = np.sqrt((scaled**2).sum(axis=-1, keepdims=True))
    return np.where(usable, scaled / np.where(usable, length, 1), np.nan)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.005 or share == 0 else "under 1 %"
