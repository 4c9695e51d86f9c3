"""Weighted least squares for Shapley values: coefficients with a given sum, from pairs of complementary coalitions.

A pair says one thing of an odd game: half the difference of its two scores, which should be the attributions of the
members minus half of the sum of all. What is left to find is how the attributions differ from their mean, so rows of
the design matter only up to a constant, and are centred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .shapley_design import Design

Floats = NDArray[np.float64]

#: pairs whose rows are held at once
ROWS = 512
#: players up to which the rank is found from eigenvalues, beyond from Cholesky's pivots
EIGEN = 2048
#: relative size under which an eigenvalue, or the square of a pivot, counts as 0
NOTHING = 1e-12
#: the largest leverage that a residual is divided for
LEVERAGE = 0.9999


@dataclass(frozen=True)
class Regression:
    """The normal equations of some of a design's players; the others are known to have no effect.

    Attributes:
        design: the pairs.
        players: which players there are coefficients for, ``[m]``.
        inverse: float64 ``[m, m]``: of the normal equations, on differences of coefficients.
        rank: how many differences are determined: m - 1 where all are.
    """

    design: Design
    players: NDArray[np.intp]
    inverse: Floats
    rank: int

    @property
    def determined(self) -> bool:
        """Whether the pairs say enough to tell all coefficients from each other."""
        return self.rank == len(self.players) - 1

    def parts(self) -> Iterator[slice]:
        """Some pairs after the other."""
        for start in range(0, self.design.pairs, ROWS):
            yield slice(start, min(start + ROWS, self.design.pairs))

    def rows(self) -> Iterator[tuple[slice, Floats]]:
        """Some pairs after the other, with their centred rows ``[n, m]``."""
        for part in self.parts():
            rows = self.design.members(part)[:, self.players].astype(np.float64)
            yield part, rows - rows.mean(axis=1, keepdims=True)

    def solve(self, outcomes: Floats) -> Floats:
        """Coefficients less their mean, ``[m]``.

        Args:
            outcomes: ``[p]``: of the pairs, less what they would be if all coefficients were equal.
        """
        weighted = self.design.weights * outcomes
        moments = np.zeros(len(self.players))
        for part, rows in self.rows():
            moments += rows.T @ weighted[part]
        return self.inverse @ moments

    def errors(self, coefficients: Floats, outcomes: Floats) -> Floats:
        """Standard errors of what `solve` found, ``[m]``."""
        weights, unseen = self.design.weights, np.empty(self.design.pairs)
        for part, rows in self.rows():
            leverage = weights[part] * np.einsum("ni,ij,nj->n", rows, self.inverse, rows, optimize=True)
            unseen[part] = (outcomes[part] - rows @ coefficients) / (1 - np.minimum(leverage, LEVERAGE))
        return self.spread(unseen)

    def spread(self, unseen: Floats) -> Floats:
        """Standard errors of the coefficients, ``[m]``, from how far off each pair is when the others predict it.

        Args:
            unseen: ``[p]``: outcomes less predictions made without them. Where they come from this regression they are
                its residuals over one minus the leverage.

        Source: the sandwich estimator HC3 (MacKinnon and White 1985), a jackknife over pairs; times the share of each
            stratum that is not in the design (Cochran 1977, section 5.3), for a whole one adds no error.
        """
        if self.design.exhaustive:
            return np.zeros(len(self.players))
        if not self.determined or self.design.pairs < len(self.players):
            return np.full(len(self.players), np.inf)
        amounts = (self.design.weights * unseen) ** 2 * self.design.left_out
        variance = np.zeros(len(self.players))
        for part, rows in self.rows():
            variance += amounts[part] @ (rows @ self.inverse) ** 2
        return np.sqrt(variance)


def regression(design: Design, players: NDArray[np.intp] | None = None) -> Regression:
    """The normal equations of a design, accumulated over some pairs at a time.

    Args:
        design: the pairs.
        players: those there are coefficients for; by default all.
    """
    players = np.arange(design.players) if players is None else players
    count = len(players)
    found = Regression(design, players, np.zeros((count, count)), 0)
    weights, normal = design.weights, np.zeros((count, count))
    for part, rows in found.rows():
        normal += rows.T @ (rows * weights[part, None])
    inverse, rank = _inverse(normal)
    return replace(found, inverse=inverse, rank=rank)


def _inverse(normal: Floats) -> tuple[Floats, int]:
    """The inverse on vectors whose sum is 0, and the rank."""
    from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh

    count = len(normal)
    scale = np.trace(normal) / max(count, 1)
    if count < 2 or scale == 0:
        return np.zeros_like(normal), 0
    # rows are centred, so the mean of the coefficients is free: it is held at 0
    held = normal + scale / count
    if count > EIGEN:
        try:
            factor = cho_factor(held, lower=True)
            pivots = np.diag(factor[0]) ** 2
            if pivots.min() > NOTHING * pivots.max():
                return cho_solve(factor, np.eye(count)) - 1 / (scale * count), count - 1
        except LinAlgError:
            pass
    values, vectors = eigh(held)
    there = values > NOTHING * values[-1]
    inverse = (vectors[:, there] / values[there]) @ vectors[:, there].T
    return inverse - 1 / (scale * count), int(there.sum()) - 1
