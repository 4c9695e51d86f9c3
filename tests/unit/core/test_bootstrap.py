from __future__ import annotations

import numpy as np
import pytest

from crosslight.core import bootstrap
from crosslight.core.bootstrap import mean_interval
from crosslight.core.errors import InputError


def test_an_interval_is_that_of_resampled_means():
    values = np.random.default_rng(0).normal(size=(12, 3))
    low, high = mean_interval(values, level=0.9, resamples=500, seed=7)
    drawn = np.random.default_rng(7).integers(12, size=(500, 12))
    means = values[drawn].mean(axis=1)
    np.testing.assert_allclose(low, np.quantile(means, 0.05, axis=0), atol=1e-6)
    np.testing.assert_allclose(high, np.quantile(means, 0.95, axis=0), atol=1e-6)


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
    np.testing.assert_allclose(whole, mean_interval(values, resamples=100), atol=1e-6)
    monkeypatch.setattr(bootstrap, "_MEANS", 100)  # one column at a time
    np.testing.assert_allclose(whole, mean_interval(values, resamples=100), atol=1e-6)


def test_means_far_from_zero_lose_nothing():
    values = np.random.default_rng(0).normal(size=(50, 2))
    low, high = mean_interval(values, resamples=200)
    far = mean_interval(values + 1e6, resamples=200)
    np.testing.assert_allclose(np.array(far) - 1e6, [low, high], atol=1e-6)


def test_strata_keep_their_sizes():
    """Two classes far apart: their difference is no part of the interval if as many of each are drawn."""
    random = np.random.default_rng(0)
    labels = np.array(["a", "b"] * 20)
    values = np.where(labels == "a", 0.0, 10.0)[:, None] + 0.1 * random.normal(size=(40, 1))
    low, high = mean_interval(values, strata=labels)
    assert 0.03 < high[0] - low[0] < 0.1
    low, high = mean_interval(values)
    assert high[0] - low[0] > 2
    flat = mean_interval(np.where(labels == "a", 0.0, 10.0)[:, None], strata=labels, resamples=50)
    np.testing.assert_allclose(flat, 5, atol=1e-6)


def test_a_cluster_is_drawn_as_a_whole():
    """Frames of a video are no images of their own: copies of ten values leave the interval of ten values."""
    values = np.random.default_rng(0).normal(size=(10, 2))
    names = np.arange(10)
    alone = mean_interval(values, seed=3)
    copies = mean_interval(np.repeat(values, 5, axis=0), clusters=np.repeat(names, 5), seed=3)
    np.testing.assert_allclose(copies, alone, atol=1e-6)
    shuffled = np.random.default_rng(1).permutation(50)
    mixed = mean_interval(np.repeat(values, 5, axis=0)[shuffled], clusters=np.repeat(names, 5)[shuffled])
    np.testing.assert_allclose(np.diff(mixed, axis=0), np.diff(alone, axis=0), rtol=0.1)
    without = mean_interval(np.repeat(values, 5, axis=0))
    assert (np.diff(without, axis=0) < 0.6 * np.diff(alone, axis=0)).all()
    assert np.isnan(mean_interval(values, clusters=[0] * 10)).all()


def test_clusters_of_uneven_sizes_within_strata():
    random = np.random.default_rng(2)
    clusters = np.array([0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 4, 5])
    strata = np.where(clusters < 3, "x", "y")
    values = random.normal(size=(12, 1))
    values[5] = np.nan
    low, high = mean_interval(values, clusters=clusters, strata=strata, resamples=4000)
    means = []
    for _ in range(4000):
        chosen = np.concatenate([random.choice(own, 3) for own in ([0, 1, 2], [3, 4, 5])])
        means.append(np.nanmean(np.concatenate([values[clusters == one, 0] for one in chosen])))
    np.testing.assert_allclose([low[0], high[0]], np.quantile(means, [0.025, 0.975]), atol=0.08)


def test_labels_must_fit():
    with pytest.raises(InputError, match="3 images need 3 strata, not 2"):
        mean_interval(np.zeros((3, 1)), strata=[1, 2])
    with pytest.raises(InputError, match="one stratum"):
        mean_interval(np.zeros((3, 1)), strata=[1, 2, 2], clusters=[0, 0, 1])


def test_no_images():
    low, high = mean_interval(np.empty((0, 2)))
    assert np.isnan([low, high]).all()
