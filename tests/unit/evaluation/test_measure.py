"""Maps laid over pictures, against the plain way of doing it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.maps import Maps, judge
from crosslight.evaluation.baselines import BASELINES
from crosslight.evaluation.localisation import DEFAULT, PictureMask, metrics_named
from crosslight.evaluation.measure import MASK_OUTSIDE_BOX, NOTHING_POSITIVE, Measuring, measure_baselines, measure_maps

HOW = Measuring(metrics_named(DEFAULT), {"tolerance": 0, "share": 0.2})
ENERGY, POINTING, RANK, IOU, OWN = range(5)


def maps_of(values, boxes, finish="none") -> Maps:
    values = np.asarray(values, np.float32)
    count = len(values)
    boxes = np.broadcast_to(np.asarray(boxes, float), (count, 4)).copy()
    images = tuple(f"image-{i}" for i in range(count))
    return Maps(values, boxes, judge(values), np.full((count, 2), -1, np.int32), images, attributes={"finish": finish})


def some_mask(height, width, seed=0) -> PictureMask:
    rng = np.random.default_rng(seed)
    inside = np.zeros((height, width), bool)
    top, left = rng.integers(0, height // 2), rng.integers(0, width // 2)
    inside[top : top + height // 3 + 1, left : left + width // 3 + 1] = True
    return PictureMask(inside)


def plainly(values, box, mask):
    """Energy and rank accuracy of one map by interpolation with PyTorch and a loop over nothing."""
    left, top, right, bottom = box
    pixels = torch.nn.functional.interpolate(
        torch.from_numpy(np.maximum(values, 0))[None, None].double(), (bottom - top, right - left), mode="bilinear"
    )[0, 0].numpy()
    inside = mask.inside[top:bottom, left:right]
    number = int(inside.sum())
    highest = np.argsort(-pixels.ravel())[:number]
    return pixels[inside].sum() / pixels.sum(), inside.ravel()[highest].mean()


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 8), st.integers(0, 8), st.integers(0, 1000))
def test_a_coarse_map_is_interpolated_over_its_box(height, width, left, top, seed):
    mask = some_mask(30, 40, seed)
    box = (left, top, left + 28, top + 20)
    values = np.random.default_rng(seed).normal(size=(1, height, width)).astype(np.float32)
    values[0, 0, 0] = 1
    found = measure_maps(maps_of(values, box), [mask], HOW)
    if height == width == 1:
        assert found.dropped == {"CONSTANT": 1}
        return
    if found.dropped:
        assert found.dropped == {MASK_OUTSIDE_BOX: 1}
        return
    energy, rank = plainly(values[0], box, mask)
    assert found.values[ENERGY, 0] == pytest.approx(energy, abs=1e-6)
    if width > 1 and height > 1:  # else whole rows are tied
        assert found.values[RANK, 0] == pytest.approx(rank, abs=0.02)


def test_a_map_finer_than_the_picture_is_averaged():
    mask = some_mask(24, 24)
    coarse = np.random.default_rng(0).random((2, 24, 24))
    fine = coarse.repeat(3, 1).repeat(3, 2)
    one, other = (measure_maps(maps_of(values, (0, 0, 24, 24)), [mask] * 2, HOW) for values in (coarse, fine))
    np.testing.assert_allclose(one.values, other.values, atol=1e-6)


def test_what_lies_outside_of_the_box_is_noted_and_does_not_count():
    inside = np.zeros((20, 20), bool)
    inside[5:15, 0:10] = True  # 50 of its 100 pixels are in the box
    values = np.zeros((1, 10, 10))
    values[0, :, :5] = 1
    found = measure_maps(maps_of(values, (5, 5, 15, 15)), [PictureMask(inside)], HOW)
    assert found.outside.tolist() == [0.5]
    assert found.regions == ((5, 15, 5, 15),)
    np.testing.assert_allclose(found.values[[ENERGY, POINTING, RANK, OWN], 0], 1)


def test_a_box_that_reaches_beyond_the_picture():
    """A padded input: what is beyond the picture is no pixel of it."""
    inside = np.zeros((10, 20), bool)
    inside[:, :10] = True
    values = np.zeros((1, 4, 4))
    values[0, :, 0], values[0, 0] = 1, 1  # the first row lies above the picture
    found = measure_maps(maps_of(values, (0, -5, 20, 15)), [PictureMask(inside)], HOW)
    assert found.regions == ((0, 10, 0, 20),)
    assert found.outside.tolist() == [0]
    # below the padding columns are 1 0 0 0, and the first row is held up to its middle
    assert found.values[POINTING, 0] == 1
    assert found.values[ENERGY, 0] > 0.8


def test_reasons():
    mask = some_mask(20, 20)
    values = np.random.default_rng(0).normal(size=(8, 5, 5))
    values[1], values[2], values[3, 0, 0], values[4] = 0, 1, np.nan, -np.abs(values[4])
    maps = maps_of(values, (0, 0, 20, 20))
    maps.boxes[5], maps.boxes[6] = (100, 100, 120, 120), (0, 0, 20, 3)
    assert not mask.inside[:3].any()
    found = measure_maps(maps, [mask] * 7 + [None], HOW)
    assert found.dropped == {"ZERO": 1, "CONSTANT": 1, "NONFINITE": 1, NOTHING_POSITIVE: 1, MASK_OUTSIDE_BOX: 2}
    np.testing.assert_array_equal(np.isfinite(found.values), np.tile([True] + [False] * 7, (5, 1)))
    assert found.outside[5:7].tolist() == [1, 1]
    assert np.isnan(found.outside[[1, 7]]).all()
    assert [region is None for region in found.regions] == [False, *[True] * 3, False, *[True] * 3]


def test_sign_and_final_step():
    inside = np.zeros((4, 4), bool)
    inside[:2] = True
    values = np.ones((1, 4, 4))
    values[0, :2, :] = -3
    values[0, 0, 0] = 1
    maps, masks = maps_of(values, (0, 0, 4, 4)), [PictureMask(inside)]
    assert measure_maps(maps, masks, HOW).values[ENERGY, 0] == pytest.approx(1 / 9)
    absolute = Measuring(HOW.metrics, HOW.settings, sign="absolute")
    assert measure_maps(maps, masks, absolute).values[ENERGY, 0] == pytest.approx(22 / 30)
    stepped = maps_of(values, (0, 0, 4, 4), finish="relu")
    assert measure_maps(stepped, masks, absolute).values[ENERGY, 0] == pytest.approx(1 / 9)
    raw = Measuring(HOW.metrics, HOW.settings, sign="absolute", finish=False)
    assert measure_maps(stepped, masks, raw).values[ENERGY, 0] == pytest.approx(22 / 30)


def test_a_map_has_the_same_score_in_any_company(monkeypatch):
    rng = np.random.default_rng(0)
    maps = maps_of(rng.normal(size=(6, 7, 7)), (0, 0, 30, 30))
    maps.boxes[2] = maps.boxes[4] = (2.5, 2.5, 28, 28)
    masks = [some_mask(30, 30, seed) for seed in range(6)]
    masks[5] = some_mask(40, 30)
    together = measure_maps(maps, masks, HOW)
    for i in range(6):
        alone = maps_of(maps.values[i : i + 1], maps.boxes[i])
        np.testing.assert_array_equal(measure_maps(alone, [masks[i]], HOW).values[:, 0], together.values[:, i])
    monkeypatch.setattr("crosslight.evaluation.measure._PIXELS", 1000)
    np.testing.assert_array_equal(measure_maps(maps, masks, HOW).values, together.values)


def test_baselines_go_through_the_same_metrics():
    mask, size = some_mask(30, 40), (30, 40)
    regions = [(0, 30, 0, 40), (3, 27, 5, 35)]
    picture = np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8)
    found = measure_baselines("a", mask, regions, lambda: picture, HOW)
    assert found.shape == (5, 3, 2)
    assert np.isfinite(found).all()
    again = measure_baselines("a", mask, regions[1:], lambda: picture, HOW)
    np.testing.assert_array_equal(found[:, :, 1:], again)
    share = [mask.inside[a:b, c:d].mean() for a, b, c, d in regions]
    np.testing.assert_allclose(found[ENERGY, BASELINES.index("random")], share, atol=0.01)
    # a Gaussian laid over the whole picture as if it were a method's map
    from crosslight.evaluation.baselines import centre_map

    as_map = measure_maps(maps_of(centre_map(size)[None], (0, 0, 40, 30)), [mask], HOW)
    np.testing.assert_allclose(found[:, BASELINES.index("centre"), 0], as_map.values[:, 0], atol=1e-6)


def test_without_a_picture_or_an_edge_there_is_no_edge_baseline():
    mask = some_mask(30, 40)
    for picture in (None, np.full((30, 40, 3), 9, np.uint8)):
        found = measure_baselines("a", mask, [(0, 30, 0, 40)], lambda picture=picture: picture, HOW)
        assert np.isnan(found[:, BASELINES.index("edge")]).all()
        assert np.isfinite(found[:, : BASELINES.index("edge")]).all()
