from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from crosslight.agreement.groups import mantel
from crosslight.agreement.measures import Cells, find_measure
from crosslight.agreement.measures.tops import top_mask
from crosslight.agreement.second_order import image_similarities, second_order, second_order_test
from crosslight.core.errors import InputError


def representation(values, measure="cosine", grid=None):
    """One set's maps, ``[image, cell]``, as a measure represents them."""
    cells = Cells(values[None], np.ones(values.shape[1]), grid or (1, values.shape[1]))
    return find_measure(measure).representations(cells)[0]


def sets(seed, images=12, sizes=(9, 16, 25), shared=1.0):
    """Sets at different resolutions that see something of the same five causes."""
    random = np.random.default_rng(seed)
    causes = random.normal(size=(images, 5))
    return [
        representation(shared * causes @ random.normal(size=(5, size)) + random.normal(size=(images, size)))
        for size in sizes
    ]


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.sampled_from(["pearson", "spearman"]))
def test_it_is_the_correlation_above_the_diagonal(seed, correlation):
    made = sets(seed)
    found = second_order(made, correlation=correlation)
    above = np.triu_indices(12, 1)
    pairs = [(one @ one.T)[above] for one in made]
    oracle = pearsonr if correlation == "pearson" else spearmanr
    np.testing.assert_allclose(found, [[oracle(a, b)[0] for b in pairs] for a in pairs], atol=1e-10)


def test_other_measures_compare_images_too():
    random = np.random.default_rng(0)
    values = [random.random((8, 64)), random.random((8, 100))]
    made = [representation(v, "iou:share=0.3", (side, side)) for v, side in zip(values, (8, 10), strict=True)]
    found = second_order(made, measure="iou:share=0.3")
    similar = [image_similarities(own, "iou:share=0.3") for own in made]
    one, other = top_mask(values[0][:2], round(0.3 * 64)) > 0
    assert similar[0][0, 1] == pytest.approx((one & other).sum() / (one | other).sum())
    above = np.triu_indices(8, 1)
    assert found[0, 1] == pytest.approx(pearsonr(similar[0][above], similar[1][above])[0])


def test_a_rotation_of_the_cells_and_a_finer_grid_change_nothing():
    values = np.random.default_rng(0).normal(size=(10, 9))
    turned = values @ np.linalg.qr(np.random.default_rng(1).normal(size=(9, 9)))[0]
    made = [representation(v) for v in (values, turned, np.repeat(values, 4, axis=1))]
    np.testing.assert_allclose(second_order(made), 1, atol=1e-12)


def test_images_without_a_map_are_left_out_of_all_sets_and_sets_without_maps_are_unknown():
    made = sets(0)
    wanted = second_order([own[[0, 1, 2, 4, 5, 6, 8, 9, 10, 11]] for own in made])
    made[0][3] = np.nan
    made[2][7] = np.nan
    made.insert(1, np.full((12, 4), np.nan))
    found = second_order(made)
    assert np.isnan(found[1]).all()
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_allclose(np.delete(np.delete(found, 1, 0), 1, 1), wanted, atol=1e-12)
    tested = second_order_test(made, resamples=20, draws=20)
    assert tested.images.tolist() == [i not in (3, 7) for i in range(12)]
    for matrix in (tested.value, tested.low, tested.high, tested.p):
        np.testing.assert_array_equal(np.isnan(matrix[1]), True)
        assert np.isfinite(matrix[0, [2, 3]]).all()


def test_a_set_whose_maps_are_all_the_same_is_unknown():
    made = [*sets(0), representation(np.tile(np.arange(1.0, 5.0), (12, 1)))]
    found = second_order(made)
    assert np.isnan(found[3]).all()
    assert np.isfinite(found[:3, :3]).all()


@pytest.mark.parametrize("images", [6, 12])
@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
def test_p_is_mantels(images, correlation):
    made = sets(3, images=images, shared=0.5)
    found = second_order_test(made, correlation=correlation, resamples=5, draws=200, seed=7)
    assert found.settings["exact"] == (images == 6)
    for a in range(3):
        for b in range(a + 1, 3):
            wanted = mantel(
                made[a] @ made[a].T,
                made[b] @ made[b].T,
                correlation=correlation,
                alternative="greater",
                draws=200,
                seed=7,
            )
            assert found.p[a, b] == found.p[b, a] == wanted.p
            assert found.value[a, b] == pytest.approx(wanted.statistic)
    assert np.isnan(np.diagonal(found.p)).all()


def test_a_resample_makes_no_pair_of_an_image_with_itself():
    """Sets without anything in common: pairs of equal images, alike in both, would lift every resample."""
    made = sets(5, images=14, sizes=(400, 400), shared=0.0)
    found = second_order_test(made, resamples=400, draws=2)
    assert found.low[0, 1] < found.value[0, 1] < found.high[0, 1]
    assert found.high[0, 1] < 0.5
    random, lifted = np.random.default_rng(0), []
    for _ in range(50):
        drawn, above = random.integers(14, size=14), np.triu_indices(14, 1)
        lifted.append(pearsonr(*[(own[drawn] @ own[drawn].T)[above] for own in made])[0])
    assert np.median(lifted) > 0.9


def test_the_interval_is_the_bootstrap_written_out():
    made = sets(6, images=15, shared=0.6)
    found = second_order_test(made, resamples=600, draws=2)
    random, values = np.random.default_rng(1), []
    for _ in range(600):
        drawn = random.integers(15, size=15)
        i, j = np.triu_indices(15, 1)
        keep = drawn[i] != drawn[j]
        pairs = [(own[drawn] @ own[drawn].T)[i[keep], j[keep]] for own in made[:2]]
        values.append(pearsonr(*pairs)[0])
    np.testing.assert_allclose([found.low[0, 1], found.high[0, 1]], np.quantile(values, [0.025, 0.975]), atol=0.06)
    np.testing.assert_allclose(np.diagonal(found.low), 1, atol=1e-9)
    np.testing.assert_array_equal(found.low, found.low.T)


def test_blocks_of_resamples_and_orders_do_not_matter(monkeypatch):
    made = sets(8)
    whole = second_order_test(made, resamples=40, draws=60)
    monkeypatch.setattr("crosslight.agreement.second_order._VALUES", 66 * 7)
    parts = second_order_test(made, resamples=40, draws=60)
    for name in ("low", "high", "p"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), atol=1e-12)


def test_the_seed_decides():
    made = sets(9)
    first, again, other = (second_order_test(made, resamples=30, draws=50, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.low, again.low)
    assert (first.low[0, 1], first.high[0, 1]) != (other.low[0, 1], other.high[0, 1])


@pytest.mark.parametrize(
    ("made", "options", "message"),
    [
        ([], {}, "none"),
        ([np.ones((4, 2)), np.ones((5, 2))], {}, "4, 5"),
        ([np.ones((2, 2))], {}, "three images"),
        ([np.full((5, 2), np.nan)], {}, "three images"),
        (sets(0), {"correlation": "spearmann"}, "did you mean 'pearson' or 'spearman'"),
        (sets(0), {"level": 1.0}, "level"),
        (sets(0), {"resamples": 0}, "resamples"),
        (sets(0), {"draws": 0}, "draws"),
    ],
)
def test_bad_input_is_refused(made, options, message):
    with pytest.raises(InputError, match=message):
        second_order_test(made, **options)
