"""Keys and values side by side are no features."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from crosslight.models.taps import check_tail, find_sites

WIDTH, HEADS = 32, 2


class Pooled(nn.Module):
    """Patches, then attention pooling by a learned query: all that the head knows comes by its keys and values."""

    def __init__(self, fused: bool, chunks: bool) -> None:
        super().__init__()
        self.fused, self.chunks = fused, chunks
        self.patch = nn.Conv2d(3, WIDTH, 8, stride=8)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))
        self.query = nn.Parameter(torch.randn(1, HEADS, 1, WIDTH // HEADS))
        self.kv = nn.Linear(WIDTH, 2 * WIDTH)
        self.head = nn.Linear(WIDTH, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.mlp(self.patch(x).flatten(2).transpose(1, 2))
        shape = (len(x), x.shape[1], HEADS, WIDTH // HEADS)
        if self.chunks:
            key, value = (part.reshape(shape).transpose(1, 2) for part in self.kv(x).chunk(2, dim=-1))
        else:
            key, value = self.kv(x).reshape(*shape[:2], 2, *shape[2:]).permute(2, 0, 3, 1, 4).unbind(0)
        query = self.query.expand(len(x), -1, -1, -1)
        if self.fused:
            x = F.scaled_dot_product_attention(query, key, value)
        else:
            x = (query @ key.transpose(-2, -1)).softmax(-1) @ value
        return self.head(x.flatten(1))


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("chunks", [True, False])
def test_the_features_are_what_keys_and_values_were_made_of(fused: bool, chunks: bool) -> None:
    torch.manual_seed(0)
    network, x = Pooled(fused, chunks), torch.randn(2, 3, 32, 32)
    sites = find_sites(network, x)
    assert (sites.last.name, sites.last.kind, sites.last.channels) == ("mlp.2", "cut", WIDTH)
    assert "kv" not in [site.name for site in sites.sites]
    check_tail(network, sites.last, x)


class Bilinear(nn.Module):
    """Second-order pooling: the product of the features with themselves, whole, which is no attention."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 16, 3, 2, 1), nn.ReLU())
        self.head = nn.Linear(16 * 16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.body(x).flatten(2)
        return self.head(torch.bmm(x, x.transpose(1, 2)).flatten(1))


def test_features_multiplied_by_themselves_are_features() -> None:
    torch.manual_seed(0)
    assert find_sites(Bilinear(), torch.randn(1, 3, 32, 32)).last.name == "body.3"
