"""What holds for every measure, by whatever name it is registered."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.measures import MEASURES, Cells, find_measure
from crosslight.core.errors import InputError

BUILT_IN = [
    *("cosine", "feature-agreement", "iou", "iou-above", "kappa", "kendall", "pairwise-rank-agreement", "pearson"),
    *(
        "rank-agreement",
        "rank-correlation",
        "rbf",
        "sign-agreement",
        "signed-rank-agreement",
        "spearman",
        "ssim",
        "topk",
    ),
]
#: every measure, and settings that take another way through the code
ASKED = [
    *(name for name in BUILT_IN if name != "rbf"),
    *("rbf:sigma=0.8", "rbf:sigma=10,norm=none", "ssim:norm=minmax", "kappa:cuts=0.5", "kappa:cuts=0.4/0.7"),
    *("iou:share=0.3", "topk:count=3", "rank-agreement:side=4,count=16"),
]
SCALED = [text for text in ASKED if "norm=none" not in text]
SHIFTED = ["pearson", "spearman", "iou", "iou-above", "kappa", "kappa:cuts=0.4/0.7", "topk", "ssim:norm=minmax"]

#: numbers of cells are exact, whatever the maps are in
COUNTED = [find_measure(name).compare for name in ("iou", "kappa", "topk")]

few = settings(deadline=None, max_examples=8, derandomize=True)
seeds = st.integers(0, 2**31)


def maps(seed, sets=4, images=3, side=12, ties=True):
    """Signed maps; some are clipped below and rounded, so that cells tie."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(sets, images, side * side))
    if ties:
        values[0] = np.maximum(values[0], 0)
        values[1, 0] = np.round(values[1, 0])
    return values


def cells(values):
    side = int(values.shape[-1] ** 0.5)
    return Cells(values, np.ones(side * side), (side, side))


def test_all_are_registered():
    assert [name for name in MEASURES if name in BUILT_IN] == BUILT_IN


@pytest.mark.parametrize("text", ASKED)
def test_symmetry_range_and_identity(text):
    measure = find_measure(text)

    @few
    @given(seeds)
    def holds(seed):
        found = measure(cells(maps(seed)))
        assert found.shape == (3, 4, 4)
        np.testing.assert_allclose(found, found.transpose(0, 2, 1), atol=1e-12)
        np.testing.assert_allclose(np.diagonal(found, axis1=1, axis2=2), measure.identical, atol=1e-12)
        assert found.min() >= measure.low - 1e-12
        assert found.max() <= measure.high + 1e-12

    holds()


@pytest.mark.parametrize("text", ASKED)
def test_what_is_alike_scores_higher(text):
    values = maps(0, images=20)
    values[3] = values[2] + 0.3 * values[3]
    found = find_measure(text)(cells(values)).mean(axis=0)
    assert found[2, 3] > found[1, 3] + 0.02
    assert found[2, 3] < 0.99 * find_measure(text).identical


@pytest.mark.parametrize("text", SCALED)
def test_scale_does_not_matter(text):
    @few
    @given(seeds, st.floats(1e-4, 1e4))
    def holds(seed, scale):
        values = maps(seed)
        changed = values * np.array([1, scale, 1, 2])[:, None, None]
        np.testing.assert_allclose(find_measure(text)(cells(changed)), find_measure(text)(cells(values)), atol=1e-9)

    holds()


@pytest.mark.parametrize("text", SHIFTED)
def test_a_shift_does_not_matter(text):
    @few
    @given(seeds, st.integers(-40, 40), st.integers(-3, 3))
    def holds(seed, shift, power):
        # Sixteenths and powers of two, so that no rounding makes or breaks a tie.
        values = np.round(maps(seed, ties=False) * 16) / 16
        changed = values.copy()
        changed[1:] = changed[1:] * 2.0**power + shift
        np.testing.assert_allclose(find_measure(text)(cells(changed)), find_measure(text)(cells(values)), atol=1e-9)

    holds()


def test_scale_and_shift_matter_where_they_should():
    values = maps(0)
    for text, changed in [
        ("rbf:sigma=10,norm=none", values * np.array([1, 3, 1, 1])[:, None, None]),
        ("cosine", values + np.array([0, 1, 0, 0])[:, None, None]),
    ]:
        assert np.abs(find_measure(text)(cells(changed)) - find_measure(text)(cells(values))).max() > 0.01


# A map of zeros has distances, if it is not scaled.
@pytest.mark.parametrize(
    ("text", "bad"),
    [
        (text, bad)
        for text in ASKED
        for bad in (np.nan, np.inf, "cell", "zero")
        if not (bad == "zero" and "none" in text)
    ],
)
def test_a_bad_map_is_unknown_and_spoils_nothing_else(text, bad):
    values = maps(1)
    clean = find_measure(text)(cells(values))
    if bad == "cell":
        values[2, 1, 5] = np.nan
    else:
        values[2, 1] = 0.0 if bad == "zero" else bad
    found = find_measure(text)(cells(values))
    assert np.isnan(found[1, 2]).all()
    assert np.isnan(found[1, :, 2]).all()
    clean[1, 2] = clean[1, :, 2] = np.nan
    np.testing.assert_allclose(found, clean, atol=1e-12)


@pytest.mark.parametrize("text", [text for text in ASKED if text not in ("cosine", "ssim") and "rbf" not in text])
def test_a_constant_map_is_unknown(text):
    values = maps(1)
    values[2, 1] = 0.3 + 1e-9 * values[2, 1]
    found = find_measure(text)(cells(values))
    assert np.isnan(found[1, 2]).all()
    assert np.isfinite(np.delete(np.delete(found, 2, 1), 2, 2)).all()


@pytest.mark.parametrize("text", ASKED)
def test_the_order_of_sets_does_not_matter(text):
    values, order = maps(2), [2, 0, 3, 1]
    found = find_measure(text)(cells(values))
    np.testing.assert_allclose(find_measure(text)(cells(values[order])), found[:, order][:, :, order], atol=1e-12)


@pytest.mark.parametrize("text", ASKED)
def test_blocks_of_images_and_of_sets_are_parts_of_the_whole(text):
    measure, values = find_measure(text), maps(3)
    values[1, 2] = np.nan
    whole = measure(cells(values))
    alone = np.concatenate([measure(cells(values[:, [image]])) for image in range(3)])
    np.testing.assert_allclose(alone, whole, atol=1e-12)
    made = measure.representations(cells(values))
    np.testing.assert_allclose(measure.compared(made[:3], made[2:]), whole[:, :3, 2:], atol=1e-12)
    np.testing.assert_allclose(measure.compared(made[[3]], made), whole[:, [3]], atol=1e-12)
    np.testing.assert_allclose(measure.representations(cells(values[1:2])), made[1:2], atol=1e-12)


@pytest.mark.parametrize("text", ASKED)
def test_single_precision_is_near_double(text):
    single = maps(4, side=40).astype(np.float32)
    found = find_measure(text)(cells(single))
    dtype = np.float64 if find_measure(text).compare in COUNTED else np.float32
    assert found.dtype == dtype
    assert find_measure(text).representations(cells(single)).dtype == dtype
    double = find_measure(text)(cells(single.astype(np.float64)))
    assert double.dtype == np.float64
    np.testing.assert_allclose(found, double, atol=1e-5)


@pytest.mark.parametrize("text", ASKED)
def test_maps_are_not_changed(text):
    values = maps(5)
    before = values.copy()
    find_measure(text)(cells(values))
    np.testing.assert_array_equal(values, before)


@pytest.mark.parametrize("text", ASKED)
def test_native_coordinates_serve_linear_measures_alone(text):
    measure = find_measure(text)
    coordinates = Cells(maps(6), np.ones(144), None)
    if measure.linear:
        np.testing.assert_allclose(measure(coordinates), measure(cells(maps(6))), atol=1e-12)
    else:
        with pytest.raises(InputError, match="needs the cells of a grid"):
            measure(coordinates)


@pytest.mark.parametrize("text", [text for text in ASKED if find_measure(text).linear])
def test_linear_measures_need_products_alone(text):
    """A rotation of the cells, and of the constant map with them, changes nothing."""
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(144, 144)))[0]
    turned = Cells(maps(7) @ turn, np.ones(144) @ turn, None)
    np.testing.assert_allclose(find_measure(text)(turned), find_measure(text)(cells(maps(7))), atol=1e-9)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("iou:share=0", "share"),
        ("kappa:share=1", "share"),
        ("iou-above:threshold=1", "threshold"),
        ("kappa:cuts=0.7/0.4", "rise"),
        ("kappa:cuts=1.5", "rise"),
        ("topk:count=0", "count"),
        ("topk:count=144", "count"),
        ("feature-agreement:count=50", "count"),
        ("sign-agreement:count=0", "count"),
        ("kendall:side=1", "side"),
        ("ssim:range=0", "range"),
        ("rbf:sigma=0", "sigma"),
        ("rbf", "freeze"),
    ],
)
def test_impossible_settings_are_refused(text, word):
    with pytest.raises(InputError, match=word):
        find_measure(text)(cells(maps(0)))


def test_a_grid_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="does not hold"):
        find_measure("iou")(Cells(maps(0), np.ones(144), (12, 11)))
