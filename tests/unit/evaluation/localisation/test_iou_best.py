"""IoU at the threshold that is best on other images, and how it is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.evaluation import score_maps
from crosslight.evaluation.localisation import METRICS, PictureMask, lay
from crosslight.evaluation.localisation.choose import choose_elsewhere, halves, settle
from crosslight.evaluation.localisation.iou_best import THRESHOLDS


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 4))
def test_every_threshold_is_what_counting_gives(seed, count):
    rng = np.random.default_rng(seed)
    values, masks = rng.random((count, 7, 9)).round(2), rng.random((count, 7, 9)) < 0.3
    masks[:, 0, 0] = True
    one = lay(values, [PictureMask(mask) for mask in masks], (0, 7, 0, 9))
    found = METRICS["iou-best"].function(one)
    assert found.shape == (count, len(THRESHOLDS))
    for row in range(count):
        for column, threshold in enumerate(THRESHOLDS):
            lit = one.values[row] >= np.float32(threshold)
            inside = masks[row].reshape(-1)
            assert found[row, column] == pytest.approx((lit & inside).sum() / (lit | inside).sum())


@given(st.lists(st.text(min_size=1), unique=True, max_size=30))
def test_halves_are_equal_and_do_not_depend_on_the_order(names):
    half = halves(names)
    assert abs(int((half == 0).sum()) - int((half == 1).sum())) <= 1
    np.testing.assert_array_equal(halves(names[::-1]), half[::-1])


def test_the_threshold_comes_from_the_other_half():
    half = np.array([0, 0, 1, 1])
    values = np.array([[0.9, 0.8, 0.1, 0.2], [0.3, 0.3, 0.7, np.nan]])  # candidate, image
    # Half 1 prefers candidate 1, which half 0 must then use; and the other way round.
    found, used = choose_elsewhere(values, half)
    np.testing.assert_allclose(found, [0.3, 0.3, 0.1, 0.2])
    assert used.tolist() == [1, 0]


def test_without_other_images_nothing_is_known():
    assert np.isnan(choose_elsewhere(np.array([[0.5], [0.6]]), halves(["a"]))[0]).all()
    half = np.array([0, 1])
    found, used = choose_elsewhere(np.array([[0.5, np.nan], [0.6, np.nan]]), half)
    assert np.isnan(found).all()
    assert used.tolist() == [-1, 1]


def test_an_image_never_chooses_for_itself():
    """Whatever an image's own values, the candidate that it is scored with stays the same."""
    rng = np.random.default_rng(0)
    values, half = rng.random((5, 2, 8)), halves([f"{i}" for i in range(8)])
    changed = values.copy()
    changed[:, :, 3] = np.roll(values[:, :, 3], 1, axis=0)[::-1]
    (before, _), (after, _) = choose_elsewhere(values, half), choose_elsewhere(changed, half)
    which = [(values[:, at, 3] == before[at, 3]).argmax() for at in range(2)]
    np.testing.assert_allclose(after[:, 3], [changed[one, at, 3] for at, one in enumerate(which)])


def test_metrics_with_and_without_candidates_together():
    values = np.concatenate([np.full((1, 1, 4), 0.25), np.random.default_rng(1).random((len(THRESHOLDS), 1, 4))])
    names = [f"{i}" for i in range(4)]
    found = settle(values, [METRICS["energy"], METRICS["iou-best"]], names)
    assert found.values.shape == (2, 1, 4)
    assert (found.values[0] == 0.25).all()
    wanted, used = choose_elsewhere(values[1:], halves(names))
    np.testing.assert_allclose(found.values[1], wanted, rtol=1e-6)
    assert found.chosen == {"iou-best": [[THRESHOLDS[int(one[0])]] for one in used]}


def test_on_a_whole_set_of_maps(made_up):
    """Maps that are 1 inside, 0.4 in a frame around it and 0 elsewhere: every threshold above 0.4 is perfect."""
    names = [f"image-{i}" for i in range(6)]
    masks, values = {}, np.zeros((6, 24, 24))
    for row, name in enumerate(names):
        inside = np.zeros((24, 24), bool)
        inside[6 + row : 12 + row, 4:12] = True
        masks[name] = inside
        values[row, 4 + row : 14 + row, 2:14] = 0.4
        values[row][inside] = 1
    maps = {("Net", "Map"): made_up(values, (0, 0, 24, 24))}
    card = score_maps(maps, masks, metrics=["energy", "iou-best", "iou"])
    assert card.metrics == ("energy", "iou-best", "iou")
    np.testing.assert_allclose(card.values[1], 1)
    assert (card.values[2] < 1).all()
    assert (card.baseline_values[1, 0] < 0.3).all()
    assert np.isfinite(card.baseline_values[1, :2]).all()
    (chosen,) = card.to_dict()["settings"]["chosen"].values()
    assert all(one > 0.4 for half in chosen for row in half for one in row)  # [half][method][model]
