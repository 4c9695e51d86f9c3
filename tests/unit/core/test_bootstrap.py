from __future__ import annotations

import numpy as np

from crosslight.core import bootstrap
from crosslight.core.bootstrap import mean_interval


def test_an_interval_is_that_of_resampled_means():
    values = np.random.default_rng(0).normal(size=(12, 3))
    low, high = mean_interval(values, level=0.9, resamples=500, seed=7)
    drawn = np.random.default_rng(7).integers(12, size=(500, 12))
    means = values[drawn].mean(axis=1)
    np.testing.assert_allclose(low, np.quantile(means, 0.05, axis=0))
    np.testing.assert_allclose(high, np.quantile(means, 0.95, axis=0))


def test_unknown_values_are_passed_over():
    values = np.random.default_rng(0).normal(size=(20, 4))
    values[5:, 1] = np.nan
    values[1:, 2] = np.nan
    values[:, 3] = np.nan
    low, high = mean_interval(values)
    assert np.isfinite(low).tolist() == np.isfinite(high).tolist() == [True, True, False, False]
    known = values[:5, 1]
    assert known.min() <= low[1] < known.mean() < high[1] <= known.max()


def test_resamples_drawn_in_parts_are_the_same(monkeypatch):
    values = np.random.default_rng(0).normal(size=(30, 2))
    whole = mean_interval(values, resamples=100)
    monkeypatch.setattr(bootstrap, "_WEIGHTS", 700)
    np.testing.assert_array_equal(whole, mean_interval(values, resamples=100))


def test_no_images():
    low, high = mean_interval(np.empty((0, 2)))
    assert np.isnan([low, high]).all()
