"""What all sets of maps agree on, and how near each comes to the consensus of the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import InputError
from ..similarity import unit


@dataclass(frozen=True)
class Consensus:
    """How near each set of maps is to the consensus.

    Attributes:
        sets: labels of the sets.
        per_image: ``[image, set]``: cosine of a set's map with the consensus of the *others*; NaN where its own map
            or all others are unusable, or where the others cancel out.
        with_own: ``[image, set]``: cosine with the consensus of all, the set's own map among them, as published.
        usable: ``[image]``: number of sets with a usable map.
        mean: ``[set]``: mean of `per_image` over `count` images; NaN without any.
        sd: ``[set]``: standard deviation (N - 1); NaN for fewer than two.
        count: images on which all sets with any usable map have one.
    """

    sets: tuple[str, ...]
    per_image: NDArray[np.float64]
    with_own: NDArray[np.float64]
    usable: NDArray[np.int64]
    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    count: int

    def to_dict(self) -> dict[str, Any]:
        """The summary in JSON's own types, NaN as None."""
        plain = {
            name: [None if np.isnan(value) else value for value in getattr(self, name).tolist()]
            for name in ("mean", "sd")
        }
        return {"sets": list(self.sets), **plain, "count": self.count, "images": len(self.per_image)}


def consensus(blocks: Iterable[NDArray[np.float64]], sets: Sequence[str]) -> Consensus:
    """Each set's similarity to the consensus of the others, one block of images at a time.

    Args:
        blocks: ``[set, image, cell]`` for every block of images: vectors of length 1, NaN where unusable, as
            `crosslight.agreement.similarity.unit` makes them.
        sets: labels of the sets, in the order of the blocks.

    Returns:
        The similarities over all images. Only numbers per image and set are held.

    Raises:
        InputError: a block has another number of sets.

    Source:
        Li et al., "Cross-Model Consensus of Explanations and Beyond for Image Classification Models", Machine Learning
        112, 2023 (arXiv:2109.00707): the consensus is the mean of the models' normalised explanations, here of
        length 1. Deviation: the set itself is left out of the consensus that it is compared with. With few sets its
        own share is what would be measured: of two unrelated maps each scores .71 with the mean of both.
    """
    parts = []
    for block in blocks:
        if block.ndim != 3 or len(block) != len(sets):
            raise InputError(f"{len(sets)} sets need blocks [{len(sets)}, image, cell], not {list(block.shape)}")
        parts.append(_scores(block))
    empty = np.empty((0, len(sets)))
    others = np.concatenate([empty, *(part[0] for part in parts)])
    with_own = np.concatenate([empty, *(part[1] for part in parts)])
    known = np.concatenate([np.empty((0, len(sets)), bool), *(part[2] for part in parts)])
    alive = known.any(axis=0)
    common = known[:, alive].all(axis=1) if alive.any() else np.zeros(len(known), bool)
    mean, sd = _moments(others[common])
    return Consensus(tuple(sets), others, with_own, known.sum(axis=1).astype(np.int64), mean, sd, int(common.sum()))


def consensus_maps(units: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over sets of their maps, each of length 1.

    Args:
        units: ``[set, image, cell]``: vectors of length 1, NaN where unusable.

    Returns:
        ``[image, cell]``: the mean over the usable sets, not of length 1: its length, from 0 to 1, says how much they
        agree. NaN where no set is usable.
    """
    known = _known(units)
    total = np.where(known[..., None], units, 0).sum(axis=0)
    count = known.sum(axis=0)[:, None]
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _known(units: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(units).all(axis=-1))


def _scores(
    units: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Cosines with the others' and with all sets' consensus, and what is usable, each ``[image, set]``."""
    known = _known(units)
    total = np.where(known[..., None], units, 0).sum(axis=0)
    others = np.stack([_cosine(own, total - own) for own in units], axis=1)
    with_own = np.stack([_cosine(own, total) for own in units], axis=1)
    return others, with_own, known.T


def _cosine(own: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """NaN where the map is unusable, or the sum of others zero but for rounding."""
    small = ~(np.linalg.norm(other, axis=-1, keepdims=True) >= 1e-9)
    return np.asarray(np.clip((own * np.where(small, np.nan, unit(other))).sum(axis=-1), -1, 1))


def _moments(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = np.isfinite(values)
    count = known.sum(axis=0)
    mean = np.where(count > 0, np.where(known, values, 0).sum(axis=0) / np.maximum(count, 1), np.nan)
    squares = np.where(known, (values - mean) ** 2, 0).sum(axis=0)
    return mean, np.where(count > 1, np.sqrt(squares / np.maximum(count - 1, 1)), np.nan)
