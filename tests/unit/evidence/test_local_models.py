"""Local models: distances in closed form, weights, features chosen, and how sure their coefficients are."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.evidence.local_models import (
    Distance,
    distances,
    effective_samples,
    kernel_weights,
    local_model,
    select,
)
from crosslight.evidence.neighbourhood import draw

#: metrics that scikit-learn knows by another name or for truth values only
BOOLEAN = ("jaccard", "dice", "rogerstanimoto", "russellrao", "sokalsneath")


def noisy(count: int, features: int, seed: int = 0, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples, scores of a linear law with noise, and its coefficients."""
    rng = np.random.default_rng(seed)
    rows, effects = draw(count, features, seed), rng.standard_normal(features)
    return rows, rows @ effects + noise * rng.standard_normal(count), effects


@pytest.mark.parametrize("metric", get_args(Distance))
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000), features=st.integers(1, 30))
def test_distances_are_those_of_scikit_learn(metric: str, seed: int, features: int) -> None:
    from sklearn.metrics import pairwise_distances

    rows = np.concatenate([draw(6, features, seed), np.zeros((1, features), bool)])
    data = rows if metric in BOOLEAN else rows.astype(np.float64)
    expected = pairwise_distances(data, data[:1], metric=metric).ravel()
    found = distances(rows, metric)
    assert found == pytest.approx(expected, abs=1e-7)  # theirs rounds roots of differences
    assert found[0] == 0


def test_weights() -> None:
    found = kernel_weights(np.array([0.0, 0.25, 0.5]), 0.25)
    assert found == pytest.approx([1, np.exp(-0.5), np.exp(-2)])
    assert found[0] == 1
    assert (kernel_weights(np.array([1.0]), 1e-3) == 0).all()


def test_effective_samples() -> None:
    assert effective_samples(np.full(7, 0.3)) == pytest.approx(7)
    assert effective_samples(np.array([5.0, 0, 0])) == 1
    assert effective_samples(np.array([1.0, 3.0])) == pytest.approx(16 / 10)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 8), st.sampled_from(["ridge", "linear"]))
def test_a_linear_score_is_told_exactly_without_a_penalty(seed: int, features: int, regressor: str) -> None:
    rows, scores, effects = noisy(40, features, seed, noise=0)
    weights = kernel_weights(distances(rows, "cosine"), 0.3)
    found = local_model(rows, scores, weights, num_features=99, regressor=regressor, penalty=0.0)
    centred = rows - weights @ rows / weights.sum()
    if np.linalg.matrix_rank(centred) < features:
        return
    assert found.coefficients == pytest.approx(effects, abs=1e-8)
    assert found.intercept == pytest.approx(0, abs=1e-8)
    assert found.score == pytest.approx(1)
    assert found.errors == pytest.approx(0, abs=1e-8)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 10))
def test_ridge_is_the_least_of_its_loss(seed: int, penalty: float) -> None:
    rng = np.random.default_rng(seed)
    rows, scores, _ = noisy(25, 5, seed, noise=1.0)
    weights = rng.random(25)
    found = local_model(rows, scores, weights, num_features=99, feature_selection="none", penalty=penalty)

    def loss(values: np.ndarray) -> float:
        left = scores - values[0] - rows @ values[1:]
        return weights @ left**2 + penalty * (values[1:] ** 2).sum()

    best = np.append(found.intercept, found.coefficients)
    for _ in range(10):
        assert loss(best) <= loss(best + 1e-3 * rng.standard_normal(6)) + 1e-12


@pytest.mark.parametrize("seed", range(5))
def test_forward_selection_adds_what_explains_most(seed: int) -> None:
    """Against fits of every candidate, of columns that are alike."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((60, 9)) @ (rng.standard_normal((9, 9)) + 1)
    matrix -= matrix.mean(0)
    outcome = matrix @ rng.standard_normal(9) + rng.standard_normal(60)
    outcome -= outcome.mean()
    expected: list[int] = []
    for _ in range(5):
        left = {
            new: float(((outcome - part @ np.linalg.lstsq(part, outcome, rcond=None)[0]) ** 2).sum())
            for new in set(range(9)) - set(expected)
            for part in [matrix[:, [*expected, new]]]
        }
        expected.append(min(left, key=left.__getitem__))
    assert select(matrix, outcome, 5, "forward_selection").tolist() == expected
    assert sorted(select(matrix, outcome, 99, "forward_selection")) == list(range(9))
    assert select(matrix, outcome, 5, "auto").tolist() == expected
    assert select(matrix, outcome, 7, "auto").tolist() == select(matrix, outcome, 7, "highest_weights").tolist()


def test_features_that_say_nothing_new_come_last() -> None:
    rows, scores, effects = noisy(60, 6, 1)
    rows = np.column_stack([rows, rows[:, 2], np.ones(60, bool)])
    chosen = select(rows - rows.mean(0), scores - scores.mean(), 8, "forward_selection").tolist()
    assert set(chosen[:6]) == set(range(6)), "of two that are the same, the first"
    assert chosen[6:] == [6, 7]
    assert np.abs(effects).argmax() == chosen[0]


@pytest.mark.parametrize("how", ["forward_selection", "highest_weights", "lasso_path"])
def test_features_that_are_not_selected_are_zero(how: str) -> None:
    rows, scores, effects = noisy(200, 12, 5)
    found = local_model(rows, scores, np.ones(200), num_features=4, feature_selection=how)
    used = np.flatnonzero(found.coefficients)
    assert set(used) == set(np.argsort(-np.abs(effects))[:4])
    assert (found.errors[used] > 0).all()
    assert found.errors.sum() == found.errors[used].sum()


def test_no_features() -> None:
    found = local_model(np.ones((5, 0), bool), np.arange(5.0), np.ones(5), num_features=3)
    assert found.coefficients.shape == found.errors.shape == (0,)
    assert found.score == 0
    assert (distances(np.ones((5, 0), bool), "cosine") == 0).all()


@pytest.mark.parametrize("regressor", ["ridge", "linear", "lasso"])
def test_scores_that_are_all_the_same(regressor: str) -> None:
    rows, _, _ = noisy(40, 5)
    found = local_model(
        rows, np.full(40, 0.1), np.random.default_rng(0).random(40), num_features=9, regressor=regressor
    )
    assert (found.coefficients == 0).all()
    assert found.intercept == 0.1
    assert np.isnan(found.score)


def test_scores_that_are_no_numbers() -> None:
    rows, scores, _ = noisy(40, 5)
    scores[3] = np.inf
    found = local_model(rows, scores, np.ones(40), num_features=2)
    assert np.isnan([*found.coefficients, *found.errors, found.intercept, found.score]).all()


@pytest.mark.parametrize("regressor", ["ridge", "linear"])
def test_errors_are_those_of_repeated_samples(regressor: str) -> None:
    """An interval of 1.96 errors holds the coefficients of very many samples in about 95 of 100 cases."""
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 6))

    def fit(count: int, seed: int):
        rows = draw(count, 6, seed)
        scores = rows @ first + np.sin(3 * rows @ second)  # not linear: what is left over depends on the sample
        weights = kernel_weights(distances(rows, "cosine"), 0.25)
        # the penalty is a fixed share of the samples, so that the truth does not depend on their number
        penalty = 0.01 * count if regressor == "ridge" else None
        return local_model(rows, scores, weights, num_features=99, regressor=regressor, penalty=penalty)

    truth = fit(60_000, 0).coefficients
    held = [np.abs(found.coefficients - truth) <= 1.96 * found.errors for found in (fit(80, s) for s in range(1, 201))]
    assert 0.92 <= np.mean(held) <= 0.985


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.5, 3.0]))
def test_errors_are_those_of_a_jackknife(seed: int, penalty: float) -> None:
    """How far the coefficients go when each sample in turn is left out, in the root of the sum of squares."""
    rows, scores, _ = noisy(30, 4, seed, noise=1.0)
    weights = np.random.default_rng(seed).random(30) + 0.1

    def fit(kept: np.ndarray):
        return local_model(rows, scores, weights * kept, num_features=9, feature_selection="none", penalty=penalty)

    whole = fit(np.ones(30))
    moves = [whole.coefficients - fit(np.arange(30) != left).coefficients for left in range(30)]
    assert whole.errors == pytest.approx(np.sqrt(np.square(moves).sum(0)), rel=1e-6)


def test_errors_are_infinite_where_samples_are_too_few() -> None:
    rows, scores, _ = noisy(4, 6)
    found = local_model(rows, scores, np.ones(4), num_features=9, regressor="linear")
    assert np.isinf(found.errors).all()
    rows, scores, _ = noisy(40, 6)
    alone = local_model(rows, scores, kernel_weights(distances(rows, "cosine"), 1e-3), num_features=9)
    assert np.isinf(alone.errors).all(), "only the untouched image has a weight"


@pytest.mark.parametrize("regressor", ["ridge", "lasso", "linear"])
def test_no_feature_may_be_left(regressor: str) -> None:
    rows = np.random.default_rng(0).random((30, 4)) < 0.5
    scores = np.full(30, 0.25)  # nothing goes with any feature
    found = local_model(
        rows,
        scores,
        np.ones(30),
        num_features=1,
        feature_selection="lasso_path",
        regressor=regressor,  # type: ignore[arg-type]
    )
    assert found.coefficients.tolist() == [0.0] * 4
    assert found.intercept == 0.25
