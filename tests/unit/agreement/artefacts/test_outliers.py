from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.artefacts import critical_z, outlying_sets, robust_z
from crosslight.core.errors import InputError


def similarities(sets, seed=0, by_set=0.03, by_pair=0.03):
    random = np.random.default_rng(seed)
    own, pair = by_set * random.standard_normal(sets), by_pair * random.standard_normal((sets, sets))
    matrix = 0.6 + own[:, None] + own + (pair + pair.T) / 2
    np.fill_diagonal(matrix, 1)
    return matrix


def names(sets):
    return [f"m{i}" for i in range(sets)]


@pytest.mark.parametrize("sets", [5, 8, 14])
def test_a_set_that_is_off_by_a_mile_is_named(sets):
    matrix = similarities(sets)
    matrix[2] -= 0.5
    matrix[:, 2] -= 0.5
    (found,) = outlying_sets(matrix, names(sets), method="Grad-CAM", answers={"m2": "families differ"})
    assert (found.set, found.kind, found.severity) == ("m2/Grad-CAM", "outlier", "warning")
    others = np.delete(matrix[2], 2).mean()
    assert found.value == pytest.approx(others)
    assert "without it: families differ" in found.sentence
    (found,) = outlying_sets(matrix, names(sets))
    assert found.set == "m2"
    assert "ask the family question again without it" in found.sentence


def test_two_families_are_no_outliers():
    family = np.array([0] * 9 + [1] * 5)
    matrix = similarities(14, by_set=0.005) - 0.3 * (family[:, None] != family) - 0.1 * (family[:, None] * family)
    assert outlying_sets(matrix, names(14)) == []


@pytest.mark.parametrize("sets", [4, 5, 6, 7, 10, 14])
def test_false_alarms_are_as_rare_as_stated(sets):
    found = [one for seed in range(300) for one in outlying_sets(similarities(sets, seed), names(sets))]
    assert len(found) <= 26  # 5 % of 300 are 15
    assert sum(one.severity == "warning" for one in found) <= 10
    far, mile = critical_z(sets)
    assert 3 < far < mile


def test_unknown_similarities_and_few_sets():
    matrix = similarities(8)
    matrix[0] = matrix[:, 0] = np.nan
    matrix[3] -= 0.5
    matrix[:, 3] -= 0.5
    (found,) = outlying_sets(matrix, names(8))
    assert (found.set, found.details["sets"]) == ("m3", 7)
    assert outlying_sets(similarities(3), names(3)) == []
    assert outlying_sets(np.ones((6, 6)), names(6)) == []
    with pytest.raises(InputError, match="3 sets need a matrix of 3 x 3"):
        outlying_sets(matrix, names(3))


def test_robust_z():
    np.testing.assert_allclose(
        robust_z(np.array([1.0, 2, 3, 4, np.nan, 100])), (np.array([1, 2, 3, 4, np.nan, 100]) - 3) / 1.4826
    )
    assert robust_z(np.array([0.5, 0.5, 0.5, 0.4]))[3] == pytest.approx(-10)
