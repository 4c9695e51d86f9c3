"""Which coalitions are asked about: each with its complement, spread over sizes and players, none twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

#: pairs of a stratum beyond which they are not counted
MANY = 1 << 62
#: strata with more pairs than this are drawn from rather than listed
LISTED = 1 << 15
#: members of a listed stratum among which the best balanced one is taken
CANDIDATES = 32
#: players beyond which coalitions are not balanced against each other: the time grows with the square of players
BALANCED = 512
#: exchanges of two players by which a coalition is balanced at most
SWAPS = 32
#: players on either side that are looked at for an exchange
LOOKED_AT = 32
#: balanced draws that may fail to be new before a plain one is taken
ATTEMPTS = 4


@dataclass(frozen=True)
class Design:
    """Pairs of complementary coalitions of some players, in the order in which they are asked about.

    Attributes:
        players: how many there are.
        packed: uint8 ``[p, ceil(players / 8)]``: the smaller coalition of each pair, one bit a player.
        strata: int64 ``[p]``: its size, from 1 to half the players.
    """

    players: int
    packed: NDArray[np.uint8]
    strata: NDArray[np.int64]

    @property
    def pairs(self) -> int:
        """How many pairs."""
        return len(self.packed)

    def __len__(self) -> int:
        """How many coalitions."""
        return 2 * self.pairs

    @property
    def exhaustive(self) -> bool:
        """Whether these are all coalitions, but for that of all players and that of none."""
        return self.pairs == number_of_pairs(self.players)

    def members(self, which: slice) -> NDArray[np.bool_]:
        """The smaller coalition of some pairs, ``[n, players]``."""
        return np.unpackbits(self.packed[which], axis=1, count=self.players).view(np.bool_)

    def coalitions(self, which: range) -> NDArray[np.bool_]:
        """Some coalitions, ``[n, players]``: those at odd places are the complements of those before them."""
        which_pairs = np.arange(which.start, which.stop) // 2
        smaller = np.unpackbits(self.packed[which_pairs], axis=1, count=self.players).view(np.bool_)
        odd: NDArray[np.bool_] = (np.arange(which.start, which.stop) % 2 == 1)[:, None]
        return smaller ^ odd

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Pairs of each stratum, ``[players // 2]``, from size 1 on."""
        return np.bincount(self.strata, minlength=self.players // 2 + 1)[1:]

    @property
    def weights(self) -> NDArray[np.float64]:
        """The weight of each pair in the regression, float64 ``[p]``, in sum 1.

        The pairs of a stratum share its mass under the Shapley kernel; that of a stratum without pairs goes to the
        nearest one that has some.
        """
        sampled = np.flatnonzero(self.counts)
        between = (sampled[1:] + sampled[:-1]) / 2
        nearest = sampled[np.searchsorted(between, np.arange(len(self.counts)))]
        mass = kernel_mass(self.players)
        shares = np.bincount(nearest, weights=mass, minlength=len(mass))[self.strata - 1]
        each: NDArray[np.float64] = shares / self.counts[self.strata - 1]
        return each / mass.sum()

    @property
    def left_out(self) -> NDArray[np.float64]:
        """The share of each pair's stratum that is not in the design, float64 ``[p]``: 0 where all of it is."""
        shares = [
            1 - int(count) / pairs_of_size(self.players, size) if count else 1.0
            for size, count in enumerate(self.counts, start=1)
        ]
        return np.array(shares)[self.strata - 1]


def number_of_pairs(players: int) -> int:
    """All pairs of complementary coalitions, but for all players and none."""
    return 2 ** (players - 1) - 1 if players else 0


def pairs_of_size(players: int, size: int) -> int:
    """The pairs of a stratum, coalitions of that size with their complements; `MANY` where there are more."""
    count = 1
    for number in range(1, size + 1):  # it grows up to half the players
        count = count * (players - number + 1) // number
        if count > 2 * MANY:
            return MANY
    return min(count // (2 if 2 * size == players else 1), MANY)


def kernel_mass(players: int) -> NDArray[np.float64]:
    """What the coalitions of a size and of its complement weigh together under the Shapley kernel, up to a factor.

    Source: Lundberg and Lee 2017, theorem 2: ``(M - 1) / (C(M, k) k (M - k))`` for each of the coalitions.

    Returns:
        float64 ``[players // 2]``, for sizes from 1 to half the players.
    """
    size = np.arange(1, players // 2 + 1, dtype=np.float64)
    return np.where(2 * size == players, 1, 2) / (size * (players - size))


def shapley_design(players: int, pairs: int, seed: int) -> Design:
    """Pairs of coalitions for estimating Shapley values; the first ones are the same whatever their number.

    Pairs are stratified by size: the next pair is of the size that lags most behind its share. Within a size, players
    are put together so that their columns of the design stay as uncorrelated as can be, which keeps the regression from
    mistaking one for another. All coalitions of a size have the same chance, because players take their roles in
    random order.

    Args:
        players: how many.
        pairs: how many at most; there are `number_of_pairs` in all.
        seed: of the random numbers.

    Source: pairs: Covert and Lee 2021. The share of size k is ``1 / sqrt(k (M - k))``, the geometric mean of what the
        kernel gives a size and of equal shares (Chen et al. 2025, arXiv:2506.05216). By Neyman's rule that is least in
        variance where the residuals of all sizes scatter alike; weights make up for it. Deviation: sizes are not drawn
        but allotted.
    """
    pairs = min(pairs, number_of_pairs(players))
    packed = np.empty((pairs, -(-players // 8)), np.uint8)
    strata = np.empty(pairs, np.int64)
    rng = np.random.default_rng(seed)
    roles = np.argsort(rng.random(players), kind="stable")
    drawing = _Drawing(players, rng)
    for row, size in zip(range(pairs), _sizes(players), strict=False):
        strata[row] = size
        packed[row] = np.packbits(drawing.next(size)[roles])
    return Design(players, packed, strata)


def _sizes(players: int) -> Iterator[int]:
    """The sizes of pairs one after the other: always the one that lags most behind its share, until all are used up."""
    shares = np.sqrt(kernel_mass(players) * np.where(2 * np.arange(1, players // 2 + 1) == players, 0.5, 1))
    limits = np.array([pairs_of_size(players, size) for size in range(1, players // 2 + 1)])
    due, taken = np.zeros(len(shares)), np.zeros(len(shares), np.int64)
    while (shares > 0).any():
        due += shares / shares.sum()
        lag = np.where(shares > 0, due - taken, -np.inf)
        index = int(np.argmax(lag))
        taken[index] += 1
        if taken[index] == limits[index]:
            shares[index] = 0
        yield index + 1


class _Drawing:
    """Coalitions drawn one after the other, with what the next draw has to know of those before."""

    def __init__(self, players: int, rng: np.random.Generator):
        self.players, self.rng = players, rng
        self.used: set[bytes] = set()
        self.left: dict[int, NDArray[np.intp]] = {}  # of listed strata, which are not drawn yet
        self.gram = np.zeros((players, players)) if players <= BALANCED else None

    def next(self, size: int) -> NDArray[np.bool_]:
        """A coalition of that size that is new, and not the complement of one."""
        small = pairs_of_size(self.players, size) <= LISTED
        members = self.from_list(size) if small else self.by_chance(size)
        if self.gram is not None:
            centred = members - size / self.players
            self.gram += np.outer(centred, centred)
        return members

    def from_list(self, size: int) -> NDArray[np.bool_]:
        every = _all_of(self.players, size)
        left = self.left.pop(size) if size in self.left else np.arange(len(every))
        some = (self.rng.random(min(CANDIDATES, len(left))) * len(left)).astype(np.intp)
        best = some[0]
        if self.gram is not None:
            rows = every[left[some]].astype(np.float64)
            best = some[np.argmin(((rows @ self.gram) * rows).sum(axis=1).round(9))]
        members = every[left[best]]
        left[best] = left[-1]
        self.left[size] = left[:-1]
        return members

    def by_chance(self, size: int) -> NDArray[np.bool_]:
        attempt = 0
        while True:
            members = np.zeros(self.players, np.bool_)
            members[np.argpartition(self.rng.random(self.players), size - 1)[:size]] = True
            if self.gram is not None and attempt < ATTEMPTS:
                _balance(members, self.gram)
            if 2 * size == self.players and members[0]:
                members = ~members
            key = np.packbits(members).tobytes()
            if key not in self.used:
                self.used.add(key)
                return members
            attempt += 1


@lru_cache(8)  # the next image mostly has as many players
def _all_of(players: int, size: int) -> NDArray[np.bool_]:
    """One coalition of each pair of a stratum, ``[n, players]``."""
    chosen = np.array(list(combinations(range(players), size)))
    rows = np.zeros((len(chosen), players), np.bool_)
    np.put_along_axis(rows, chosen, True, axis=1)
    return rows[~rows[:, 0]] if 2 * size == players else rows


def _balance(members: NDArray[np.bool_], gram: NDArray[np.float64]) -> None:
    """Exchange players, in place, as long as that makes a coalition less like those before.

    What falls is the sum of squares of its correlations with them, ``x^T G x``.
    """
    pull, own = gram @ members, gram.diagonal()
    for _ in range(SWAPS):
        cost = own + np.where(members, -2, 2) * pull  # of leaving for those inside, of joining for those outside
        inside, outside = _lowest(members.nonzero()[0], cost), _lowest((~members).nonzero()[0], cost)
        change = gram[inside[:, None], outside]
        change *= -2
        change += cost[outside]
        change += cost[inside, None]
        best = int(change.argmin())
        if change.flat[best] > -1e-6:
            return
        leaves, joins = inside[best // len(outside)], outside[best % len(outside)]
        members[leaves], members[joins] = False, True
        pull += gram[joins] - gram[leaves]


def _lowest(players: NDArray[np.intp], cost: NDArray[np.float64]) -> NDArray[np.intp]:
    """The players of lowest cost, as many as are looked at."""
    if len(players) <= LOOKED_AT:
        return players
    return players[np.argpartition(cost[players], LOOKED_AT - 1)[:LOOKED_AT]]
