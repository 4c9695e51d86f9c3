"""Shapley values of a game that was asked about some coalitions, with standard errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .interactions import Interactions, fit_interactions
from .least_squares import Regression, regression
from .shapley_design import Design

Floats = NDArray[np.float64]

#: pairs that interactions are fitted to at most, the first ones: the time grows with their cube
FITTED = 1024
#: players beyond which no interactions are fitted: there are never enough pairs to tell them
PLAYERS = 256


def shapley_values(
    design: Design,
    scores: Floats,
    full: float,
    empty: float,
    *,
    players: NDArray[np.intp] | None = None,
    interactions: bool = True,
) -> tuple[Floats, Floats]:
    """Shapley values, and the standard error of each.

    They are the solution of a weighted least-squares problem, ``min sum w (score - empty - sum of members' values)^2``
    subject to ``sum of all values = full - empty``. With an exhaustive design that is exact. Otherwise the regression
    is of what a model of interactions leaves of the scores, whose own Shapley values are added.

    An estimate plus or minus 1.96 standard errors covers the exact value in 95 of 100 cases or more.

    Args:
        design: the coalitions.
        scores: float64 ``[n]``: of each coalition of the design.
        full: score of all players together.
        empty: score of none.
        players: those that can matter, ``[m]``; the value of the others is known to be 0. By default all.
        interactions: whether interactions are modelled; without, this is KernelSHAP as published.

    Returns:
        Values and standard errors, float64 ``[m]`` each; NaN where a score is not finite. Errors are 0 where the design
        is exhaustive, and infinite where coalitions are too few to tell.

    Source: Lundberg and Lee 2017, eq. 8 and theorem 2; pairs: Covert and Lee 2021; a model with known Shapley values,
        there of trees, whose residuals are regressed: Witter et al. 2025.
    """
    players = np.arange(design.players) if players is None else players
    count, total = len(players), full - empty
    if not np.isfinite([total, *scores]).all():
        return np.full(count, np.nan), np.full(count, np.nan)
    if count < 2:
        return np.full(count, total), np.zeros(count)
    found = regression(design, players)
    # What a pair would say if all values were equal is known, for their sum is.
    outcomes = (scores[::2] - scores[1::2]) / 2 - (_sizes(found) / count - 0.5) * total
    model = _model(found, outcomes, total / count) if interactions else None
    if model is None:
        values = found.solve(outcomes)
        errors = found.errors(values, outcomes)
    else:
        left, unseen = _residuals(model, found, outcomes)
        values = model.effects + found.solve(left)
        errors = found.spread(unseen)
    return values + (total - values.sum()) / count, errors


def _sizes(found: Regression) -> NDArray[np.int64]:
    """How many of the players each pair's first coalition has."""
    parts = (found.design.members(part)[:, found.players] for part in found.parts())
    return np.concatenate([members.sum(axis=1) for members in parts])


def _signs(found: Regression, which: slice) -> Floats:
    return np.where(found.design.members(which)[:, found.players], 1.0, -1.0)


def _model(found: Regression, outcomes: Floats, level: float) -> Interactions | None:
    if found.design.exhaustive or not found.determined or len(found.players) > PLAYERS:
        return None
    return fit_interactions(_signs(found, slice(FITTED)), outcomes[:FITTED], level)


def _residuals(model: Interactions, found: Regression, outcomes: Floats) -> tuple[Floats, Floats]:
    """What the model leaves of each pair to the regression, and what it would leave if fitted without that pair."""
    if found.design.pairs <= FITTED:
        return model.left, model.unseen
    parts = [slice(at, at + FITTED) for at in range(FITTED, found.design.pairs, FITTED)]
    further = [outcomes[part] - model.predict(_signs(found, part)) for part in parts]
    # Pairs that the model has seen and others must not be regressed on different terms.
    unseen = np.concatenate([model.unseen, *further])
    return unseen, unseen
