"""Ranks of methods, and how far metrics agree on them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, rankdata

from crosslight.evaluation.rankings import Measured, Rankings, rankings

METHODS, MODELS = ("a", "b", "c", "d", "e"), ("Net A", "Net B")


def measured(seed=0, images=30, groups=("localisation", "faithfulness", "faithfulness")):
    """Metrics under which methods are better by their number, but for noise."""
    random = np.random.default_rng(seed)
    level = np.arange(5.0)[:, None, None]
    return [
        Measured(f"metric {at}", group, True, level + random.normal(scale=0.5, size=(5, 2, images)))
        for at, group in enumerate(groups)
    ]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 4))
def test_ranks_and_tau_are_those_of_scipy(seed, levels):
    random = np.random.default_rng(seed)
    values = [random.integers(0, levels + 1, (5, 2, 1)).astype(float) for _ in range(3)]
    found = rankings([Measured(str(i), "g", i != 1, one) for i, one in enumerate(values)], METHODS, MODELS, resamples=5)
    signed = [one * (-1 if i == 1 else 1) for i, one in enumerate(values)]
    for metric, one in enumerate(signed):
        for model in range(2):
            np.testing.assert_allclose(found.ranks[metric, :, model], rankdata(-one[:, model, 0]))
    for first in range(3):
        for then in range(3):
            taus = [kendalltau(signed[first][:, m, 0], signed[then][:, m, 0]).statistic for m in range(2)]
            known = [tau for tau in taus if np.isfinite(tau)]
            expected = np.mean(known) if known else np.nan
            np.testing.assert_allclose(found.tau[first, then], expected, atol=1e-12)


def test_one_order_under_all_metrics():
    found = rankings(measured(), METHODS, MODELS)
    np.testing.assert_array_equal(found.ranks[0, :, 0], [5, 4, 3, 2, 1])
    assert found.concordance == pytest.approx(1)
    assert found.tau.min() == 1
    assert (found.low <= found.ranks).all()
    assert (found.ranks <= found.high).all()
    assert "Localisation and faithfulness agree on the order of the methods: tau = 1.00" in " ".join(found.sentences())


def test_metrics_that_disagree_are_said_to():
    made = measured(groups=("localisation", "faithfulness"))
    made[1] = Measured("deletion", "faithfulness", True, -made[1].values)
    found = rankings(made, METHODS, MODELS)
    assert found.between["localisation", "faithfulness"][0] == -1
    assert found.concordance == pytest.approx(0)
    assert found.sentences()[0].startswith(
        "Localisation and faithfulness disagree on the order of the methods: tau = -1"
    )
    lower = [made[0], Measured("deletion", "faithfulness", False, made[1].values)]
    assert rankings(lower, METHODS, MODELS).between["localisation", "faithfulness"][0] == 1


def test_methods_are_compared_on_images_that_all_have():
    values = np.zeros((3, 1, 4))
    values[0, 0], values[1, 0], values[2, 0] = [9, 9, 1, 1], [np.nan, np.nan, 2, 2], np.nan
    found = rankings([Measured("m", "g", True, values)], ("a", "b", "c"), ("Net",), resamples=20)
    assert found.ranks[0, :2, 0].tolist() == [2, 1]
    assert np.isnan(found.ranks[0, 2, 0])
    assert found.images.tolist() == [[2]]


def test_rank_intervals_are_wide_where_methods_do_not_differ():
    random = np.random.default_rng(0)
    values = random.normal(size=(5, 2, 20))
    values[4] += 10
    found = rankings([Measured("m", "g", True, values)], METHODS, MODELS)
    assert (found.high[0, 4] == 1).all()
    assert (found.high[0, :4] - found.low[0, :4]).min() >= 1


def test_kendalls_w_with_ties():
    """The textbook formula, by hand: three judges, four things, one tie."""
    ranks = np.array([[1, 2, 3, 4], [1, 2.5, 2.5, 4], [2, 1, 3, 4]], float)
    made = [Measured(str(i), "g", False, row[:, None, None]) for i, row in enumerate(ranks)]
    found = rankings(made, ("a", "b", "c", "d"), ("Net",), resamples=5)
    spread = ((ranks.sum(0) - 7.5) ** 2).sum()
    assert found.concordance == pytest.approx(12 * spread / (9 * (64 - 4) - 3 * 6))


def test_written_and_read():
    found = rankings(measured(), METHODS, MODELS, resamples=20)
    again = Rankings.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.ranks, found.ranks)
    assert again.between == found.between
    assert again.sentences() == found.sentences()
    few = rankings([measured()[0]], METHODS, MODELS, resamples=5)
    assert few.sentences() == []
