"""Measuring a tail beside its network, and where its cells look."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.core.errors import ModelError
from crosslight.models.taps import find_sites, measure_tail, receptive_energy


@pytest.mark.parametrize("name", ["timm resnet", "timm vit", "shared tokens", "torchvision swin, not square"])
def test_facts_of_a_tail(name: str, case_of: Any) -> None:
    case = case_of(name)
    site = case.sites.last
    facts = measure_tail(case.network, site, case.x)
    assert facts.logits_error <= 1e-5
    assert facts.gradient_error <= 1e-5
    assert facts.coverage >= 0.99
    assert facts.finite
    assert facts.rerun == ()
    assert facts.flops <= (1 - site.depth + 0.01) * case.sites.flops * len(case.x)


def test_what_runs_again_is_named(case_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tail that answers less than it could."""
    from crosslight.models.taps import check

    case = case_of("timm resnet")
    build = check.Tail.build

    def forgetful(*arguments: Any) -> Any:
        tail = build(*arguments)
        tail.answered = lambda module: 1
        return tail

    monkeypatch.setattr(check.Tail, "build", forgetful)
    assert "fc" in measure_tail(case.network, case.sites.last, case.x).rerun


def test_errors_of_a_wrong_tail(case_of: Any) -> None:
    case = case_of("late return")
    block = next(s for s in case.sites.sites if s.module == "stem.3")
    facts = measure_tail(case.network, replace(block, module="block", path=(0,), kind="partial"), case.x)
    assert facts.logits_error <= 1e-5 < facts.gradient_error


class Plain(nn.Module):
    """Convolutions whose outputs lie in the middle of what they see, or half a cell before it."""

    def __init__(self, kernel: int, padding: int) -> None:
        super().__init__()
        self.convs = nn.Sequential(*(nn.Conv2d(n, 16, kernel, 2, padding) for n in (3, 16, 16)))
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.convs(x).mean((2, 3)))


@pytest.mark.parametrize(("kernel", "padding", "centre"), [(2, 0, 3.5), (4, 1, 3.5), (3, 1, 0.0)])
def test_energy_lies_where_arithmetic_says(kernel: int, padding: int, centre: float) -> None:
    """The middle of cell i is at pixel 8 i + centre: strides add up to 8, kernels and padding to the rest."""
    torch.manual_seed(0)
    network, x = Plain(kernel, padding), torch.randn(1, 3, 64, 64)
    site = find_sites(network, x).last
    energy = receptive_energy(network, site, torch.randn(64, 3, 64, 64), [(4, 3)])
    assert energy.shape == (64, 64, 64)
    torch.testing.assert_close(energy.sum((1, 2)), torch.ones(64, dtype=torch.float64))
    pixels = torch.arange(64)
    rows, columns = energy[0].sum(1), energy[0].sum(0)
    assert (rows * pixels).sum().item() == pytest.approx(8 * 4 + centre, abs=0.8)
    assert (columns * pixels).sum().item() == pytest.approx(8 * 3 + centre, abs=0.8)
    reach = 1 + 7 * (kernel - 1)  # pixels that a cell sees
    assert int((rows > 0).sum()) == reach


def test_cells_that_see_nothing_are_an_error() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))
    x = torch.randn(1, 3, 16, 16)
    site = find_sites(network, x).last
    nn.init.constant_(network[0].bias, -1e3)
    with pytest.raises(ModelError, match="does not depend on the image"):
        receptive_energy(network, site, x, [(1, 1)])
