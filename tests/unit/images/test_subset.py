from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.images import choose

NAMES = [f"{label}/img{i}.jpg" for label in "abc" for i in range(40 if label == "a" else 10)]
LABELS = [name[0] for name in NAMES]
ways = st.sampled_from(["first", "random", "stratified"])


def chosen(names, labels, *args):
    return {names[row] for row in choose(names, labels, *args)}


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.integers(1, 60), ways, st.integers(0, 5))
def test_a_larger_limit_contains_the_smaller(one, other, how, seed):
    small, large = sorted((one, other))
    few, many = choose(NAMES, LABELS, small, how, seed), choose(NAMES, LABELS, large, how, seed)
    assert set(few) <= set(many)
    assert len(few) == small
    assert many == sorted(set(many))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 60), st.sampled_from(["random", "stratified"]), st.randoms(use_true_random=False))
def test_the_order_of_the_listing_does_not_matter(limit, how, chance):
    shuffled = list(zip(NAMES, LABELS, strict=True))
    chance.shuffle(shuffled)
    names, labels = zip(*shuffled, strict=True)
    assert chosen(names, labels, limit, how, 3) == chosen(NAMES, LABELS, limit, how, 3)


@given(st.integers(1, 60))
def test_stratified_is_balanced_until_a_label_is_used_up(limit):
    counts = Counter(LABELS[row] for row in choose(NAMES, LABELS, limit, "stratified"))
    used_up = {"b": 10, "c": 10, "a": 40}
    open_counts = [counts[label] for label, size in used_up.items() if counts[label] < size]
    most = max(counts.values())
    assert all(most - count <= 1 for count in open_counts)


def test_seeds_differ_and_random_is_not_the_first():
    drawn = {tuple(choose(NAMES, LABELS, 10, "random", seed)) for seed in range(20)}
    assert len(drawn) == 20
    hits = Counter(row for seed in range(600) for row in choose(NAMES, LABELS, 10, "random", seed))
    assert min(hits[row] for row in range(60)) > 60  # 100 expected for each


def test_the_choice_is_pinned():
    """It must not change from one release to the next: studies are repeated by seed."""
    assert choose(["a", "b", "c", "d", "e", "f"], [None] * 6, 3, "random", 0) == [1, 2, 3]


def test_none_and_large_limits_take_all_and_bad_ones_are_refused():
    for limit in (None, 60, 1000):
        assert choose(NAMES, LABELS, limit) == list(range(60))
    assert choose(NAMES, LABELS, 5, "first") == [0, 1, 2, 3, 4]
    with pytest.raises(InputError, match="at least 1"):
        choose(NAMES, LABELS, 0)
    with pytest.raises(InputError, match="did you mean 'random'"):
        choose(NAMES, LABELS, 3, "randm")


def test_accents_spelled_in_two_ways_are_one_name():
    composed, decomposed = ["caf\u00e9", "b", "c", "d"], ["cafe\u0301", "b", "c", "d"]
    for seed in range(10):
        assert choose(composed, [None] * 4, 2, "random", seed) == choose(decomposed, [None] * 4, 2, "random", seed)


def test_repeated_names_are_no_trouble():
    assert len(choose(["x"] * 9, [None] * 9, 4)) == 4
