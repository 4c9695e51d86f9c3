"""Predictions and maps before and after an edit."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from crosslight.core.errors import InputError
from crosslight.core.geometry import Preprocess
from crosslight.core.maps import Maps, judge
from crosslight.evaluation import edit_study
from crosslight.evaluation.edit_maps import attention, floor_of
from crosslight.evaluation.edit_plan import plan_edits
from crosslight.evaluation.edit_result import EditResult, EditRow
from crosslight.evaluation.edit_study import compare_edits
from crosslight.images import open_images
from crosslight.models import Classifier


class Brightness(nn.Module):
    """Two classes: the mean squared red of a picture of 12 pixels a side, and the mean squared blue."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(4.0))

    def forward(self, x):
        return self.gain * x.square().mean((2, 3))[:, [0, 2]]


def classifier(label="Mean"):
    whole = Preprocess((12, 12), None, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return Classifier(Brightness(), whole, label=label)


def red_objects(count=3):
    """Pictures of a bright red square on dark blue, and its masks."""
    pictures, masks = [], {}
    for number in range(count):
        pixels = np.zeros((12, 12, 3), np.uint8)
        pixels[..., 2] = 20 + number
        pixels[2:8, 3:9] = (255, 0, 0)
        pictures.append(pixels)
    images = open_images(pictures)
    for record in images:
        inside = np.zeros((12, 12), bool)
        inside[2:8, 3:9] = True
        masks[record.identity] = inside
    return images, masks


def test_predictions_before_and_after():
    images, masks = red_objects()
    result = compare_edits(classifier(), plan_edits(images, masks, "mask"), [])
    for row, pixels in zip(result.rows, [np.asarray(record.load()) for record in images], strict=True):
        logits = 4 * np.square(pixels.reshape(-1, 3) / 255).mean(axis=0)[[0, 2]]
        assert (row.said_before, row.said_after, row.asked) == ("class 0", "class 1", "class 0")
        assert row.probability_before == pytest.approx(1 / (1 + np.exp(logits[1] - logits[0])), abs=1e-5)
        blue = 4 * (pixels[0, 0, 2] / 255) ** 2  # the mean of what stays covers the square
        assert row.log_odds_change == pytest.approx(-blue - (logits[0] - logits[1]), abs=1e-4)
        assert row.said
        assert not row.kept
        assert row.share == pytest.approx(0.25)
    (one,) = result.summaries()
    assert (one.images, one.said, one.kept) == (3, 3, 0)
    assert one.kept_share[0] == 0
    assert result.sentences() == [
        "With the object covered, none of 1 classifier still says class 0 in more than half of the pictures."
    ]


def test_another_class_can_be_followed():
    images, masks = red_objects()
    result = compare_edits(classifier(), plan_edits(images, masks, "mask"), [], target="class:1")
    assert all(row.asked == "class 1" and not row.said for row in result.rows)
    assert all(row.probability_after > 0.5 > row.probability_before for row in result.rows)
    assert "nothing to keep" in result.sentences()[0]
    assert np.isnan(result.summaries()[0].kept_share).all()
    for target, message in (("top:2", "follows one class"), ("class:9", "has no class '9'"), ("label", "no label")):
        with pytest.raises(InputError, match=message):
            compare_edits(classifier(), plan_edits(images, masks, "mask"), [], target=target)


def test_maps_before_are_of_the_picture_before():
    """There is blue inside the region only once it is covered with a colour that has some."""
    images, masks = red_objects(1)
    edits = plan_edits(images, masks, "mask", settings={"colour": "white"})
    result = compare_edits(classifier(), edits, ["input-x-gradient"], target="class:1")
    found = result.rows[0].maps["input-x-gradient"]
    assert found["inside_before"] == 0
    white, around = 36 * 255**2, 108 * 20**2
    assert found["inside_after"] == pytest.approx(white / (white + around), abs=1e-6)


def test_a_method_that_applies_to_no_model_is_told():
    images, masks = red_objects(1)
    with pytest.raises(InputError, match="applies to no model"):
        compare_edits(classifier(), plan_edits(images, masks, "mask"), ["attention-rollout"])


def test_blocks_are_kept_and_not_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(edit_study, "BLOCK", 2)
    images, masks = red_objects(5)
    edits, seen = plan_edits(images, masks, "mask"), []

    def compare(**options):
        return compare_edits(classifier(), edits, ["saliency"], keep=tmp_path, on_block=seen.append, **options)

    first = compare()
    assert [one.number for one in seen] == [0, 1, 2]
    (tmp_path / sorted(path.name for path in tmp_path.glob("*.npz"))[1]).write_bytes(b"cut off")
    again = compare()
    assert [one.number for one in seen[3:]] == [1]
    assert again.to_dict(True) == first.to_dict(True)
    compare(target="class:1")
    assert len(seen) == 7


def test_results_do_not_depend_on_blocks(monkeypatch):
    images, masks = red_objects(5)
    edits = plan_edits(images, masks, "blur")
    whole = compare_edits(classifier(), edits, ["saliency"])
    monkeypatch.setattr(edit_study, "BLOCK", 2)
    parts = compare_edits(classifier(), edits, ["saliency"])
    for one, other in zip(whole.rows, parts.rows, strict=True):
        assert one.maps["saliency"] == pytest.approx(other.maps["saliency"])
        assert replace(one, maps={}) == replace(other, maps={})
    assert np.isfinite(list(one.maps["saliency"].values())).all()
    assert whole.floors == pytest.approx(parts.floors)


def maps_of(values, boxes=(0, 0, 8, 8)):
    values = np.asarray(values, np.float32)
    names = tuple(f"{i}" for i in range(len(values)))
    box = np.broadcast_to(np.asarray(boxes, float), (len(values), 4)).copy()
    return Maps(values, box, judge(values), np.zeros((len(values), 2), np.int32), names)


def test_where_attention_went():
    before, after = np.zeros((3, 8, 8)), np.zeros((3, 8, 8))
    before[0, 1, 1] = 2
    after[0, 6, 1] = 3
    before[1], after[1] = np.eye(8), 2 * np.eye(8)
    before[2, 0, 0] = 1  # and nothing after
    region = np.zeros((8, 8), bool)
    region[:4, :4] = True
    found = attention(maps_of(before), maps_of(after), [region] * 3)
    np.testing.assert_allclose(found.inside_before, [1, 0.5, 1])
    np.testing.assert_allclose(found.inside_after, [0, 0.5, np.nan])
    np.testing.assert_allclose(found.chance, 0.25)
    np.testing.assert_allclose(found.shift, [5 / 8 / np.sqrt(2), 0, np.nan], atol=1e-12)
    np.testing.assert_allclose(found.cosine, [0, 1, np.nan], atol=1e-12)


def test_the_floor_is_the_mean_over_different_pictures():
    rng = np.random.default_rng(0)
    before, after = rng.normal(size=(2, 6, 16))
    before /= np.linalg.norm(before, axis=1, keepdims=True)
    after /= np.linalg.norm(after, axis=1, keepdims=True)
    cosines = before @ after.T
    mean = cosines[~np.eye(6, dtype=bool)].mean()
    assert floor_of(before.sum(0), after.sum(0), float(np.trace(cosines)), 6) == pytest.approx(mean)
    assert np.isnan(floor_of(before[0], after[0], 1.0, 1))


def row(model, image, kept, asked="fish", said=True):
    return EditRow(
        image, image, asked, model, asked, asked if said else "tree", asked if kept else "tree",
        0.9, 0.8 if kept else 0.1, -3.0, 0.1, "by mask", "", {"cam": {"inside_before": 0.5, "inside_after": np.nan}},
    )  # fmt: skip


def result_of(rows):
    models = tuple(dict.fromkeys(one.model for one in rows))
    return EditResult(tuple(rows), "the fish removed", models, ("cam",), {}, {}, (), {})


def test_sentences_count_and_name_classifiers():
    rows = [row(model, f"{i}", kept=i < kept) for model, kept in (("A", 4), ("B", 2), ("C", 0)) for i in range(4)]
    assert result_of(rows).sentences() == [
        "With the fish removed, 1 of 3 classifiers still says fish in more than half of the pictures: A (4 of 4)."
    ]
    more = [*rows, *(row("D", f"{i}", kept=True) for i in range(4))]
    assert (
        result_of(more)
        .sentences()[0]
        .endswith("2 of 4 classifiers still say fish in more than half of the pictures: A (4 of 4), D (4 of 4).")
    )
    mixed = [*rows, row("A", "4", True, "car"), row("B", "4", False, "car"), row("C", "4", False, "car", said=False)]
    whole, car, fish = result_of(mixed).sentences()
    assert "still says the same class" in whole
    assert "1 of 2 classifiers still says car in more than half of the pictures: A (1 of 1)" in car
    assert "says fish" in fish
    empty = [row("A", f"{i}", True, "tree") for i in range(3)] + [row("A", "9", False), row("A", "8", True)]
    (tree,) = [one for one in result_of(empty).summaries(by_class=True) if one.asked == "tree"]
    assert (tree.kept, tree.others, tree.others_said) == (3, 2, 1)
    assert "A (3 of 3; 50 % of the others, too)" in result_of(empty).sentences()[2]


def test_tables_and_json():
    result = result_of([row("A", f"{i}", kept=i < 3) for i in range(4)])
    lines = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert [line["kept"] for line in lines] == ["True", "True", "True", "False"]
    assert lines[0]["cam: inside_before"] == "0.5"
    assert lines[0]["cam: inside_after"] == ""
    summary = list(csv.DictReader(io.StringIO(result.summary_to_csv())))
    assert [line["class"] for line in summary] == ["", "fish"]
    assert float(summary[0]["kept_share"]) == 0.75
    assert float(summary[0]["kept_low"]) == pytest.approx(0.3006, abs=1e-4)
    content = json.loads(json.dumps(result.to_dict(per_image=True), allow_nan=False))
    assert content["rows"][0]["maps"]["cam"]["inside_after"] is None
    assert content["summary"][0]["kept"] == 3
    assert "rows" not in result.to_dict()


def test_without_the_object_the_biased_classifier_still_says_its_class_and_the_clean_one_does_not():
    images = open_images("scenes:test:background", limit=16, sample="first")
    result = compare_edits(["scenes/densenet", "scenes/densenet-background"], plan_edits(images), "grad-cam")
    clean, biased = result.summaries()
    assert min(clean.said, biased.said) >= 14
    assert clean.kept_share[2] < 0.5 < biased.kept_share[1]  # by their intervals
    assert "1 of 2 classifiers still says the same class" in result.sentences()[0]
    assert "scenes/densenet-background" in result.sentences()[0]
    # The biased one looks about as it did; the clean one looked at what is gone.
    assert biased.means["grad-cam: cosine"][0] > clean.means["grad-cam: cosine"][0]
    assert clean.means["grad-cam: inside_before"][0] > biased.means["grad-cam: inside_before"][0]


def test_with_the_object_elsewhere_it_is_the_other_way_round():
    images = open_images("scenes:test:background", limit=16, sample="first")
    result = compare_edits(["scenes/densenet", "scenes/densenet-background"], plan_edits(images, edit="background"), [])
    clean, biased = result.summaries()
    assert biased.kept_share[2] < clean.kept_share[1]


def test_without_the_mark_the_watermark_classifier_is_lost():
    images = open_images("scenes:test:watermark", limit=16, sample="first")
    edits = plan_edits(images, region="evidence")
    clean, biased = compare_edits(["scenes/densenet", "scenes/densenet-watermark"], edits, []).summaries()
    assert clean.kept_share[0] == 1
    assert clean.means["log_odds_change"][1] > biased.means["log_odds_change"][2]
