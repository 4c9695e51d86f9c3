"""A network whose gradients are known in closed form."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from crosslight.core.geometry import Box, Preprocess
from crosslight.images import Batch
from crosslight.models import Classifier


class Quadratic(nn.Module):
    """Logit k is sum((x - k)^2): its gradient at x is 2 (x - k). Counts how many images it has seen."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        self.offsets = nn.Parameter(torch.arange(classes, dtype=torch.float32))
        self.seen: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(len(x))
        return (x[:, None] - self.offsets[None, :, None, None, None]).square().flatten(2).sum(2)


@pytest.fixture
def quadratic() -> Classifier:
    preprocess = Preprocess(size=(4, 4), resize=None, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))
    return Classifier(Quadratic(), preprocess, label="quadratic")


@pytest.fixture
def batch() -> Batch:
    inputs = torch.randn((5, 3, 4, 4), generator=torch.Generator().manual_seed(0))
    return Batch(inputs, (Box(0, 0, 8, 8),) * 5, tuple("abcde"), (0, 1, 2, None, 0))
