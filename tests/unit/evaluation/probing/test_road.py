"""ROAD on a classifier whose evidence is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from crosslight.core.geometry import Box, Preprocess
from crosslight.evaluation.probing import PROBES, Subject
from crosslight.evaluation.probing.road import SHARES, road_curve
from crosslight.evidence import Gathering
from crosslight.evidence.targets import Targets
from crosslight.images import Batch
from crosslight.models import Classifier

SIDE = 16


class Corner(nn.Module):
    """Class 1 as far as the top left quarter is brighter than the rest."""

    def forward(self, x):
        corner = x[:, :, : SIDE // 2, : SIDE // 2].mean(dim=(1, 2, 3))
        return torch.stack([torch.zeros_like(corner), 8 * (corner - 0.5)], dim=1)


def subject_of(maps: torch.Tensor, batch_size: int = 4, **changes: object) -> Subject:
    chance = torch.Generator().manual_seed(0)
    inputs = 0.2 * torch.rand((len(maps), 3, SIDE, SIDE), generator=chance)
    inputs[:, :, : SIDE // 2, : SIDE // 2] += 0.8
    preprocess = Preprocess(size=(SIDE, SIDE), resize=None, mean=(0.0,) * 3, std=(1.0,) * 3)
    names = tuple(f"image {row}" for row in range(len(maps)))
    batch = Batch(inputs, (Box(0, 0, SIDE, SIDE),) * len(maps), names, (None,) * len(maps))
    gathering = Gathering(Classifier(Corner(), preprocess), batch, batch_size=batch_size)
    targets = Targets(torch.ones(len(maps), dtype=torch.int64), torch.full((len(maps),), -1))
    return replace(Subject(gathering, maps.double(), maps.double(), targets), **changes)


def right_maps(count: int = 3) -> torch.Tensor:
    maps = torch.zeros(count, SIDE, SIDE)
    maps[:, : SIDE // 2, : SIDE // 2] = 1
    return maps


def test_the_evidence_is_told_from_the_rest() -> None:
    right, wrong = subject_of(right_maps()), subject_of(-right_maps())
    assert PROBES["road"].function(right).min() > 0.1
    torch.testing.assert_close(PROBES["road"].function(wrong), -PROBES["road"].function(right), atol=0.02, rtol=0)
    assert (PROBES["road-morf"].function(right) < PROBES["road-lerf"].function(right)).all()


def test_a_map_that_knows_nothing_is_at_zero() -> None:
    maps = torch.rand(40, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    assert abs(float(PROBES["road"].function(subject_of(maps)).mean())) < 0.02


def test_the_combined_value_is_half_the_difference() -> None:
    subject = subject_of(right_maps())
    lowest, highest = PROBES["road-lerf"].function(subject), PROBES["road-morf"].function(subject)
    torch.testing.assert_close(PROBES["road"].function(subject), (lowest - highest) / 2)


def test_whether_the_class_is_kept_agrees_with_the_probability() -> None:
    subject = subject_of(right_maps())
    probability = road_curve(subject, SHARES, "morf")
    torch.testing.assert_close(road_curve(subject, SHARES, "morf", output="kept"), (probability > 0.5).double())
    assert 0 < road_curve(subject, SHARES, "morf", output="kept").mean() < 1


@pytest.mark.parametrize("output", ["probability", "kept"])
def test_the_batch_size_does_not_matter(output: str) -> None:
    maps = torch.rand(3, SIDE, SIDE, generator=torch.Generator().manual_seed(2))
    several, single = (road_curve(subject_of(maps, size), SHARES, "lerf", output=output) for size in (7, 1))
    torch.testing.assert_close(several, single, atol=1e-6, rtol=0)


def test_the_noise_is_the_images_own_and_the_seeds() -> None:
    maps = right_maps(2)
    first, again = (road_curve(subject_of(maps), (0.5,), "morf", noise=0.5) for _ in range(2))
    other = road_curve(subject_of(maps, seed=1), (0.5,), "morf", noise=0.5)
    torch.testing.assert_close(first, again)
    assert (first != other).all()
    assert first[0] != first[1]


def test_images_without_a_class_have_no_value() -> None:
    subject = subject_of(right_maps(2))
    subject = replace(subject, targets=Targets(torch.tensor([1, -1]), torch.tensor([-1, -1])))
    assert torch.isnan(PROBES["road"].function(subject)).tolist() == [False, True]
