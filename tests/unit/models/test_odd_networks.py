"""Networks of nobody's library are explained without a setting."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from crosslight import explain, load_model
from crosslight.models.taps import capture, find_sites, measure_tail


class Reused(nn.Module):
    """One convolution called again and again, with functional residual paths; logits among other results."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 16, 7, 4, 3), nn.Conv2d(16, 16, 3, padding=1), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> dict[str, object]:
        x = functional.relu(self.a(x))
        for step in range(4):
            x = x + 0.5 * functional.gelu(self.b(x))
            if step == 1:
                x = functional.max_pool2d(x, 2)
        x = self.b(x)
        pooled = torch.einsum("bchw->bc", x) / (x.shape[2] * x.shape[3])
        return {"pooled": [pooled], "logits": self.c(pooled)}


class Hourglass(nn.Module):
    """Down and up again, joined by concatenation, with a weighted mean over places for a head."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([nn.Conv2d(3, 12, 3, 2, 1), nn.Conv2d(12, 24, 3, 2, 1), nn.Conv2d(24, 24, 3, 2, 1)])
        self.join, self.weight, self.out = nn.Conv2d(48, 32, 1), nn.Conv2d(32, 1, 1), nn.Parameter(torch.randn(5, 32))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        kept = []
        for layer in self.down:
            x = functional.silu(layer(x))
            kept.append(x)
        up = functional.interpolate(kept[2], size=kept[1].shape[2:], mode="bilinear")
        x = functional.silu(self.join(torch.cat([up, kept[1]], dim=1)))
        places = self.weight(x).flatten(2).softmax(dim=-1)
        return (x.flatten(2) * places).sum(-1) @ self.out.T, places


class Tokens(nn.Module):
    """Patches by unfolding, attention written out, and a learned query instead of a class token."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.mix, self.norm = nn.Linear(3 * 64, 24), nn.Linear(24, 72), nn.LayerNorm(24)
        self.query, self.out = nn.Parameter(torch.randn(1, 1, 24)), nn.Linear(24, 6)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.embed(functional.unfold(x, 8, stride=8).transpose(1, 2))
        for _ in range(3):
            q, k, v = self.mix(self.norm(tokens)).chunk(3, dim=-1)
            tokens = tokens + (q @ k.transpose(1, 2) / 24**0.5).softmax(-1) @ v
        tokens = self.norm(tokens)
        pooled = (self.query @ tokens.transpose(1, 2)).softmax(-1) @ tokens
        return self.out(pooled[:, 0])


class Stream(nn.Module):
    """A residual stream that no module returns, over two resolutions, pooled without a module."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.wider = nn.Conv2d(3, 12, 7, 4, 3), nn.Conv2d(12, 20, 1)
        self.fine = nn.ModuleList(nn.Conv2d(12, 12, 3, padding=1) for _ in range(3))
        self.coarse = nn.ModuleList(nn.Conv2d(20, 20, 3, padding=1) for _ in range(6))
        self.out = nn.Linear(20, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.stem(x))
        for layer in self.fine:
            x = x + functional.relu(layer(x))
        x = functional.max_pool2d(self.wider(x), 2)
        for layer in self.coarse:
            x = torch.relu(x + layer(x))
        return self.out(x.mean((2, 3)))


class Bare(nn.Module):
    """No modules at all: parameters and functions, with values written in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.out = nn.Parameter(torch.randn(12, 3, 7, 7) / 8), nn.Parameter(torch.randn(5, 12))
        self.rest = nn.Parameter(torch.randn(4, 12, 12, 3, 3) / 16)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.conv2d(x, self.first, stride=8, padding=3)
        for weight in self.rest:
            x = x + functional.conv2d(x, weight, padding=1).relu_()
            x[:, 0] += 1
        return x.flatten(2).mean(2) @ self.out.T


class Twice(nn.Module):
    """A module with a stream of its own, called twice; the second call's stream is what is pooled."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(12, 12, 3, padding=1)

        def forward(self, x: Tensor, steps: int, pool: bool) -> Tensor:
            for _ in range(steps):
                x = x + torch.tanh(self.layer(x))
            return x.mean((2, 3), keepdim=True) if pool else x

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.block, self.out = nn.Conv2d(3, 12, 4, 4), self.Block(), nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.avg_pool2d(self.block(self.stem(x), 1, pool=False), 2)
        return self.out(self.block(x, 6, pool=True).flatten(1))


@pytest.mark.parametrize(
    ("kind", "grid"),
    [
        (Reused, (8, 12)),
        (Hourglass, (16, 24)),
        (Tokens, (8, 12)),
        (Stream, (8, 12)),
        (Bare, (8, 12)),
        (Twice, (8, 12)),
    ],
)
def test_explained_without_a_setting(kind: type[nn.Module], grid: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    pictures = [Image.fromarray(rng.integers(0, 256, (70, 110, 3), np.uint8)) for _ in range(2)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = kind()
    classifier = load_model(network, label="net", preprocess={"size": [64, 96], "resize": [64, 96]})
    last = classifier.site()
    assert (last.resolution, last.cut) == (grid, True)
    assert last.depth > 0.7
    inputs = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    for site in classifier.sites.sites:
        facts = measure_tail(network.eval(), site, inputs)
        assert max(facts.logits_error, facts.gradient_error) < 1e-5, site.name
        assert not facts.rerun, site.name
        if site.step:  # functions before it are not computed again either
            assert facts.flops <= 2 * classifier.sites.flops * (1 - site.depth) + 1, site.name
    found = explain(classifier, pictures, ["grad-cam", "ablation-cam", "score-cam", "saliency", "occlusion", "lime"])
    assert not found.failures
    assert all(maps.usable.all() for maps in found.maps.values())


def test_gradient_of_a_stream_that_no_module_returns() -> None:
    """A mean over cells and a linear layer: the gradient of a logit at each cell is known."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Stream().eval()
    images = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    site = find_sites(network, images[:1]).last
    with capture(network, site) as captured, torch.no_grad():
        logits = network(images)
    (gradient,) = torch.autograd.grad(logits[:, 3].sum(), captured.native)
    assert torch.allclose(gradient, (network.out.weight[3] / 96)[None, :, None, None].expand(2, -1, 8, 12))
    assert torch.allclose(network.out(captured.features.mean((2, 3))), logits, atol=1e-6)
