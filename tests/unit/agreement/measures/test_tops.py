from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.measures import Cells, find_measure
from crosslight.agreement.measures.tops import top_mask, top_share


def by_definition(row, count):
    """The rule in its own words."""
    if len(set(row)) == 1:
        return [np.nan] * len(row)
    if count >= len(row):
        return [1.0] * len(row)
    border = sorted(row, reverse=True)[count]
    above = [float(value > border) for value in row]
    return above if any(above) else [float(value == max(row)) for value in row]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=12), st.integers(1, 13))
def test_the_rule(row, count):
    for dtype in (np.float32, np.float64):
        found = top_mask(np.array(row, dtype)[None, None], count)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found[0, 0], by_definition(row, count))


@pytest.mark.parametrize(
    ("row", "count", "mask"),
    [
        ([1, 2, 3, 4], 2, [0, 0, 1, 1]),
        ([1, 3, 3, 4], 2, [0, 0, 0, 1]),  # a tie for the last place: nobody gets it
        ([0, 5, 5, 5], 2, [0, 1, 1, 1]),  # that would leave none
        ([0, 0, 0, 7], 3, [0, 0, 0, 1]),  # cells of value zero do not fill up
        ([-0.0, 0.0, -1, -2], 1, [1, 1, 0, 0]),
    ],
)
def test_ties(row, count, mask):
    np.testing.assert_array_equal(top_mask(np.array(row, float), count), mask)


@pytest.mark.parametrize(
    ("share", "cells", "count"), [(0.1, 49, 5), (0.1, 50176, 5018), (0.001, 49, 1), (0.999, 49, 48)]
)
def test_share_of_cells(share, cells, count):
    values = np.random.default_rng(0).permutation(cells).astype(float)[None, None]
    mask = top_share(Cells(values, np.ones(cells), (1, cells)), share, "x")
    assert mask.sum() == count
    assert values[mask > 0].min() > values[mask == 0].max()


def test_chance_of_independent_masks():
    values = np.random.default_rng(0).random((2, 60, 1600))
    cells = Cells(values, np.ones(1600), (40, 40))
    for share in (0.1, 0.3):
        found = find_measure(f"iou:share={share}")(cells)[:, 0, 1].mean()
        assert found == pytest.approx(share / (2 - share), rel=0.05)
    assert find_measure("topk:count=160")(cells)[:, 0, 1].mean() == pytest.approx(0.1, rel=0.1)
    assert find_measure("kappa")(cells)[:, 0, 1].mean() == pytest.approx(0, abs=0.02)


def test_topk_with_ties_is_over_the_larger_number():
    values = np.array([[9, 8, 7, 0, 0, 0], [9, 7, 7, 1, 0, 0.5]])[:, None]
    found = find_measure("topk:count=2")(Cells(values, np.ones(6), (2, 3)))[0]
    np.testing.assert_array_equal(found, [[1, 0.5], [0.5, 1]])
