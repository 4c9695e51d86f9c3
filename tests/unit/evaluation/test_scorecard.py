"""A scorecard: estimates, tables and what is written of it."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from crosslight.core.errors import UnknownNameError
from crosslight.evaluation.baselines import BASELINES
from crosslight.evaluation.estimates import Estimate, estimate
from crosslight.evaluation.saved import is_current, save_scores, saved_scores
from crosslight.evaluation.score import score
from crosslight.evaluation.scorecard import Scorecard, make_scorecard
from crosslight.evaluation.written import describe_chance, describe_count

IMAGES = 30


def made(shift=(0.3, 0.0, -0.3), missing=True, masked=IMAGES) -> Scorecard:
    """Three methods above, at and below both kinds of chance; the second of two models lacks the last method."""
    rng = np.random.default_rng(0)
    baselines = np.full((1, 3, 3, 2, IMAGES), 0.4) + rng.normal(0, 0.05, (1, 3, 1, 1, IMAGES))
    values = 0.4 + np.array(shift)[None, :, None, None] + rng.normal(0, 0.1, (1, 3, 2, IMAGES))
    values[0, 0, 0, 0] = np.nan
    if missing:
        values[0, 2, 1] = np.nan
        baselines[0, :, 2, 1] = np.nan
    share = np.full(IMAGES, 0.1)
    share[masked:] = np.nan
    return make_scorecard(
        values=values,
        baseline_values=baselines,
        outside=np.full((3, 2, IMAGES), 0.25),
        mask_share=share,
        metrics=("energy",),
        methods=("Good", "Middling", "<b>Bad</b>"),
        models=("A", "B & C"),
        images=tuple(f"id{i}" for i in range(IMAGES)),
        names=tuple(f"{i}.png" for i in range(IMAGES)),
        skipped={"no mask": 2},
        dropped={("Good", "A"): {"ZERO": 1}},
        masks="a folder",
        settings={"sign": "positive"},
        sets=(("A", "good-1", 2),),
    )


def test_estimates_are_means_with_percentile_intervals():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(2, 3, 40))
    values[0, 0, :39] = np.nan
    values[0, 1] = np.nan
    found = estimate(values, seed=3)
    assert found.count.tolist() == [[1, 0, 40], [40, 40, 40]]
    assert found.mean[0, 0] == values[0, 0, 39]
    assert np.isnan(found.mean[0, 1])
    assert np.isnan(found.low[0, :2]).all()
    np.testing.assert_allclose(found.mean[1], values[1].mean(axis=-1))
    width = (found.high - found.low)[1]
    np.testing.assert_allclose(width, 2 * 1.96 * values[1].std(axis=-1) / np.sqrt(40), rtol=0.15)
    again = Estimate.from_dict(json.loads(json.dumps(found.to_dict(), allow_nan=False)))
    for name in ("mean", "low", "high", "count"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))


def test_better_than_chance_is_above_both_kinds_of_chance():
    card = made()
    assert card.better_than_chance[0].tolist() == [[True, True], [False, False], [False, False]]
    assert card.no_better[0].tolist() == [[False, False], [True, True], [True, False]]  # no score is not a bad one
    assert card.no_better_by_method("energy") == {"Middling": ("A", "B & C"), "<b>Bad</b>": ("A",)}
    one_sided = made()
    above = one_sided.above
    above.low[0, 1, 0] = -0.01  # as soon as one of them is reached
    assert one_sided.no_better[0, 0].tolist() == [True, True]


def test_a_single_image_is_no_proof():
    card = make_scorecard(
        values=np.ones((1, 1, 1, 1)), baseline_values=np.zeros((1, 3, 1, 1, 1)), outside=np.zeros((1, 1, 1)),
        mask_share=np.ones(1), metrics=("energy",), methods=("m",), models=("A",), images=("i",), names=("i",),
    )  # fmt: skip
    assert card.no_better.all()


def test_rows_are_methods_then_baselines():
    card = made()
    rows = card.rows("energy")
    assert [row.label for row in rows] == [*card.methods, *BASELINES]
    assert [row.baseline for row in rows] == [False] * 3 + [True] * 3
    assert rows[0].cells[0].count == IMAGES - 1
    assert rows[0].cells[0].mean == card.scores.mean[0, 0, 0]
    assert rows[2].cells[1].count == 0
    assert not any(cell.no_better for row in rows[3:] for cell in row.cells)
    assert rows[4].cells[1].mean == pytest.approx(np.nanmean(card.baseline_values[0, 1, 0, 1]))
    with pytest.raises(UnknownNameError, match="'energy'"):
        card.rows("enrgy")


def test_json_and_back():
    card = made()
    content = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert content["better_than_chance"][0][0] == [True, True]
    assert content["scores"]["mean"][0][2][1] is None
    assert "values" not in content
    again = Scorecard.from_dict(content)
    assert again.to_dict() == card.to_dict()
    assert again.rows("energy")[:2] == card.rows("energy")[:2]
    np.testing.assert_array_equal(again.no_better, card.no_better)
    assert again.values.shape == (1, 3, 2, 0)
    full = json.loads(json.dumps(card.to_dict(per_image=True), allow_nan=False))
    np.testing.assert_array_equal(np.array(full["values"], np.float32), card.values)
    assert np.array(full["baseline_values"], np.float32).shape == card.baseline_values.shape
    assert full["image_names"][3] == "3.png"


def test_csv():
    card = made()
    rows = list(csv.DictReader(card.to_csv().splitlines()))
    assert len(rows) == 2 * (3 + 3)
    by = {(row["label"], row["model"]): row for row in rows}
    assert float(by["Good", "A"]["mean"]) == card.scores.mean[0, 0, 0]
    assert float(by["Good", "B & C"]["low above centre"]) == card.above.low[0, 1, 0, 1]
    assert [by[key]["better than chance"] for key in (("Good", "A"), ("Middling", "A"), ("<b>Bad</b>", "B & C"))] == [
        "yes", "no", "",
    ]  # fmt: skip
    assert by["<b>Bad</b>", "B & C"]["mean"] == ""
    assert (by["random", "A"]["kind"], by["random", "A"]["above random"]) == ("baseline", "")
    images = list(csv.DictReader(card.to_csv(per_image=True).splitlines()))
    assert len(images) == 3 * 2 * IMAGES
    assert images[0]["score"] == ""
    assert np.float32(images[1]["score"]) == card.values[0, 0, 0, 1]
    assert np.float32(images[1]["edge"]) == card.baseline_values[0, 2, 0, 0, 1]


def test_html_shows_labels_as_text():
    html = made()._repr_html_()
    assert "&lt;b&gt;Bad&lt;/b&gt;" in html
    assert "B &amp; C" in html
    assert "<b>" not in html
    assert repr(made()) == "<Scorecard: 3 methods, 2 models, 30 images>"


def test_words():
    card = made()
    assert describe_count(card) == "mean over images, N = 29 to 30; masks: a folder, 10 % of the picture on average"
    elsewhere = replace(card, masks="car, truck of /home/somebody/my labels")
    assert "masks: car, truck of my labels," in describe_count(elsewhere)
    text = describe_chance(card, "energy")
    assert text.startswith("* No better than chance")
    assert text.endswith(": Middling (on all models); <b>Bad</b> (on A).")
    assert describe_chance(made((0.3, 0.3, 0.3)), "energy").startswith("Every method does better")
    assert "No method is shown" in describe_chance(made((0, 0, -0.3), missing=False), "energy")


def test_scores_are_kept_with_the_store(make_scenes, tmp_path):
    store = make_scenes(tmp_path / "out")
    assert saved_scores(store) is None
    card = score(store, metrics=["energy"], draws=1)
    path = save_scores(card, store)
    assert path == store.path / "scores.json"
    assert saved_scores(store).to_dict() == card.to_dict()
    assert is_current(saved_scores(store), store)
    assert list((store.path / ".partial").iterdir()) == []
    store.add_maps("Whole", "More", "d", (7, 7), {"method": "noise", "finish": "none", "settings": {}})
    assert not is_current(card, store)
    other = json.loads(path.read_text("utf-8")) | {"faithfulness": {"kept": True}}
    path.write_text(json.dumps(other), "utf-8")
    save_scores(score(store, metrics=["pointing"], draws=1), store)
    assert json.loads(path.read_text("utf-8"))["faithfulness"] == {"kept": True}
    assert saved_scores(store).metrics == ("pointing",)
    for broken in ("{", "[]", json.dumps(other | {"version": 99}), json.dumps(other | {"localisation": {}})):
        path.write_text(broken, "utf-8")
        assert saved_scores(store) is None
