"""Krishna et al.'s six against their definitions, written out for one pair of maps at a time."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from crosslight.agreement.measures import Cells, find_measure
from crosslight.agreement.measures.features import feature_values, pooling


def superpixels(values):
    """Cells of a list of features, ``[set, feature]``, of one image."""
    values = np.asarray(values, float)[:, None]
    return Cells(values, np.ones(values.shape[-1]), (1, values.shape[-1]))


def top(values, count):
    """Features by magnitude, no more than `count`, those that tie for the last place left out."""
    size = np.abs(values)
    if count == len(size):
        return set(range(len(size)))
    border = np.sort(size)[::-1][count]
    chosen = {i for i, value in enumerate(size) if value > border}
    return chosen or {i for i, value in enumerate(size) if value == size.max()}


def rank(values, feature):
    size = np.abs(values)
    return (size > size[feature]).sum() + ((size == size[feature]).sum() + 1) / 2


def by_definition(name, a, b, count):
    tops = top(a, count), top(b, count)
    larger = max(map(len, tops))
    shared = tops[0] & tops[1]
    same_rank = {f for f in shared if rank(a, f) == rank(b, f)}
    same_sign = {f for f in shared if np.sign(a[f]) == np.sign(b[f])}
    pairs = list(combinations(range(len(a)), 2))
    return {
        "feature-agreement": len(shared) / larger,
        "rank-agreement": len(same_rank) / larger,
        "sign-agreement": len(same_sign) / larger,
        "signed-rank-agreement": len(same_rank & same_sign) / larger,
        "rank-correlation": spearmanr(np.abs(a), np.abs(b))[0],
        "pairwise-rank-agreement": np.mean(
            [np.sign(abs(a[i]) - abs(a[j])) == np.sign(abs(b[i]) - abs(b[j])) for i, j in pairs]
        ),
        "kendall": kendalltau(np.abs(a), np.abs(b))[0],
    }[name]


TOPS = ["feature-agreement", "rank-agreement", "sign-agreement", "signed-rank-agreement"]
ORDERS = ["rank-correlation", "pairwise-rank-agreement", "kendall"]


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 2**31), st.integers(1, 9), st.booleans())
def test_definitions(seed, count, ties):
    random = np.random.default_rng(seed)
    values = random.integers(-3, 4, (4, 9)) if ties else random.normal(size=(4, 9))
    values = values + (np.abs(values).std(axis=1) == 0)[:, None] * np.arange(9)
    for name in TOPS + ORDERS:
        measure = find_measure(f"{name}:count={count}" if name in TOPS else name)
        found = measure(superpixels(values))[0]
        wanted = [[by_definition(name, a, b, count) for b in values] for a in values]
        np.testing.assert_allclose(found, wanted, atol=1e-12, err_msg=name)


def test_an_example_by_hand():
    a, b = [5, -4, 3, 2, 1, 0], [5, 4, 2, -3, 0, 1]
    found = {name: find_measure(f"{name}:count=4")(superpixels([a, b]))[0, 0, 1] for name in TOPS}
    assert found == {
        "feature-agreement": 1.0,
        "rank-agreement": 0.5,
        "sign-agreement": 0.5,
        "signed-rank-agreement": 0.25,
    }
    assert find_measure("pairwise-rank-agreement")(superpixels([a, b]))[0, 0, 1] == pytest.approx(13 / 15)


@pytest.mark.parametrize(
    ("name", "chance"),
    [
        ("feature-agreement", 10 / 49),
        ("sign-agreement", 5 / 49),
        ("rank-agreement", 1 / 49),
        ("signed-rank-agreement", 0.5 / 49),
        ("rank-correlation", 0.0),
        ("pairwise-rank-agreement", 0.5),
        ("kendall", 0.0),
    ],
)
def test_chance(name, chance):
    values = np.random.default_rng(0).normal(size=(2, 2000, 49))
    found = find_measure(name)(Cells(values, np.ones(49), (7, 7)))[:, 0, 1]
    assert abs(found.mean() - chance) < 4 * found.std() / 2000**0.5


def test_a_larger_grid_is_pooled_and_a_smaller_one_is_not():
    values = np.random.default_rng(0).normal(size=(3, 2, 28 * 28))
    means = values.reshape(3, 2, 7, 4, 7, 4).mean(axis=(3, 5)).reshape(3, 2, 49)
    large, small = Cells(values, np.ones(784), (28, 28)), Cells(means, np.ones(49), (7, 7))
    relative = means / np.abs(means).max(axis=-1, keepdims=True)
    np.testing.assert_allclose(feature_values(large, 7, "x"), relative, atol=1e-9)
    np.testing.assert_allclose(feature_values(small, 14, "x"), relative, atol=1e-9)
    for name in TOPS + ORDERS:
        np.testing.assert_allclose(find_measure(name)(large), find_measure(name)(small), atol=1e-12)


def test_a_list_of_features_is_never_pooled():
    values = np.random.default_rng(0).normal(size=(2, 1, 50))
    relative = values / np.abs(values).max(axis=-1, keepdims=True)
    for grid in ((1, 50), (50, 1)):
        np.testing.assert_allclose(feature_values(Cells(values, np.ones(50), grid), 7, "x"), relative, atol=1e-9)


def test_only_long_axes_are_pooled():
    values = np.random.default_rng(0).normal(size=(1, 1, 4 * 14))
    found = feature_values(Cells(values, np.ones(56), (4, 14)), 7, "x")
    means = values.reshape(4, 7, 2).mean(axis=2).ravel()
    np.testing.assert_allclose(found[0, 0], means / np.abs(means).max(), atol=1e-9)


def test_sums_in_another_order_tie():
    """Three quarters of the grid hold the same numbers in another order, and so means that differ in the last digit."""
    random = np.random.default_rng(0)
    numbers = random.random(64)
    quarters = [random.permutation(numbers).reshape(8, 8) for _ in range(3)]
    grid = np.block([[quarters[0], quarters[1]], [quarters[2], np.zeros((8, 8))]])
    found = feature_values(Cells(grid.reshape(1, 1, 256), np.ones(256), (16, 16)), 2, "x")[0, 0]
    np.testing.assert_array_equal(found, [1, 1, 1, 0])


@pytest.mark.parametrize(("length", "side"), [(10, 7), (224, 7), (8, 3), (7, 7), (5, 7)])
def test_pooling_takes_means_and_uses_every_cell_alike(length, side):
    weights = pooling(length, side)
    assert weights.shape == (min(side, length), length)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights.sum(axis=0), min(side, length) / length)
    assert weights.min() >= 0


def test_features_of_one_magnitude_have_no_order():
    found = find_measure("sign-agreement:count=2")(superpixels([[1, -1, 1, 1], [1, 2, 3, 4]]))[0]
    np.testing.assert_array_equal(np.isnan(found), [[True, True], [True, False]])
