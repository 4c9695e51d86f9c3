from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, leaves_list, linkage
from scipy.spatial.distance import squareform

from crosslight.agreement.clusters import average_linkage


def distances(sets, seed=0):
    upper = np.triu(np.random.default_rng(seed).random((sets, sets)), 1)
    return upper + upper.T


@settings(deadline=None, max_examples=20)
@given(st.integers(3, 14), st.integers(0, 2**31))
def test_the_tree_is_scipys(sets, seed):
    matrix = distances(sets, seed)
    tree = average_linkage(matrix, [f"m{i}" for i in range(sets)])
    condensed = squareform(matrix)
    links = linkage(condensed, "average", optimal_ordering=True)
    np.testing.assert_array_equal(tree.linkage, links)
    assert list(tree.order) == leaves_list(links).tolist()
    np.testing.assert_allclose(tree.cophenetic, cophenet(links, condensed)[0])


def test_heights_do_not_depend_on_the_order_of_the_sets():
    matrix, order = distances(8), np.random.default_rng(1).permutation(8)
    one = average_linkage(matrix, "abcdefgh")
    other = average_linkage(matrix[np.ix_(order, order)], ["abcdefgh"[i] for i in order])
    np.testing.assert_allclose(one.linkage[:, 2], other.linkage[:, 2])
    np.testing.assert_allclose(one.cophenetic, other.cophenetic)
    assert one.leaves in (other.leaves, other.leaves[::-1])


@pytest.mark.parametrize("sets", [0, 1, 2])
def test_few_sets(sets):
    tree = average_linkage(distances(sets), "ab"[:sets])
    assert tree.linkage.shape == (max(sets - 1, 0), 4)
    assert sorted(tree.leaves) == list("ab"[:sets])
    assert tree.cophenetic is None


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
