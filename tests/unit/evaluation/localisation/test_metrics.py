"""What the definitions of the metrics demand, whatever the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.evaluation.localisation import DEFAULT, METRICS, PictureMask, lay, metrics_named
from crosslight.evaluation.localisation.metric import checked_settings

H, W = 6, 7
masks = arrays(bool, (H, W)).filter(lambda mask: mask.any())
#: few levels, so that many pixels are tied
maps = arrays(np.int8, (H, W), elements=st.integers(0, 4)).filter(lambda values: values.any())
quick = settings(deadline=None, max_examples=30)


def laid_of(values, mask):
    return lay(np.asarray(values, float)[None], [PictureMask(mask)], (0, values.shape[0], 0, values.shape[1]))


def value(name, values, mask, **settings):
    return float(METRICS[name](laid_of(values, mask), settings)[0])


def test_the_default_metrics_are_the_registered_ones():
    assert sorted([*DEFAULT, "iou-best"]) == list(METRICS)  # which takes two passes
    for metric in METRICS.values():
        assert metric.summary.endswith(".")
        assert "arXiv" in metric.reference
    assert METRICS["pointing"].settings == {"tolerance": 0.0}


@quick
@given(masks, st.floats(1e-30, 1e30))
def test_a_uniform_map_scores_the_share_of_the_mask(mask, level):
    uniform = np.full((H, W), level)
    for name in ("energy", "pointing", "rank-accuracy"):
        assert value(name, uniform, mask) == pytest.approx(mask.mean())


@quick
@given(masks, st.floats(0.05, 1))
def test_a_map_equal_to_the_mask_scores_one(mask, share):
    for name in ("energy", "pointing", "rank-accuracy", "iou-own"):
        assert value(name, mask.astype(float), mask) == 1
    number, size = max(1, round(share * mask.size)), mask.sum()
    if number <= size:
        assert value("iou", mask.astype(float), mask, share=share) == pytest.approx(number / size)


@quick
@given(maps, masks)
def test_a_map_of_what_is_not_the_mask_scores_nothing(values, mask):
    wrong = np.where(mask, 0, values)
    assume(wrong.any())
    assert value("energy", wrong, mask) == 0
    assert value("pointing", wrong, mask) == 0


@quick
@given(maps, masks, st.floats(1e-20, 1e20))
def test_scale_does_not_matter(values, mask, scale):
    for name in DEFAULT:
        assert value(name, values * scale, mask) == pytest.approx(value(name, values, mask), rel=1e-6)


@quick
@given(maps, masks)
def test_mask_and_complement_add_to_one(values, mask):
    assume(not mask.all())
    for name in ("energy", "pointing"):
        assert value(name, values, mask) + value(name, values, ~mask) == pytest.approx(1)
    number = np.array([int(mask.sum())])
    one, other = laid_of(values, mask).inside_of_top(number), laid_of(values, ~mask).inside_of_top(number)
    assert one + other == pytest.approx(number)


@quick
@given(maps, masks, st.integers(0, H * W - 1), st.integers(0, H * W - 1))
def test_only_the_order_matters_to_ranks_and_only_the_set_of_pixels_to_all(values, mask, seed, shift):
    for name in ("pointing", "rank-accuracy", "iou", "iou-own"):
        assert value(name, values.astype(float) ** 3, mask) == pytest.approx(value(name, values, mask))
    order = np.random.default_rng(seed).permutation(H * W)
    moved = values.ravel()[order].reshape(H, W), mask.ravel()[order].reshape(H, W)
    for name in DEFAULT:
        assert value(name, *moved) == pytest.approx(value(name, values, mask))


@settings(deadline=None, max_examples=15)
@given(maps, masks, st.integers(1, H * W))
def test_tied_pixels_count_as_if_drawn_by_lot(values, mask, number):
    found = laid_of(values, mask).inside_of_top(np.array([number]))[0]
    flat, inside = values.ravel().astype(float), mask.ravel()
    drawn = []
    for seed in range(400):
        order = np.lexsort((np.random.default_rng(seed).random(H * W), -flat))
        drawn.append(inside[order[:number]].sum())
    assert found == pytest.approx(np.mean(drawn), abs=5 * np.std(drawn) / 20 + 1e-9)


def test_pointing_shares_ties_and_forgives_what_is_near():
    values, mask = np.zeros((9, 9)), np.zeros((9, 9), bool)
    mask[4, 4] = True
    values[4, 4] = values[4, 6] = values[0, 0] = values[1, 7] = 1
    assert value("pointing", values, mask) == 0.25
    assert value("pointing", values, mask, tolerance=1.9) == 0.25
    assert value("pointing", values, mask, tolerance=2) == 0.5
    assert value("pointing", values, mask, tolerance=4.24) == 0.5
    assert value("pointing", values, mask, tolerance=4.25) == 0.75  # 3 down and 3 aside
    assert value("pointing", values, mask, tolerance=6) == 1
    values[4, 4] = 1 + 1e-6
    assert value("pointing", values, mask) == 1


def test_rank_accuracy_and_iou_by_hand():
    values = np.array([[9, 8, 7, 6], [5, 4, 3, 2], [1, 0, 0, 0], [0, 0, 0, 0]])
    mask = np.zeros((4, 4), bool)
    mask[0, 0] = mask[0, 3] = mask[3, 3] = mask[1, 0] = True  # ranks 1, 4, 5 and one of the zeros
    assert value("rank-accuracy", values, mask) == 2 / 4
    assert value("iou-own", values, mask) == 2 / 6
    assert value("iou", values, mask, share=5 / 16) == 3 / (5 + 4 - 3)
    assert value("iou", values, mask, share=1) == 4 / 16
    assert value("iou", values, mask) == pytest.approx(1 / 6)  # a fifth of 16 pixels are 3
    assert value("energy", values, mask) == pytest.approx(20 / 45)


def test_several_maps_with_masks_of_their_own(laid):
    rng = np.random.default_rng(0)
    values, inside = rng.random((5, H, W)), rng.random((5, H, W)) < 0.3
    inside[:, 0, 0] = True
    together = laid(values, inside)
    for metric in METRICS.values():
        alone = [metric(laid(values[i : i + 1], inside[i : i + 1]), {"tolerance": 1})[0] for i in range(5)]
        np.testing.assert_array_equal(metric(together, {"tolerance": 1}), alone)


@pytest.mark.parametrize("share", [0, -0.1, 1.01])
def test_a_share_that_is_none(share):
    with pytest.raises(InputError, match="share"):
        value("iou", np.ones((H, W)), np.ones((H, W), bool), share=share)


def test_names_and_settings():
    assert [metric.name for metric in metrics_named(["iou", "energy", "iou"])] == ["iou", "energy"]
    with pytest.raises(UnknownNameError, match="did you mean 'energy'"):
        metrics_named(["enrgy"])
    with pytest.raises(InputError, match="at least one metric"):
        metrics_named([])
    assert checked_settings(metrics_named(["iou", "energy"]), {}) == {"share": 0.2}
    assert checked_settings(metrics_named(DEFAULT), {"tolerance": 3}) == {"share": 0.2, "tolerance": 3}
    with pytest.raises(UnknownNameError, match="setting 'tolerance'"):
        checked_settings(metrics_named(["energy"]), {"tolerance": 3})
