"""What must hold for features and tails of any network."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
import torch
from torch import nn

from crosslight.models.taps import Tail, capture, check_tail, find_sites, logits_of, modules_run_by
from crosslight.models.taps.flops import FlopMeter

SHARE = 1e-5


def test_last_features_are_late_and_full(case: Any) -> None:
    last = case.sites.last
    assert last is case.sites.sites[-1]
    assert 0.5 < last.depth <= 1
    assert last.coverage >= 0.99
    assert min(last.resolution) >= 2
    height, width = case.x.shape[2:]
    assert (last.resolution[0] > last.resolution[1]) == (height > width) or height == width
    assert pickle.loads(pickle.dumps(case.sites)) == case.sites


def test_sweeping_depth_is_monotone(case: Any) -> None:
    found = [case.sites.at(depth / 40) for depth in range(1, 41)]
    assert found[-1] is case.sites.last
    orders = [site.order for site in found]
    assert orders == sorted(orders)
    assert len({site.name for site in case.sites.sites}) == len(case.sites.sites)


@pytest.mark.parametrize("depth", [0.4, 1.0])
def test_tail_and_capture_equal_plain_autograd(case: Any, depth: float, helpers: Any) -> None:
    site = case.sites.at(depth)
    logits, gradient = helpers.full(case, site)

    with capture(case.network, site) as captured, torch.no_grad():
        output = logits_of(case.network(case.x.clone()))
    assert torch.is_grad_enabled()
    assert captured.native.is_leaf
    (native,) = torch.autograd.grad(helpers.score(output), captured.native)
    assert helpers.relative(output, logits) < SHARE
    assert helpers.relative(captured.to_features(native), gradient) < SHARE

    tail = Tail.build(case.network, site, case.x)
    torch.testing.assert_close(tail.features, captured.features.detach())
    features = tail.features.clone().requires_grad_(True)
    own = tail(features)
    (own_gradient,) = torch.autograd.grad(helpers.score(own), features)
    assert helpers.relative(own, logits) < SHARE
    assert helpers.relative(tail.logits, logits) < SHARE
    assert helpers.relative(own_gradient, gradient) < SHARE


@pytest.mark.parametrize("depth", [0.4, 1.0])
def test_tail_of_other_features_and_of_repeats(case: Any, depth: float, helpers: Any) -> None:
    site = case.sites.at(depth)
    tail = Tail.build(case.network, site, case.x)
    ablated = tail.features.clone()
    ablated[:, ::2] = 0
    ablated[:, :, :1] *= -0.5
    kept = ablated.clone()
    expected, _ = helpers.full(case, site, ablated)
    with torch.no_grad():
        logits = tail(torch.cat([ablated, tail.features, ablated]))
    assert helpers.relative(logits[:2], expected) < SHARE
    assert helpers.relative(logits[2:4], tail.logits) < SHARE
    assert helpers.relative(logits[4:], expected) < SHARE
    assert helpers.relative(expected, tail.logits) > 100 * SHARE
    assert torch.equal(ablated, kept)


def test_tail_runs_nothing_before_the_site(case: Any) -> None:
    site = case.sites.last
    tail = Tail.build(case.network, site, case.x)
    with torch.no_grad(), modules_run_by(case.network) as all_modules:
        case.network(case.x.clone())
    with FlopMeter() as meter, torch.no_grad(), modules_run_by(case.network) as ran:
        tail(tail.features)
    # A hundredth more: image-independent modules, such as relative position biases, run again.
    assert meter.total <= (1 - site.depth + 0.01) * case.sites.flops * len(case.x)
    assert site.step or site.module not in ran or site.call > 0 or all_modules.count(site.module) > 1
    first = next(name for name, m in case.network.named_modules() if isinstance(m, nn.Conv2d))
    assert first in all_modules
    assert first not in ran


def test_network_is_left_as_found(case: Any, helpers: Any) -> None:
    network = case.network
    modules = list(network.modules())
    modules[-1].training = True  # a mode as mixed as can be
    parameters = list(network.parameters())
    parameters[0].requires_grad_(False)
    parameters[-1].grad = torch.ones_like(parameters[-1])
    handle = modules[1].register_forward_hook(lambda *_: None)
    try:
        before = helpers.state_of(network)
        find_sites(network, case.x[:1])
        assert helpers.state_of(network) == before
        modules[-1].training = False
        before = helpers.state_of(network)
        check_tail(network, case.sites.last, case.x)
        with capture(network, case.sites.last), torch.no_grad():
            network(case.x.clone())
            assert not torch.is_grad_enabled()
        assert helpers.state_of(network) == before
    finally:
        handle.remove()
        modules[-1].training = False
        parameters[0].requires_grad_(True)
        parameters[-1].grad = None


class _Broken(Exception):
    pass


def _break(*_: Any) -> None:
    raise _Broken


def test_network_is_left_as_found_after_an_exception(case: Any, helpers: Any) -> None:
    network, site = case.network, case.sites.last
    tail = Tail.build(network, site, case.x)
    features = tail.features
    late = [m for m in network.modules() if isinstance(m, (nn.Linear, nn.Conv2d))][-1]
    handle = late.register_forward_pre_hook(_break)
    try:
        before = helpers.state_of(network)
        with pytest.raises(_Broken):
            find_sites(network, case.x[:1])
        with pytest.raises(_Broken):
            Tail.build(network, site, case.x)
        with pytest.raises(_Broken):
            tail(features)
        with pytest.raises(_Broken), capture(network, site), torch.no_grad():
            network(case.x.clone())
        assert helpers.state_of(network) == before
    finally:
        handle.remove()
