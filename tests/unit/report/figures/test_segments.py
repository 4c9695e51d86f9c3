"""Superpixels of a map: which pixels belong together, and the lines around them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.report.figures.segments import borders, outline, segments_of


def length(lines):
    return sum(float(np.abs(line[1] - line[0]).sum()) for line in lines)


def test_parts_are_connected_and_of_one_value():
    values = np.array([[1, 1, -2], [0, 1, -2], [1, 0, 0]], np.float32)
    found = segments_of(values)
    assert found.labels.shape == values.shape
    np.testing.assert_array_equal(found.values[found.labels], values)
    assert len(found.values) == 5  # the 1 in the lower left corner touches no other, nor do the two parts of 0
    assert found.labels[0, 0] == found.labels[1, 1] != found.labels[2, 0]


def test_the_strongest_are_those_of_the_largest_magnitude_and_never_zero():
    values = np.array([[0.5, -3], [2, 0]], np.float32)
    found = segments_of(values)
    assert found.values[found.strongest(2)].tolist() == [-3, 2]
    assert found.values[found.strongest(9)].tolist() == [-3, 2, 0.5]


def test_what_is_not_finite_counts_as_nothing():
    assert segments_of(np.array([[np.nan, np.inf], [1, 1]])).strongest(5).size == 1


def test_lines_of_a_small_map():
    lines = borders(np.array([[0, 0, 1], [0, 0, 1]]))
    np.testing.assert_array_equal(lines, [[(2, 0), (2, 2)]])
    assert borders(np.zeros((3, 3))) == []


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), rows=st.integers(1, 7), columns=st.integers(1, 7))
def test_an_outline_is_as_long_as_the_edge_between_inside_and_outside(seed, rows, columns):
    inside = np.random.default_rng(seed).random((rows, columns)) > 0.5
    padded = np.pad(inside, 1)
    expected = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
    assert length(outline(inside)) == expected
    for line in outline(inside):
        assert line.min() >= 0
        assert (line[:, 0] <= columns).all()
        assert (line[:, 1] <= rows).all()
