"""ANOSIM, PERMANOVA and PERMDISP against their definitions, labeling by labeling."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f_oneway, rankdata

from crosslight.agreement.groups import anosim, labelings, permanova, permdisp
from crosslight.agreement.groups.anosim import tied_ranks
from crosslight.agreement.groups.checks import checked
from crosslight.agreement.groups.coordinates import coordinates, spatial_medians
from crosslight.core.errors import InputError

SEEDS = st.integers(0, 2**31)
LABELS = st.sampled_from(["aabbb", "aaabbb", "ababab", "aabbcc", "aaabbcc"])


def matrix_of(items, seed, coarse=False):
    """Random dissimilarities, not Euclidean; coarse ones have many ties."""
    values = np.random.default_rng(seed).random((items, items)) + 0.1
    values = np.round(values * 4) / 4 + 0.25 if coarse else values
    values = np.triu(values, 1)
    return values + values.T


def every_labeling(labels):
    return sorted(set(permutations(labels)))


def r_by_definition(matrix, labels):
    rows, columns = np.triu_indices(len(labels), 1)
    ranks = rankdata(matrix[rows, columns])
    same = np.array([labels[i] == labels[j] for i, j in zip(rows, columns, strict=True)])
    n = len(labels)
    return (ranks[~same].mean() - ranks[same].mean()) / (n * (n - 1) / 4)


def f_by_definition(matrix, labels):
    n, names = len(labels), sorted(set(labels))
    total = sum(matrix[i, j] ** 2 for i in range(n) for j in range(i)) / n
    within = 0.0
    for name in names:
        own = [i for i in range(n) if labels[i] == name]
        within += sum(matrix[i, j] ** 2 for i in own for j in own if j < i) / len(own)
    return ((total - within) / (len(names) - 1)) / (within / (n - len(names)))


@settings(deadline=None, max_examples=30)
@given(LABELS, SEEDS, st.booleans())
def test_anosim_equals_brute_force(labels, seed, coarse):
    matrix = matrix_of(len(labels), seed, coarse)
    found = anosim(matrix, list(labels))
    every = np.array([r_by_definition(matrix, one) for one in every_labeling(labels)])
    assert found.statistic == pytest.approx(r_by_definition(matrix, labels), abs=1e-12)
    assert found.p == pytest.approx(np.mean(every >= found.statistic - 1e-9), abs=1e-12)
    np.testing.assert_allclose(np.sort(found.null), np.sort(every), atol=1e-12)
    assert found.exact
    assert found.count == len(every)


@settings(deadline=None, max_examples=30)
@given(LABELS, SEEDS, st.booleans())
def test_permanova_equals_brute_force(labels, seed, coarse):
    matrix = matrix_of(len(labels), seed, coarse)
    found = permanova(matrix, list(labels))
    every = np.array([f_by_definition(matrix, one) for one in every_labeling(labels)])
    assert found.statistic == pytest.approx(f_by_definition(matrix, labels), rel=1e-10)
    assert found.p == pytest.approx(np.mean(every >= found.statistic - 1e-9), abs=1e-12)
    np.testing.assert_allclose(np.sort(found.null), np.sort(every), rtol=1e-9, atol=1e-12)
    between, inside = found.degrees
    assert found.statistic == pytest.approx(found.r2 / between / ((1 - found.r2) / inside))
    assert found.within == pytest.approx((1 - found.r2) * found.total)


@settings(deadline=None, max_examples=6)
@given(st.sampled_from(["aabbb", "aaabbb", "ababab", "aaabbcc"]), SEEDS, st.sampled_from(["centroid", "median"]))
def test_permdisp_equals_brute_force(labels, seed, centre):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(len(labels), 3))
    matrix = np.linalg.norm(points[:, None] - points, axis=2)

    def distances(codes):
        codes = np.array(codes)
        result = np.zeros(len(codes))
        for name in set(codes):
            own = points[codes == name]
            middle = own.mean(axis=0)
            if centre == "median":
                middle = spatial_medians(own, np.ones((1, len(own)), bool), middle[None])[0]
            result[codes == name] = np.linalg.norm(own - middle, axis=1)
        return result

    def f(values, codes):
        parts = [values[np.array(codes) == name] for name in set(codes)]
        between = sum(len(part) * (part.mean() - values.mean()) ** 2 for part in parts)
        within = sum(((part - part.mean()) ** 2).sum() for part in parts)
        return between / (len(parts) - 1) / (within / (len(values) - len(parts)))

    own = distances(list(labels))
    found = permdisp(matrix, list(labels), centre=centre)
    np.testing.assert_allclose(found.distances, own, atol=1e-7)
    assert found.statistic == pytest.approx(
        f_oneway(*[own[np.array(list(labels)) == n] for n in set(labels)])[0], rel=1e-5
    )
    codes = np.array(list(labels))
    residuals = own - np.array([own[codes == name].mean() for name in codes])
    every = [f(residuals, one) for one in every_labeling(labels) if "".join(one) != labels] + [found.statistic]
    assert found.p == pytest.approx(np.mean(np.array(every) >= found.statistic * (1 - 1e-6)), abs=1e-12)
    by_labels = permdisp(matrix, list(labels), centre=centre, permuted="labels")
    every = np.array([f(distances(one), one) for one in every_labeling(labels)])
    assert by_labels.p == pytest.approx(np.mean(every >= by_labels.statistic * (1 - 1e-6)), abs=1e-12)


def test_groups_far_apart():
    matrix = np.full((6, 6), 5.0)
    matrix[:3, :3] = matrix[3:, 3:] = 1.0
    np.fill_diagonal(matrix, 0)
    found = anosim(matrix, list("aaabbb"))
    assert (found.statistic, found.p) == (1, found.resolution)
    assert permanova(matrix, list("aaabbb")).p == found.resolution


def test_ties_by_rounding_share_a_rank():
    assert tied_ranks(np.array([0.3, 0.1 + 0.2, 0.1, 0.5])).tolist() == [2.5, 2.5, 1, 4]
    values = np.random.default_rng(0).integers(0, 5, 40) / 3
    np.testing.assert_array_equal(tied_ranks(values), rankdata(values))


def test_equal_dissimilarities_say_nothing():
    matrix = 1 - np.eye(6)
    assert (anosim(matrix, list("aaabbb")).statistic, anosim(matrix, list("aaabbb")).p) == (0, 1)
    assert permanova(matrix, list("aaabbb")).p == 1


def test_nothing_varies_inside_the_groups():
    matrix = np.kron(1 - np.eye(2), np.ones((3, 3)))
    found = permanova(matrix, list("aaabbb"))
    assert found.statistic == np.inf
    assert found.p == found.resolution
    assert found.to_dict()["statistic"] is None


def test_permanova_does_not_depend_on_the_unit():
    matrix = matrix_of(7, 5)
    one, other = permanova(matrix, list("aaabbbb")), permanova(matrix * 1e-9, list("aaabbbb"))
    assert one.p == other.p
    assert one.statistic == pytest.approx(other.statistic)
    assert other.total == pytest.approx(one.total * 1e-18)


def test_coordinates_reproduce_the_dissimilarities():
    matrix = matrix_of(6, 1)
    points = coordinates(matrix)
    assert points.imaginary.shape[1] > 0

    def squared(axes):
        return ((axes[:, None] - axes) ** 2).sum(axis=2)

    np.testing.assert_allclose(squared(points.real) - squared(points.imaginary), matrix**2, atol=1e-12)


def test_negative_axes_are_subtracted_or_dropped():
    matrix = matrix_of(8, 3)
    subtracted, dropped = (permdisp(matrix, list("aaaabbbb"), negative=how) for how in ("subtract", "drop"))
    assert (dropped.distances >= subtracted.distances - 1e-9).all()
    assert dropped.distances.sum() > subtracted.distances.sum()
    points = coordinates(matrix)
    squares = np.zeros(8)
    for axes, sign in ((points.real, 1), (points.imaginary, -1)):
        for part in (slice(0, 4), slice(4, 8)):
            own = axes[part]
            middle = spatial_medians(own, np.ones((1, 4), bool), own.mean(axis=0)[None])[0]
            squares[part] += sign * ((own - middle) ** 2).sum(axis=1)
    np.testing.assert_allclose(subtracted.distances, np.sqrt(np.maximum(squares, 0)), atol=1e-9)
    assert subtracted.imaginary == (squares < 0).sum()


def test_spatial_median_is_the_best_point_and_stays_on_a_heavy_member():
    rng = np.random.default_rng(2)
    points = rng.normal(size=(7, 3))
    median = spatial_medians(points, np.ones((1, 7), bool), points.mean(axis=0)[None])[0]
    best = np.linalg.norm(points - median, axis=1).sum()
    for step in rng.normal(size=(50, 3)) * 1e-3:
        assert np.linalg.norm(points - median - step, axis=1).sum() > best
    obtuse = np.array([[0.0, 0], [1, 0.1], [-1, 0.1]])  # all angles at the first exceed 120 degrees
    np.testing.assert_array_equal(spatial_medians(obtuse, np.ones((1, 3), bool), np.zeros((1, 2))), obtuse[:1])
    pair = np.random.default_rng(3).normal(size=(2, 4))  # all points between two are medians: the middle is taken
    middle = pair.mean(axis=0)[None]
    np.testing.assert_allclose(spatial_medians(pair, np.ones((1, 2), bool), middle), middle, atol=1e-12)
    heavy = np.array([[0.0, 0], [0, 0], [0, 0], [1, 0], [0, 1]])
    np.testing.assert_allclose(spatial_medians(heavy, np.ones((1, 5), bool), heavy[:1]), [[0, 0]], atol=1e-9)


def test_wider_group_is_found():
    points = np.random.default_rng(0).normal(size=(16, 2))
    points[8:] *= 6
    matrix = np.linalg.norm(points[:, None] - points, axis=2)
    found = permdisp(matrix, ["narrow"] * 8 + ["wide"] * 8)
    assert found.p < 0.01
    assert found.spread["wide"] > 3 * found.spread["narrow"]


def test_two_items_a_group_have_no_spread_to_test():
    found = permdisp(matrix_of(4, 0), list("aabb"))
    assert np.isnan(found.p)
    assert found.to_dict()["p"] is None


def test_blocks_reach_the_tests():
    matrix = matrix_of(8, 4)
    moved = labelings(list("aaaabbbb"), blocks=["x", "x", None, None, "y", "y", None, None])
    assert anosim(matrix, moved).count == permanova(matrix, moved).count == permdisp(matrix, moved).count == 12


@pytest.mark.parametrize("test", [anosim, permanova, permdisp])
@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones((3, 4)), "square"),
        (np.array([[0, 1, 2, 3], [1, 0, 1, 1], [2, 1, 0, 1], [9, 1, 1, 0.0]]), "not symmetric"),
        (np.array([[0, np.nan, 2], [np.nan, 0, 1], [2, 1, 0]]), r"not known at \[0, 1\]"),
        (-np.ones((4, 4)), "is negative"),
        (1 - np.eye(5), "groups of 4 items were given, but the matrix has 5"),
    ],
)
def test_errors(test, matrix, message):
    with pytest.raises(InputError, match=message):
        test(matrix, list("aabb"))


def test_no_difference_at_all():
    for test in (permanova, permdisp):
        with pytest.raises(InputError, match="all dissimilarities are zero"):
            test(np.zeros((4, 4)), list("aabb"))


def test_the_diagonal_is_not_read():
    matrix = matrix_of(6, 0)
    assert anosim(matrix, list("aaabbb")) == anosim(matrix + np.diag([np.nan, 0, 9, 1, 0, 0]), list("aaabbb"))


def test_both_triangles_count_where_rounding_sets_them_apart():
    matrix = matrix_of(5, 0)
    upper = np.triu(matrix * (1 + 1e-7))
    np.testing.assert_array_equal(checked(upper + np.tril(matrix)), checked(np.tril(matrix) + upper).T)
    np.testing.assert_allclose(checked(upper + np.tril(matrix)), matrix * (1 + 5e-8), rtol=1e-12)


def test_unknown_option():
    with pytest.raises(InputError, match="'mean'; known are: median, centroid"):
        permdisp(matrix_of(6, 0), list("aaabbb"), centre="mean")
