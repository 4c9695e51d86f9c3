"""Attention methods equal plain implementations: hooks on timm's unfused attention, whole matrices, loss.backward()."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from crosslight.core.geometry import Box, Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.images import Batch
from crosslight.methods import METHODS, attribute
from crosslight.models import Classifier

SIZE, CELLS = 48, (4, 4)
SMALL = {"img_size": SIZE, "patch_size": 12, "embed_dim": 24, "depth": 3, "num_heads": 3, "num_classes": 5}
NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "class token": ("vit_tiny_patch16_224", {}),
    "distilled": ("deit_tiny_distilled_patch16_224", {}),
    "average": ("vit_tiny_patch16_224", {"class_token": False, "global_pool": "avg"}),
    "class-attention": ("cait_xxs24_224", {"depth_token_only": 2, "init_values": 0.5}),
}
FUSIONS = {"mean": lambda a: a.mean(1), "max": lambda a: a.max(1)[0], "min": lambda a: a.min(1)[0]}


def network(kind: str, fused: bool) -> nn.Module:
    import timm

    name, options = NETWORKS[kind]
    torch.manual_seed(0)
    made = timm.create_model(name, **SMALL, **options).eval()
    with torch.no_grad():
        for parameter in made.parameters():  # attention that is far from uniform
            parameter.add_(0.2 * torch.randn(parameter.shape))
    for module in made.modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = fused
    return made


def inputs() -> Tensor:
    return torch.randn((2, 3, SIZE, SIZE), generator=torch.Generator().manual_seed(1))


def ours(kind: str, method: str, target: str = "own", fused: bool = True, **settings: Any) -> Tensor:
    classifier = Classifier(network(kind, fused), Preprocess(size=(SIZE, SIZE), resize=None))
    boxes = (Box(0, 0, SIZE, SIZE),) * 2
    gathering = Gathering(classifier, Batch(inputs(), boxes, ("a", "b"), (None, None)))
    spec = METHODS[method]
    policy = TargetPolicy("class", name=target) if target != "own" else TargetPolicy()
    return attribute(gathering, spec, spec.settings(**settings), policy).maps


def attentions(kind: str, made: nn.Module) -> tuple[list[Tensor], Tensor]:
    """Softmax matrices as ``[b, heads, t, t]`` over class token and patches, and the logits.

    CaiT's patch layers get a class token that looks at itself alone, and its class layers patches that do.
    """
    seen: list[Tensor] = []

    def hook(module: nn.Module, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        seen.append(output)
        output.retain_grad()

    if kind == "class-attention":  # the softmax comes before a mixing of heads, whose input is moved about
        for block in made.blocks:
            block.attn.proj_w.register_forward_pre_hook(lambda module, given: hook(module, given, given[0]))
        for block in made.blocks_token_only:
            block.attn.attn_drop.register_forward_hook(hook)
    else:
        for block in made.blocks:
            block.attn.attn_drop.register_forward_hook(hook)
    return seen, made(inputs())


def whole(matrix: Tensor, fill: float) -> Tensor:
    """A matrix of CaiT as ``[b, heads, 17, 17]``."""
    full = fill * torch.eye(17).expand(2, 3, 17, 17).clone()
    if matrix.shape[-2:] == (1, 17):
        full[:, :, :1] = matrix
    else:
        full[:, :, 1:, 1:] = matrix.permute(0, 3, 1, 2)
    return full


def rows_read(kind: str, relevance: Tensor) -> Tensor:
    """The map of what the head reads, from ``[b, t, t]``."""
    if kind == "class token" or kind == "class-attention":
        row = relevance[:, 0, 1:]
    elif kind == "distilled":
        row = (relevance[:, 0, 2:] + relevance[:, 1, 2:]) / 2
    else:
        row = relevance.mean(1)
    return row.reshape(2, *CELLS)


def rollout(kind: str, fusion: str = "mean", discard: float = 0.0) -> Tensor:
    matrices, _ = attentions(kind, network(kind, fused=False))
    result: Tensor | float = 1.0
    for matrix in matrices:
        full = whole(matrix, 1.0) if kind == "class-attention" else matrix
        a = FUSIONS[fusion](full).detach().double()
        for image in a:
            lowest = image.flatten().topk(int(discard * image.numel()), largest=False)[1]
            image.view(-1)[lowest] = 0
        a = a + torch.eye(a.shape[-1])
        a = a / a.sum(dim=-1, keepdim=True)
        result = a @ result if isinstance(result, Tensor) else a
    assert isinstance(result, Tensor)
    torch.testing.assert_close(result.sum(-1), torch.ones(result.shape[:-1], dtype=torch.float64))
    return rows_read(kind, result).float()


def gradient_rollout(kind: str, target: int) -> Tensor:
    matrices, logits = attentions(kind, network(kind, fused=False))
    logits[:, target].sum().backward()
    tokens = 17 if kind == "class-attention" else matrices[0].shape[-1]
    result = torch.eye(tokens, dtype=torch.float64).expand(2, -1, -1)
    for matrix in matrices:
        weighted = matrix.grad * matrix
        weighted = whole(weighted, 0.0) if kind == "class-attention" else weighted
        result = result + weighted.clamp(min=0).mean(1).detach().double() @ result
    if kind == "average":
        result = result - torch.eye(tokens)
    return rows_read(kind, result).float()


def relative(mine: Tensor, theirs: Tensor) -> float:
    return float(((mine - theirs).abs() / theirs.abs().amax((1, 2), keepdim=True)).max())


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("fusion", FUSIONS)
def test_rollout(kind: str, fusion: str) -> None:
    mine = ours(kind, "attention-rollout", fusion=fusion)
    assert mine.std((1, 2)).min() > 1e-3 * mine.mean()
    assert relative(mine, rollout(kind, fusion)) < 1e-5


@pytest.mark.parametrize("discard", [0.0, 0.3, 0.9])
def test_rollout_with_discarding(discard: float) -> None:
    assert (
        relative(ours("class token", "attention-rollout", discard=discard), rollout("class token", discard=discard))
        < 1e-5
    )


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("target", [0, 3])
def test_gradient_rollout(kind: str, target: int) -> None:
    mine = ours(kind, "gradient-attention-rollout", str(target))
    assert relative(mine, gradient_rollout(kind, target)) < 1e-4


@pytest.mark.parametrize("method", ["attention-rollout", "gradient-attention-rollout"])
def test_fused_attention_makes_no_difference(method: str) -> None:
    torch.testing.assert_close(ours("distilled", method, fused=True), ours("distilled", method, fused=False))


def test_rollout_is_the_same_for_every_class_and_gradient_rollout_is_not() -> None:
    assert torch.equal(ours("class token", "attention-rollout", "0"), ours("class token", "attention-rollout", "1"))
    one, other = (ours("class token", "gradient-attention-rollout", target) for target in "01")
    assert relative(one, other) > 0.01
