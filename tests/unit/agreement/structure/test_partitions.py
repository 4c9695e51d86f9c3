from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from crosslight.agreement.structure import adjusted_rand, canonical
from crosslight.agreement.structure.partitions import adjusted_rand_matrix
from crosslight.core.errors import InputError

PAIRS = st.integers(1, 12).flatmap(
    lambda sets: st.tuples(*(st.lists(st.integers(0, 3), min_size=sets, max_size=sets) for _ in range(2)))
)


@settings(deadline=None, max_examples=100)
@given(PAIRS)
def test_the_index_is_scikit_learns(pair):
    np.testing.assert_allclose(adjusted_rand(*pair), adjusted_rand_score(*pair), atol=1e-12)


def test_many_at_once_are_one_by_one():
    many = np.random.default_rng(0).integers(0, 3, (7, 9))
    expected = [[adjusted_rand_score(one, other) for other in many] for one in many]
    np.testing.assert_allclose(adjusted_rand_matrix(many), expected, atol=1e-12)


def test_canonical_numbers_and_bad_input():
    np.testing.assert_array_equal(canonical(["b", "a", "b", 3]), [0, 1, 0, 2])
    assert adjusted_rand(["cnn", "vit", "cnn"], [7, 1, 7]) == 1
    with pytest.raises(InputError, match="2 and 3 sets"):
        adjusted_rand([0, 1], [0, 1, 1])
