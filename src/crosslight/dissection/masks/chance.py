"""Whether a unit's region fits the concepts of its own images better than those of other images.

With few images, or with a concept that covers much of every picture, a unit of pure noise overlaps with something. So
the unit's regions are laid over the labels of other images: the best overlap with any concept that this gives is what
chance and the place in the picture give. Pieces of a picture stand for its pixels on both sides of the comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...core.seeds import seed_for
from .iou import Overlap
from .laid import TILES

if TYPE_CHECKING:
    from scipy.sparse import csr_array

PERMUTATIONS = 199
#: images that the test looks at, at most
IMAGES = 2000
#: numbers of a table that is not kept sparse
_DENSE = 1 << 24


def chance_images(identities: Sequence[str], seed: int = 0) -> frozenset[int]:
    """Rows of the images that the test looks at: all, or `IMAGES` of them, chosen by what they are."""
    if len(identities) <= IMAGES:
        return frozenset(range(len(identities)))
    keys = np.array([seed_for(seed, identity, "chance") for identity in identities], np.uint64)
    return frozenset(np.argsort(keys, kind="stable")[:IMAGES].tolist())


def chance_p(
    found: Overlap,
    best: NDArray[np.intp],
    tested: NDArray[np.intp],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> NDArray[np.float64]:
    """The p-value of each unit's overlap with its best concept, against its best overlap with any on other images.

    Images change partners within those that are annotated in the same category. A unit's value does not depend on which
    other units are asked for: all share the same permutations.

    Args:
        found: with pieces and places of the images to look at.
        best: int ``[units]``: the concept of each unit.
        tested: numbers of the units to test.
        permutations: how many; the least p-value is one by this number and one.
        seed: of the permutations.

    Returns:
        float64 ``[units]``, NaN for units that are not tested:
        ``(1 + #{greatest overlap on other images >= overlap}) / (1 + permutations)``, where the
        greatest is over all concepts, so that it does not matter that the best of many was taken.

    Source:
        The maximum over concepts: Westfall & Young, Resampling-based multiple testing, 1993. That regions are compared
        with other images' labels is our own.
    """
    p = np.full(len(found.both), np.nan)
    if not len(tested):
        return p
    rows = np.array([row for row, *_ in found.places], np.intp)
    observed, greatest = np.zeros(len(tested)), np.zeros((permutations, len(tested)))
    for concepts, members in _annotated_alike(found, rows):
        laid = _Pieces.of(found, rows, tested, concepts, members)
        mine = np.flatnonzero(np.isin(best[tested], concepts))
        own = laid.iou(np.arange(len(members)))
        observed[mine] = own[mine, np.searchsorted(concepts, best[tested[mine]])]
        for number in range(permutations):
            partners = np.random.default_rng(seed_for(seed, number, "chance")).permutation(len(members))
            np.maximum(greatest[number], laid.iou(partners).max(axis=1), out=greatest[number])
    p[tested] = (1 + (greatest >= observed).sum(axis=0)) / (1 + permutations)
    return p


@dataclass(frozen=True)
class _Pieces:
    """Pieces of regions and places of concepts on the images that are annotated in the same categories.

    Attributes:
        starts: where the pieces of each unit begin, and where the last ends.
        image: of each piece, its place among the images.
        tile: of each piece.
        share: of the picture, each piece.
        places: ``[images * TILES, concepts]``: the share of a tile that a concept covers.
        area: float64 ``[units]``: of their regions, in pictures.
        cover: float64 ``[concepts]``: in pictures.
    """

    starts: NDArray[np.intp]
    image: NDArray[np.intp]
    tile: NDArray[np.intp]
    share: NDArray[np.float32]
    places: csr_array | NDArray[np.float32]
    area: NDArray[np.float64]
    cover: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        found: Overlap,
        rows: NDArray[np.intp],
        tested: NDArray[np.intp],
        concepts: NDArray[np.intp],
        members: NDArray[np.intp],
    ) -> _Pieces:
        from scipy.sparse import csr_array

        place = {int(rows[member]): at for at, member in enumerate(members)}
        image, unit, tile, share = _joined([(place[row], *rest) for row, *rest in found.pieces if row in place])
        kept = np.flatnonzero(np.isin(unit, tested))
        order = kept[np.argsort(unit[kept], kind="stable")]
        number = np.searchsorted(tested, unit[order])
        where, which, at, part, cover = _joined([(place[row], *rest) for row, *rest in found.places if row in place])
        own = np.isin(which, concepts)
        column = np.searchsorted(concepts, which[own])
        shape = (len(members) * TILES, len(concepts))
        places = csr_array((part[own], (where[own] * TILES + at[own], column)), shape=shape)
        return cls(
            np.searchsorted(number, np.arange(len(tested) + 1)),
            image[order],
            tile[order],
            share[order],
            places.toarray() if shape[0] * shape[1] <= _DENSE else places,
            np.bincount(number, share[order], len(tested)).astype(np.float64),
            np.bincount(column, cover[own], len(concepts)).astype(np.float64),
        )

    def iou(self, partners: NDArray[np.intp]) -> NDArray[np.float64]:
        """Float64 ``[units, concepts]``, where the regions of each image are laid over the labels of its partner."""
        from scipy.sparse import csr_array

        at = partners[self.image] * TILES + self.tile
        shape = (len(self.starts) - 1, self.places.shape[0])
        both = csr_array((self.share, at, self.starts), shape=shape) @ self.places
        both = (both if isinstance(both, np.ndarray) else both.toarray()).astype(np.float64)
        union = self.area[:, None] + self.cover - both
        return np.divide(both, union, out=np.zeros_like(both), where=union > 0)


def _joined(parts: Sequence[tuple[Any, ...]]) -> tuple[NDArray[Any], ...]:
    """Entries of all images together; the number of the image comes first."""
    if not parts:
        return tuple(np.empty(0, kind) for kind in (np.intp, np.intp, np.intp, np.float32, np.float32))[:4]
    images = np.concatenate([np.full(len(one[1]), one[0], np.intp) for one in parts])
    return (images, *(np.concatenate([one[at] for one in parts]) for at in range(1, len(parts[0]))))


def _annotated_alike(found: Overlap, rows: NDArray[np.intp]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Concepts whose categories are annotated in the same images, and the places of those among `rows`."""
    by_images: dict[bytes, list[int]] = {}
    for group, annotated in enumerate(found.annotated):
        members = np.flatnonzero(np.isin(rows, annotated))
        if len(members):
            by_images.setdefault(members.tobytes(), []).append(group)
    for those, groups in by_images.items():
        yield np.flatnonzero(np.isin(found.groups, groups)), np.frombuffer(those, np.intp)
