"""Networks that hold tokens as ``[length, batch, channels]``, as PyTorch's own attention does by default."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.models.taps import Sites, Tail, capture, check_tail, find_sites

WIDTH = 32


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, 2)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y, y)[0]
        return x + self.mlp(self.norm2(x))


class LengthFirst(nn.Module):
    def __init__(self, class_token: bool) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, WIDTH, 8, stride=8)
        self.token = nn.Parameter(torch.randn(1, 1, WIDTH)) if class_token else None
        self.blocks = nn.Sequential(*(Block() for _ in range(3)))
        self.head = nn.Linear(WIDTH, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).permute(2, 0, 1)
        if self.token is not None:
            x = torch.cat([self.token.expand(-1, x.shape[1], -1), x])
        x = self.blocks(x)
        return self.head(x[0] if self.token is not None else x.mean(0))


def found(class_token: bool) -> tuple[nn.Module, Tensor, Sites]:
    torch.manual_seed(0)
    network, x = LengthFirst(class_token).eval(), torch.randn(2, 3, 32, 48)
    return network, x, find_sites(network, x)


@pytest.mark.parametrize(
    ("class_token", "name", "kind"), [(False, "blocks.2", "cut"), (True, "blocks.2.norm1", "token")]
)
def test_the_last_tokens_are_found(class_token: bool, name: str, kind: str) -> None:
    network, x, sites = found(class_token)
    last = sites.last
    assert (last.name, last.kind, last.layout.kind) == (name, kind, "LNC")
    assert (last.resolution, last.channels, last.layout.prefix) == ((4, 6), WIDTH, int(class_token))
    for site in sites.sites:
        check_tail(network, site, x)


@pytest.mark.parametrize("class_token", [False, True])
def test_repeats_of_a_batch(class_token: bool, helpers: Any) -> None:
    """24 tokens are a multiple of the batch: nothing may be repeated along them."""
    network, x, sites = found(class_token)
    tail = Tail.build(network, sites.last, x)
    doubled = tail(torch.cat([tail.features, -tail.features]))
    assert helpers.relative(doubled[:2], tail.logits) < 1e-5
    assert helpers.relative(doubled[2:], tail(-tail.features)) < 1e-5
    with capture(network, sites.last) as captured, torch.no_grad():
        network(x)
    torch.testing.assert_close(captured.features.detach(), tail.features)


class Windows(nn.Module):
    """One token from each window, the windows of all images along the first axis: the same shape for one image."""

    class Gather(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.flatten(2).transpose(1, 2).reshape(-1, 1, x.shape[1])

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, WIDTH, 8, stride=8), nn.ReLU())
        self.gather, self.head = self.Gather(), nn.Linear(WIDTH, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gather(self.body(x)).reshape(len(x), -1, WIDTH).mean(1))


def test_windows_of_one_token_are_not_taken_for_it() -> None:
    torch.manual_seed(0)
    network, x = Windows(), torch.randn(2, 3, 32, 32)
    last = find_sites(network, x).last
    assert last.name == "body.1"
    check_tail(network, last, x)
