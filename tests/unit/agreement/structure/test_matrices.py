from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement import aggregate, cosine
from crosslight.agreement.structure import without_gaps
from crosslight.agreement.structure.matrices import complete
from crosslight.core.errors import InputError


def test_what_is_left_is_behind_the_agreements_means():
    prepared = np.random.default_rng(0).random((4, 7, 9))
    prepared[1] = 0
    prepared[2, 3] = 0
    agreement = aggregate(cosine(prepared), "abcd")
    values, labels, images = without_gaps(agreement.per_image, agreement.sets)
    assert labels == ("a", "c", "d")
    assert images.tolist() == [True, True, True, False, True, True, True]
    assert np.isfinite(values).all()
    np.testing.assert_allclose(values.mean(axis=0), agreement.mean[np.ix_([0, 2, 3], [0, 2, 3])])


def test_complete_copies_and_names_what_is_wrong():
    matrix = np.array([[np.nan, 2.0], [2.0, 5.0]])
    np.testing.assert_array_equal(complete(matrix), [[0, 2], [2, 0]])
    assert matrix[1, 1] == 5
    with pytest.raises(InputError, match="every pair"):
        complete(matrix, diagonal=None)
    with pytest.raises(InputError, match=r"not \[1, 2\]"):
        complete(matrix[:1])
    with pytest.raises(InputError, match="square"):
        complete(np.empty((0, 0)))
