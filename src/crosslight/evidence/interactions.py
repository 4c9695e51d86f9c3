"""Interactions between players, fitted to pairs of complementary coalitions so that less is left to chance.

What a regression on single players leaves of a pair's outcome are interactions of three, five, ... of them: those of
two or four cancel within a pair. Pairs are too few to tell each interaction, but a Gaussian process can weigh them:
players that matter more on their own interact more, and how much interactions matter at all it learns from the pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: prior variances of interactions of so many players, all together, relative to each other
ORDERS = {3: 1.0, 5: 0.1}
POWERS = range(1, max(ORDERS) + 1)
#: variance of noise over that of interactions: results under these are averaged by how likely they make the pairs
RATIOS = np.logspace(-5, 3, 17)
#: how often the importance of players is learnt from their attributions
ROUNDS = 2
#: importance of a player without attribution, as a share of the largest
FLOOR = 1e-2
#: instead of 0 where something is divided by, or its logarithm taken
TINY = 1e-300


@dataclass(frozen=True)
class Interactions:
    """A model of the outcomes of pairs.

    Attributes:
        effects: ``[m]``: its Shapley values, less their mean.
        left: ``[n]``: what it leaves of the outcomes it was fitted to.
        unseen: ``[n]``: outcomes less what it predicts when fitted without them.
        slopes: ``[m]``: what it says of single players.
        kernels: each with weights of the pairs ``[n]``: what it says of interactions.
        signs: ``[n, m]``: the pairs it was fitted to.
    """

    effects: Floats
    left: Floats
    unseen: Floats
    slopes: Floats
    kernels: tuple[tuple[Kernel, Floats], ...]
    signs: Floats

    def predict(self, signs: Floats) -> Floats:
        """Outcomes of other pairs."""
        found: Floats = signs @ self.slopes
        for kernel, weights in self.kernels:
            found += kernel.between(signs, self.signs) @ weights
        return found


def fit_interactions(signs: Floats, outcomes: Floats, level: float) -> Interactions | None:
    """Fit a model of single players and their interactions to pairs.

    Args:
        signs: ``[n, m]``: 1 for the members of a pair's first coalition, -1 for the others.
        outcomes: ``[n]``: half the difference of its two scores, less what that would be if all players were equal.
        level: the mean of all attributions.

    Returns:
        The model; None where the pairs are too few to tell interactions from single players, or all alike.

    Source: universal kriging with restricted likelihood (Stein 1999), averaged over the ratio of noise; errors without
        a pair: Dubrule 1983. The kernel is the ANOVA kernel (Stitson et al. 1999) of the products of two pairs' signs,
        each weighted by the player's importance.
    """
    count, players = signs.shape
    scale = float(np.abs(outcomes).max(initial=0.0))
    if players < 3 or count < players + 1 or scale == 0:
        return None
    linear = signs - signs.mean(axis=1, keepdims=True)
    basis, _ = np.linalg.qr(linear[:, :-1], mode="complete")  # the last column is minus the sum of the others
    contrasts, inverse = basis[:, players - 1 :], np.linalg.pinv(linear, rcond=1e-10)
    rounds = []
    importance = np.ones(players)
    for _ in range(ROUNDS + 1):
        rounds.append(_fit(Kernel(importance), signs, outcomes / scale, contrasts, inverse))
        size = np.abs(level / scale + rounds[-1].effects.T @ _shares(rounds[-1].likelihoods))
        importance = size / max(size.max(), TINY) + FLOOR
    shares = np.split(_shares(np.concatenate([one.likelihoods for one in rounds])), len(rounds))

    def mean(what: str) -> Floats:
        return scale * sum(share @ getattr(one, what) for share, one in zip(shares, rounds, strict=True))

    kernels = tuple((one.kernel, scale * share @ one.weights) for share, one in zip(shares, rounds, strict=True))
    return Interactions(mean("effects"), mean("left"), mean("unseen"), mean("slopes"), kernels, signs)


@dataclass(frozen=True)
class Kernel:
    """Covariances of interactions, given the importance of players.

    The interactions of all players together are known from the end points, so what is modelled of a pair is
    ``g(pair) - a g(all)``, where ``a`` is the mean of the pair's signs: it is 0 for the pair of all and none.

    Attributes:
        importance: positive ``[m]``.
    """

    importance: Floats

    def between(self, first: Floats, second: Floats) -> Floats:
        """Between pairs ``[n, m]`` and ``[k, m]``: ``[n, k]``."""
        whole = np.ones((1, first.shape[1]))
        levels, others = first.mean(axis=1, keepdims=True), second.mean(axis=1)[None]
        return (
            self._plain(first, second)
            - levels * self._plain(whole, second)
            - self._plain(first, whole) * others
            + levels * others * self._plain(whole, whole)
        )

    def with_effects(self, signs: Floats) -> Floats:
        """Between half the Shapley values, less their mean, of interactions and pairs ``[n, m]``: ``[m, n]``.

        An interaction of d players has each of them share in it alike: its coefficient's d-th part, twice.
        """
        whole = np.ones((1, signs.shape[1]))
        levels = signs.mean(axis=1)[None]
        found = self._shared(signs) - levels * self._shared(whole)
        return found - found.mean(axis=0)

    def _plain(self, first: Floats, second: Floats) -> Floats:
        """The same of ``g``."""
        # Signs to an even power are 1.
        odd = [(first * self.importance**power) @ second.T for power in POWERS[::2]]
        even = [np.array((self.importance**power).sum()) for power in POWERS[1::2]]
        every = _symmetric([odd[power // 2] if power % 2 else even[power // 2 - 1] for power in POWERS])
        found = np.zeros((len(first), len(second)))
        for order, share in self._variances():
            found += share * every[order]
        return found

    def _shared(self, signs: Floats) -> Floats:
        """``[m, n]``: between each player's share of interactions and the pairs."""
        products = signs * self.importance
        powers = [signs ** (power % 2) * self.importance**power for power in POWERS]
        without = _symmetric([power.sum(axis=1, keepdims=True) - power for power in powers])
        found = np.zeros_like(products)
        for order, share in self._variances():
            found += share / order * products * without[order - 1]
        return found.T

    def _variances(self) -> Iterator[tuple[int, float]]:
        """Each order, with the factor that gives its interactions the prior variance they should have together."""
        totals = _symmetric([np.array(np.sum(self.importance**power)) for power in POWERS])
        for order, share in ORDERS.items():
            if order <= len(self.importance):
                yield order, share / float(totals[order])


@dataclass(frozen=True)
class _Round:
    """Fits under one kernel and all ratios: ``[r]``, and ``[r, n]`` or ``[r, m]`` as in `Interactions`."""

    kernel: Kernel
    likelihoods: Floats
    weights: Floats
    slopes: Floats
    effects: Floats
    left: Floats
    unseen: Floats


def _fit(kernel: Kernel, signs: Floats, outcomes: Floats, contrasts: Floats, inverse: Floats) -> _Round:
    """Fit single players without, and interactions with shrinkage.

    Args:
        kernel: of interactions.
        signs: ``[n, m]``.
        outcomes: ``[n]``.
        contrasts: ``[n, n - m + 1]``: an orthonormal basis of what single players cannot explain.
        inverse: ``[m, n]``: the pseudo-inverse of the centred signs.
    """
    covariance = kernel.between(signs, signs)
    values, vectors = np.linalg.eigh(contrasts.T @ covariance @ contrasts)
    values = np.maximum(values, 0)
    vectors = contrasts @ vectors
    seen = vectors.T @ outcomes
    shrunk = 1 / (values + RATIOS[:, None])
    variance = (seen**2 * shrunk).mean(axis=1)
    likelihoods = 0.5 * (np.log(shrunk).sum(axis=1) - len(values) * np.log(np.maximum(variance, TINY)))
    weights = (seen * shrunk) @ vectors.T
    left = RATIOS[:, None] * weights
    slopes = (outcomes - weights @ covariance - left) @ inverse.T
    effects = 2 * (slopes + weights @ kernel.with_effects(signs).T)
    unseen = weights / (shrunk @ (vectors**2).T)
    return _Round(kernel, likelihoods, weights, slopes, effects, left, unseen)


def _shares(likelihoods: Floats) -> Floats:
    """The weight of each fit: its likelihood, in sum 1."""
    shares = np.exp(likelihoods - likelihoods.max())
    return shares / shares.sum()


def _symmetric(sums: list[Floats]) -> list[Floats]:
    """Elementary symmetric polynomials from power sums, by Newton's identities; the first one is 1."""
    found = [np.ones_like(sums[0])]
    for degree in range(1, len(sums) + 1):
        terms = ((-1) ** (i - 1) * found[degree - i] * sums[i - 1] for i in range(1, degree + 1))
        found.append(np.sum(list(terms), axis=0) / degree)
    return found
