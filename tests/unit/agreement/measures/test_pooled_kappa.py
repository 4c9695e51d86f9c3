from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from crosslight.agreement.measures import Cells, find_measure, pooled_kappa
from crosslight.core.errors import InputError


@pytest.mark.parametrize("cuts", [(0.5,), (0.4, 0.7)])
def test_it_is_kappa_of_all_cells_together(cuts):
    values = np.random.default_rng(0).random((3, 5, 40)) ** 2
    values[1] = (values[0] + values[1]) / 2
    found = pooled_kappa([values], cuts)
    classes = (values[..., None] > np.array(cuts)).sum(-1).reshape(3, -1)
    for a in range(3):
        for b in range(3):
            assert found[a, b] == pytest.approx(cohen_kappa_score(classes[a], classes[b]))


def test_blocks_and_precision_do_not_matter():
    values = np.random.default_rng(1).random((3, 6, 30)).astype(np.float32)
    streamed = pooled_kappa((values[:, start : start + 2] for start in (0, 2, 4)), (0.3,))
    np.testing.assert_array_equal(streamed, pooled_kappa([values.astype(float)], (0.3,)))


@pytest.mark.parametrize("cells", [slice(None), 5])
def test_a_missing_map_leaves_its_pairs_alone(cells):
    values = np.random.default_rng(2).random((3, 4, 30))
    values[1, 2, cells] = np.nan
    found = pooled_kappa([values])
    np.testing.assert_allclose(found[0, 2], pooled_kappa([values[[0, 2]]])[0, 1])
    np.testing.assert_allclose(found[0, 1], pooled_kappa([values[:2, [0, 1, 3]]])[0, 1])


def test_the_trap_that_its_warning_describes():
    """Independent within images, yet alike when pooled, because both mark much on the same images."""
    random = np.random.default_rng(0)
    marked = np.tile([0.1, 0.9], 20)[:, None]
    values = (random.random((2, 40, 400)) < marked).astype(float)
    assert pooled_kappa([values])[0, 1] > 0.5
    per_image = find_measure("kappa:cuts=0.5")(Cells(values, np.ones(400), (20, 20)))[:, 0, 1]
    assert abs(per_image.mean()) < 0.03


def test_unknown_where_one_class_holds_everything():
    assert np.isnan(pooled_kappa([np.zeros((2, 1, 5))])).all()
    assert np.isnan(pooled_kappa([np.full((2, 1, 5), np.nan)])).all()


@pytest.mark.parametrize(
    ("blocks", "cuts"), [([], (0.5,)), ([np.zeros((2, 1, 3))], ()), ([np.zeros((2, 1, 3))], (0.7, 0.4))]
)
def test_bad_input_is_refused(blocks, cuts):
    with pytest.raises(InputError):
        pooled_kappa(blocks, cuts)


def test_blocks_of_different_sets_are_refused():
    with pytest.raises(InputError, match="2 and of 3 sets"):
        pooled_kappa([np.random.default_rng(0).random((n, 1, 9)) for n in (2, 3)])
