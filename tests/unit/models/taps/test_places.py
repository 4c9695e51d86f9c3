"""Where cells lie: derived from a pass, beside what their gradients say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from crosslight.core.errors import ModelError
from crosslight.models.taps import Layout, Site, find_sites, receptive_energy
from crosslight.models.taps.places import Axis, Place, find_place


def site_of(output: Tensor, module: str = "body", call: int = 0) -> Site:
    """What a network's body returns, as a site."""
    layout = Layout("NCHW", *output.shape[2:])
    return Site(module, call, (), layout, output.shape[1], 1.0, 0, True, 1.0, "cut")


class Whole(nn.Module):
    """A body that returns ``[b, c, h, w]``, and a head."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x).mean((2, 3))


class Do(nn.Module):
    """A function as a module."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def place_of(*parts: Any, side: int | tuple[int, int] = 64, channels: int = 1) -> Place:
    """The place of what modules, or functions, make of an image."""
    body = nn.Sequential(*(part if isinstance(part, nn.Module) else Do(part) for part in parts))
    size = (side, side) if isinstance(side, int) else side
    x = torch.randn(1, channels, *size, generator=torch.Generator().manual_seed(0))
    return find_place(Whole(body), site_of(body(x)), x)


def conv(kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, inputs: int = 1) -> nn.Conv2d:
    """A convolution whose weights are all the same, so that cells lie in the middle of what they see."""
    layer = nn.Conv2d(inputs, 1, kernel, stride, padding, dilation, bias=False)
    nn.init.constant_(layer.weight, 1.0)
    return layer


@pytest.mark.parametrize(
    ("kernel", "padding", "layers", "offset", "scale"),
    [
        (3, 1, 1, -0.25, 1),  # half a pixel in cells of two
        (3, 1, 5, -15.5 / 32, 1),  # a ResNet's
        (7, 3, 1, -0.25, 1),
        (1, 0, 1, -0.25, 1),
        (2, 0, 3, 0, 1),
        (4, 1, 3, 0, 1),
        (4, 0, 1, 0, 31 / 32),  # a border is lost
    ],
)
def test_convolutions_with_a_stride(kernel: int, padding: int, layers: int, offset: float, scale: float) -> None:
    place = place_of(*(conv(kernel, 2, padding) for _ in range(layers)))
    assert place.followed
    assert place.offset == pytest.approx((offset, offset))
    assert place.scale == pytest.approx((scale, scale))


def test_rows_and_columns_are_their_own() -> None:
    place = place_of(conv(3, (2, 1), 1), lambda x: F.pad(x, (2, 0, 0, 0)), side=(64, 32))  # type: ignore[arg-type]
    assert place.rows == Axis(32, 0.5, 2.0)
    assert place.columns == Axis(34, -1.5, 1.0)
    assert place.span == pytest.approx((-2 / 32, -0.5 / 64, 1, 63.5 / 64))


# Each keeps the middle of what cells see exactly where the rule puts it, far from borders.
PARTS = {
    "conv 3/2": lambda: conv(3, 2, 1),
    "conv 2": lambda: conv(2),
    "conv 3 dilated": lambda: conv(3, 1, 2, 2),
    "conv 5/3": lambda: conv(5, 3, 1),
    "average 2/2": lambda: nn.AvgPool2d(2),
    "average 3/2": lambda: nn.AvgPool2d(3, 2, 1, ceil_mode=True),
    "adaptive": lambda: Do(lambda x: F.adaptive_avg_pool2d(x, x.shape[-1] // 2) if x.shape[-1] % 2 == 0 else x),
    "pad": lambda: Do(lambda x: F.pad(x, (0, 1, 0, 1))),
    "pad reflected": lambda: nn.ReflectionPad2d((2, 0, 2, 0)),
    "crop": lambda: Do(lambda x: x[:, :, 3:-1, 3:-1]),
    "every other": lambda: Do(lambda x: x[..., 1::2, 1::2]),
    "channels last": lambda: Do(lambda x: F.pad(x.permute(0, 2, 3, 1), (0, 0, 1, 0, 1, 0))[:, 1:, :-1].mT.mT.permute(0, 3, 1, 2)),
    "larger": lambda: nn.Upsample(scale_factor=2, mode="bilinear"),
    "larger by corners": lambda: nn.Upsample(scale_factor=1.5, mode="bilinear", align_corners=True),
    "tokens": lambda: Do(lambda x: x.flatten(2).transpose(1, 2).mul(2).transpose(1, 2).unflatten(2, x.shape[2:])),
}  # fmt: skip


@given(st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_the_middle_of_the_gradient_is_where_the_cell_lies(names: list[str]) -> None:
    body = nn.Sequential(*(PARTS[name]() for name in names)).double()
    x = torch.rand(1, 1, 144, 144, dtype=torch.float64, requires_grad=True)
    out = body(x)
    place = find_place(Whole(body), site_of(out), x)
    for axis, dim, at in ((place.rows, 0, out.shape[2] // 2), (place.columns, 1, out.shape[3] // 2)):
        (gradient,) = torch.autograd.grad(out[0, 0, out.shape[2] // 2, out.shape[3] // 2], x, retain_graph=True)
        weights = gradient[0, 0].sum(1 - dim)
        middle = (weights * (torch.arange(144) + 0.5)).sum() / weights.sum()
        assert float(middle) == pytest.approx(axis.start + at * axis.jump, abs=1e-6)


@pytest.mark.parametrize(
    "part", [nn.ConvTranspose2d(1, 1, 4, 2, 1), nn.ConvTranspose2d(1, 1, 2, 2), nn.Upsample(scale_factor=2)]
)
def test_what_makes_a_grid_finer_keeps_its_length(part: nn.Module) -> None:
    place = place_of(nn.AvgPool2d(4), part)
    assert (place.offset, place.scale) == ((0, 0), (1, 1))
    assert place.rows == Axis(32, 1, 2)


def test_patch_merging_lies_in_the_middle() -> None:
    def slices(x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1)
        return torch.cat([x[:, i::2, j::2] for i in (0, 1) for j in (0, 1)], -1).permute(0, 3, 1, 2)

    def reshaped(x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        return x.view(b, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(b, -1, h // 2, w // 2)

    for merge in (slices, reshaped, nn.PixelUnshuffle(2)):
        assert place_of(conv(3, 2, 1), merge).offset == pytest.approx((-0.125, -0.125))


def test_windows_and_rolls_cancel() -> None:
    def windows(x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        x = torch.roll(x, (-2, -2), (2, 3)).view(b, c, h // 4, 4, w // 4, 4).permute(0, 2, 4, 3, 5, 1).flatten(0, 2)
        x = x.softmax(1).view(b, h // 4, w // 4, 4, 4, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, h, w)
        return torch.roll(x, (2, 2), (2, 3))

    assert place_of(conv(3, 2, 1), windows).offset == (-0.25, -0.25)


def test_attention_lies_where_its_queries_do() -> None:
    class Attention(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            few = x[:, :, ::2, ::2]
            query, key = few.flatten(2).mT, F.avg_pool2d(x, 4).flatten(2).mT
            plain = ((query @ key.mT).softmax(-1) @ key).mT.unflatten(2, few.shape[2:])
            fused = F.scaled_dot_product_attention(query[:, None], key[:, None], key[:, None])[:, 0]
            return plain + fused.mT.unflatten(2, few.shape[2:])

    assert place_of(Attention(), channels=8).rows == Axis(32, 0.5, 2)


class Branches(nn.Module):
    """The sum of a convolution that shifts and one that does not."""

    def __init__(self, loud: float) -> None:
        super().__init__()
        self.shifting, self.keeping = conv(1, 2), conv(2, 2)
        with torch.no_grad():
            self.shifting.weight.mul_(2 * loud)  # four pixels of noise have twice the deviation of one

    def forward(self, x: Tensor) -> Tensor:
        return self.shifting(x) + self.keeping(x)


@pytest.mark.parametrize(("loud", "share"), [(0.0, 0.0), (1.0, 0.5), (3.0, 0.9)])
def test_what_varies_more_says_more_of_the_mean(loud: float, share: float) -> None:
    assert place_of(Branches(loud)).offset[0] == pytest.approx(-0.25 * share, abs=0.02)


def test_a_gate_says_nothing() -> None:
    assert place_of(conv(3, 2, 1), lambda x: x * x.mean((2, 3), keepdim=True).sigmoid()).offset == (-0.25, -0.25)


def test_a_network_that_cannot_be_followed() -> None:
    place = place_of(conv(3, 2, 1), lambda x: torch.tensor(x.detach().tolist()))
    assert not place.followed
    assert (place.offset, place.scale) == ((0, 0), (1, 1))
    assert place.span == (0, 0, 1, 1)


def test_a_site_that_is_not_reached() -> None:
    body, x = conv(3), torch.rand(1, 1, 8, 8)
    with pytest.raises(ModelError, match="not reached"):
        find_place(Whole(body), site_of(body(x), call=1), x)


def test_the_network_is_left_as_it_was() -> None:
    body, x = nn.Sequential(conv(3), nn.BatchNorm2d(1)).train(), torch.rand(2, 1, 8, 8)
    network, before = Whole(body), x.clone()
    find_place(network, site_of(body.eval()(x)), x)
    body.train()
    find_place(network, site_of(torch.empty(1, 1, 6, 6)), x)
    assert body.training
    assert body[1].num_batches_tracked == 0
    assert not body._forward_hooks
    assert torch.equal(x, before)


@pytest.mark.parametrize("name", ["test_resnet", "test_byobnet", "test_mambaout", "test_efficientnet", "test_vit"])
def test_networks_with_random_weights(name: str) -> None:
    """Cells in the middle, whose squared gradients do not reach the border."""
    import timm

    torch.manual_seed(0)
    side = 160 if name == "test_vit" else 256
    network, x = timm.create_model(name).eval(), torch.randn(1, 3, side, side)
    site = find_sites(network, x).last
    place = find_place(network, site, x)
    if name == "test_vit":  # attention sees everything
        assert place.offset == (0, 0)
        return
    measured = []
    for cell in ((3, 4), (4, 3)):
        energy = receptive_energy(network, site, x, [cell])[0]
        for axis, i, dim in ((place.rows, cell[0], 0), (place.columns, cell[1], 1)):
            middle = (energy.sum(1 - dim) * (torch.arange(side) + 0.5)).sum()
            measured.append((float(middle) - axis.start - i * axis.jump) / axis.jump)
    assert sum(measured) / len(measured) == pytest.approx(0, abs=0.1)
