"""Score-CAM against its definition, written out one channel at a time."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate

from crosslight.core.targets import TargetPolicy
from crosslight.evidence import ActivationMaskOutcomes, Gathering, Targets
from crosslight.evidence.outcomes import Outcomes
from crosslight.methods import METHODS

from .conftest import apply, scores_of


def increases(gathering: Gathering, image: int, output: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Activations, scores of the image seen through them, and of nothing seen at all.

    The mask of a dead channel is 0 everywhere: nothing is seen through it.
    """
    picture = gathering.inputs[image]
    activations = gathering.features(gathering.classifier.site())[0].activations[image]
    shown = []
    for channel in activations:
        mask = interpolate(channel[None, None], picture.shape[1:], mode="bilinear", align_corners=False)[0]
        span = mask.max() - mask.min()
        shown.append(picture * (mask - mask.min()) / torch.where(span == 0, 1, span))
    scores = scores_of(gathering, torch.stack(shown), image, output)
    return activations, scores, scores_of(gathering, torch.zeros_like(picture)[None], image, output)


@pytest.mark.parametrize("output", ["logit", "probability"])
@pytest.mark.parametrize("weights", ["softmax", "increase", "score"])
def test_written_out(exact: Gathering, weights: str, output: str) -> None:
    maps = apply(exact, "score-cam", weights=weights, output=output).maps
    for image in range(3):
        activations, scores, baseline = increases(exact, image, output)
        if weights == "score":
            scores = scores * (activations.amax(dim=(1, 2)) > activations.amin(dim=(1, 2)))
        else:
            scores = scores - baseline
        if weights == "softmax":
            scores = scores.exp() / scores.exp().sum()
        expected = (scores[:, None, None] * activations).sum(dim=0)
        assert torch.allclose(maps[image], expected, atol=1e-10)


def test_constant_channels() -> None:
    """They count as the baseline: in the softmax with an increase of 0, and with a score of none."""
    activations = torch.stack([torch.full((2, 2), 3.0), torch.tensor([[0.0, 1], [2, 3]]), torch.zeros(2, 2)])[None]
    outcomes = Outcomes(
        (torch.tensor([4]),), (torch.tensor([[1.0], [1 + torch.tensor(2.0).log()]]),), (torch.zeros(2),)
    )
    targets = Targets(torch.tensor([4]), torch.tensor([-1]))
    evidence = ActivationMaskOutcomes(activations, (torch.tensor([1]),), outcomes, targets)
    score_cam = METHODS["score-cam"].function
    softmax = torch.tensor([0.25, 0.5, 0.25])
    assert torch.allclose(score_cam(evidence), torch.einsum("c,bchw->bhw", softmax, activations))
    increase = torch.tensor(2.0).log()
    assert torch.allclose(score_cam(evidence, weights="increase"), increase * activations[:, 1])
    assert torch.allclose(score_cam(evidence, weights="score"), (1 + increase) * activations[:, 1])


def test_no_target_gives_a_finite_map(exact: Gathering) -> None:
    batch = exact.batch.take([0])
    gathering = Gathering(exact.classifier, batch, batch_size=4, references={"other": [None]})
    for weights in ("softmax", "increase"):
        maps = apply(gathering, "score-cam", TargetPolicy("model", name="other"), weights=weights).maps
        assert torch.isfinite(maps).all()
