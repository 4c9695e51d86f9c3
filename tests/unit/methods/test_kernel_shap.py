"""KernelSHAP: every pixel shows its superpixel's value, and diagnostics say how sure that is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from crosslight.core.errors import ImageError
from crosslight.core.geometry import Preprocess
from crosslight.core.maps import Status
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering, ShapleyOutcomes, shapley_values
from crosslight.images import make_batch
from crosslight.methods import METHODS, Attribution, attribute
from crosslight.models import Classifier
from crosslight.study.spec import check_methods
from crosslight.study.worker import Item, explain_block

OWN = TargetPolicy()
SPEC = METHODS["kernel-shap"]
GRID = {"segmentation": "grid", "segments": 9}


class Saturating(nn.Module):
    """Logits are bounded functions of weighted sums of pixels; not finite where the first pixel is as `broken`."""

    def __init__(self, broken: float = -9.0) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn((3, 3, 12, 12), generator=torch.Generator().manual_seed(3)) / 6)
        self.broken = broken

    def forward(self, x: Tensor) -> Tensor:
        logits = torch.tanh(torch.einsum("bchw,kchw->bk", x, self.weights))
        return torch.where(x[:, 0, 0, :1] == self.broken, torch.nan, logits)


def gathering(network: nn.Module | None = None, size: int = 12, count: int = 3, **options) -> Gathering:
    preprocess = Preprocess(size=(size, size), resize=None, mean=(0.5,) * 3, std=(0.25,) * 3)
    rng = np.random.default_rng(1)
    pictures = [Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8)) for _ in range(count)]
    batch = make_batch(pictures, preprocess, list("abc"[:count]))
    return Gathering(Classifier(network or Saturating(), preprocess), batch, batch_size=16, **options)


def explained(work: Gathering, **settings) -> Attribution:
    return attribute(work, SPEC, SPEC.settings(**{**GRID, "samples": 60, **settings}), OWN)


@pytest.mark.parametrize("output", ["logit", "probability"])
def test_every_pixel_shows_the_value_of_its_superpixel(output: str) -> None:
    work = gathering()
    found = explained(work, output=output)
    errors_shown = explained(work, output=output, quantity="standard-error").maps
    assert work.evaluations == 3 * 60, "the maps of both share their passes"
    evidence = work.get(ShapleyOutcomes, ShapleyOutcomes.Settings(**GRID, samples=60), OWN)
    for row, (scores, full, empty) in enumerate(evidence.scores(output)):
        values, errors = shapley_values(evidence.designs[row], scores, full, empty)
        assert (found.maps[row].numpy() == values[evidence.labels[row]]).all()
        assert values.sum() == pytest.approx(full - empty, abs=1e-6)
        assert (errors_shown[row].numpy() == errors[evidence.labels[row]]).all()
        assert float(found.diagnostics["standard_error"][row]) == pytest.approx(errors.max() / np.abs(values).max())
    assert found.diagnostics["evaluations"].tolist() == [60] * 3
    assert found.diagnostics["superpixels"].tolist() == [9] * 3


def test_pixels_of_no_superpixel_are_zero() -> None:
    work = gathering()
    box = replace(work.batch.boxes[0], left=-8)
    part = Gathering(work.classifier, replace(work.batch, boxes=(box, *work.batch.boxes[1:])))
    maps = explained(part).maps
    assert (maps[0, :, :3] == 0).all()
    assert (maps[0, :, 3:] != 0).all()
    assert (maps[1] != 0).all()


def test_as_published() -> None:
    """Without a model of interactions: another estimate of the same values, and the same where all are measured."""
    assert not torch.equal(explained(gathering()).maps, explained(gathering(), interactions=False).maps)
    exact = explained(gathering(), samples=512)
    assert torch.allclose(exact.maps, explained(gathering(), samples=512, interactions=False).maps)
    assert (exact.diagnostics["standard_error"] == 0).all()


def test_samples_are_added_until_the_error_is_small_enough() -> None:
    work = gathering()
    loose = explained(work, samples=24)
    errors = loose.diagnostics["standard_error"]
    tolerance = float(errors.sort().values[:2].mean())  # one image is good enough already
    work = gathering()
    close = explained(work, samples=24, tolerance=tolerance)
    assert (close.diagnostics["standard_error"] <= tolerance).all()
    evaluations = close.diagnostics["evaluations"]
    assert (evaluations == 24).tolist() == (errors <= tolerance).tolist()
    assert int(evaluations.sum()) == work.evaluations, "nothing is measured twice"


def test_an_image_with_scores_that_are_no_numbers_leaves_the_others_alone() -> None:
    work = gathering()
    broken = float(work.inputs[1, 0, 0, 0])
    found = explained(gathering(Saturating(broken)))
    assert torch.isnan(found.maps[1]).all()
    assert torch.isnan(found.diagnostics["standard_error"][1])
    assert torch.allclose(found.maps[[0, 2]], explained(work).maps[[0, 2]])


def test_one_superpixel_takes_all() -> None:
    work = gathering()
    found = explained(work, segments=1, samples=2)
    score = work.logits.max(1).values.double()
    assert torch.allclose(found.maps, score[:, None, None].expand_as(found.maps), atol=1e-6)
    assert (found.diagnostics["standard_error"] == 0).all()
    assert work.evaluations == 6


def test_a_picture_with_too_many_superpixels_is_recorded_and_others_go_on() -> None:
    """A flat picture is one superpixel to Felzenszwalb's algorithm; noise is many."""
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 256, (24, 24, 3), np.uint8))
    items = [Item("noise", noise.copy), Item("flat", Image.new("RGB", (24, 24), "teal").copy)]
    wanted = {"segmentation": "felzenszwalb", "scale": 1.0, "min_size": 4, "samples": 4}
    tasks = check_methods([{"name": "kernel-shap", **wanted}])
    made = explain_block(gathering().classifier, items, tasks, batch_size=4)
    assert made.maps["kernel-shap"].status.tolist() == [Status.FAILED, Status.CONSTANT]
    (failure,) = made.failures
    assert failure.image == "noise"
    assert "set samples to" in failure.reason


def test_the_error_for_too_few_samples_comes_before_any_pass() -> None:
    work = gathering()
    with pytest.raises(ImageError):
        explained(work, segmentation="felzenszwalb", segments=50, samples=4, scale=1.0, min_size=4)
    assert work.evaluations == 0
