"""Whether a unit's region fits the concepts of its own images better than those of other images.

With few images, or with a concept that covers much of every picture, a unit of pure noise overlaps with something. So
the unit's regions are laid over the labels of other images: the best overlap with any concept that this gives is what
chance and the place in the picture give. Pieces of a picture stand for its pixels on both sides of the comparison.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...core.seeds import seed_for
from .iou import TILES, Overlap

PERMUTATIONS = 199
#: images that the test looks at, at most
IMAGES = 2000


def chance_images(identities: Sequence[str], seed: int = 0) -> frozenset[int]:
    """Rows of the images that the test looks at: all, or `IMAGES` of them, chosen by what they are."""
    if len(identities) <= IMAGES:
        return frozenset(range(len(identities)))
    keys = np.array([seed_for(seed, identity, "chance") for identity in identities], np.uint64)
    return frozenset(np.argsort(keys, kind="stable")[:IMAGES].tolist())


def chance_p(
    found: Overlap, best: NDArray[np.intp], *, permutations: int = PERMUTATIONS, seed: int = 0
) -> NDArray[np.float64]:
    """The p-value of each unit's overlap with its best concept, against its best overlap with any on other images.

    Images change partners within those that are annotated in the same category. A unit's value does not depend on which
    other units are asked for: all share the same permutations.

    Args:
        found: with pieces and places of the images to look at.
        best: int ``[units]``: the concept of each unit.
        permutations: how many; the least p-value is one by this number and one.
        seed: of the permutations.

    Returns:
        float64 ``[units]``: ``(1 + #{greatest overlap on other images >= overlap}) / (1 + permutations)``, where the
        greatest is over all concepts, so that it does not matter that the best of many was taken.

    Source:
        The maximum over concepts: Westfall & Young, Resampling-based multiple testing, 1993. That regions are compared
        with other images' labels is our own.
    """
    from scipy.sparse import csr_array

    units, concepts = found.both.shape
    observed = np.zeros(units)
    greatest = np.zeros((permutations, units))
    rows = np.array([row for row, *_ in found.places], np.intp)
    place_of = {row: at for at, row in enumerate(rows.tolist())}
    shares = _sparse_places(found, len(rows))
    image, unit, tile, share = _pieces(found, place_of)
    for groups, members in _alike(found, place_of):
        columns = np.flatnonzero(np.isin(found.groups, groups))
        if not len(columns) or not len(members):
            continue
        taken = shares[:, columns]
        inside = np.zeros(len(rows), bool)
        inside[members] = True
        there = inside[image]
        own, whose, where, part = image[there], unit[there], tile[there], share[there]
        area = np.bincount(whose, part, units)
        # A place's share of the picture, tile by tile, is not kept: the mean over equal tiles is close, and the same
        # is taken on both sides.
        covered = np.asarray(taken.reshape(len(rows), TILES * len(columns)).sum(axis=0)) if False else None
        del covered
        cover = np.asarray(taken[(members[:, None] * TILES + np.arange(TILES)).ravel()].sum(axis=0)).ravel() / TILES

        def best_of(
            partner: NDArray[np.intp],
            whose: NDArray[np.intp] = whose,
            where: NDArray[np.intp] = where,
            part: NDArray[np.float32] = part,
            taken: csr_array = taken,
            area: NDArray[np.float64] = area,
            cover: NDArray[np.float64] = cover,
        ) -> NDArray[np.float64]:
            regions = csr_array((part, (whose, partner * TILES + where)), shape=(units, len(rows) * TILES))
            both = (regions @ taken).toarray()
            union = area[:, None] + cover - both
            return np.divide(both, union, out=np.zeros_like(both, dtype=np.float64), where=union > 0)

        mine = np.isin(best, columns)
        at = np.searchsorted(columns, np.where(mine, best, columns[0]))
        observed = np.where(mine, best_of(own)[np.arange(units), at], observed)
        order = np.arange(len(rows))
        for number in range(permutations):
            rng = np.random.default_rng(seed_for(seed, number, "chance"))
            order[members] = members[rng.permutation(len(members))]
            greatest[number] = np.maximum(greatest[number], best_of(order[own]).max(axis=1))
    return (1 + (greatest >= observed).sum(axis=0)) / (1 + permutations)
