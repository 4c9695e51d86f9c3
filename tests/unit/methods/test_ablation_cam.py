"""Ablation-CAM on outcomes whose map can be worked out by hand."""

from __future__ import annotations

import pytest
import torch

from crosslight.core.targets import parse_target
from crosslight.evidence import AblationOutcomes, Gathering, Targets
from crosslight.evidence.outcomes import Outcomes
from crosslight.methods import METHODS

from .conftest import apply

ACTIVATIONS = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [0.0, 1.0]]]])


def cam(logits: list[float], against: list[float] | None = None, **settings) -> list:
    columns = [logits] if against is None else [logits, against]
    classes = torch.tensor([5]) if against is None else torch.tensor([5, 7])
    outcomes = Outcomes((classes,), (torch.tensor(columns).T,), (torch.full((3,), torch.tensor(10.0).log()),))
    targets = Targets(torch.tensor([5]), torch.tensor([-1 if against is None else 7]))
    return METHODS["ablation-cam"].function(AblationOutcomes(ACTIVATIONS, outcomes, targets), **settings)[0].tolist()


def test_by_hand() -> None:
    """Of a score of 4, the first channel takes a quarter and the second, without which it is 6, minus a half."""
    assert cam([4, 3, 6]) == [[0.25 - 0.5, 0.5], [0.75, 1 - 0.5]]


def test_a_negative_score_does_not_turn_the_map_round() -> None:
    assert cam([-4, -5, -4]) == [[0.25, 0.5], [0.75, 1]]


def test_a_score_of_nothing_is_not_divided_by() -> None:
    assert cam([0, -2, 0]) == [[2, 4], [6, 8]]


def test_a_contrast_is_the_difference() -> None:
    assert cam([6, 5, 8], [2, 2, 2]) == cam([4, 3, 6])


def test_probabilities() -> None:
    logits = [float(torch.tensor(10 * share).log()) for share in (0.4, 0.3, 0.6)]
    expected = torch.tensor(cam([0.4, 0.3, 0.6]))
    assert torch.allclose(torch.tensor(cam(logits, output="probability")), expected, atol=1e-6)


@pytest.mark.parametrize("exact", ["_Convolutional"], indirect=True)
def test_where_the_tail_is_linear_it_is_grad_cam(exact: Gathering) -> None:
    """A mean and a linear layer: without channel k the score lacks its gradient times its activations, summed."""
    policy = parse_target("class:3")[0]
    found = apply(exact, "ablation-cam", policy).maps
    evidence = exact.get(METHODS["grad-cam"].reads, METHODS["grad-cam"].reads.Settings(), policy)
    lost = (evidence.gradients * evidence.activations).sum(dim=(2, 3)) / evidence.scores.abs()[:, None]
    assert torch.allclose(found, (lost[:, :, None, None] * evidence.activations).sum(dim=1), atol=1e-10)
