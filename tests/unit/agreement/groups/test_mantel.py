from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from crosslight.agreement.groups import mantel, mrm
from crosslight.agreement.groups.mantel import item_orders
from crosslight.core.errors import InputError

SEEDS = st.integers(0, 2**31)


def matrix_of(items, seed):
    values = np.triu(np.random.default_rng(seed).random((items, items)), 1)
    return values + values.T


def above(matrix):
    return matrix[np.triu_indices(len(matrix), 1)]


def reordered(matrix, order):
    return matrix[np.ix_(order, order)]


@settings(deadline=None, max_examples=12)
@given(SEEDS, st.sampled_from(["pearson", "spearman"]), st.sampled_from(["two-sided", "greater", "less"]))
def test_exact_p_equals_brute_force(seed, correlation, alternative):
    one, other = matrix_of(5, seed), matrix_of(5, seed + 1)
    measure = pearsonr if correlation == "pearson" else spearmanr
    every = np.array([measure(above(reordered(one, o)), above(other))[0] for o in permutations(range(5))])
    found = mantel(one, other, correlation=correlation, alternative=alternative)
    assert found.statistic == pytest.approx(every[0], abs=1e-12)
    extreme = {"two-sided": np.abs(every), "greater": every, "less": -every}[alternative]
    assert found.p == pytest.approx(np.mean(extreme >= extreme[0] - 1e-9), abs=1e-12)
    assert found.exact
    assert found.count == 120


@settings(deadline=None, max_examples=5)
@given(SEEDS)
def test_partial_correlation_is_that_of_the_formula(seed):
    x, y, z = (matrix_of(5, seed + k) for k in range(3))

    def partial(order):
        a, b, c = above(reordered(x, order)), above(y), above(z)
        ab, ac, bc = pearsonr(a, b)[0], pearsonr(a, c)[0], pearsonr(b, c)[0]
        return (ab - ac * bc) / np.sqrt((1 - ac**2) * (1 - bc**2))

    every = np.array([partial(o) for o in permutations(range(5))])
    found = mantel(x, y, controls=[z])
    np.testing.assert_allclose(found.null, every, atol=1e-9)
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(every[0]) - 1e-8), abs=1e-12)
    assert found.name == "partial Mantel"


def test_a_control_takes_away_what_it_explains():
    shared = matrix_of(12, 0)
    x, y = (shared + 0.05 * matrix_of(12, k) for k in (1, 2))
    assert mantel(x, y, draws=500).p < 0.01
    assert mantel(x, y, controls=[shared], draws=500).p > 0.05


def test_more_items_are_sampled():
    found = mantel(matrix_of(9, 0), matrix_of(9, 1), draws=300, seed=2)
    assert (found.exact, found.count) == (False, 300)
    assert found.p >= 1 / 300
    assert found == mantel(matrix_of(9, 0), matrix_of(9, 1), draws=300, seed=2)
    orders, exact = item_orders(9, 50)
    assert not exact
    assert orders[0].tolist() == list(range(9))
    assert (np.sort(orders, axis=1) == np.arange(9)).all()


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((matrix_of(5, 0), 1 - np.eye(5)), {}, "second matrix is constant"),
        ((1 - np.eye(5), matrix_of(5, 0)), {}, "first matrix is constant"),
        ((matrix_of(5, 0), matrix_of(6, 0)), {}, "a matrix of 6 items"),
        ((matrix_of(5, 0), matrix_of(5, 1)), {"controls": [matrix_of(5, 1)]}, "a combination of the controls"),
        ((matrix_of(5, 0), matrix_of(5, 1)), {"correlation": "kendall"}, "unknown correlation 'kendall'"),
        ((matrix_of(5, 0), matrix_of(5, 1)), {"alternative": "more"}, "unknown alternative 'more'"),
    ],
)
def test_errors(arguments, options, message):
    with pytest.raises(InputError, match=message):
        mantel(*arguments, **options)


@settings(deadline=None, max_examples=15)
@given(SEEDS)
def test_regression_equals_least_squares_order_by_order(seed):
    y, a, b = (matrix_of(5, seed + k) for k in range(3))
    x = np.stack([np.ones(10), above(a), above(b)], axis=1)

    def fit(values):
        beta = np.linalg.solve(x.T @ x, x.T @ values)
        rest = ((values - x @ beta) ** 2).sum()
        error = np.sqrt(rest / 7 * np.diag(np.linalg.inv(x.T @ x)))
        return beta, beta / error, 1 - rest / ((values - values.mean()) ** 2).sum()

    beta, t, r2 = fit(above(y))
    every = [fit(above(reordered(y, o))) for o in permutations(range(5))]
    found = mrm(y, {"a": a, "b": b})
    got = [found.coefficients[name] for name in "ab"]
    np.testing.assert_allclose([found.intercept, *(c.value for c in got)], beta, atol=1e-9)
    np.testing.assert_allclose([c.t for c in got], t[1:], rtol=1e-7)
    assert found.r2 == pytest.approx(r2)
    assert found.p == pytest.approx(np.mean([e[2] >= r2 - 1e-9 for e in every]), abs=1e-12)
    for k, one in enumerate(got, 1):
        assert one.p == pytest.approx(np.mean([abs(e[1][k]) >= abs(t[k]) * (1 - 1e-8) for e in every]), abs=1e-12)
        assert one.standardised == pytest.approx(one.value * x[:, k].std() / above(y).std())
        assert one.inflation == pytest.approx(1 / (1 - pearsonr(above(a), above(b))[0] ** 2))


def test_the_matrix_with_an_effect_is_found():
    cause, noise = matrix_of(12, 0), matrix_of(12, 1)
    found = mrm(3 * cause + 0.3 * matrix_of(12, 2), {"cause": cause, "noise": noise}, draws=500)
    assert found.coefficients["cause"].value == pytest.approx(3, abs=0.2)
    assert found.coefficients["cause"].p < 0.01 < found.coefficients["noise"].p
    assert set(found.to_dict()["coefficients"]) == {"cause", "noise"}


@pytest.mark.parametrize(
    ("response", "predictors", "message"),
    [
        (matrix_of(5, 0), {}, "at least one predictor"),
        (matrix_of(5, 0), {"a": 1 - np.eye(5)}, "predictor 'a' is the same for all pairs"),
        (1 - np.eye(5), {"a": matrix_of(5, 0)}, "the response is constant"),
        (matrix_of(5, 0), {"a": matrix_of(5, 1), "b": 1 - np.eye(5) - matrix_of(5, 1)}, "'a' follows from the others"),
        (matrix_of(3, 0), {"a": matrix_of(3, 1), "b": matrix_of(3, 2)}, "2 predictors are too many for the 3 pairs"),
        (matrix_of(5, 0), {"a": matrix_of(6, 1)}, "predictor 'a' of 6 items"),
    ],
)
def test_regression_errors(response, predictors, message):
    with pytest.raises(InputError, match=message):
        mrm(response, predictors)
