"""Attention matrices of real architectures, and the chain that they make."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import _get_current_function_mode_stack

from crosslight.core.errors import ModelError
from crosslight.core.geometry import Preprocess
from crosslight.models import Classifier
from crosslight.models.taps import AttentionPath, logits_of, recorded_attention
from crosslight.models.taps.attention_path import find_attention

SIZE = 48
SMALL = {"img_size": SIZE, "patch_size": 12, "embed_dim": 24, "depth": 3, "num_heads": 3, "num_classes": 5}


def timm_(name: str, fused: bool | None = None, **options: Any) -> nn.Module:
    import timm

    network = timm.create_model(name, **SMALL | options)
    for module in network.modules():
        if fused is not None and hasattr(module, "fused_attn"):
            module.fused_attn = fused
    return network


def levit(*stages: int) -> nn.Module:
    widths = [24 + 8 * i for i in range(len(stages))]
    options = {"embed_dim": widths, "depth": stages, "num_heads": (2,) * len(stages), "key_dim": 8}
    return timm_("levit_128s", patch_size=None, **options)


def pyramid() -> nn.Module:
    import timm

    options = {"embed_dims": (8, 16), "depths": (1, 1), "num_heads": (1, 2), "sr_ratios": (4, 2), "mlp_ratios": (2, 2)}
    return timm.create_model("pvt_v2_b0", num_classes=5, **options)


def swin() -> nn.Module:
    import timm

    options = {"img_size": SIZE, "window_size": 3, "embed_dim": 12, "depths": (1, 1), "num_heads": (1, 2)}
    return timm.create_model("swin_tiny_patch4_window7_224", num_classes=5, **options)


def convolutions() -> nn.Module:
    import timm

    return timm.create_model("test_resnet", num_classes=5)


def torchvision_() -> nn.Module:
    from torchvision.models import VisionTransformer

    network = VisionTransformer(SIZE, 12, num_layers=3, num_heads=3, hidden_dim=24, mlp_dim=48, num_classes=5)
    nn.init.normal_(network.heads.head.weight)
    return network


def hf(implementation: str, name: str = "ViT") -> nn.Module:
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 3, "intermediate_size": 48}
    config = getattr(transformers, f"{name}Config")(image_size=SIZE, patch_size=12, num_labels=5, **sizes)
    config._attn_implementation = implementation
    return getattr(transformers, f"{name}ForImageClassification")(config)


class Attending(nn.Module):
    """A transformer whose attention can be put in, with a class token that the head reads."""

    def __init__(self, attend: Callable[[Tensor, Tensor, Tensor], Tensor], layers: int = 2):
        super().__init__()
        self.attend = attend
        self.patch = nn.Conv2d(3, 24, 12, stride=12)
        self.token = nn.Parameter(torch.randn(1, 1, 24))
        self.qkv = nn.ModuleList(nn.Linear(24, 72) for _ in range(layers))
        self.head = nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([self.token.expand(len(x), -1, -1), self.patch(x).flatten(2).transpose(1, 2)], dim=1)
        for layer in self.qkv:
            q, k, v = layer(x).unflatten(2, (3, 3, 8)).permute(2, 0, 3, 1, 4)
            x = x + self.attend(q, k, v).transpose(1, 2).flatten(2)
        return self.head(x[:, 0])


def softmax_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return F.softmax(q @ k.transpose(-2, -1), dim=-1) @ v


def classifier(network: nn.Module, size: int = SIZE) -> Classifier:
    prefix = getattr(network, "num_prefix_tokens", None)
    return Classifier(network, Preprocess(size=(size, size), resize=None), label="it", prefix_tokens=prefix)


def images(count: int = 2) -> Tensor:
    return torch.randn((count, 3, SIZE, SIZE), generator=torch.Generator().manual_seed(1))


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


CLASS_TOKEN = AttentionPath((4, 4), 1, 3, 0, 0, (0,), False)
AVERAGE = AttentionPath((4, 4), 0, 3, 0, 0, (), True)
PATHS: dict[str, tuple[Callable[[], nn.Module], AttentionPath]] = {
    "timm vit, fused": (lambda: timm_("vit_tiny_patch16_224", True), CLASS_TOKEN),
    "timm vit, not fused": (lambda: timm_("vit_tiny_patch16_224", False), CLASS_TOKEN),
    "timm vit, average": (lambda: timm_("vit_tiny_patch16_224", class_token=False, global_pool="avg"), AVERAGE),
    "timm vit, average beside a class token": (
        lambda: timm_("vit_tiny_patch16_224", global_pool="avg"),
        AttentionPath((4, 4), 1, 3, 0, 0, (), True),
    ),
    "registers": (
        lambda: timm_("vit_small_patch14_reg4_dinov2"),
        AttentionPath((4, 4), 5, 3, 0, 0, (0,), False),
    ),
    "distilled": (
        lambda: timm_("deit_tiny_distilled_patch16_224"),
        AttentionPath((4, 4), 2, 3, 0, 0, (0, 1), False),
    ),
    "attention pooling": (
        lambda: timm_("vit_base_patch16_siglip_224"),
        AttentionPath((4, 4), 0, 3, 1, 1, (), False),
    ),
    "attention pooling of the patches alone": (
        lambda: timm_("vit_tiny_patch16_224", global_pool="map", pool_include_prefix=False),
        AttentionPath((4, 4), 1, 3, 1, 1, (), False),
    ),
    "relative positions": (lambda: timm_("beit_base_patch16_224"), AttentionPath((4, 4), 1, 3, 0, 0, (), True)),
    "cait": (
        lambda: timm_("cait_xxs24_224", depth_token_only=2),
        AttentionPath((4, 4), 0, 3, 2, 1, (), False),
    ),
    "levit": (lambda: levit(3), AttentionPath((3, 3), 0, 3, 0, 0, (), True)),
    "torchvision vit": (torchvision_, CLASS_TOKEN),
    "hf vit, sdpa": (lambda: hf("sdpa"), CLASS_TOKEN),
    "hf vit, eager": (lambda: hf("eager"), CLASS_TOKEN),
    "hf dinov2": (lambda: hf("sdpa", "Dinov2"), AttentionPath((4, 4), 1, 3, 0, 0, (0,), True)),
    "own": (lambda: Attending(softmax_attention, 3), CLASS_TOKEN),
}


@pytest.mark.parametrize("name", PATHS)
def test_the_path_of_an_architecture(name: str, helpers: Any) -> None:
    make, expected = PATHS[name]
    network = make().train()
    before = helpers.state_of(network)
    untouched = logits_of(network.eval()(images())).detach()
    network.train()
    found = classifier(network)
    assert found.attention == expected
    assert helpers.state_of(network) == before
    network.eval()
    with torch.no_grad():
        assert torch.equal(logits_of(network(images())), untouched)
        with recorded_attention() as matrices:
            logits = logits_of(network(images()))
    assert helpers.relative(logits, untouched) < 1e-5
    for matrix in expected.arranged(matrices, 2):
        assert matrix.shape[-1] >= expected.tokens
        torch.testing.assert_close(matrix.sum(-1), torch.ones(matrix.shape[:-1]))
    read = expected.read(torch.zeros(2, 1, dtype=torch.float64))
    torch.testing.assert_close(read.sum(1), torch.ones(2, dtype=torch.float64))


def side_by_side(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return softmax_attention(q, k, v) - 0.5 * softmax_attention(k, q, v)


def channels(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return softmax_attention(*(part.transpose(-2, -1) for part in (q, k, v))).transpose(-2, -1)


def shy(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return softmax_attention(q, k, v) * (1.001 if _get_current_function_mode_stack() else 1)


MISFITS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "convolutions": (convolutions, "computes no attention matrices"),
    "windows": (swin, "windows of 9 tokens"),
    "reduced keys": (pyramid, "looks at 9 reduced tokens from 144"),
    "fewer tokens": (lambda: levit(1, 1), "reduces 9 tokens to 4"),
    "channels": (
        lambda: timm_("xcit_nano_12_p16_224", patch_size=16),
        "matrices are 8 x 8, and none of its features has 8",
    ),
    "own channels": (lambda: Attending(channels), "matrices are 8 x 8"),
    "side by side": (lambda: Attending(side_by_side), "stand side by side"),
    "only a pool": (lambda: Pooled(), "one token to 16 others"),
    "recording changes it": (lambda: Attending(shy), "logits change by"),
}


class Pooled(nn.Module):
    """Convolutions and attention pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.query = nn.Conv2d(3, 24, 12, stride=12), nn.Parameter(torch.randn(1, 1, 24))
        self.pool, self.head = nn.MultiheadAttention(24, 3, batch_first=True), nn.Linear(24, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        return self.head(self.pool(self.query.expand(len(x), -1, -1), x, x, need_weights=False)[0][:, 0])


@pytest.mark.parametrize("name", MISFITS)
def test_a_network_without_a_path_says_why(name: str, helpers: Any) -> None:
    make, reason = MISFITS[name]
    network = make()
    before = helpers.state_of(network)
    with pytest.raises(ModelError, match=f"^it: .*{reason}"):
        _ = classifier(network).attention
    assert helpers.state_of(network) == before
    assert _get_current_function_mode_stack() == []


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("graph", [True, False])
def test_matrices_are_those_of_timm(fused: bool, graph: bool) -> None:
    """Hooks on the dropout that timm's unfused attention sends its matrices through."""
    network = timm_("vit_tiny_patch16_224", fused).eval().requires_grad_(False)
    with recorded_attention() as matrices, torch.set_grad_enabled(graph):
        logits = network(images())
    assert matrices[0].is_leaf
    seen: list[Tensor] = []
    for block in network.blocks:
        block.attn.fused_attn = False
        block.attn.attn_drop.register_forward_hook(lambda module, inputs, output: seen.append(output))
    expected = network(images().requires_grad_())
    torch.testing.assert_close(list(matrices), seen)
    torch.testing.assert_close(logits, expected)
    if graph:
        ours = torch.autograd.grad(logits[:, 1].sum(), matrices)
        theirs = torch.autograd.grad(expected[:, 1].sum(), seen)
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_matrices_are_those_of_transformers(implementation: str) -> None:
    network = hf(implementation).eval()
    with torch.no_grad(), recorded_attention() as matrices:
        network(images())
    network.set_attn_implementation("eager")
    with torch.no_grad():
        torch.testing.assert_close(tuple(matrices), network(images(), output_attentions=True).attentions)


@pytest.mark.parametrize("weights", [True, False])
@pytest.mark.parametrize("graph", [True, False])
def test_matrices_are_those_of_pytorchs_own_module(weights: bool, graph: bool) -> None:
    attention = nn.MultiheadAttention(24, 3, batch_first=True).eval().requires_grad_(False)
    x = torch.randn(2, 5, 24)
    with torch.set_grad_enabled(graph), recorded_attention() as matrices:
        output, _ = attention(x, x, x, need_weights=weights)
    expected, per_head = attention(x, x, x, average_attn_weights=False)
    torch.testing.assert_close(matrices[0].reshape(2, 3, 5, 5), per_head)
    torch.testing.assert_close(output, expected)
    if graph:
        assert torch.autograd.grad(output.sum(), matrices)[0].any()


def test_fused_layers_of_pytorch_are_opened() -> None:
    layer = nn.TransformerEncoderLayer(24, 3, 48, batch_first=True)
    network = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).eval()
    x = torch.randn(2, 5, 24)
    with torch.no_grad(), recorded_attention() as matrices:
        output = network(x)
    assert [tuple(m.shape) for m in matrices] == [(2, 3, 5, 5)] * 2
    with torch.no_grad():
        torch.testing.assert_close(output, network(x))


def mask(kind: str) -> Tensor:
    given = torch.randn((1, 1, 5, 7), generator=torch.Generator().manual_seed(2))
    return given if kind == "float" else given > -1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scale": 0.3},
        {"is_causal": True},
        {"attn_mask": mask("float")},
        {"attn_mask": mask("bool"), "scale": 2.0},
        {"enable_gqa": True},
    ],
    ids=str,
)
def test_attention_step_by_step_is_the_fused_one(options: dict[str, Any]) -> None:
    q, k, v = torch.randn(2, 4, 5, 8), *torch.randn(2, 2, 2 if "enable_gqa" in options else 4, 7, 8)
    expected = F.scaled_dot_product_attention(q, k, v, **options)
    with recorded_attention() as matrices:
        torch.testing.assert_close(F.scaled_dot_product_attention(q, k, v, **options), expected)
    torch.testing.assert_close(matrices[0].sum(-1), torch.ones(2, 4, 5))
    if "is_causal" in options:
        assert not matrices[0].triu(1).any()
    if not options:
        torch.testing.assert_close(matrices[0], ((q @ k.transpose(-2, -1)) / math.sqrt(8)).softmax(-1))


def test_which_softmaxes_count() -> None:
    x = torch.randn(2, 3, 4)
    with recorded_attention() as matrices:
        torch.softmax(x, 1)
        x.softmax(0)
        F.softmax(x[0], -1)
        F.log_softmax(x, -1)
    assert matrices == []
    with recorded_attention() as matrices:
        kept = [torch.softmax(x, -1), x.softmax(2), x.softmax(dim=-1), F.softmax(x, dim=2), nn.Softmax(-1)(x)]
        kept.append(torch.special.softmax(x, -1))
    torch.testing.assert_close([m.detach() for m in matrices], [k.detach() for k in kept])


class Thrown(Exception):
    pass


def test_everything_is_as_before_after_an_exception() -> None:
    before = torch.backends.mha.get_fastpath_enabled()
    seen = []

    def interrupted() -> None:
        with recorded_attention():
            seen.append(torch.backends.mha.get_fastpath_enabled())
            raise Thrown

    with pytest.raises(Thrown):
        interrupted()
    assert seen == [False]
    assert torch.backends.mha.get_fastpath_enabled() == before
    assert _get_current_function_mode_stack() == []


def test_inference_mode_is_refused() -> None:
    with torch.inference_mode(), pytest.raises(ModelError, match="inference_mode"), recorded_attention():
        pass


def test_another_input_size_is_noticed() -> None:
    network = timm_("vit_tiny_patch16_224", dynamic_img_size=True).eval()
    path = classifier(network).attention
    with torch.no_grad(), recorded_attention() as matrices:
        network(torch.randn(1, 3, 60, 60))
    with pytest.raises(ModelError, match="another one for this input"):
        path.arranged(matrices, 1)


def test_a_network_whose_head_reads_nothing() -> None:
    network = timm_("vit_tiny_patch16_224").eval()
    found = classifier(network)
    sites = found.sites
    network.head.forward = lambda x: 0 * x[:, :5]
    with pytest.raises(ModelError, match="reaches no row"):
        find_attention(network, images(1), sites)
