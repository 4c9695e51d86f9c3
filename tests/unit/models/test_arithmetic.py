"""bfloat16: close to float32, recorded, and the network is left as it was."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from crosslight.core.errors import InputError
from crosslight.core.geometry import Box, Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.images import Batch
from crosslight.methods import METHODS, attribute
from crosslight.models import Classifier


class Network(nn.Module):
    """A convolution, attention over what it gives, and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm, self.head = nn.Conv2d(3, 16, 8, stride=8), nn.LayerNorm(16), nn.Linear(16, 5)
        self.seen: list[torch.dtype] = []

    def forward(self, x: Tensor) -> Tensor:
        features = self.embed(x)
        self.seen.append(features.dtype)
        tokens = self.norm(features.flatten(2).transpose(1, 2))
        tokens = tokens + functional.scaled_dot_product_attention(tokens, tokens, tokens)
        return self.head(tokens.mean(dim=1))


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    return Network()


def lowered(network: nn.Module) -> Classifier:
    return Classifier(network, Preprocess(size=(32, 32), resize=None), precision="bf16")


def state(network: nn.Module) -> list[tuple[torch.dtype, int, tuple[int, ...]]]:
    return [(p.dtype, p.data_ptr(), p.stride()) for p in network.parameters()]


def test_close_but_not_the_same(network: Network) -> None:
    inputs = torch.randn(2, 3, 32, 32)
    expected, before = Classifier(network).logits(inputs), state(network)
    found = lowered(network).logits(inputs)
    assert network.seen == [torch.float32, torch.float32, torch.bfloat16, torch.bfloat16], "each after its trial"
    assert 1e-5 < (found - expected).abs().max() < 0.05 * expected.abs().max()
    assert state(network) == before


def test_left_as_found_after_an_error(network: Network) -> None:
    before, classifier = state(network), lowered(network)
    with pytest.raises(RuntimeError):
        classifier.logits(torch.randn(2, 4, 32, 32))
    assert state(network) == before
    assert not torch.is_autocast_enabled("cpu")


def test_trained_in_between(network: Network) -> None:
    classifier, inputs = lowered(network), torch.randn(1, 3, 32, 32)
    classifier.logits(inputs)
    with torch.no_grad():
        network.head.weight.zero_()
    assert classifier.logits(inputs).float()[0].tolist() == pytest.approx(network.head.bias.tolist(), abs=1e-2)


class Rows(nn.Module):
    """Views features as a row, which it cannot with channels last."""

    def __init__(self) -> None:
        super().__init__()
        self.features, self.head = nn.Conv2d(3, 8, 3, stride=4), nn.Linear(8 * 8 * 8, 5)

    def forward(self, x: Tensor) -> Tensor:
        features = self.features(x)
        return self.head(features.view(len(x), -1))


def test_channels_last_on_a_cpu(network: Network) -> None:
    layouts = []
    network.embed.register_forward_hook(lambda _, inputs, output: layouts.append(output.stride(1)))
    inputs, before = torch.randn(2, 3, 32, 32), state(network)
    with torch.no_grad():
        expected = network(inputs)
        found = Classifier(network, Preprocess(size=(32, 32), resize=None)).logits(inputs)
    assert layouts[0] > 1
    assert layouts[-1] == 1
    assert torch.allclose(found, expected, atol=1e-5)
    assert state(network) == before


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_networks_that_cannot_keep_their_layout(precision: str) -> None:
    torch.manual_seed(0)
    network, inputs = Rows(), torch.randn(2, 3, 32, 32)
    found = Classifier(network, Preprocess(size=(32, 32), resize=None), precision=precision).logits(inputs)
    assert torch.allclose(found.float(), network(inputs), atol=0.05)


def test_sites_are_found_in_full_precision(network: Network) -> None:
    classifier = lowered(network)
    with classifier.evaluating():
        network.seen.clear()  # of the trial
        assert classifier.site().channels == 16
        assert set(network.seen) == {torch.float32}
        classifier.logits(torch.randn(1, 3, 32, 32))
    assert network.seen[-1] == torch.bfloat16


def test_gradients(network: Network) -> None:
    inputs = torch.randn(1, 3, 32, 32, requires_grad=True)
    expected = torch.autograd.grad(Classifier(network).logits(inputs)[0, 0], inputs)[0]
    classifier = lowered(network)
    with classifier.evaluating():
        found = torch.autograd.grad(classifier.logits(inputs)[0, 0], inputs)[0]
    assert found.dtype == torch.float32
    assert functional.cosine_similarity(found.flatten(), expected.flatten(), dim=0) > 0.99


@pytest.mark.parametrize("options", [{"is_causal": True}, {"attn_mask": torch.eye(4, dtype=torch.bool)}])
def test_attention_with_more_to_it(options: dict[str, object]) -> None:
    class Masked(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            tokens = x[:, 0, :4, :8]
            return functional.scaled_dot_product_attention(tokens, tokens, tokens, **options).sum(dim=1)

    inputs = torch.randn(1, 3, 32, 32)
    expected = Classifier(Masked()).logits(inputs)
    assert lowered(Masked()).logits(inputs).float() == pytest.approx(expected, abs=0.1)


def test_unknown() -> None:
    with pytest.raises(InputError, match="use fp32 or bf16"):
        Classifier(nn.Identity(), precision="fp8")


def test_masks_are_not_rounded(network: Network) -> None:
    """Only what the network computes is in bfloat16: RISE makes its masks of products of matrices."""
    batch = Batch(torch.randn(1, 3, 32, 32), (Box(0, 0, 32, 32),), ("a",), (None,))
    spec = METHODS["rise"]
    settings = spec.settings(masks=16, fill="grey")
    full, low = (
        attribute(Gathering(classifier, batch, batch_size=8), spec, settings, TargetPolicy()).maps.flatten()
        for classifier in (Classifier(network, Preprocess(size=(32, 32), resize=None)), lowered(network))
    )
    assert functional.cosine_similarity(full, low, dim=0) > 0.99
