from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core import selection
from crosslight.core.selection import kth_largest, outer_quantiles


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([10, 9_000, 20_001]),
    st.floats(0, 1),
    st.sampled_from(["normal", "ramp", "few values", "mostly zero"]),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 2**31),
)
def test_it_is_the_kth_of_the_sorted_row(length, share, kind, dtype, seed):
    random = np.random.default_rng(seed)
    values = {
        "normal": random.standard_normal((2, 3, length)),
        "ramp": np.tile(np.arange(length), (2, 3, 1)),
        "few values": random.integers(4, size=(2, 3, length)),
        "mostly zero": np.maximum(random.standard_normal((2, 3, length)) - 2, 0),
    }[kind].astype(dtype)
    k = 1 + int(share * (length - 1))
    found = kth_largest(values, k)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, np.sort(values, axis=-1)[..., length - k])


@pytest.mark.parametrize("shift", [-0.4, 0.4])
def test_a_sample_that_misleads_costs_time_alone(shift):
    """The values that the sample takes are larger, or smaller, than the others."""
    values = np.random.default_rng(0).standard_normal((1, 20_000))
    step = values.shape[1] // selection._SAMPLE
    values[:, step // 2 :: step] += shift * 10
    np.testing.assert_array_equal(kth_largest(values, 2_000), np.sort(values)[:, -2_000])


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from([10, 8_192, 10_000]),
    st.sampled_from([0, 0.0001, 0.005, 0.025, 0.1, 0.3, 0.5]),
    st.sampled_from(["normal", "ramp", "few values", "constant"]),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 2**31),
)
def test_outer_quantiles_are_those_of_the_whole_row(length, tail, kind, dtype, seed):
    random = np.random.default_rng(seed)
    values = {
        "normal": random.standard_normal((3, length)),
        "ramp": np.tile(np.arange(length), (3, 1)),
        "few values": random.integers(4, size=(3, length)),
        "constant": np.ones((3, length)),
    }[kind].astype(dtype)
    found = outer_quantiles(values, tail)
    want = np.quantile(values.astype(np.float64), [tail, 1 - tail], axis=1)
    np.testing.assert_allclose(found, want, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("shift", [-10, 10])
def test_outer_quantiles_outlast_a_sample_that_misleads(shift):
    values = np.random.default_rng(0).standard_normal((1, 10_000))
    values[:, :: 10_000 // selection._SAMPLE] += shift
    found = outer_quantiles(values, 0.025)
    np.testing.assert_allclose(found, np.quantile(values, [0.025, 0.975], axis=1), rtol=1e-12)
