from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from crosslight.core.errors import ModelError
from crosslight.core.geometry import Box, Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import AttentionEvidence, AttentionGradients, FeatureEvidence, Gathering
from crosslight.images import Batch
from crosslight.models import Classifier

OWN = TargetPolicy()


class Transformer(nn.Module):
    """A class token and four patches. Counts the images it sees."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.token = nn.Conv2d(3, 16, 4, stride=4), nn.Parameter(torch.randn(1, 1, 16))
        self.layers = nn.ModuleList(nn.Linear(16, 48) for _ in range(3))
        self.head = nn.Linear(16, 4)
        self.seen = 0

    def forward(self, x: Tensor) -> Tensor:
        self.seen += len(x)
        x = torch.cat([self.token.expand(len(x), -1, -1), self.patch(x).flatten(2).transpose(1, 2)], dim=1)
        for layer in self.layers:
            q, k, v = layer(x).unflatten(2, (3, 2, 8)).permute(2, 0, 3, 1, 4)
            x = x + F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return self.head(x[:, 0])


@pytest.fixture
def transformer() -> Classifier:
    torch.manual_seed(0)
    classifier = Classifier(Transformer(), Preprocess(size=(8, 8), resize=None), label="transformer")
    _ = classifier.attention
    classifier.network.seen = 0
    return classifier


@pytest.fixture
def tokens(batch: Batch) -> Batch:
    inputs = torch.randn((5, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    return Batch(inputs, (Box(0, 0, 8, 8),) * 5, tuple("abcde"), (0, 1, 2, None, 0))


def test_shapes_and_the_logits_on_the_way(transformer, tokens) -> None:
    with transformer.evaluating():
        transformer.network.seen = 0  # less the trial of its layout
    gathering = Gathering(transformer, tokens, batch_size=2)
    evidence = gathering.get(AttentionEvidence, AttentionEvidence.Settings(), OWN)
    assert [tuple(a.shape) for a in evidence.attentions] == [(5, 2, 5, 5)] * 3
    assert not any(a.requires_grad for a in evidence.attentions)
    assert gathering.predicted
    assert (transformer.network.seen, gathering.evaluations) == (5, 5)
    assert torch.allclose(gathering.logits, transformer.logits(tokens.inputs), atol=1e-6)


def test_one_pass_for_all_targets_and_one_for_each_with_gradients(transformer, tokens) -> None:
    with transformer.evaluating():
        transformer.network.seen = 0  # less the trial of its layout
    gathering = Gathering(transformer, tokens, batch_size=8)
    first, second = (
        gathering.get(AttentionEvidence, AttentionEvidence.Settings(), TargetPolicy("class", name=name))
        for name in "01"
    )
    assert first is second
    assert transformer.network.seen == 5
    one, other = (
        gathering.get(AttentionGradients, AttentionGradients.Settings(), TargetPolicy("class", name=n)) for n in "01"
    )
    assert transformer.network.seen == 15
    assert not torch.allclose(one.gradients[0], other.gradients[0])
    for evidence in (one, other):
        assert not any(t.requires_grad or t.grad_fn for t in (*evidence.attentions, *evidence.gradients))


def test_gradients_are_derivatives(transformer, tokens) -> None:
    """The last layer's by hand: the class token's row alone, times values and the head."""
    evidence = Gathering(transformer, tokens).get(
        AttentionGradients, AttentionGradients.Settings(), TargetPolicy("contrast", name="1", other="3")
    )
    last = evidence.gradients[-1]
    assert last[:, :, 0].any()
    assert not last[:, :, 1:].any()
    network = transformer.network
    values: list[Tensor] = []
    network.layers[-1].register_forward_hook(lambda m, i, output: values.append(output[..., 32:].unflatten(2, (2, 8))))
    network(tokens.inputs)
    direction = (network.head.weight[1] - network.head.weight[3]).unflatten(0, (2, 8))
    expected = torch.einsum("bkhd,hd->bhk", values[0], direction)
    torch.testing.assert_close(last[:, :, 0], expected)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_batch_size_does_not_matter(transformer, tokens, size: int) -> None:
    for kind in (AttentionEvidence, AttentionGradients):
        whole, parts = (Gathering(transformer, tokens, batch_size=s).get(kind, kind.Settings(), OWN) for s in (8, size))
        torch.testing.assert_close(whole.attentions, parts.attentions)
    torch.testing.assert_close(whole.gradients, parts.gradients)


def test_an_image_without_a_target_has_no_gradient(transformer, tokens) -> None:
    evidence = Gathering(transformer, tokens).get(
        AttentionGradients, AttentionGradients.Settings(), TargetPolicy("label")
    )
    assert [bool(row.any()) for row in evidence.gradients[0]] == [True, True, True, False, True]


def test_what_it_says_before_any_work(transformer, quadratic) -> None:
    for kind in (AttentionEvidence, AttentionGradients):
        settings = kind.Settings()
        kind.check(transformer, settings)
        assert kind.resolution(transformer, settings) == (2, 2)
        assert kind.evaluations(settings) == 1
        assert kind.needs
        with pytest.raises(ModelError, match="quadratic"):
            kind.check(quadratic, settings)
    with pytest.raises(ModelError, match="quadratic"):
        FeatureEvidence.check(quadratic, FeatureEvidence.Settings())
