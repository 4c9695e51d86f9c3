"""Tails: errors, memory, and networks that make replay hard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.core.errors import ModelError
from crosslight.models.taps import Tail, check_tail, find_sites, modules_run_by


def test_cuts_keep_no_values_of_earlier_layers(case_of: Any) -> None:
    tails = {name: case_of(name) for name in ("timm resnet", "timm vit")}
    kept = {}
    for name, case in tails.items():
        tail = Tail.build(case.network, case.sites.last, case.x)
        kept[name] = sum(memo.value is not None for memo in tail._memos)
    assert kept["timm resnet"] == 0  # a cut: shapes alone
    assert kept["timm vit"] == 1  # the tokens that go past the last attention


def test_wrong_shapes_are_named(case_of: Any) -> None:
    case = case_of("timm resnet")
    tail = Tail.build(case.network, case.sites.last, case.x)
    for wrong in (tail.features[:1], tail.features[:, :3], tail.features[:0], tail.features[..., :2]):
        with pytest.raises(ModelError, match=r"takes features of shape \[n \* 2, 96, 3, 3\]"):
            tail(wrong)


def test_a_site_of_another_network_is_named(case_of: Any) -> None:
    case = case_of("timm resnet")
    for change in ({"module": "nowhere"}, {"call": 9}, {"channels": 5}):
        with pytest.raises(ModelError):
            Tail.build(case.network, replace(case.sites.last, **change), case.x)


class OwnHook(nn.Module):
    """The user's hooks change what modules return, and hooks and weight norms act once on every answer."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(n, 16, 3, padding=1) for n in (3, 16, 16))
        self.head = nn.Linear(16, 5)
        for module in (self.a, self.b, self.c):
            module.register_forward_hook(lambda m, i, o: o * 2 + 1)
        nn.utils.parametrizations.weight_norm(self.b)

    def forward(self, x: Tensor) -> Tensor:
        a = self.a(x)
        return self.head((self.c(self.b(a)) + a).mean((2, 3)))


def test_the_users_own_hooks_are_respected() -> None:
    torch.manual_seed(0)
    network, x = OwnHook(), torch.randn(3, 3, 8, 8)
    sites = find_sites(network, x)
    assert {site.module for site in sites.sites} >= {"b"}
    for site in sites.sites:
        check_tail(network, site, x)


class Reused(nn.Module):
    """Values from before the site are overwritten, read again and overwritten again after it."""

    def __init__(self) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(n, 16, 3, padding=1) for n in (3, 16, 16, 16))
        self.bias = nn.Embedding(64, 16)  # does not depend on the image
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        a = self.convs[0](x)
        a *= 2
        b = self.convs[1](a * 0.5)
        position = self.bias(torch.arange(64)).T.unflatten(1, (8, 8))
        b += position
        c = self.convs[2](b)
        a += c
        a.relu_()
        return self.head((self.convs[3](a) + b).mean((2, 3)))


def test_every_site_of_a_network_that_overwrites_its_values() -> None:
    torch.manual_seed(0)
    network, x = Reused(), torch.randn(2, 3, 8, 8)
    sites = find_sites(network, x)
    assert any(not site.cut for site in sites.sites)
    for site in sites.sites:
        check_tail(network, site, x)
        tail = Tail.build(network, site, x)
        for _ in range(2):  # memory is not used up by a first call
            doubled = tail(tail.features.repeat(2, 1, 1, 1))
            torch.testing.assert_close(doubled, tail.logits.repeat(2, 1), rtol=1e-5, atol=1e-5)


def test_check_finds_a_tail_that_only_looks_right(case_of: Any) -> None:
    """The logits are right wherever a value is replaced by itself; the gradient tells."""
    case = case_of("late return")
    block = next(s for s in case.sites.sites if s.module == "stem.3")
    wrong = replace(block, module="block", path=(0,), kind="partial")
    Tail.build(case.network, wrong, case.x)
    with pytest.raises(ModelError, match="differs from its network"):
        check_tail(case.network, wrong, case.x)
    check_tail(case.network, block, case.x)


def test_modules_run_by_names_what_computes() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Sequential(nn.ReLU()))
    with modules_run_by(network) as ran:
        network(torch.zeros(1, 3, 2, 2))
    assert ran == ["", "0", "1", "1.0"]
    assert not any("forward" in m.__dict__ for m in network.modules())


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_tails_on_a_gpu(case_of: Any) -> None:
    for name in ("timm resnet", "timm vit", "densenet121"):
        case = case_of(name)
        network = case.network.cuda()
        try:
            sites = find_sites(network, case.x[:1].cuda())
            assert sites.last == case.sites.last
            check_tail(network, sites.last, case.x.cuda())
        finally:
            network.cpu()
