from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, fcluster, leaves_list, linkage
from scipy.spatial.distance import squareform

from crosslight.agreement.structure import adjusted_rand, average_linkage, branches, build_tree, cut, row_distances
from crosslight.core.errors import InputError, UnknownNameError


def distances(sets, seed=0):
    upper = np.triu(np.random.default_rng(seed).random((sets, sets)), 1)
    return upper + upper.T


def named(sets):
    return [f"m{i:02}" for i in range(sets)]


@pytest.mark.parametrize("method", ["average", "complete", "ward"])
@settings(deadline=None, max_examples=15)
@given(sets=st.integers(3, 14), seed=st.integers(0, 2**31))
def test_the_tree_is_scipys_or_its_mirror_image(method, sets, seed):
    matrix = distances(sets, seed)
    tree = build_tree(matrix, named(sets), method)
    condensed = squareform(matrix)
    links = linkage(condensed, method, optimal_ordering=True)
    np.testing.assert_array_equal(tree.linkage[:, 2:], links[:, 2:])
    np.testing.assert_array_equal(np.sort(tree.linkage[:, :2]), np.sort(links[:, :2]))
    order = leaves_list(links).tolist()
    assert list(tree.order) in (order, order[::-1])
    assert list(tree.order) == leaves_list(tree.linkage).tolist()
    assert tree.leaves[0] < tree.leaves[-1]
    np.testing.assert_allclose(tree.cophenetic, cophenet(links, condensed)[0])


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 9), st.integers(0, 2**31), st.integers(1, 1000))
def test_nothing_depends_on_the_order_of_the_sets(sets, seed, steps):
    matrix = np.ceil(distances(sets, seed) * steps) / steps  # few steps make equal dissimilarities
    order = np.random.default_rng(seed).permutation(sets)
    one = build_tree(matrix, named(sets))
    other = build_tree(matrix[np.ix_(order, order)], [named(sets)[i] for i in order])
    assert one.leaves == other.leaves
    np.testing.assert_array_equal(one.linkage[:, 2:], other.linkage[:, 2:])
    assert one.cophenetic == other.cophenetic
    np.testing.assert_array_equal(branches(one)[:, order], branches(other))
    for clusters in range(1, sets + 1):
        np.testing.assert_array_equal(cut(one, clusters)[order], cut(other, clusters))


@pytest.mark.parametrize("sets", [0, 1, 2])
def test_few_sets(sets):
    tree = average_linkage(distances(sets), "ab"[:sets])
    assert tree.linkage.shape == (max(sets - 1, 0), 4)
    assert sorted(tree.leaves) == list("ab"[:sets])
    assert tree.cophenetic is None
    assert branches(tree).shape == (max(sets - 1, 0), sets)


def test_sets_without_numbers_are_left_out_and_named():
    matrix = distances(5)
    matrix[1] = matrix[:, 1] = np.nan
    matrix[3, 4] = matrix[4, 3] = np.nan
    tree = average_linkage(matrix, "abcde")
    assert tree.left_out == ("b", "e")
    assert tree.labels == ("a", "c", "d")
    np.testing.assert_array_equal(tree.linkage, average_linkage(matrix[np.ix_([0, 2, 3], [0, 2, 3])], "acd").linkage)
    assert average_linkage(np.full((2, 2), np.nan), "ab").left_out == ("a", "b")
    assert average_linkage(np.array([[np.nan]]), "a").left_out == ("a",)


def test_equal_distances_have_no_cophenetic_correlation_and_all_is_json():
    tree = average_linkage(1 - np.eye(4), "abcd")
    assert tree.cophenetic is None
    content = json.loads(json.dumps(tree.to_dict(), allow_nan=False))
    assert sorted(content["leaves"]) == list("abcd")
    assert content["method"] == "average"


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 12), st.integers(0, 2**31))
def test_a_cut_is_scipys_numbered_from_left_to_right(sets, seed):
    tree = average_linkage(distances(sets, seed), named(sets))
    for clusters in range(1, sets + 1):
        found = cut(tree, clusters)
        assert adjusted_rand(found, fcluster(tree.linkage, clusters, "maxclust")) == 1
        assert list(dict.fromkeys(found[list(tree.order)].tolist())) == list(range(clusters))


def test_branches_hold_what_is_merged():
    matrix = np.array([[0, 1, 4, 4], [1, 0, 4, 4], [4, 4, 0, 2], [4, 4, 2, 0.0]])
    members = branches(average_linkage(matrix, "abcd"))
    np.testing.assert_array_equal(members, [[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]])


def test_bad_input_is_named():
    with pytest.raises(UnknownNameError, match="average"):
        build_tree(distances(3), "abc", "averag")
    with pytest.raises(InputError, match=r"\[3, 3\]"):
        build_tree(distances(4), "abc")
    with pytest.raises(InputError, match="negative"):
        build_tree(distances(3) - 1, "abc")
    with pytest.raises(InputError, match="1 to 3 clusters"):
        cut(build_tree(distances(3), "abc"), 4)


def test_row_distances_are_euclidean():
    rows = np.random.default_rng(0).random((5, 5))
    expected = [[np.linalg.norm(one - other) for other in rows] for one in rows]
    np.testing.assert_allclose(row_distances(rows), expected)
