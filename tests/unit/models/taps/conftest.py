"""Small networks of every kind, each with its sites, and an independent reference for gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from crosslight.models.taps import Site, Sites, find_sites, logits_of
from crosslight.models.taps.capture import visiting


class FunctionalResidual(nn.Module):
    """Residual paths, in-place activations and normalisation written in the forward itself; a dict comes out."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 3, stride=2, padding=1)
        self.convs = nn.ModuleList(nn.Conv2d(16, 16, 3, padding=1) for _ in range(4))
        self.act = nn.ReLU(inplace=True)  # one module, many calls
        self.head = nn.Linear(16, 10)

    def forward(self, x: Tensor) -> dict[str, Any]:
        x -= 0.1  # writes into its own input
        x = self.act(self.stem(x))
        for conv in self.convs:
            y = conv(x)
            y += x
            x = self.act(F.group_norm(y, 4))
        return {"features": [x], "logits": self.head(x.mean((2, 3)))}


class SharedTokens(nn.Module):
    """One block called four times; tuples of tokens and their grid go from call to call."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.LayerNorm(24)
            self.mix = nn.Conv1d(24, 24, 3, padding=1, groups=24)
            self.mlp = nn.Sequential(nn.Linear(24, 48), nn.GELU(), nn.Linear(48, 24))

        def forward(self, state: tuple[Tensor, tuple[int, int]]) -> tuple[Tensor, tuple[int, int]]:
            x, grid = state
            x = x + self.mix(x.transpose(1, 2)).transpose(1, 2)
            return x + self.mlp(self.norm(x)), grid

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, 24, 8, stride=8)
        self.block = self.Block()
        self.head = nn.Linear(24, 7)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.patch(x)
        state = (x.flatten(2).transpose(1, 2), x.shape[2:])
        for _ in range(4):
            state = self.block(state)
        return state[0].mean((1, 2)), self.head(state[0].mean(1))


class TwoStreams(nn.Module):
    """Two towers that never meet before the head: no cut but the input."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(True), nn.Conv2d(16, 16, 3, 2, 1), nn.ReLU(True))
        self.right = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(True), nn.Conv2d(16, 24, 3, 2, 1), nn.ReLU(True))
        self.head = nn.Linear(40, 10)

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.left(x), self.right(x)
        return self.head(torch.cat([left.mean((2, 3)), right.mean((2, 3))], 1))


class LateReturn(nn.Module):
    """A block that uses its sum before it returns it: what it returns cannot be replaced there."""

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.gate = nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(16, 16, 1)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            x = x + self.conv(x)
            return x, self.gate(x).sigmoid()

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 16, 3, 2, 1), nn.ReLU())
        self.block, self.head = self.Block(), nn.Linear(16, 10)

    def forward(self, x: Tensor) -> Tensor:
        x, gate = self.block(self.stem(x))
        return self.head((x * gate).mean((2, 3)))


def _timm(name: str) -> nn.Module:
    import timm

    return timm.create_model(name, pretrained=False)


def _torchvision(name: str, **options: Any) -> nn.Module:
    import torchvision

    return getattr(torchvision.models, name)(weights=None, **options)


def _vit() -> nn.Module:
    from torchvision.models import VisionTransformer

    return VisionTransformer(64, 8, num_layers=4, num_heads=4, hidden_dim=48, mlp_dim=96, num_classes=10)


def _swin() -> nn.Module:
    from torchvision.models import SwinTransformer

    return SwinTransformer([4, 4], 24, [1, 1, 2], [2, 2, 4], [4, 4], num_classes=10)


def _hf(name: str, **options: Any) -> nn.Module:
    transformers = pytest.importorskip("transformers")
    config = getattr(transformers, f"{name}Config")(image_size=64, num_labels=10, **options)
    return getattr(transformers, f"{name}ForImageClassification")(config)


_HF_SIZES = {"hidden_size": 48, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 96}

# name: (builder, height, width)
NETWORKS: dict[str, tuple[Callable[[], nn.Module], int, int]] = {
    **{f"timm {n}": (partial(_timm, f"test_{n}"), 160, 160) for n in ("vit", "vit2", "vit3", "vit4", "vit_relpos")},
    **{
        f"timm {n}": (partial(_timm, f"test_{n}"), 96, 96)
        for n in (
            "byobnet",
            "convnext",
            "convnext2",
            "efficientnet",
            "efficientnet_ln",
            "mambaout",
            "nfnet",
            "resnet",
        )
    },
    "timm coatnet": (partial(_timm, "test_coatnet"), 160, 160),
    "timm maxvit": (partial(_timm, "test_maxvit"), 160, 160),
    "resnet18, not square": (partial(_torchvision, "resnet18"), 96, 160),
    "densenet121": (partial(_torchvision, "densenet121"), 64, 64),
    "squeezenet1_1, not square": (partial(_torchvision, "squeezenet1_1"), 112, 80),
    "mobilenet_v3_small": (partial(_torchvision, "mobilenet_v3_small"), 96, 96),
    "torchvision vit": (_vit, 64, 64),
    "torchvision swin, not square": (_swin, 64, 96),
    "hf vit": (partial(_hf, "ViT", patch_size=8, **_HF_SIZES), 64, 64),
    "hf dinov2": (partial(_hf, "Dinov2", patch_size=8, **_HF_SIZES), 64, 64),
    "functional residual": (FunctionalResidual, 48, 64),
    "shared tokens": (SharedTokens, 64, 96),
    "two streams": (TwoStreams, 32, 32),
    "late return": (LateReturn, 32, 32),
}
CLASS_TOKEN = ("timm vit", "torchvision vit", "hf vit")


@dataclass
class Case:
    """A network with a batch of two images and what was found in it."""

    name: str
    network: nn.Module
    x: Tensor
    sites: Sites


@cache
def build(name: str) -> Case:
    torch.manual_seed(0)
    builder, height, width = NETWORKS[name]
    network = builder().eval()
    with torch.no_grad():  # untrained heads, gains and layer scales are often constant
        for parameter in network.parameters():
            if parameter.numel() < 2 or parameter.std() < 1e-3:
                parameter.add_(0.1 * torch.randn(parameter.shape))
        # Batch statistics keep the signal alive through many untrained layers.
        norms = [m.train() for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = 1.0
        if norms:
            network(torch.randn(8, 3, height, width))
        network.eval()
    x = torch.randn(2, 3, height, width)
    return Case(name, network, x, find_sites(network, x[:1], getattr(network, "num_prefix_tokens", None)))


@pytest.fixture(params=NETWORKS, scope="session")
def case(request: pytest.FixtureRequest) -> Case:
    return build(request.param)


@pytest.fixture(scope="session")
def case_of() -> Callable[[str], Case]:
    return build


def relative(value: Tensor, reference: Tensor) -> float:
    return float((value - reference).detach().abs().max() / reference.detach().abs().max())


def state_of(network: nn.Module) -> list[Any]:
    """Everything that borrowing a network may change, by identity where that matters."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks",
             "_forward_hooks_always_called", "_forward_hooks_with_kwargs")  # fmt: skip
    return [
        torch.is_grad_enabled(),
        torch.backends.mha.get_fastpath_enabled(),
        *(
            (n, m.training, "forward" in m.__dict__, [list(getattr(m, h)) for h in hooks])
            for n, m in network.named_modules()
        ),
        *((n, id(p), p.requires_grad, p.grad, p._version) for n, p in network.named_parameters()),
        *((n, id(b), b.requires_grad, b._version) for n, b in network.named_buffers()),
    ]


def full(case: Case, site: Site, features: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The logits, and the gradient of `score` at a site, by plain autograd through the whole network.

    A tensor of zeros is added to what the site's module returns (after its cells were replaced by `features`,
    if given); its gradient is the wanted one.
    """
    probes: list[Tensor] = []

    def at_site(output: Any) -> Any:
        parts = [output]
        for key in site.path:
            parts.append(parts[-1][key])
        probes.append(torch.zeros_like(parts[-1]).requires_grad_(True))
        new: Any = parts[-1] + probes[0]
        if features is not None:
            new = site.layout.to_native(features, parts[-1]) + probes[0]
        for part, key in zip(reversed(parts[:-1]), reversed(site.path), strict=True):
            if isinstance(part, tuple):
                new = (*part[:key], new, *part[key + 1 :])
            else:
                part[key] = new
                new = part
        return new

    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with _at(case.network, site, at_site):
            logits = logits_of(case.network(case.x.clone()))
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    (gradient,) = torch.autograd.grad(score(logits), probes)
    return logits.detach(), site.layout.to_features(gradient)


@contextmanager
def _at(network: nn.Module, site: Site, at_site: Callable[[Any], Any]) -> Iterator[None]:
    """Replace what a module or a function returns at a site."""
    if site.step is not None:
        with visiting(network, site, at_site):
            yield
        return
    calls = 0

    def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
        nonlocal calls
        calls += 1
        return at_site(output) if calls == site.call + 1 else None

    handle = network.get_submodule(site.module).register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def score(logits: Tensor) -> Tensor:
    """What is differentiated: each image's first two classes, with different weights."""
    return (logits[:, 0] - 0.5 * logits[:, 1]).sum()


@pytest.fixture(scope="session")
def helpers() -> Any:
    """The functions above, for tests in other files."""

    class Helpers:
        pass

    for function in (relative, state_of, full, score):
        setattr(Helpers, function.__name__, staticmethod(function))
    return Helpers
