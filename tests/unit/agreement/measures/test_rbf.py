from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from crosslight.agreement.measures import Cells, find_measure, freeze, median_sigma
from crosslight.core.errors import InputError


def cells(values):
    return Cells(values, np.ones(values.shape[-1]), None)


@pytest.mark.parametrize("sigma", [10.0, 80.0])
def test_the_thesis_kernel_on_minmax_maps(sigma):
    values = np.random.default_rng(0).random((4, 2, 50 * 50)).astype(np.float32)
    found = find_measure(f"rbf:norm=none,sigma={sigma}")(cells(values))
    for image in range(2):
        distance = squareform(pdist(values[:, image].astype(float)))
        np.testing.assert_allclose(found[image], np.exp(-(distance**2) / (2 * sigma**2)), atol=1e-6)
    np.testing.assert_array_equal(np.diagonal(found, axis1=1, axis2=2), 1)


def test_nearly_equal_large_maps_keep_their_distance():
    base = 1000 + np.random.default_rng(0).random(5000)
    values = np.stack([base, base + np.eye(5000)[7]])[:, None]
    assert find_measure("rbf:norm=none,sigma=1")(cells(values))[0, 0, 1] == pytest.approx(np.exp(-0.5), abs=1e-5)


def test_sigma_is_the_root_of_the_median_squared_distance():
    values = np.random.default_rng(0).normal(size=(5, 3, 20))
    values[2, 1] = np.nan
    made = find_measure("rbf").representations(cells(values))
    wanted = [pdist(made[:, image][np.isfinite(made[:, image, 0])], "sqeuclidean") for image in range(3)]
    assert median_sigma(made) == pytest.approx(np.median(np.concatenate(wanted)) ** 0.5)


def test_a_frozen_sigma_is_recorded_and_makes_the_median_pair_a_known_value():
    values = np.random.default_rng(0).normal(size=(4, 3, 20))
    open_measure = find_measure("rbf")
    made = open_measure.representations(cells(values))
    frozen = freeze(open_measure, made)
    assert frozen.settings["sigma"] == median_sigma(made)
    assert "sigma=" in frozen.key
    rows, columns = np.triu_indices(4, 1)
    pairs = frozen(cells(values))[:, rows, columns].ravel()
    assert np.sort(pairs)[8:10].min() <= np.exp(-0.5) <= np.sort(pairs)[8:10].max()


def test_freezing_leaves_everything_else_alone():
    sample = np.random.default_rng(0).normal(size=(3, 2, 4))
    for text in ("rbf:sigma=2", "cosine", "iou"):
        measure = find_measure(text)
        assert freeze(measure, sample) is measure


@pytest.mark.parametrize("sample", [np.ones((3, 2, 4)), np.full((3, 2, 4), np.nan), np.ones((1, 2, 4))])
def test_a_sample_without_distances_is_refused(sample):
    with pytest.raises(InputError, match="set sigma"):
        median_sigma(sample)
