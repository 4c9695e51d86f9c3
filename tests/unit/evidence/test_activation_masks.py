"""An image seen through its own activations: what is shown, what is left out, what it costs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from crosslight.core.geometry import Box, Preprocess
from crosslight.core.targets import TargetPolicy, parse_target
from crosslight.evidence import ActivationMaskOutcomes, FeatureEvidence, Gathering
from crosslight.evidence.activation_masks import activation_masks
from crosslight.images import Batch
from crosslight.models import Classifier

OWN = TargetPolicy()
SETTINGS = ActivationMaskOutcomes.Settings()


class Small(nn.Module):
    """Six channels of 4 x 4, of which the last is dead and the one before it constant."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1), nn.ReLU())
        self.head = nn.Linear(6, 4)
        self.seen: list[Tensor] = []
        with torch.no_grad():
            self.body[0].weight[4:] = 0
            self.body[0].bias[4:] = torch.tensor([0.7, -1.0])

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(x.clone())
        return self.head(self.body(x).mean(dim=(2, 3)))


@pytest.fixture
def small() -> Classifier:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Small()
    return Classifier(network, Preprocess(size=(8, 8), resize=None), label="small")


@pytest.fixture
def pictures(small) -> Batch:
    inputs = torch.randn((3, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    _ = small.sites
    small.network.seen.clear()
    return Batch(inputs, (Box(0, 0, 8, 8),) * 3, tuple("abc"), (None,) * 3)


@pytest.mark.parametrize("size", [(8, 8), (7, 10), (4, 4)])
def test_masks_span_from_zero_to_one(size) -> None:
    activations = torch.randn((5, 4, 4), generator=torch.Generator().manual_seed(0)) * 100 - 30
    masks = activation_masks(activations, size)
    for mask, channel in zip(masks, activations, strict=True):
        large = interpolate(channel[None, None], size, mode="bilinear", align_corners=False)[0, 0]
        assert torch.allclose(mask, (large - large.min()) / (large.max() - large.min()), atol=1e-6)
        assert (float(mask.min()), float(mask.max())) == (0, 1)


def test_a_channel_that_varies_by_next_to_nothing_is_finite() -> None:
    faint = torch.full((1, 2, 2), 1.0)
    faint[0, 0, 0] = 1 + 1e-7
    assert torch.isfinite(activation_masks(faint, (9, 9))).all()


def test_what_the_network_is_shown(small, pictures) -> None:
    gathering = Gathering(small, pictures, batch_size=4)
    evidence = gathering.get(ActivationMaskOutcomes, SETTINGS, OWN)
    assert [channels.tolist() for channels in evidence.varying] == [[0, 1, 2, 3]] * 3, "constant channels are left out"
    seen = small.network.seen[2:]  # after the trial of the layout, and the features
    shown = torch.cat(seen).unflatten(0, (3, 5))
    for image, variants in enumerate(shown):
        masks = activation_masks(evidence.activations[image, :4], (8, 8))
        assert (variants[0] == 0).all(), "the baseline"
        assert torch.allclose(variants[1:], masks[:, None] * pictures.inputs[image])


def test_cost(small, pictures) -> None:
    gathering = Gathering(small, pictures, batch_size=4)
    gathering.get(ActivationMaskOutcomes, SETTINGS, OWN)
    assert gathering.evaluations == 3 * (1 + 1 + 4)
    assert ActivationMaskOutcomes.evaluations(SETTINGS, small) == 2 + 6, "channels may be constant, who knows"
    assert ActivationMaskOutcomes.evaluations(SETTINGS) == 2
    assert ActivationMaskOutcomes.resolution(small, SETTINGS) == (4, 4)
    gathering.get(FeatureEvidence, SETTINGS, OWN)
    assert gathering.evaluations == 3 * (1 + 1 + 4), "the features are those of the gradient methods"


def test_targets_share_the_masks(small, pictures) -> None:
    policies = [OWN, parse_target("rank:2")[0]]
    gathering = Gathering(small, pictures, batch_size=4, policies=policies)
    for policy in policies:
        gathering.get(ActivationMaskOutcomes, SETTINGS, policy)
    assert gathering.evaluations == 3 * (1 + 1 + 4)


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_batch_size_does_not_matter(small, pictures, size: int) -> None:
    one, other = (
        Gathering(small, pictures, batch_size=s).get(ActivationMaskOutcomes, SETTINGS, OWN) for s in (4, size)
    )
    for a, b in zip(one.outcomes.logits, other.outcomes.logits, strict=True):
        assert torch.allclose(a, b, atol=1e-6)
