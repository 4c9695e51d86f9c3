from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.groups import anosim, image_share, labelings, permanova, power, scatter
from crosslight.agreement.groups.simulate import DIMENSIONS, distances, normal_points, p_values, rejected, shifted
from crosslight.core.correction import holm
from crosslight.core.errors import InputError

NINE_FIVE = ["cnn"] * 9 + ["transformer"] * 5


def simulated(count=6, shift=0.0, groups=NINE_FIVE, dimensions=DIMENSIONS, seed=0):
    found = labelings(groups)
    points = normal_points(count, len(groups), dimensions, seed)
    return distances(shifted(points, found.observed, shift)), found


@pytest.mark.parametrize("groups", [list("aaabbbb"), list("aaabbcc")])
def test_p_values_of_many_matrices_are_those_of_the_single_tests(groups):
    matrices, found = simulated(shift=1, groups=groups)
    one = [anosim(m, found).p for m in matrices]
    other = [permanova(m, found).p for m in matrices]
    np.testing.assert_allclose(p_values(matrices, found, "anosim"), one)
    np.testing.assert_allclose(p_values(matrices, found, "permanova"), other)
    smaller = [holm(pair).min() for pair in zip(one, other, strict=True)]
    np.testing.assert_allclose(p_values(matrices, found, "either"), smaller)


def test_the_smallest_group_is_shifted():
    points = np.zeros((2, 5, 3))
    moved = shifted(points, np.array([0, 0, 0, 1, 1], np.int8), 2)
    assert moved[:, 3:, 0].tolist() == [[2, 2], [2, 2]]
    assert moved.sum() == 8
    assert points.sum() == 0


def test_published_power_of_anosim():
    found = power(None, NINE_FIVE, shifts=(0, 0.75, 1.5, 2.25), dimensions=DIMENSIONS, simulations=800)
    np.testing.assert_allclose(found.found[1:], (0.07, 0.32, 0.72), atol=0.1)
    assert 0.03 <= found.found[0] <= 0.07
    assert found.at(2.25) == found.found[3]
    assert 2.25 < found.smallest < 2.8


@pytest.mark.parametrize("test", ["anosim", "permanova", "either"])
def test_false_alarms_are_as_rare_as_they_should_be(test):
    matrices, found = simulated(1500, seed=4)
    assert 0.02 <= rejected(p_values(matrices, found, test), 0.05) <= 0.07


def test_the_estimate_from_one_matrix_is_near_the_truth():
    truth, found = simulated(800, 2.25)
    truth = rejected(p_values(truth, found), 0.05)
    matrices, _ = simulated(12, 2.25, seed=9)
    estimates = [power(m, found, shifts=[2.25], wanted=None, simulations=200, seed=1).found[0] for m in matrices]
    assert np.mean(estimates) == pytest.approx(truth, abs=0.1)


def test_scatter_is_read_from_the_matrix():
    for dimensions in (2, 6, 15):
        matrices, found = simulated(40, 2, dimensions=dimensions)
        seen = [scatter(3 * m, found) for m in matrices]
        assert np.median([s.dimensions for s in seen]) == pytest.approx(dimensions, rel=0.15)
        assert np.mean([s.sd for s in seen]) == pytest.approx(3, rel=0.1)
        assert np.mean([s.shift for s in seen]) == pytest.approx(2, abs=0.3)
    assert scatter(simulated(1)[0][0], NINE_FIVE, dimensions=4).dimensions == 4
    assert scatter(simulated(1, groups=list("aabbcc"))[0][0], list("aabbcc")).shift is None


def test_smallest_shift_is_the_first_that_is_found_often_enough():
    found = power(None, list("a" * 8 + "b" * 8), dimensions=3, simulations=300, test="permanova")
    again = power(
        None,
        list("a" * 8 + "b" * 8),
        dimensions=3,
        simulations=300,
        test="permanova",
        shifts=(found.smallest - 0.06, found.smallest),
    )
    assert again.found[0] < 0.8 <= again.found[1]


def test_no_shift_is_found_where_labelings_are_too_few():
    few = power(None, list("aaabbb"), dimensions=2, simulations=50)  # smallest p is .1
    assert few.smallest is None
    assert set(few.found) == {0.0}
    assert few.to_dict()["smallest"] is None
    found = labelings(list("aaaabbbb"))  # smallest p is 1/35: enough for one test, not for two
    assert power(None, found, dimensions=1, simulations=50).smallest is not None
    assert power(None, found, dimensions=1, simulations=50, test="either").smallest is None


def test_blocks_are_kept_in_the_power():
    blocks = ["x"] * 5 + [None] * 4 + ["y"] * 5
    assert power(None, labelings(NINE_FIVE, blocks=blocks), dimensions=3, simulations=20).labelings == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs a dissimilarity matrix, or the dimensions"),
        ({"dimensions": 2, "alpha": 0}, "between 0 and 1"),
        ({"dimensions": 2, "shifts": (1, 0)}, "rising"),
        ({"dimensions": 2, "test": "t"}, "unknown test 't'"),
    ],
)
def test_errors(arguments, message):
    with pytest.raises(InputError, match=message):
        power(None, NINE_FIVE, simulations=2, **arguments)


def test_nothing_scatters():
    with pytest.raises(InputError, match="do not differ at all"):
        scatter(np.kron(1 - np.eye(2), np.ones((2, 2))), list("aabb"))


def test_the_share_of_the_scatter_that_images_make():
    random = np.random.default_rng(0)
    true = 0.3 + 0.01 * np.abs(np.subtract.outer(np.arange(8), np.arange(8)))
    shares, expected = [], []
    for _ in range(40):
        noise = np.triu(random.normal(size=(20, 8, 8)), 1)
        values = 1 - true + noise + noise.transpose(0, 2, 1)
        matrix = np.abs(1 - values.mean(axis=0))
        np.fill_diagonal(matrix, 0)
        inside = np.kron(np.eye(2), np.ones((4, 4))) > 0
        shares.append(image_share(values, matrix, list("aaaabbbb")))
        expected.append(1 - (true**2 * (1 - np.eye(8)))[inside].sum() / (matrix**2)[inside].sum())
    assert np.mean(shares) == pytest.approx(np.mean(expected), abs=0.05)
    assert 0.1 < np.mean(shares) < 0.9


def test_pairs_without_images_have_no_share():
    values = np.random.default_rng(0).random((3, 4, 4))
    matrix = 1 - np.eye(4)
    values[1:, 0, 1] = np.nan
    with pytest.raises(InputError, match="items 0 and 1 share 1 images"):
        image_share(values, matrix, list("aabb"))
    assert image_share(values, matrix, list("abab")) > 0
    with pytest.raises(InputError, match="image, item, item"):
        image_share(values[0], matrix, list("aabb"))
