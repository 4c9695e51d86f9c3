"""The rules that choose the last features."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.core.errors import InputError, ModelError
from crosslight.models.taps import Tail, capture, find, find_sites, logits_of
from crosslight.models.taps.flops import FlopMeter
from crosslight.models.taps.graph import Emission, Trace, trace

CHOSEN = {
    "densenet121": ("features.norm5", "cut"),  # a functional ReLU in place follows
    "squeezenet1_1, not square": ("features.12", "cut"),  # not the class map of classifier.1
    "resnet18, not square": ("layer4.1.relu#1", "cut"),
    "timm vit": ("blocks.5.norm1", "token"),
    "torchvision vit": ("encoder.layers.encoder_layer_3.ln_1", "token"),
    "hf vit": ("vit.layers.3.layernorm_before", "token"),
    "timm vit_relpos": ("blocks.8", "cut"),  # average pooling: the block's end has gradient everywhere
    "hf dinov2": ("dinov2.layernorm", "cut"),
    "shared tokens": ("block#3[0]", "cut"),
    "functional residual": ("act#4", "cut"),
    "two streams": ("right.3", "partial"),
}


@pytest.mark.parametrize("name", CHOSEN)
def test_what_is_chosen(name: str, case_of: Any) -> None:
    last = case_of(name).sites.last
    assert (last.name, last.kind) == CHOSEN[name]


@pytest.mark.parametrize("name", ["timm vit", "torchvision vit", "hf vit"])
def test_class_token_networks_have_gradient_on_every_cell(name: str, case_of: Any, helpers: Any) -> None:
    case = case_of(name)
    site = case.sites.last
    assert site.kind == "token"
    assert site.layout.prefix == 1
    with capture(case.network, site) as captured, torch.no_grad():
        logits = logits_of(case.network(case.x))
    (gradient,) = torch.autograd.grad(helpers.score(logits), captured.native)
    assert (captured.to_features(gradient) != 0).any(dim=1).all()


def test_what_is_used_before_it_is_returned_is_no_site(case_of: Any) -> None:
    case = case_of("late return")
    assert "block[0]" not in [site.name for site in case.sites.sites]
    assert case.sites.last.name == "forward:mul"


def test_earliest_emission_of_a_shared_tensor(case_of: Any) -> None:
    names = [site.module for site in case_of("resnet18, not square").sites.sites]
    assert "layer4.1.relu" in names
    assert "layer4.1" not in names
    assert "layer4" not in names


def test_depth_is_the_share_of_flops() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5),
    )  # fmt: skip
    sites = find_sites(network, torch.randn(1, 3, 12, 12))
    first, second, head = 2 * 144 * 27 * 8, 2 * 144 * 72 * 8, 2 * 8 * 5
    assert sites.flops == first + second + head
    assert [(site.name, site.depth) for site in sites.sites] == [
        ("0", pytest.approx(first / sites.flops)),
        ("1", pytest.approx(first / sites.flops)),
        ("2", pytest.approx((first + second) / sites.flops)),
        ("3", pytest.approx((first + second) / sites.flops)),
    ]
    assert sites.at(0.3).name == "1"
    assert sites.at(0.9).name == "3"
    assert (sites.image, sites.classes) == ((12, 12), 5)
    for wrong in (0.0, 1.5, -1.0):
        with pytest.raises(InputError, match="depth"):
            sites.at(wrong)


def test_attention_counts_on_this_device() -> None:
    q = torch.randn(1, 2, 16, 8)
    with FlopMeter() as meter:
        nn.functional.scaled_dot_product_attention(q, q, q)
    assert meter.total == 2 * (2 * 2 * 16 * 16 * 8)


class Uncounted(nn.Module):
    """A network without a single matrix product."""

    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(1, 3, 1, 1))

        def forward(self, x: Tensor) -> Tensor:
            return x * self.weight

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(self.Scale(), nn.Tanh(), nn.AvgPool2d(2), self.Scale(), nn.Tanh(), self.Scale())

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).pow(3).mean((2, 3)).cumsum(1)


def test_modules_are_counted_where_flops_cannot_be() -> None:
    sites = find_sites(Uncounted(), torch.randn(1, 3, 16, 16))
    assert sites.flops == 0
    depths = [site.depth for site in sites.sites]
    assert depths == sorted(depths)
    assert depths[0] > 0


def test_zero_heads_and_constant_examples_do_not_hide_the_features() -> None:
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.Conv2d(8, 8, 3, 2), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5),
    )  # fmt: skip
    nn.init.zeros_(network[6].weight)
    before = network[6].weight
    sites = find_sites(network, torch.zeros(1, 3, 32, 32))
    assert sites.last.name == "3"
    assert network[6].weight is before
    assert not before.any()
    assert Tail.build(network, sites.last, torch.randn(2, 3, 32, 32)).logits.shape == (2, 5)


class Flat(nn.Module):
    def __init__(self, detach: bool = False) -> None:
        super().__init__()
        self.detach, self.head = detach, nn.Linear(3 * 64, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x.detach().flatten(1) if self.detach else x.flatten(1))


class OneCell(nn.Module):
    """Only the first cell of the features is read."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x)[:, :, 0, 0])


class Overwriting(nn.Module):
    """Runs, but cannot be differentiated: a value that the gradient needs is overwritten."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 8, 1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        y = x.sigmoid()
        z = y * 2
        y += 1
        return self.head((y * z).mean((2, 3)))


def test_no_features_says_why() -> None:
    x = torch.randn(1, 3, 8, 8)
    with pytest.raises(ModelError, match="no module of this network returns spatial features"):
        find_sites(Flat(), x)
    with pytest.raises(ModelError, match="do not depend on the image"):
        find_sites(Flat(detach=True), x)
    with pytest.raises(ModelError, match=r"90 %.*2%, at conv"):
        find_sites(OneCell(), x)
    with pytest.raises(ModelError, match="float image"):
        find_sites(Flat(), x.long())
    with pytest.raises(ModelError, match="cannot be differentiated"):
        find_sites(Overwriting(), x)


class Hidden(nn.Module):
    """Passes something by the features that autograd does not see: which cell was the brightest."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.late = nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        brightest = x.flatten(2).argmax(2)
        x = self.late(x)
        return self.head(x.mean((2, 3)) + brightest)


def test_guard_falls_back_to_a_site_whose_tail_is_right() -> None:
    torch.manual_seed(0)
    last = find_sites(Hidden(), torch.randn(1, 3, 8, 8)).last
    assert last.name == "stem"


class ReadAlongTheWay(nn.Module):
    """A stream that reads the patches after every layer and alone feeds the head: the only cut is at the start."""

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(24, 24, 9, padding=4)

        def forward(self, x: Tensor) -> Tensor:
            return x + self.conv(x).relu()

    def __init__(self, layers: int = 6) -> None:
        super().__init__()
        self.patch = nn.Sequential(nn.Conv2d(3, 24, 8, stride=8), nn.Flatten(2))
        self.layers = nn.ModuleList(self.Layer() for _ in range(layers))
        self.norms = nn.ModuleList(nn.GroupNorm(4, 24) for _ in range(layers))
        self.head = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        x, read = self.patch(x), torch.zeros(24)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = layer(x)
            read = read + norm(x).square().mean(2)
        return self.head(read)


def test_no_backward_pass_through_the_whole_network_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding costs about three passes: what follows an early cut is most of the network."""
    torch.manual_seed(0)
    asked: list[float] = []
    reaches_around = Trace.reaches_around

    def noting(self: Trace, emission: Emission, blocked: Emission) -> bool:
        asked.append(emission.flops / self.flops)
        return reaches_around(self, emission, blocked)

    monkeypatch.setattr(Trace, "reaches_around", noting)
    last = find_sites(ReadAlongTheWay(), torch.randn(1, 3, 32, 32)).last
    assert (last.name, last.kind) == ("norms.5", "partial")
    assert asked
    assert min(asked) > 0.5


def test_a_second_look_only_where_something_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Early features are no reason to look again where no parameter hides later ones."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 4096), nn.ReLU(), nn.Linear(4096, 5),
    )  # fmt: skip
    x, looks = torch.randn(1, 3, 16, 16), []
    monkeypatch.setattr(find, "trace", lambda *given: looks.append(given[3]) or trace(*given))
    assert find_sites(network, x).last.depth < 0.5
    assert looks == [False]  # and none at functions between modules
    nn.init.zeros_(network[4].bias)
    assert find_sites(network, x).last.depth < 0.5
    assert looks[1:] == [False, False]


def test_the_image_itself_is_no_hidden_feature(case_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two streams leave no cut but the image: nothing that functions compute could be one."""
    case, looks = case_of("two streams"), []
    monkeypatch.setattr(find, "trace", lambda *given: looks.append(given[3]) or trace(*given))
    assert not find_sites(case.network, case.x[:1]).last.cut
    assert looks == [False]


def test_depth_as_a_share_of_the_blocks() -> None:
    """Blocks follow each other in a container; what they are made of, and what they are grouped into, are none."""

    def block(width: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.GELU())

    stages = nn.Sequential(nn.Sequential(block(4), block(4), block(4)), nn.Sequential(block(4)))
    network = nn.Sequential(
        nn.Conv2d(3, 4, 4, stride=4), stages, nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        sites = find_sites(network, torch.randn(1, 3, 32, 32))
    blocks = [site.module for site in sites.sites if site.block]
    assert blocks == ["1.0.0.1", "1.0.1.1", "1.0.2.1", "1.1.0.1"], "by the layer that returns it first"
    found = [sites.at(depth, "blocks").module for depth in (0.01, 0.25, 0.5, 0.8)]
    assert found == ["1.0.0.1", "1.0.0.1", "1.0.1.1", "1.0.2.1"]
    assert sites.at(1, "blocks") == sites.last
    without = replace(sites, sites=tuple(replace(site, block=False) for site in sites.sites))
    with pytest.raises(InputError, match="no blocks"):
        without.at(0.5, "blocks")


def test_few_channels_that_are_off_in_some_cells() -> None:
    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features, self.head = nn.Conv2d(3, 4, 5, stride=4), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.head(self.features(x).relu().mean(dim=(2, 3)))

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        last = find_sites(Network(), torch.randn(1, 3, 64, 64)).last
    assert last.module == "features"
    assert 0.9 <= last.coverage < 0.99
