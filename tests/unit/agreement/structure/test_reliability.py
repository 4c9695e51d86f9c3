from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.structure import images_needed, intraclass_correlation, spearman_brown, split_half
from crosslight.core.errors import InputError


def measured(images=40, sets=14, noise=1.0, seed=0):
    """Similarities that are a pair's true value with noise of its own on every image."""
    random = np.random.default_rng(seed)
    rows, columns = np.triu_indices(sets, 1)
    values = random.normal(size=len(rows)) + noise * random.normal(size=(images, len(rows)))
    matrix = np.ones((images, sets, sets))
    matrix[:, rows, columns] = matrix[:, columns, rows] = values
    return matrix


@pytest.mark.parametrize("noise", [2.0, 6.0])
def test_reliability_is_the_share_of_true_variance(noise):
    found = [split_half(measured(noise=noise, seed=seed), splits=100).reliability for seed in range(20)]
    np.testing.assert_allclose(np.mean(found), 1 / (1 + noise**2 / 40), atol=0.04)


def test_a_split_is_a_correlation_of_two_halves():
    per_image = measured(4, 4)
    found = split_half(per_image, splits=400)
    rows, columns = np.triu_indices(4, 1)
    pairs = per_image[:, rows, columns]
    # Three ways to split four images in two and two.
    ways = [np.corrcoef(pairs[[0, i]].mean(0), np.delete(pairs, [0, i], 0).mean(0))[0, 1] for i in (1, 2, 3)]
    np.testing.assert_allclose(found.correlation, np.mean(ways), atol=0.05)
    np.testing.assert_allclose([found.low, found.high], spearman_brown([min(ways), max(ways)]))
    np.testing.assert_allclose(found.reliability, 2 * found.correlation / (1 + found.correlation))
    assert (found.splits, found.images) == (400, 4)
    json.dumps(found.to_dict(), allow_nan=False)


def test_strata_are_split_each_by_itself():
    per_image = measured(8, 5)
    per_image[:4] = per_image[0]
    per_image[4:] = per_image[4]
    found = split_half(per_image, splits=50, strata=[0] * 4 + [1] * 4)
    np.testing.assert_allclose([found.correlation, found.low, found.high], 1)
    assert split_half(per_image, splits=50).correlation < 0.99
    assert split_half(per_image[:7], splits=50, strata=[0, 0, 0, 0, 1, 2, 3]).splits > 0


def test_pairs_alike_have_no_reliability():
    found = split_half(np.ones((6, 4, 4)))
    assert np.isnan(found.reliability)
    assert found.splits == 0
    assert found.to_dict()["reliability"] is None


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 1), st.floats(0.1, 10), st.floats(0.1, 10))
def test_spearman_brown_steps_add_up(reliability, one, other):
    twice = spearman_brown(spearman_brown(reliability, one), other)
    np.testing.assert_allclose(twice, spearman_brown(reliability, one * other), rtol=1e-9)


def test_spearman_brown_by_hand():
    np.testing.assert_allclose(spearman_brown([0.0, 0.5, 1.0]), [0, 2 / 3, 1])
    np.testing.assert_allclose(spearman_brown(0.5, 0.5), 1 / 3)
    np.testing.assert_allclose(spearman_brown([-0.5, -0.1], 3.0), [np.nan, -0.375])


def test_the_intraclass_correlation_by_hand_and_by_simulation():
    # Between mean square 3 * (4 + 0 + 4) / 2 = 12, within 18 * 1/3 / 6 = 1; (12 - 1) / (12 + 2 * 1).
    values = np.array([1.0, 2, 3, 3, 4, 5, 5, 6, 7])
    np.testing.assert_allclose(intraclass_correlation(values, [0] * 3 + [1] * 3 + [2] * 3), 11 / 14)
    random = np.random.default_rng(0)
    classes = np.repeat(np.arange(400), random.integers(1, 8, 400))
    drawn = np.sqrt([0.3, 0.0]) * random.normal(size=(400, 2))[classes]
    drawn += np.sqrt([0.7, 1.0]) * random.normal(size=(len(classes), 2))
    np.testing.assert_allclose(intraclass_correlation(drawn, classes), [0.3, 0], atol=0.07)
    np.testing.assert_array_equal(intraclass_correlation(np.ones((4, 2)), [0, 0, 1, 1]), 0)
    with pytest.raises(InputError, match="two classes"):
        intraclass_correlation(values, range(9))
    with pytest.raises(InputError, match="9 classes"):
        intraclass_correlation(values, [0, 1])


def test_images_needed_by_hand():
    assert images_needed(0.2, 0.02) == np.ceil((1.959964 * 0.2 / 0.02) ** 2)
    np.testing.assert_array_equal(images_needed([0.2, 0.0], 0.02, per_class=10, rho=[0.1, 0.5]), [730, 2])
    assert images_needed(0.2, 0.02, per_class=10, rho=-0.5) == images_needed(0.2, 0.02)
    with pytest.raises(InputError, match="half width"):
        images_needed(0.2, 0)
    with pytest.raises(InputError, match="finite"):
        images_needed(np.nan, 0.1)


def test_that_many_images_give_that_half_width():
    """Images come in classes of 10 with a correlation of .4; the mean must lie within h in about 95 % of studies."""
    random = np.random.default_rng(0)
    needed = int(images_needed(1.0, 0.2, per_class=10, rho=0.4))
    classes = -(-needed // 10)
    studies = np.sqrt(0.4) * random.normal(size=(2000, classes, 1)) + np.sqrt(0.6) * random.normal(
        size=(2000, classes, 10)
    )
    assert 0.93 < (np.abs(studies.mean(axis=(1, 2))) < 0.2).mean() < 0.97


def test_bad_input_is_named():
    with pytest.raises(InputError, match="three sets"):
        split_half(measured(10, 2))
