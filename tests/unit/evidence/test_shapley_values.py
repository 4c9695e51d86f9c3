"""Shapley values: exact where all coalitions are known, and honest about their errors where not."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.evidence import interactions, least_squares, shapley
from crosslight.evidence import shapley_values as solve
from crosslight.evidence.shapley_design import Design, number_of_pairs, shapley_design

Game = Callable[[np.ndarray], np.ndarray]


def play(game: Game, count: int, pairs: int, seed: int = 0, **options) -> tuple[np.ndarray, np.ndarray]:
    """Values and errors of a game that is given coalitions as rows of 0 and 1."""
    design = shapley_design(count, pairs, seed)
    keep = design.coalitions(range(len(design))).astype(float)
    full, empty = (float(game(np.full((1, count), end))[0]) for end in (1.0, 0.0))
    return solve(design, game(keep), full, empty, **options)


def by_definition(game: Game, players: int) -> np.ndarray:
    """Each player's mean contribution, weighted over all coalitions of the others."""
    values = np.zeros(players)
    for player in range(players):
        others = [other for other in range(players) if other != player]
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for chosen in combinations(others, size):
                without = np.zeros((1, players))
                without[0, list(chosen)] = 1
                joined = without.copy()
                joined[0, player] = 1
                values[player] += weight * float(game(joined)[0] - game(without)[0])
    return values


def table_game(players: int, seed: int) -> Game:
    """A game whose score of every coalition is drawn at random."""
    table = np.random.default_rng(seed).standard_normal(2**players)
    return lambda rows: table[(rows @ 2 ** np.arange(players)).astype(int)]


def saturating(players: int, seed: int) -> Game:
    """Something like a network: a bounded function of a weighted sum, of which few players make most."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal(players) * rng.gamma(0.7, 1, players)
    scale = np.abs(weights).sum() / 3
    return lambda rows: np.tanh(rows @ weights / scale + 0.3)


@given(players=st.integers(1, 6), seed=st.integers(0, 1000), modelled=st.booleans())
@settings(max_examples=25, deadline=None)
def test_exact_where_all_coalitions_are_known(players: int, seed: int, modelled: bool) -> None:
    game = table_game(players, seed)
    values, errors = play(game, players, 2**players, seed, interactions=modelled)
    assert values == pytest.approx(by_definition(game, players), abs=1e-10)
    assert (errors == 0).all()


@given(players=st.integers(2, 9), pairs=st.integers(1, 40), seed=st.integers(0, 1000), modelled=st.booleans())
@settings(max_examples=40, deadline=None)
def test_values_sum_to_the_difference_of_the_end_points(players: int, pairs: int, seed: int, modelled: bool) -> None:
    game = table_game(players, seed)
    values, _ = play(game, players, pairs, seed, interactions=modelled)
    total = float(game(np.ones((1, players)))[0] - game(np.zeros((1, players)))[0])
    assert values.sum() == pytest.approx(total, abs=1e-9)


def test_axioms() -> None:
    """Players without effect get nothing, players alike get the same, sums of games give sums of values."""
    players = 6
    first, second = table_game(players, 1), table_game(players, 2)
    exact = [play(game, players, 2**players)[0] for game in (first, second)]
    both = play(lambda rows: 2 * first(rows) - second(rows), players, 2**players)[0]
    assert both == pytest.approx(2 * exact[0] - exact[1])

    dummy = play(lambda rows: first(rows * (np.arange(players) != 3)), players, 2**players)[0]
    assert dummy[3] == pytest.approx(0, abs=1e-12)

    alike = play(lambda rows: first(np.where(np.arange(6) < 2, 0, rows)) * rows[:, 0] * rows[:, 1], players, 64)[0]
    assert alike[0] == pytest.approx(alike[1])


@pytest.mark.parametrize("modelled", [True, False])
def test_an_additive_game_needs_no_more_pairs_than_unknowns(modelled: bool) -> None:
    weights = np.random.default_rng(0).standard_normal(12)
    for pairs in (11, 14, 30):
        values, errors = play(lambda rows: rows @ weights + 5, 12, pairs, interactions=modelled)
        assert values == pytest.approx(weights, abs=1e-9)
        assert np.isinf(errors).all() if pairs == 11 else (errors < 1e-9).all()


def test_too_few_pairs_have_infinite_errors() -> None:
    values, errors = play(table_game(9, 0), 9, 5)
    assert np.isfinite(values).all()
    assert np.isinf(errors).all()


def test_scores_that_are_no_numbers_give_none() -> None:
    design = shapley_design(5, 8, 0)
    for full, scores in ((np.nan, np.zeros(16)), (1.0, np.r_[np.zeros(15), np.inf])):
        values, errors = solve(design, scores, full, 0.0)
        assert np.isnan(values).all()
        assert np.isnan(errors).all()


def test_one_player_takes_all_and_none_takes_nothing() -> None:
    values, errors = solve(shapley_design(1, 10, 0), np.zeros(0), 3.5, 1.0)
    assert values == pytest.approx([2.5])
    assert errors == pytest.approx([0.0])
    assert len(solve(shapley_design(3, 3, 0), np.zeros(6), 1.0, 1.0, players=np.array([], np.intp))[0]) == 0


def test_a_game_that_is_always_the_same() -> None:
    values, errors = play(lambda rows: np.full(len(rows), 7.0), 10, 20)
    assert (values == 0).all()
    assert (errors == 0).all()


def test_players_known_to_be_without_effect_are_left_out() -> None:
    """They take no part of the sum, and what is found is what the design says of the others."""
    game = saturating(12, 3)
    there = np.array([0, 2, 3, 5, 7, 8, 9, 11])
    seen = np.isin(np.arange(12), there)
    values, errors = play(lambda rows: game(rows * seen), 12, 2**12, players=there)
    assert values == pytest.approx(by_definition(lambda rows: game(_spread(rows, there)), 8), abs=1e-9)
    assert (errors == 0).all()
    some, _ = play(lambda rows: game(rows * seen), 12, 40, players=there)
    assert np.abs(some - values).max() < 0.1 * np.abs(values).max()


def _spread(rows: np.ndarray, there: np.ndarray) -> np.ndarray:
    whole = np.zeros((len(rows), 12))
    whole[:, there] = rows
    return whole


@pytest.mark.parametrize(("pairs", "least", "most"), [(14, 0.92, 1.0), (63, 0.92, 0.995)])
def test_errors_are_honest(pairs: int, least: float, most: float) -> None:
    """95 % intervals hold the exact value about as often as they say, and not only because they are wide."""
    players, inside, ratios = 9, [], []
    for number in range(5):
        game = saturating(players, number)
        exact = by_definition(game, players)
        for seed in range(12):
            values, errors = play(game, players, pairs, seed)
            inside.append(np.abs(values - exact) <= 1.96 * errors)
            ratios.append(np.mean(errors**2) / np.mean((values - exact) ** 2))
    assert least <= np.mean(inside) <= most
    assert np.median(ratios) < 40 if pairs == 14 else np.median(ratios) < 5


def test_interactions_lower_the_error() -> None:
    players, errors = 10, {True: 0.0, False: 0.0}
    for number in range(4):
        game = saturating(players, number)
        exact = by_definition(game, players)
        for seed in range(3):
            for modelled in errors:
                values, _ = play(game, players, 40, seed, interactions=modelled)
                errors[modelled] += float(((values - exact) ** 2).sum() / (exact**2).sum())
    assert errors[True] < 0.5 * errors[False]


def test_interactions_that_have_nothing_to_do_with_importance_do_not_harm() -> None:
    rng, players, errors = np.random.default_rng(0), 10, {True: 0.0, False: 0.0}
    for _ in range(6):
        weights, triples = rng.standard_normal(players), list(combinations(range(players), 3))
        strengths = 0.3 * rng.standard_normal(len(triples))

        def game(rows: np.ndarray, weights=weights, triples=triples, strengths=strengths) -> np.ndarray:
            return rows @ weights + np.prod(rows[:, triples], axis=2) @ strengths

        exact = weights + np.array(
            [sum(s / 3 for t, s in zip(triples, strengths, strict=True) if i in t) for i in range(players)]
        )
        for modelled in errors:
            values, _ = play(game, players, 30, 1, interactions=modelled)
            errors[modelled] += float(((values - exact) ** 2).sum())
    assert errors[True] <= 1.05 * errors[False]


def test_pairs_beyond_those_that_interactions_are_fitted_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapley, "FITTED", 60)
    players, errors, inside = 10, {True: 0.0, False: 0.0}, []
    for number in range(4):
        game = saturating(players, number)
        exact = by_definition(game, players)
        for seed in range(3):
            for modelled in errors:
                values, error = play(game, players, 100, seed, interactions=modelled)
                errors[modelled] += float(((values - exact) ** 2).sum() / (exact**2).sum())
                assert values.sum() == pytest.approx(exact.sum(), abs=1e-9)
            values, error = play(game, players, 100, seed)
            inside.append(np.abs(values - exact) <= 1.96 * error)
    assert errors[True] < 0.7 * errors[False]
    assert np.mean(inside) >= 0.92


def test_memory_is_that_of_the_normal_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least_squares, "ROWS", 64)
    design = shapley_design(100, 4000, 0)
    weights = np.random.default_rng(0).standard_normal(100)
    scores = design.coalitions(range(len(design))) @ weights
    tracemalloc.start()
    try:
        values, _ = solve(design, scores, float(weights.sum()), 0.0, interactions=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert values == pytest.approx(weights, abs=1e-9)
    assert peak < 1.5e6, "the rows of all pairs together would be 3.2 MB"


@pytest.mark.parametrize("eigen", [2048, 0])
def test_weighted_least_squares(eigen: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same as a general solver finds, by eigenvalues and by Cholesky."""
    monkeypatch.setattr(least_squares, "EIGEN", eigen)
    monkeypatch.setattr(least_squares, "ROWS", 7)
    design = shapley_design(10, 40, 0)
    game = table_game(10, 4)
    values, errors = play(game, 10, 40, interactions=False)
    keep = design.coalitions(range(80)).astype(float)
    full, empty = (float(game(np.full((1, 10), end))[0]) for end in (1.0, 0.0))
    weights = np.repeat(design.weights, 2)
    left = keep[:, :-1] - keep[:, -1:]
    right = game(keep) - empty - keep[:, -1] * (full - empty)
    root = np.sqrt(weights)
    expected, *_ = np.linalg.lstsq(left * root[:, None], right * root, rcond=None)
    assert values[:-1] == pytest.approx(expected)

    # and its errors are those of a jackknife over pairs, the small sizes' smaller by what is left out of them
    away = np.empty((40, 10))
    for pair in range(40):
        rest = np.repeat(np.arange(40) != pair, 2)
        found, *_ = np.linalg.lstsq((left * root[:, None])[rest], (right * root)[rest], rcond=None)
        away[pair] = np.r_[found, full - empty - found.sum()] - values
    assert errors == pytest.approx(np.sqrt((away**2 * design.left_out[:, None]).sum(axis=0)))


def test_a_design_that_says_nothing_of_a_player() -> None:
    members = np.zeros((5, 6), np.bool_)
    members[np.arange(5), np.arange(5) % 3] = True
    found = least_squares.regression(Design(6, np.packbits(members, axis=1), np.ones(5, np.int64)))
    assert not found.determined
    assert found.rank == 3


def walsh(signs: np.ndarray, sizes: tuple[int, ...]) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """All products of so many signs, ``[n, products]``."""
    sets = [chosen for size in sizes for chosen in combinations(range(signs.shape[1]), size)]
    return sets, np.stack([signs[:, list(chosen)].prod(axis=1) for chosen in sets], axis=1)


def test_the_kernel_is_the_sum_over_all_interactions() -> None:
    rng, players = np.random.default_rng(0), 7
    importance = rng.random(players) + 0.1
    signs = np.where(rng.random((5, players)) < 0.5, 1.0, -1.0)
    sets, products = walsh(np.r_[signs, np.ones((1, players))], (3, 5))
    weights = np.array([importance[list(chosen)].prod() for chosen in sets])
    sizes = np.array([len(chosen) for chosen in sets])
    for size, share in interactions.ORDERS.items():
        weights[sizes == size] *= share / weights[sizes == size].sum()
    levels = signs.mean(axis=1, keepdims=True)
    outcomes = products[:-1] - levels * products[-1]
    kernel = interactions.Kernel(importance)
    assert kernel.between(signs[:2], signs) == pytest.approx((outcomes[:2] * weights) @ outcomes.T)

    # half a product's Shapley value is its share for each of its members
    shares = np.array([[1 / len(chosen) if player in chosen else 0 for chosen in sets] for player in range(players)])
    shares -= shares.mean(axis=0)
    assert kernel.with_effects(signs) == pytest.approx((shares * weights) @ outcomes.T)


def test_errors_without_a_pair_are_those_of_a_fit_without_it() -> None:
    rng, players, count = np.random.default_rng(1), 5, 14
    signs = np.where(shapley_design(players, count, 0).members(slice(None)), 1.0, -1.0)
    outcomes = rng.standard_normal(count)
    kernel = interactions.Kernel(rng.random(players) + 0.1)

    def fit(rows: np.ndarray) -> interactions._Round:
        linear = signs[rows] - signs[rows].mean(axis=1, keepdims=True)
        basis, _ = np.linalg.qr(linear[:, :-1], mode="complete")
        inverse = np.linalg.pinv(linear, rcond=1e-10)
        return interactions._fit(kernel, signs[rows], outcomes[rows], basis[:, players - 1 :], inverse)

    whole = fit(np.arange(count))
    for pair in range(count):
        rest = np.flatnonzero(np.arange(count) != pair)
        part = fit(rest)
        predicted = part.slopes @ signs[pair] + part.weights @ kernel.between(signs[rest], signs[[pair]])[:, 0]
        assert whole.unseen[:, pair] == pytest.approx(outcomes[pair] - predicted, rel=1e-6, abs=1e-9)


def test_a_model_says_of_its_own_pairs_what_it_left() -> None:
    game, players = saturating(8, 2), 8
    design = shapley_design(players, 30, 0)
    signs = np.where(design.members(slice(None)), 1.0, -1.0)
    total = float(game(np.ones((1, 8)))[0] - game(np.zeros((1, 8)))[0])
    outcomes = (game((signs + 1) / 2) - game((1 - signs) / 2)) / 2 - signs.mean(axis=1) * total / 2
    model = interactions.fit_interactions(signs, outcomes, total / players)
    assert model is not None
    assert model.predict(signs) == pytest.approx(outcomes - model.left)
    assert model.effects.sum() == pytest.approx(0, abs=1e-9)
    # of all pairs it says a game, whose Shapley values are its effects
    every = np.where(shapley_design(players, number_of_pairs(players), 0).members(slice(None)), 1.0, -1.0)
    table = {tuple(s): y for s, y in zip(every, model.predict(every), strict=True)}
    table |= {tuple(-np.array(s)): -y for s, y in table.items()} | {(1.0,) * 8: 0.0, (-1.0,) * 8: 0.0}
    modelled = by_definition(lambda rows: np.array([table[tuple(row)] for row in 2 * rows - 1]), players)
    assert model.effects == pytest.approx(modelled, abs=1e-9)
