from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from crosslight.agreement.measures import ranks
from crosslight.agreement.measures.ranks import average_ranks

EDGES = [0.0, -0.0, 1e-40, -1e-40, 5e-324, -5e-324, 1e30, -1e30, np.inf, -np.inf, 1.0, np.nextafter(1, 2)]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(-1e3, 1e3, width=32) | st.sampled_from(EDGES), min_size=1, max_size=30),
    st.sampled_from([np.float32, np.float64]),
)
def test_ranks_are_scipys(row, dtype):
    values = np.array(row, dtype)
    np.testing.assert_array_equal(average_ranks(values), rankdata(values))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_rows_in_blocks(dtype, monkeypatch):
    random = np.random.default_rng(0)
    values = random.normal(size=(3, 5, 70_000 // 70)).astype(dtype)
    values[0] = np.round(values[0], 1)
    values[1, 2] = np.maximum(values[1, 2], 0)
    whole = average_ranks(values)
    np.testing.assert_array_equal(whole, rankdata(values, axis=-1))
    monkeypatch.setattr(ranks, "_CELLS", 2500)
    np.testing.assert_array_equal(average_ranks(values), whole)


def test_more_cells_than_sixteen_bits_can_count():
    values = np.random.default_rng(0).normal(size=(2, 90_000)).astype(np.float32)
    np.testing.assert_array_equal(average_ranks(values), rankdata(values, axis=-1))
