"""LIME: every pixel shows its superpixel's coefficient, and diagnostics say how sure that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError
from torch import Tensor, nn

from crosslight.core.geometry import Preprocess
from crosslight.core.maps import Status
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering, NeighbourhoodOutcomes
from crosslight.evidence.local_models import distances, effective_samples, kernel_weights, local_model
from crosslight.images import make_batch
from crosslight.methods import METHODS, Attribution, attribute
from crosslight.models import Classifier
from crosslight.study.spec import check_methods
from crosslight.study.worker import Item, explain_block

OWN = TargetPolicy()
SPEC = METHODS["lime"]
GRID = {"segmentation": "grid", "segments": 9, "num_samples": 90, "hide_color": "zero"}


class Saturating(nn.Module):
    """Logits are bounded functions of weighted sums of pixels; not finite where the first pixel is `broken`."""

    def __init__(self, broken: float = -9.0) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn((3, 3, 12, 12), generator=torch.Generator().manual_seed(3)) / 6)
        self.broken = broken

    def forward(self, x: Tensor) -> Tensor:
        logits = torch.tanh(torch.einsum("bchw,kchw->bk", x, self.weights))
        return torch.where(x[:, 0, 0, :1] == self.broken, torch.nan, logits)


def gathering(network: nn.Module | None = None, count: int = 3, **options) -> Gathering:
    preprocess = Preprocess(size=(12, 12), resize=None, mean=(0.5,) * 3, std=(0.25,) * 3)
    rng = np.random.default_rng(1)
    pictures = [Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)) for _ in range(count)]
    batch = make_batch(pictures, preprocess, list("abc"[:count]))
    return Gathering(Classifier(network or Saturating(), preprocess), batch, batch_size=16, **options)


def explained(work: Gathering, **settings) -> Attribution:
    return attribute(work, SPEC, SPEC.settings(**{**GRID, **settings}), OWN)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"num_features": 4, "kernel_width": 1.0},
        {"output": "logit", "distance_metric": "euclidean", "kernel_width": 2.0, "feature_selection": "none"},
        {"model_regressor": "linear", "num_features": 7},
        {"model_regressor": "lasso", "alpha": 0.002},
        {"alpha": 0.1, "design": "shared"},
    ],
)
def test_every_pixel_shows_the_coefficient_of_its_superpixel(settings: dict) -> None:
    work = gathering()
    found = explained(work, **settings)
    asked = SPEC.settings(**GRID | settings)
    evidence = work.get(NeighbourhoodOutcomes, SPEC.evidence_settings(asked), OWN)
    for row, scores in enumerate(evidence.scores(asked.output)):
        rows = evidence.samples[row]
        weights = kernel_weights(distances(rows, asked.distance_metric), asked.kernel_width) * evidence.importance[row]
        model = local_model(
            rows, scores, weights, num_features=asked.num_features, feature_selection=asked.feature_selection,
            regressor=asked.model_regressor, penalty=asked.alpha,
        )  # fmt: skip
        assert (found.maps[row].numpy() == model.coefficients[evidence.labels[row]]).all()
        assert 0 < np.count_nonzero(model.coefficients) <= min(9, asked.num_features)
        said = {name: float(values[row]) for name, values in found.diagnostics.items()}
        assert said["standard_error"] == pytest.approx(model.errors.max() / np.abs(model.coefficients).max())
        assert said["score"] == pytest.approx(model.score)
        assert said["effective_samples"] == pytest.approx(effective_samples(weights))
        assert said["superpixels"] == 9
    assert float(found.diagnostics["evaluations"].sum()) == work.evaluations


def test_shared_samples_say_less() -> None:
    """LIME's law is far from the law that coalitions are drawn from, and the effective samples tell how far."""
    own, shared = (explained(gathering(), num_samples=60, design=design) for design in ("own", "shared"))
    assert (shared.diagnostics["effective_samples"] < 0.7 * own.diagnostics["effective_samples"]).all()
    assert (own.diagnostics["effective_samples"] < 60).all()


def test_all_coalitions_have_no_error() -> None:
    exact = explained(gathering(), design="shared", num_samples=512)
    assert (exact.diagnostics["standard_error"] == 0).all()
    many = explained(gathering(), num_samples=20_000, alpha=20_000 / 512)
    assert torch.allclose(exact.maps, many.maps, atol=0.05 * float(exact.maps.abs().max()))


def test_pixels_of_no_superpixel_are_zero() -> None:
    work = gathering()
    box = replace(work.batch.boxes[0], left=-8)
    part = Gathering(work.classifier, replace(work.batch, boxes=(box, *work.batch.boxes[1:])))
    maps = explained(part).maps
    assert (maps[0, :, :3] == 0).all()
    assert (maps[0, :, 3:] != 0).all()
    assert (maps[1] != 0).all()


def test_samples_are_added_until_the_error_is_small_enough() -> None:
    settings = {"segments": 36, "num_samples": 60}
    errors = explained(gathering(), **settings).diagnostics["standard_error"]
    tolerance = float(errors.sort().values[:2].mean())  # one image is good enough already
    work = gathering()
    close = explained(work, **settings, tolerance=tolerance)
    assert (close.diagnostics["standard_error"] <= tolerance).all()
    evaluations = close.diagnostics["evaluations"]
    assert (evaluations == 60).tolist() == (errors <= tolerance).tolist()
    assert int(evaluations.sum()) == work.evaluations, "nothing is measured twice"


def test_one_superpixel() -> None:
    found = explained(gathering(), segments=1, num_samples=50)
    assert (found.maps == found.maps[:, :1, :1]).all()
    assert (found.diagnostics["evaluations"] == 2).all()
    assert torch.isfinite(found.maps).all()


@pytest.mark.parametrize("segmentation", ["grid", "slic", "quickshift"])
def test_a_picture_of_one_colour_is_recorded(segmentation: str) -> None:
    """Whatever is hidden, its superpixels look the same: nothing matters, and that is no number's fault."""
    items = [Item("flat", Image.new("RGB", (24, 24), "teal").copy)]
    tasks = check_methods([{"name": "lime", "segmentation": segmentation, "num_samples": 80}])
    made = explain_block(gathering().classifier, items, tasks, batch_size=4)
    assert made.failures == []
    assert made.maps["lime"].status.tolist() == [Status.ZERO]
    assert np.isnan(made.maps["lime"].diagnostics["standard_error"]).all()
    assert np.isnan(made.maps["lime"].diagnostics["score"]).all()


def test_an_image_with_scores_that_are_no_numbers_leaves_the_others_alone() -> None:
    work = gathering()
    broken = float(work.inputs[1, 0, 0, 0])
    found = explained(gathering(Saturating(broken)))
    assert torch.isnan(found.maps[1]).all()
    assert torch.isnan(found.diagnostics["standard_error"][1])
    assert torch.allclose(found.maps[[0, 2]], explained(work).maps[[0, 2]])


class Hidden(nn.Module):
    """Not finite where anything is hidden."""

    def forward(self, x: Tensor) -> Tensor:
        zero = (x == 0).all(dim=1).any(dim=(-2, -1))
        return torch.where(zero[:, None], torch.nan, x.mean(dim=(-2, -1)))


def test_a_network_that_breaks_on_masked_images_is_recorded() -> None:
    work = gathering(Hidden())
    items = [Item(name, picture.copy) for name, picture in zip("abc", work.batch.pictures, strict=True)]
    made = explain_block(work.classifier, items, check_methods([{"name": "lime", **GRID}]), batch_size=3)
    assert made.maps["lime"].status.tolist() == [Status.NONFINITE] * 3
    assert made.predictions.status.tolist() == [Status.OK] * 3
    assert made.failures == []


def test_too_few_samples_for_a_picture_are_recorded_and_others_go_on() -> None:
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8))
    wide = Image.fromarray(np.repeat(np.arange(0, 240, 10, np.uint8), 24 * 3).reshape(24, 24, 3))
    items = [Item("noise", noise.copy), Item("wide", wide.copy)]
    wanted = {"segmentation": "felzenszwalb", "scale": 1.0, "min_size": 100, "num_samples": 2}
    (task,) = check_methods([{"name": "lime", **wanted}])
    made = explain_block(gathering().classifier, items, [task], batch_size=4)
    failed = {failure.image: failure.reason for failure in made.failures}
    assert failed
    assert all("set num_samples to" in reason for reason in failed.values())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"distance_metric": "cosin"}, "distance_metric"),
        ({"feature_selection": "best"}, "feature_selection"),
        ({"model_regressor": "linear", "alpha": 1.0}, "must be left out with model_regressor 'linear'"),
        ({"model_regressor": "forest"}, "model_regressor"),
        ({"kernel_width": 0}, "kernel_width"),
        ({"num_features": 0}, "num_features"),
        ({"num_samples": 50}, "must be at least 51 for 50 segments"),
        ({"random_seed": -1}, "random_seed"),
        ({"random_seed": 2**32}, "random_seed"),
    ],
)
def test_settings_that_cannot_be(settings: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SPEC.settings(**settings)
