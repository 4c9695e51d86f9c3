"""Means of what is known."""

from __future__ import annotations

import numpy as np

from crosslight.core.means import known_mean


def test_known_mean():
    values = np.array([[1.0, np.nan], [3.0, np.nan]])
    np.testing.assert_array_equal(known_mean(values, axis=0), [2, np.nan])
    np.testing.assert_array_equal(known_mean(values, axis=1), [1, 3])
