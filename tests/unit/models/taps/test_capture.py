"""Capturing features and gradients in one pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from crosslight.core.errors import ModelError
from crosslight.models.taps import capture, find_sites


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
        nn.Conv2d(8, 12, 3, padding=1), nn.BatchNorm2d(12), nn.ReLU(inplace=True),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 5),
    ).eval()  # fmt: skip


def test_in_place_modules_do_not_overwrite_what_was_captured() -> None:
    net, x = network(), torch.randn(2, 3, 8, 8)
    site = next(s for s in find_sites(net, x).sites if s.name == "4")
    with capture(net, site) as captured, torch.no_grad():
        net(x)
        expected = net[:5](x)
    assert captured.native.min() < 0
    assert torch.equal(captured.features, expected)


def test_nothing_is_recorded_before_the_site_and_parameters_stay_out() -> None:
    net, x = network(), torch.randn(2, 3, 8, 8)
    site = find_sites(net, x).last
    seen = []
    net[0].register_forward_hook(lambda m, i, o: seen.append(o.requires_grad))
    with capture(net, site) as captured, torch.no_grad():
        logits = net(x)
        assert not torch.is_grad_enabled()
    logits.sum().backward(inputs=[captured.native])
    assert seen == [False]
    assert captured.native.grad is not None
    assert all(p.grad is None for p in net.parameters())


def test_the_latest_pass_counts_and_grad_mode_returns() -> None:
    net, x = network(), torch.randn(2, 3, 8, 8)
    site = find_sites(net, x).last
    with capture(net, site) as captured:
        with pytest.raises(ModelError, match="no pass has reached"):
            _ = captured.native
        with torch.no_grad():
            net(x)
            first = captured.features
            net(2 * x)
        assert not torch.equal(first, captured.features)
        net(x)
        assert torch.is_grad_enabled()


def test_frozen_networks_give_the_same_gradients(case_of: Any, helpers: Any) -> None:
    case = case_of("timm resnet")
    gradients = []
    for frozen in (False, True):
        case.network.requires_grad_(not frozen)
        with capture(case.network, case.sites.last) as captured, torch.no_grad():
            logits = case.network(case.x)
        gradients += torch.autograd.grad(helpers.score(logits), captured.native)
    case.network.requires_grad_(True)
    assert torch.equal(*gradients)


def test_wrong_uses_are_named() -> None:
    net, x = network(), torch.randn(2, 3, 8, 8)
    site = find_sites(net, x).last
    with pytest.raises(ModelError, match="inference_mode"), capture(net, site), torch.inference_mode():
        net(x)
    with (
        pytest.raises(ModelError, match="no module 'nowhere'"),
        capture(net, replace(site, module="nowhere")),
    ):
        pass
    with pytest.raises(ModelError, match="12 channels of 8x8"), capture(net, site), torch.no_grad():
        net(torch.randn(2, 3, 9, 9))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())
    assert torch.is_grad_enabled()
