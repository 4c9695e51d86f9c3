from __future__ import annotations

from collections import Counter
from itertools import permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.groups.labelings import labelings, share_at_least, within_sums
from crosslight.core.errors import InputError


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(2, 3), min_size=2, max_size=3), st.randoms(use_true_random=False))
def test_all_distinct_labelings_are_there_once_and_the_observed_one_is_first(sizes, random):
    groups = [f"g{g}" for g, size in enumerate(sizes) for _ in range(size)]
    random.shuffle(groups)
    found = labelings(groups)
    observed = [found.names[code] for code in found.observed]
    assert observed == groups
    if len(groups) <= 7:
        assert {tuple(found.names[c] for c in row) for row in found.codes} == set(permutations(groups))
    assert len({row.tobytes() for row in found.codes}) == len(found) == found.total
    assert (np.sort(found.codes, axis=1) == np.sort(found.observed)).all()
    assert found.exact


@pytest.mark.parametrize(
    ("groups", "total", "resolution"),
    [
        ("a" * 9 + "b" * 5, 2002, 1 / 2002),
        ("aabb", 6, 2 / 6),  # {1, 2} against {3, 4} is {3, 4} against {1, 2}
        ("aabbcc", 90, 6 / 90),
        ("aaabbcc", 210, 2 / 210),
    ],
)
def test_the_number_of_labelings_and_the_smallest_p(groups, total, resolution):
    found = labelings(list(groups))
    assert (len(found), found.total, found.resolution) == (total, total, pytest.approx(resolution))


def test_no_p_value_is_below_the_resolution_and_one_reaches_it():
    matrix = np.array([[abs(a - b) for b in (0, 1, 10, 11)] for a in (0, 1, 10, 11)], float)
    found = labelings(["a", "a", "b", "b"])
    assert share_at_least(-within_sums(matrix, found).sum(axis=1)) == found.resolution


def test_blocks_of_one_size_exchange_whole():
    groups = ["t", "t", "t", "c", "c", "c", "c"]
    found = labelings(groups, blocks=["D", "D", None, "R", "R", None, None])
    t = {tuple(np.flatnonzero(row == found.names.index("t"))) for row in found.codes}
    assert t == {tuple(sorted((*pair, one))) for pair in [(0, 1), (3, 4)] for one in (2, 5, 6)}
    assert found.total == 2 * 3
    assert found.blocks == ((0, 1), (3, 4))


def test_a_block_whose_size_no_other_has_keeps_its_label():
    groups = ["t"] * 5 + ["c"] * 9
    found = labelings(groups, blocks=["DeiT", "DeiT", *[None] * 12])
    assert found.total == comb(12, 3) == len(found)
    assert (found.codes[:, :2] == 0).all()


def test_lineages_of_one_item_are_no_blocks():
    assert labelings(list("aaabb"), blocks=["x", "y", "z", None, 3]).total == 10


def test_a_block_with_nothing_to_exchange_leaves_one_labeling():
    found = labelings(list("aabbb"), blocks=list("xxyyy"))
    assert (found.total, found.resolution) == (1, 1)


@pytest.mark.parametrize("blocks", [None, ["x", "x", "y", "y", *[None] * 16]])
def test_a_sample_holds_the_observed_labeling_first_and_no_labeling_twice(blocks):
    groups = ["b", "b", *"a" * 10, *"b" * 8]
    found = labelings(groups, blocks=blocks, limit=10, draws=500, seed=3)
    assert not found.exact
    assert len(found) == 500 == len(np.unique(found.codes, axis=0))
    assert [found.names[c] for c in found.observed] == groups
    assert (np.sort(found.codes, axis=1) == np.sort(found.observed)).all()
    assert found.resolution == 1 / 500
    assert (labelings(groups, blocks=blocks, limit=10, draws=500, seed=3).codes == found.codes).all()
    assert (labelings(groups, blocks=blocks, limit=10, draws=500, seed=4).codes != found.codes).any()
    if blocks:
        assert (found.codes[:, 0] == found.codes[:, 1]).all()
        assert (found.codes[:, 2] == found.codes[:, 3]).all()


def test_a_sample_is_uniform():
    found = labelings(list("aaaabbbb"), limit=0, draws=20)  # 70 labelings, 19 of the other 69
    assert not found.exact
    samples = [labelings(list("aaaabbbb"), limit=0, draws=20, seed=seed).codes[1:] for seed in range(600)]
    seen = Counter(row.tobytes() for sample in samples for row in sample)
    assert len(seen) == 69
    expected = 600 * 19 / 69
    assert sum((n - expected) ** 2 for n in seen.values()) / expected < 110  # chi-square, 68 degrees, p < .001


def test_fewer_labelings_keep_the_observed_one():
    found = labelings(list("aaaaabbbbb"))
    some = found.some(50)
    assert (len(some), some.exact) == (50, False)
    assert (some.observed == found.observed).all()
    assert len(np.unique(some.codes, axis=0)) == 50
    assert found.some(252) is found


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31))
def test_sums_inside_groups(seed):
    matrix = np.random.default_rng(seed).random((7, 7))
    matrix = matrix + matrix.T
    np.fill_diagonal(matrix, 0)
    found = labelings(list("aabbccc"))
    for codes, sums in zip(found.codes[:30], within_sums(matrix, found), strict=False):
        for group in range(3):
            own = matrix[np.ix_(codes == group, codes == group)]
            assert sums[group] == pytest.approx(own[np.triu_indices(len(own), 1)].sum())


def test_ties_count():
    assert share_at_least(np.array([1.0, 1.0 - 1e-12, 1.0 - 1e-6, 2.0])) == 0.75
    assert share_at_least(np.array([np.inf, 5, np.inf])) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("groups", "blocks", "message"),
    [
        (["a"] * 4, None, "all 4 items are of one"),
        (["a", "a", "b"], None, "group 'b' has one item"),
        (list("aabb"), ["x", None, "x", None], "lineage 'x' holds items of the groups 'a' and 'b'"),
        (list("aabb"), ["x"], "blocks of 1 items"),
    ],
)
def test_errors(groups, blocks, message):
    with pytest.raises(InputError, match=message):
        labelings(groups, blocks=blocks)


def test_no_draws():
    with pytest.raises(InputError, match="draws is 0"):
        labelings(list("aabb"), draws=0)
