"""Which pixels a box covers, and how near they are to a mask."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crosslight.evaluation.localisation import PictureMask, covered, lay

edges = st.floats(-20, 60)


@settings(deadline=None, max_examples=100)
@given(edges, edges, edges, edges, st.integers(1, 40), st.integers(1, 40))
def test_a_pixel_is_covered_where_its_middle_is(left, top, right, bottom, height, width):
    left, right, top, bottom = min(left, right), max(left, right), min(top, bottom), max(top, bottom)
    region = covered((left, top, right, bottom), (height, width))
    rows, columns = np.arange(height) + 0.5, np.arange(width) + 0.5
    expected = ((rows >= top) & (rows <= bottom))[:, None] & ((columns >= left) & (columns <= right))
    found = np.zeros((height, width), bool)
    if region is not None:
        found[region[0] : region[1], region[2] : region[3]] = True
        assert found.any()
    np.testing.assert_array_equal(found, expected)


def test_a_box_that_is_not_known_covers_nothing():
    assert covered((np.nan,) * 4, (10, 10)) is None
    assert covered((0, 0, 10, 20), (20, 10)) == (0, 20, 0, 10)
    assert covered((-5, -5, 100, 100), (20, 10)) == (0, 20, 0, 10)


@settings(deadline=None, max_examples=40)
@given(arrays(bool, (5, 6)).filter(lambda mask: mask.any()), st.floats(0, 6))
def test_near_is_measured_from_middle_to_middle(mask, tolerance):
    laid = lay(np.ones((1, 5, 6)), [PictureMask(mask)], (0, 5, 0, 6))
    points = np.argwhere(mask)
    every = np.argwhere(np.ones_like(mask))
    distances = np.sqrt(((every[:, None] - points[None]) ** 2).sum(axis=2)).min(axis=1)
    clear = np.abs(distances - tolerance) > 1e-5
    np.testing.assert_array_equal(laid.near(tolerance)[0][clear], (distances <= tolerance)[clear])


def test_a_region_cuts_mask_and_distance_alike():
    mask = np.zeros((8, 9), bool)
    mask[0, 0] = mask[5, 5] = True
    laid = lay(np.ones((1, 4, 4)), [PictureMask(mask)], (4, 8, 5, 9))
    assert laid.count.tolist() == [1]
    assert laid.inside[0].reshape(4, 4)[1, 0]
    assert laid.near(1)[0].sum() == 4  # the pixel itself, above, below and to the right
