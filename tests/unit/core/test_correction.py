from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from crosslight.core.correction import benjamini_hochberg, holm
from crosslight.core.errors import InputError

P = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(P, st.floats(0.001, 0.5))
def test_holm_rejects_step_by_step(p, alpha):
    rejected = set()
    for step, i in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        if p[i] * (len(p) - step) > alpha:
            break
        rejected.add(i)
    assert set(np.flatnonzero(holm(p) <= alpha)) == rejected


@given(P)
def test_benjamini_hochberg_as_in_scipy(p):
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p), atol=1e-12)


def test_known_values():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert benjamini_hochberg([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.04, 0.04])


def test_a_test_that_was_not_made_does_not_count():
    assert holm([[0.02, np.nan], [0.5, 0.9]]) == pytest.approx(np.array([[0.06, np.nan], [1, 1]]), nan_ok=True)
    assert benjamini_hochberg([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)
    assert holm([]).shape == benjamini_hochberg([]).shape == (0,)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_no_p_value(adjust):
    with pytest.raises(InputError, match="between 0 and 1"):
        adjust([0.5, 1.2])
