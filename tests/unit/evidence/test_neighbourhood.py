"""Samples around an image: lime's law, nested, measured once, shared with Shapley values."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydantic import ValidationError
from torch import Tensor, nn

from crosslight.core.errors import ImageError
from crosslight.core.geometry import Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering, NeighbourhoodOutcomes, ShapleyOutcomes
from crosslight.evidence.neighbourhood import distinct, draw, importance
from crosslight.evidence.shapley_design import shapley_design
from crosslight.images import make_batch
from crosslight.models import Classifier

OWN = TargetPolicy()
Settings = NeighbourhoodOutcomes.Settings
GRID = {"segmentation": "grid", "segments": 25, "hide_color": "zero"}


class Additive(nn.Module):
    """Logit k is a weighted sum of all pixels; counts how many images it has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn((3, 3, 15, 15), generator=torch.Generator().manual_seed(0)) / 10)
        self.seen = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        return torch.einsum("bchw,kchw->bk", x, self.weights)


def classifier(resize: int | None = None) -> Classifier:
    return Classifier(Additive(), Preprocess(size=(15, 15), resize=resize, mean=(0.5,) * 3, std=(0.25,) * 3))


def gathering(model: Classifier | None = None, count: int = 3, batch_size: int = 64, **options) -> Gathering:
    model = model or classifier()
    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(rng.integers(0, 256, (30, 30, 3), np.uint8)) for _ in range(count)]
    batch = make_batch(pictures, model.preprocess, list("abcdef"[:count]))
    return Gathering(model, batch, batch_size=batch_size, **options)


def measured(work: Gathering, **changes) -> NeighbourhoodOutcomes:
    return work.get(NeighbourhoodOutcomes, Settings(**{**GRID, **changes}), OWN)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 300), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_samples_are_drawn_as_lime_draws_them(count: int, superpixels: int, seed: int) -> None:
    expected = np.random.RandomState(seed).randint(0, 2, count * superpixels).reshape(count, superpixels)
    expected[0] = 1
    assert (draw(count, superpixels, seed) == expected).all()


def test_samples_that_are_drawn_in_parts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = draw(200, 7, 3)
    monkeypatch.setattr("crosslight.evidence.neighbourhood.DRAWN", 33)
    assert (draw(200, 7, 3) == whole).all()
    assert (draw(90, 7, 3) == whole[:90]).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 200), st.integers(0, 9), st.integers(0, 99))
def test_distinct_rows(count: int, columns: int, seed: int) -> None:
    rows = draw(count, columns, seed)
    firsts, numbers = distinct(rows)
    assert (rows[firsts][numbers] == rows).all()
    assert len({row.tobytes() for row in rows}) == len(firsts)
    assert (np.diff(firsts) > 0).all()
    assert firsts[0] == numbers[0] == 0


def test_scores_of_an_additive_network_are_sums() -> None:
    work = gathering()
    found = measured(work, num_samples=60)
    weights = work.classifier.network.weights[work.targets(OWN).classes].detach()
    for row, scores in enumerate(found.scores("logit")):
        values = (weights[row] * work.inputs[row]).sum(0).double()
        parts = np.array([float(values[found.labels[row] == label].sum()) for label in range(25)])
        assert scores == pytest.approx(found.samples[row] @ parts, rel=1e-4, abs=1e-4)
        assert found.samples[row][0].all()
        assert (found.importance[row] == 1).all()
    for scores in found.scores():
        assert ((scores > 0) & (scores < 1)).all()


def test_four_hundred_after_two_hundred_are_two_hundred_more() -> None:
    work = gathering()
    few = measured(work, num_samples=200)
    assert work.evaluations == 3 * 200 == work.classifier.network.seen
    many = measured(work, num_samples=400)
    assert work.evaluations == 3 * 400 == work.classifier.network.seen
    assert many.evaluations_made == (400,) * 3
    for one, other in zip(few.scores(), many.scores(), strict=True):
        assert (one == other[:200]).all()
    for one, other in zip(few.samples, many.samples, strict=True):
        assert (one == other[:200]).all()
    assert NeighbourhoodOutcomes.evaluations(Settings(**GRID, num_samples=200)) == 199, "the untouched image is apart"
    assert NeighbourhoodOutcomes.extend(Settings(**GRID, num_samples=200)) == Settings(**GRID, num_samples=400)
    assert NeighbourhoodOutcomes.extend(Settings(**GRID, num_samples=100_000)) is None


def test_what_repeats_is_not_measured_again() -> None:
    work = gathering()
    found = measured(work, segments=4, num_samples=300)
    assert work.evaluations == 3 * 2**4
    assert found.evaluations_made == (16,) * 3
    for samples, scores in zip(found.samples, found.scores(), strict=True):
        assert len(samples) == len(scores) == 300
        assert len({(row.tobytes(), score) for row, score in zip(samples, scores, strict=True)}) == 16


def test_images_classifiers_and_seeds() -> None:
    whole = measured(gathering(), num_samples=80)
    crop = measured(gathering(classifier(resize=25)), num_samples=80)
    for row in range(3):
        assert len(whole.players[row]) == 25
        assert 9 <= len(crop.players[row]) < 25
        assert (crop.samples[row] == whole.samples[row][:, crop.players[row]]).all()
    assert (whole.samples[0] != whole.samples[1]).any(), "images have their own samples"
    assert (measured(gathering(seed=1), num_samples=80).samples[0] != whole.samples[0]).any()
    fixed = measured(gathering(seed=1), num_samples=80, random_seed=5)
    assert all((samples == draw(80, 25, 5)).all() for samples in fixed.samples)


def test_pixels_of_no_superpixel_are_never_hidden() -> None:
    work = gathering()
    box = replace(work.batch.boxes[0], left=-10)  # the left quarter of the input is beyond the picture
    work = Gathering(work.classifier, replace(work.batch, boxes=(box, *work.batch.boxes[1:])))
    found = measured(work, num_samples=60)
    outside = found.labels[0] < 0
    assert outside.any()
    weights = work.classifier.network.weights[work.targets(OWN).classes[0]].detach()
    values = (weights * work.inputs[0]).sum(0).double()
    parts = np.array([float(values[found.labels[0] == label].sum()) for label in found.players[0]])
    scores = next(iter(found.scores("logit")))
    assert scores == pytest.approx(found.samples[0] @ parts + float(values[outside].sum()), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("lime_first", [True, False])
def test_shared_samples_are_measured_once_for_both(lime_first: bool) -> None:
    work = gathering()
    asked = {"segmentation": "grid", "segments": 25, "samples": 120}
    kinds = [(NeighbourhoodOutcomes, Settings(**GRID, design="shared", num_samples=120))]
    kinds.append((ShapleyOutcomes, ShapleyOutcomes.Settings(**asked, fill="zero")))
    for kind, wanted in kinds if lime_first else kinds[::-1]:
        work.get(kind, wanted, OWN)
        assert work.evaluations == 3 * 120
    found, shapley = measured(work, design="shared", num_samples=120), work.get(*kinds[1], OWN)
    for row, (scores, (others, full, empty)) in enumerate(
        zip(found.scores("logit"), shapley.scores("logit"), strict=True)
    ):
        assert (scores == [full, empty, *others]).all()
        assert found.samples[row][0].all()
        assert not found.samples[row][1].any()
        assert (found.samples[row][2:] == shapley.designs[row].coalitions(range(118))).all()
    assert found.evaluations_made == (120,) * 3
    measured(work, design="shared", num_samples=200)
    assert work.evaluations == 3 * 200


def test_rounding_is_no_effect() -> None:
    work = gathering()
    work = Gathering(work.classifier, replace(work.batch, inputs=work.inputs * 1e-9))  # the logits are about 0
    for scores in measured(work, num_samples=60).scores():
        assert (scores == scores[0]).all()
        assert scores[0] == pytest.approx(1 / 3)
    for scores in measured(work, num_samples=60).scores("logit"):
        assert np.ptp(scores) > 0, "small scores that do differ"


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 12), st.integers(2, 60), st.integers(0, 99))
def test_importance_gives_each_size_what_lime_gives_it(superpixels: int, pairs: int, seed: int) -> None:
    design = shapley_design(superpixels, pairs, seed)
    found = importance(design)
    rows = design.coalitions(range(len(design)))
    sizes = np.concatenate([[0], rows.sum(axis=1)])
    there = np.unique(sizes)
    law = np.array([comb(superpixels, int(size)) / 2**superpixels for size in there])
    shares = np.array([found[1:][sizes == size].sum() for size in there])
    assert shares / shares.sum() == pytest.approx(law / law.sum())
    assert found[0] == 1
    assert found[1:].sum() == pytest.approx(len(found) - 1)
    if design.exhaustive:
        assert found[1:] == pytest.approx(1)


def test_all_coalitions_are_no_sample() -> None:
    assert measured(gathering(), segments=4, design="shared", num_samples=16).exhaustive == (True,) * 3
    assert measured(gathering(), segments=4, design="shared", num_samples=14).exhaustive == (False,) * 3
    assert measured(gathering(), segments=4, num_samples=100).exhaustive == (False,) * 3


@pytest.mark.parametrize(
    ("given_", "fill"),
    [(None, "segment-mean"), (0, "#000000"), (255.0, "#ffffff"), ([1, 128, 255], "#0180ff"), ("Blur", "blur")],
)
def test_colours_as_lime_takes_them(given_: object, fill: str) -> None:
    assert Settings(hide_color=given_).hide_color == fill


@pytest.mark.parametrize("bad", [256, -1, 0.5, True, [0, 0], [0, 0, 300], [0, 0, "0"], "#12345", {}, [True, 0, 0]])
def test_colours_that_are_none(bad: object) -> None:
    with pytest.raises(ValidationError, match="must be"):
        Settings(hide_color=bad)


def test_too_few_samples_for_the_unknowns() -> None:
    with pytest.raises(ValidationError, match="must be at least 51 for 50 segments"):
        Settings(num_samples=50)
    assert Settings(num_samples=51).segments == 50
    with pytest.raises(ValidationError, match="must be at least 100 for 50 segments"):
        Settings(num_samples=99, design="shared")
    with pytest.raises(ValidationError, match="must be left out with design 'shared'"):
        Settings(random_seed=1, design="shared")
    for design in ("own", "shared"):
        work = gathering()
        asked = Settings(segmentation="felzenszwalb", num_samples=2, min_size=2, scale=1, design=design)
        with pytest.raises(ImageError, match=r"too few for \d+ superpixels.*set num_samples to \d+ or more"):
            work.get(NeighbourhoodOutcomes, asked, OWN)
        assert work.evaluations == 0, "that is known before work starts"
