"""Scores of whole stores and of maps in memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError, StoreError, UnknownNameError
from crosslight.evaluation import score, score_maps
from crosslight.evaluation.baselines import BASELINES, CHANCE
from crosslight.evaluation.localisation import DEFAULT, PictureMask, metrics_named
from crosslight.evaluation.measure import Measuring, measure_maps
from crosslight.evaluation.pictures import picture_sizes
from crosslight.evaluation.score import EMPTY_MASK, NO_MASK, NO_PICTURE
from crosslight.scenes import scene

LIE, NOISE, TRUTH = range(3)


@pytest.fixture(scope="module")
def card(scored):
    return score(scored)


def test_labels_and_shapes(card, scored):
    assert card.metrics == DEFAULT
    assert card.methods == ("Lie", "Noise", "Truth")
    assert card.models == ("Crop", "Whole")
    assert card.values.shape == (5, 3, 2, 6)
    assert card.values.dtype == np.float32
    assert card.baseline_values.shape == (5, 3, 3, 2, 6)
    assert card.images == tuple(image.identity for image in scored.manifest.images)
    assert card.names[0] == "test-0000.ppm"
    assert (card.masks, card.masked, dict(card.skipped)) == ("evidence of scenes", 6, {})
    assert card.settings == {
        "sign": "positive", "finish": True, "tolerance": 0.0, "share": 0.2, "draws": 8, "seed": 0,
    }  # fmt: skip


def test_truth_is_right_and_a_lie_is_worse_than_chance(card):
    crop, whole = card.models.index("Crop"), card.models.index("Whole")
    at = DEFAULT.index
    for metric in ("energy", "pointing", "rank-accuracy", "iou-own"):
        np.testing.assert_allclose(card.scores.mean[at(metric), TRUTH], 1, atol=1e-6)
    for metric in ("energy", "rank-accuracy"):  # the middle of the picture hits most of these scenes
        assert card.better_than_chance[at(metric), TRUTH].all()
    for metric in ("energy", "pointing"):
        np.testing.assert_allclose(card.scores.mean[at(metric), LIE], 0, atol=1e-6)
        assert card.no_better[at(metric), LIE].all()
    assert card.no_better_by_method("energy")["Lie"] == card.models
    assert "Truth" not in card.no_better_by_method("energy")
    assert card.scores.count[0, TRUTH].tolist() == [6, 4]
    assert card.dropped == {("Truth", "Whole"): {"ZERO": 1, "NOTHING_POSITIVE": 1}}
    assert np.isnan(card.values[:, TRUTH, whole, 1:3]).all()
    assert np.isfinite(card.values[:, TRUTH, crop]).all()


def test_the_numbers_are_those_of_each_set_alone(card, scored):
    masks = [PictureMask(scene(i, split="test").facts.evidence) for i in range(6)]
    how = Measuring(metrics_named(DEFAULT), {"tolerance": 0, "share": 0.2})
    for model in card.models:
        found = measure_maps(scored.maps(model, "Noise"), masks, how)
        values = card.values[:, NOISE, card.models.index(model)]
        np.testing.assert_array_equal(values, found.values.astype(np.float32))
        np.testing.assert_allclose(card.outside[NOISE, card.models.index(model)], found.outside, rtol=1e-6)
    assert card.mean_share == pytest.approx(np.mean([mask.inside.mean() for mask in masks]))


def test_baselines_stand_over_the_same_pixels_as_the_maps(card):
    random = card.baseline_values[DEFAULT.index("energy"), BASELINES.index("random"), NOISE]
    for index in range(6):
        inside = scene(index, split="test").facts.evidence
        assert random[card.models.index("Whole"), index] == pytest.approx(inside.mean(), abs=0.01)
        assert random[card.models.index("Crop"), index] == pytest.approx(inside[6:90, 6:90].mean(), abs=0.01)
    np.testing.assert_array_equal(card.baseline_values[:, :, LIE], card.baseline_values[:, :, NOISE])
    assert np.isnan(card.baseline_values[:, :, TRUTH, card.models.index("Whole"), 1]).all()
    assert (card.baselines.count == 6).all()


def test_differences_are_paired_by_image(card):
    for number, name in enumerate(CHANCE):
        difference = card.values - card.baseline_values[:, BASELINES.index(name)]
        np.testing.assert_allclose(card.above.mean[:, number], np.nanmean(difference, axis=-1), atol=1e-6)
    assert card.above.count[0, 0].tolist() == card.scores.count[0].tolist()
    assert (card.above.low <= card.above.mean).all()
    assert (card.above.mean <= card.above.high).all()


@pytest.mark.parametrize("block", [1, 5])
def test_blocks_of_any_length_give_the_same(card, make_scenes, tmp_path, block):
    other = score(make_scenes(tmp_path / "out", block=block).path)
    np.testing.assert_array_equal(other.values, card.values)
    np.testing.assert_array_equal(other.baseline_values, card.baseline_values)
    np.testing.assert_array_equal(other.scores.low, card.scores.low)


def test_seeds(scored, card):
    other = score(scored, metrics=["energy"], seed=1)
    random = BASELINES.index("random")
    assert (other.baseline_values[0, random] != card.baseline_values[0, random]).any()
    np.testing.assert_array_equal(other.baseline_values[0, random + 1 :], card.baseline_values[0, random + 1 :])
    np.testing.assert_array_equal(other.values[0], card.values[0])
    assert (other.scores.low != card.scores.low[:1]).any()


def test_empty_and_missing_masks_are_counted(scored):
    masks = {image.name: np.ones((96, 96)) for image in scored.manifest.images[:4]}
    masks["test-0002.ppm"] = np.zeros((96, 96))
    card = score(scored, masks, ["energy"])
    assert card.skipped == {NO_MASK: 2, EMPTY_MASK: 1}
    assert card.masked == 3
    assert np.isnan(card.values[..., [2, 4, 5]]).all()
    assert np.isnan(card.mask_share[[2, 4, 5]]).all()
    with pytest.raises(InputError, match="no mask has a pixel inside"):
        score(scored, {"test-0002.ppm": np.zeros((96, 96))})


def test_a_mask_of_another_size_stops_before_any_map_is_read(scored, monkeypatch):
    monkeypatch.setattr(type(scored), "maps", None)
    with pytest.raises(InputError, match="96 x 95 pixels, the upright picture 96 x 96"):
        score(scored, {image.name: np.ones((95, 96)) for image in scored.manifest.images})


def test_photographs_with_a_folder_of_masks(photographs, tmp_path):
    images = photographs.manifest.images
    np.testing.assert_array_equal(picture_sizes(photographs), [(40, 60), (50, 30), (20, 24), (-1, -1)])
    for image, (height, width) in zip(images[:3], [(40, 60), (50, 30), (20, 24)], strict=True):
        inside = np.zeros((height, width), np.uint8)
        inside[: height // 2] = 255
        path = tmp_path / "masks" / image.name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(inside).save(path)
    Image.fromarray(np.ones((5, 5), np.uint8)).save(tmp_path / "masks/sub/text.png")
    card = score(photographs, tmp_path / "masks")
    assert card.skipped == {NO_PICTURE: 1}
    assert np.isfinite(card.values[..., :3]).all()
    assert np.isfinite(card.baseline_values[..., :3]).all()  # edges too: the photographs are still there
    assert card.mean_share == pytest.approx(0.5)


def test_photographs_that_are_gone_have_no_edges(photographs, tmp_path):
    (tmp_path / "photographs").rename(tmp_path / "moved")
    masks = {
        image.name: np.eye(*size)
        for image, size in zip(photographs.manifest.images, [(40, 60), (50, 30)], strict=False)
    }
    card = score(photographs, masks, ["energy"])
    assert np.isnan(card.baselines.mean[0, BASELINES.index("edge")]).all()
    assert np.isfinite(card.baselines.mean[0, : BASELINES.index("edge")]).all()
    assert card.no_better.all()


def test_what_is_asked_for_wrongly(scored, tmp_path):
    with pytest.raises(StoreError):
        score(tmp_path / "nowhere")
    with pytest.raises(UnknownNameError, match="did you mean 'pointing'"):
        score(scored, metrics=["pointin"])
    with pytest.raises(UnknownNameError, match="setting 'share'"):
        score(scored, metrics=["energy"], settings={"share": 0.1})
    with pytest.raises(InputError, match="share must be above 0"):
        score(scored, metrics=["iou"], settings={"share": 2})
    with pytest.raises(InputError, match="sign must be"):
        score(scored, sign="keep")
    with pytest.raises(InputError, match="at least one random map"):
        score(scored, draws=0)


def test_two_settings_under_one_label_are_two_methods(make_scenes, tmp_path):
    store = make_scenes(tmp_path / "out")
    store.add_maps("Whole", "Noise", "other", (7, 7), {"method": "noise", "finish": "none", "settings": {}})
    card = score(store, metrics=["energy"])
    assert sum(method.startswith("Noise (noise-") for method in card.methods) == 2
    assert sorted(card.scores.count[0].ravel().tolist()) == [0, 0, 4, 6, 6, 6, 6, 6]
    assert {"PENDING": 6} in card.dropped.values()


def test_maps_in_memory(made_up):
    rng = np.random.default_rng(0)
    inside = {f"image-{i}": rng.random((20, 30)) < 0.2 for i in range(3)}
    good = made_up(np.stack([mask.astype(float) for mask in inside.values()]), (0, 0, 30, 20))
    bad = made_up(rng.normal(size=(3, 5, 5)), (0, 0, 30, 20))
    card = score_maps({("Net", "good"): good, ("Net", "bad"): bad}, inside)
    assert (card.methods, card.models) == (("good", "bad"), ("Net",))
    np.testing.assert_allclose(card.scores.mean[DEFAULT.index("pointing")].ravel()[0], 1)
    assert np.isnan(card.baseline_values[:, BASELINES.index("edge")]).all()
    pictures = {name: rng.integers(0, 255, (20, 30, 3), np.uint8) for name in inside}
    assert np.isfinite(score_maps({("Net", "bad"): bad}, inside, pictures).baseline_values).all()
    with pytest.raises(InputError, match="30 x 20 pixels, the upright picture 20 x 30"):
        score_maps({("Net", "bad"): bad}, inside, {name: one.transpose(1, 0, 2) for name, one in pictures.items()})
    with pytest.raises(InputError, match="same images"):
        score_maps({("Net", "good"): good, ("Net", "bad"): made_up(np.eye(3)[None], (0, 0, 9, 9))}, inside)
    with pytest.raises(InputError, match="no maps"):
        score_maps({}, inside)


def test_memory_does_not_grow_with_sets(made_up):
    one = made_up(np.random.default_rng(0).normal(size=(8, 64, 64)), (0, 0, 96, 96))
    masks = {name: np.eye(96) for name in one.images}

    def peak(sets):
        tracemalloc.start()
        score_maps({("Net", f"m{i}"): one for i in range(sets)}, masks, metrics=["energy"], draws=1)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)
    assert peak(12) < 1.3 * peak(2)
