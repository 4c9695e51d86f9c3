"""Coalitions of superpixels: measured once, nested, the same for every classifier."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from torch import Tensor, nn

from crosslight.core.errors import ImageError
from crosslight.core.geometry import Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering, ShapleyOutcomes, shapley_values
from crosslight.images import make_batch
from crosslight.models import Classifier

OWN = TargetPolicy()
Settings = ShapleyOutcomes.Settings
GRID = {"segmentation": "grid", "segments": 9}


class Additive(nn.Module):
    """Logit k is a weighted sum of all pixels; counts how many images it has seen."""

    def __init__(self) -> None:
        super().__init__()
        weights = torch.randn((3, 3, 12, 12), generator=torch.Generator().manual_seed(0))
        self.weights = nn.Parameter(weights)
        self.seen = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        return torch.einsum("bchw,kchw->bk", x, self.weights)


def classifier(resize: int | None = None) -> Classifier:
    preprocess = Preprocess(size=(12, 12), resize=resize, mean=(0.5,) * 3, std=(0.25,) * 3)
    return Classifier(Additive(), preprocess)


def gathering(model: Classifier | None = None, count: int = 3, batch_size: int = 7) -> Gathering:
    model = model or classifier()
    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)) for _ in range(count)]
    return Gathering(model, make_batch(pictures, model.preprocess, list("abcdef"[:count])), batch_size=batch_size)


def measured(work: Gathering, **settings) -> ShapleyOutcomes:
    return work.get(ShapleyOutcomes, Settings(**{**GRID, **settings}), OWN)


def test_scores_of_an_additive_network_are_sums() -> None:
    work = gathering()
    found = measured(work, samples=40)
    weights = work.classifier.network.weights[work.targets(OWN).classes].detach()
    for row, (scores, full, empty) in enumerate(found.scores()):
        values = (weights[row] * work.inputs[row]).sum(0).double()
        parts = np.array([float(values[found.labels[row] == label].sum()) for label in range(9)])
        assert empty == pytest.approx(0, abs=1e-5)  # the fill is 0
        assert full == pytest.approx(parts.sum(), rel=1e-5)
        keep = found.designs[row].coalitions(range(38))
        assert scores == pytest.approx(keep @ parts, rel=1e-4, abs=1e-4)
        assert shapley_values(found.designs[row], scores, full, empty)[0] == pytest.approx(parts, rel=1e-3, abs=1e-4)


def test_a_pass_for_every_sample_and_no_more() -> None:
    for samples, expected in ((40, 40), (41, 40), (18, 18)):
        work = gathering()
        measured(work, samples=samples)
        assert work.evaluations == 3 * expected == work.classifier.network.seen
        settings = Settings(**GRID, samples=samples)
        assert ShapleyOutcomes.evaluations(settings) == expected - 1, "that of the untouched images is counted apart"


def test_four_hundred_after_two_hundred_are_two_hundred_more() -> None:
    work = gathering(batch_size=64)
    few = measured(work, samples=200)
    assert work.evaluations == 3 * 200
    many = measured(work, samples=400)
    assert work.evaluations == 3 * 400
    assert work.classifier.network.seen == 3 * 400
    for one, other in zip(few.scores(), many.scores(), strict=True):
        assert (one[0] == other[0][:198]).all()
        assert one[1:] == other[1:]

    part = work.rows([2, 0])
    more = measured(part, samples=500)
    assert part.evaluations == 2 * 100
    assert [len(design) for design in more.designs] == [498, 498]
    for row, (scores, _, _) in zip((2, 0), more.scores(), strict=True):
        assert (scores[:398] == list(many.scores())[row][0]).all()
    alone = gathering(count=1, batch_size=64)
    (scores, _, _), *_ = measured(alone, samples=500).scores()
    assert scores == pytest.approx(list(more.scores())[1][0], rel=1e-5)


def test_both_outputs_and_every_target_come_of_the_same_passes() -> None:
    work = Gathering(classifier(), gathering().batch, policies=[OWN, TargetPolicy("own", rank=2)])
    found = measured(work, samples=30)
    before = work.evaluations
    second = work.get(ShapleyOutcomes, Settings(**GRID, samples=30), TargetPolicy("own", rank=2))
    assert work.evaluations == before
    for logits, others, probabilities in zip(found.scores(), second.scores(), found.scores("probability"), strict=True):
        assert (logits[0] != others[0]).all()
        assert ((probabilities[0] >= 0) & (probabilities[0] <= 1)).all()
        assert probabilities[1] >= 1 / 3
        assert probabilities[2] == pytest.approx(1 / 3)


def test_hidden_images_are_measured_once_for_all_who_ask() -> None:
    work = gathering()
    measured(work, samples=20)
    before = work.evaluations
    measured(work, samples=20, fill="white")
    assert work.evaluations == before + 3 * 19
    keys = [key for key in work._outcomes if isinstance(key, tuple) and key[0] == "hidden"]
    assert len(keys) == 2


def test_all_coalitions_where_there_are_few() -> None:
    work = gathering()
    found = measured(work, segments=4, samples=100)
    assert all(design.exhaustive for design in found.designs)
    assert work.evaluations == 3 * 2**4


def test_classifiers_with_different_crops_are_asked_about_the_same() -> None:
    whole = measured(gathering(), samples=80, segments=36)
    crop = measured(gathering(classifier(resize=20)), samples=80, segments=36)
    for row in range(3):
        assert (whole.designs[row].packed == crop.designs[row].packed).all()
        assert len(whole.players[row]) == 36
        assert 16 <= len(crop.players[row]) < 36
        assert (np.unique(crop.labels[row]) == crop.players[row]).all()
    assert (whole.designs[0].packed != whole.designs[1].packed).any(), "images have their own coalitions"
    other = Gathering(classifier(), gathering().batch, seed=1)
    assert (measured(other, samples=80, segments=36).designs[0].packed != whole.designs[0].packed).any()


def test_too_few_samples_for_the_unknowns() -> None:
    with pytest.raises(ValidationError, match="must be at least 100 for 50 segments"):
        Settings(samples=99)
    assert Settings(samples=100).segments == 50
    with pytest.raises(ValidationError, match="at least 18"):
        Settings(**GRID, samples=16)
    assert Settings(segmentation="felzenszwalb", samples=2).samples == 2, "their number is not known beforehand"

    work = gathering()
    with pytest.raises(ImageError, match=r"too few for \d+ superpixels.*set samples to \d+ or more"):
        work.get(ShapleyOutcomes, Settings(segmentation="felzenszwalb", samples=2, min_size=2, scale=1), OWN)
    assert work.evaluations == 0, "that is known before work starts"


def test_pixels_of_no_superpixel_are_never_hidden() -> None:
    work = gathering()
    box = replace(work.batch.boxes[0], left=-8)  # the left third of the input is beyond the picture
    work = Gathering(work.classifier, replace(work.batch, boxes=(box, *work.batch.boxes[1:])))
    found = measured(work, samples=40)
    outside = found.labels[0] < 0
    assert outside.any()
    weights = work.classifier.network.weights[work.targets(OWN).classes[0]].detach()
    shown = float((weights * work.inputs[0]).sum(0)[outside].sum())
    (_, _, empty), *_ = found.scores()
    assert empty == pytest.approx(shown, rel=1e-4)


def test_closer_evidence_is_twice_the_samples() -> None:
    closer = ShapleyOutcomes.extend(Settings(samples=200))
    assert closer == Settings(samples=400)
    assert ShapleyOutcomes.extend(Settings(samples=100_000)) is None
