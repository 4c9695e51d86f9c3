"""Attention methods on matrices whose maps can be worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from crosslight.evidence import AttentionEvidence, AttentionGradients
from crosslight.methods import METHODS
from crosslight.methods.attention_rollout import discarded
from crosslight.models.taps import AttentionPath

TOKEN = AttentionPath((2, 3), 1, 2, 0, 0, (0,), False)
AVERAGE = AttentionPath((2, 3), 0, 2, 0, 0, (), True)
BOTH = AttentionPath((2, 3), 1, 2, 0, 0, (0,), True)
CLASS = AttentionPath((2, 3), 0, 1, 2, 1, (), False)
POOL = AttentionPath((2, 3), 0, 1, 1, 1, (), False)
PATHS = {"token": TOKEN, "average": AVERAGE, "both": BOTH, "class-attention": CLASS, "pooling": POOL}


def matrices(path: AttentionPath, seed: int = 0, heads: int = 3) -> tuple[Tensor, ...]:
    """Random attention of the path's shapes, two images."""
    generator = torch.Generator().manual_seed(seed)
    keys = path.tokens + (path.class_tokens if path is not POOL else 0)
    shapes = [(path.tokens, path.tokens)] * path.layers + [(path.class_tokens, keys)] * path.class_layers
    return tuple((3 * torch.randn((2, heads, *shape), generator=generator)).softmax(-1) for shape in shapes)


def rollout(path: AttentionPath, attentions: tuple[Tensor, ...], **options: Any) -> Tensor:
    return METHODS["attention-rollout"].function(AttentionEvidence(attentions, path), **options)


def gradient_rollout(path: AttentionPath, attentions: tuple[Tensor, ...], gradients: tuple[Tensor, ...]) -> Tensor:
    return METHODS["gradient-attention-rollout"].function(AttentionGradients(attentions, gradients, path))


def test_by_hand() -> None:
    """One layer, a class token and two patches: half its own, and half of what it looks at."""
    path = AttentionPath((1, 2), 1, 1, 0, 0, (0,), False)
    one = torch.tensor([[0.2, 0.6, 0.2], [0, 1, 0], [0, 0, 1]])
    other = torch.tensor([[0.6, 0.2, 0.2], [0, 1, 0], [0, 0, 1]])
    heads = torch.stack([one, other])[None]
    assert rollout(path, (heads,)).tolist() == [[pytest.approx([0.2, 0.1])]]
    assert rollout(path, (heads,), fusion="min").tolist() == [[pytest.approx([0.2 / 1.6, 0.2 / 1.6])]]
    assert rollout(path, (heads,), fusion="max").tolist() == [[pytest.approx([0.6 / 2.4, 0.2 / 2.4])]]
    gradients = torch.tensor([1.0, -1.0])[None, :, None, None].expand_as(heads)
    assert gradient_rollout(path, (heads,), (gradients,)).tolist() == [[pytest.approx([0.3, 0.1])]]


@given(seed=st.integers(0, 1000), kind=st.sampled_from(["token", "average", "both"]))
@settings(max_examples=20, deadline=None)
def test_what_patches_and_prefix_get_sums_to_one(seed: int, kind: str) -> None:
    path = PATHS[kind]
    found = rollout(path, matrices(path, seed)).flatten(1).sum(1)
    assert (found > 0).all()
    if path.prefix:
        assert (found < 1).all()
    else:
        assert torch.allclose(found, torch.ones(2))


def test_attention_pooling_passes_all_of_it_on() -> None:
    assert torch.allclose(rollout(POOL, matrices(POOL)).flatten(1).sum(1), torch.ones(2))


@pytest.mark.parametrize("kind", PATHS)
def test_uniform_attention_gives_a_uniform_map(kind: str) -> None:
    uniform = tuple(torch.full_like(m, 1 / m.shape[-1]) for m in matrices(PATHS[kind]))
    for found in (rollout(PATHS[kind], uniform), gradient_rollout(PATHS[kind], uniform, uniform)):
        assert (found > 0).all()
        assert float(found.std()) < 1e-7


@given(seed=st.integers(0, 1000), kind=st.sampled_from(sorted(PATHS)))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_patches_does_not_matter(seed: int, kind: str) -> None:
    """Patches that change places change places in the map."""
    path, attentions = PATHS[kind], matrices(PATHS[kind], seed)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(seed))

    def moved(matrix: Tensor) -> Tensor:
        columns = torch.cat([torch.arange(first := matrix.shape[-1] - 6), first + order])
        rows = columns if matrix.shape[-2] == matrix.shape[-1] else torch.arange(matrix.shape[-2])
        return matrix[..., rows, :][..., columns]

    expected = rollout(path, attentions).flatten(1)[:, order]
    assert torch.allclose(rollout(path, tuple(map(moved, attentions))).flatten(1), expected, atol=1e-6)


@given(seed=st.integers(0, 1000), share=st.floats(0, 0.99))
@settings(max_examples=25, deadline=None)
def test_discarding_keeps_the_strongest(seed: int, share: float) -> None:
    attention = matrices(TOKEN, seed)[0][:, 0]
    kept = discarded(attention, share)
    dropped = kept == 0
    assert dropped.flatten(1).sum(1).tolist() == [int(share * 49)] * 2
    assert torch.equal(kept[~dropped], attention[~dropped])
    for image, gone in zip(attention, dropped, strict=True):
        assert not gone.any() or image[gone].max() <= image[~gone].min()


def test_discarding_nothing_changes_nothing_and_equals_stay() -> None:
    attentions = matrices(TOKEN)
    assert torch.equal(rollout(TOKEN, attentions, discard=0.0), rollout(TOKEN, attentions))
    assert not torch.allclose(rollout(TOKEN, attentions, discard=0.5), rollout(TOKEN, attentions))
    uniform = torch.full((1, 4, 4), 0.25)
    assert torch.equal(discarded(uniform, 0.9), uniform)


def test_average_pooling_is_the_mean_of_all_rows() -> None:
    whole = torch.eye(6)
    for layer in matrices(AVERAGE):
        whole = (layer.mean(1) + torch.eye(6)) / 2 @ whole
    assert torch.allclose(rollout(AVERAGE, matrices(AVERAGE)), whole.mean(1).reshape(2, 2, 3), atol=1e-6)


def test_a_head_that_reads_two_kinds_of_tokens_counts_them_half_each() -> None:
    of_token = rollout(TOKEN, matrices(TOKEN))
    of_patches = rollout(AttentionPath((2, 3), 1, 2, 0, 0, (), True), matrices(TOKEN))
    assert torch.allclose(rollout(BOTH, matrices(TOKEN)), (of_token + of_patches) / 2)


def test_only_attention_that_speaks_for_the_class_counts() -> None:
    attentions = matrices(TOKEN)
    against = tuple(-torch.ones_like(a) for a in attentions)
    assert not gradient_rollout(TOKEN, attentions, against).any()


@given(scale=st.floats(1e-6, 1e-3))
@settings(max_examples=20, deadline=None)
def test_small_gradients_are_not_lost_beside_the_identity(scale: float) -> None:
    """To first order in the gradients, every layer adds its own part."""
    attentions = matrices(AVERAGE)
    gradients = tuple(scale * a for a in attentions)
    first = scale * sum(a.square().mean(1).mean(1) for a in attentions).reshape(2, 2, 3)
    found = gradient_rollout(AVERAGE, attentions, gradients)
    assert torch.allclose(found / first, torch.ones_like(found), atol=2 * scale + 1e-6)
