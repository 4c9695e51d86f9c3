"""Input gradients of a network with known ones; batching, seeds, and what the path integral comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from crosslight.core.targets import TargetPolicy, parse_target
from crosslight.evidence import Gathering, InputGradients, NoisyGradients, PathGradients

OWN = TargetPolicy()


def gather(kind, classifier, batch, policy=OWN, size=8, seed=0, **settings):
    return Gathering(classifier, batch, batch_size=size, seed=seed).get(kind, kind.Settings(**settings), policy)


def test_the_gradient_at_the_image(quadratic, batch) -> None:
    evidence = gather(InputGradients, quadratic, batch, TargetPolicy("class", name="2"))
    assert torch.allclose(evidence.gradients, 2 * (batch.inputs - 2))


def test_contrast_is_the_difference_of_gradients(quadratic, batch) -> None:
    evidence = gather(InputGradients, quadratic, batch, parse_target("contrast:2:1")[0])
    assert torch.allclose(evidence.gradients, torch.full_like(batch.inputs, -2.0), atol=1e-5)


def test_one_pass_gives_gradient_and_logits(quadratic, batch) -> None:
    gathering = Gathering(quadratic, batch, batch_size=8)
    gathering.get(InputGradients, InputGradients.Settings(), OWN)
    _ = gathering.logits
    assert quadratic.network.seen == [5]
    assert gathering.evaluations == 5


def test_evidence_is_gathered_once(quadratic, batch) -> None:
    gathering = Gathering(quadratic, batch, batch_size=8)
    first = gathering.get(PathGradients, PathGradients.Settings(steps=3), OWN)
    seen = len(quadratic.network.seen)
    assert gathering.get(PathGradients, PathGradients.Settings(steps=3), OWN) is first
    assert len(quadratic.network.seen) == seen


@pytest.mark.parametrize("rule", ["gauss-legendre", "riemann-middle", "trapezoid"])
def test_the_mean_gradient_on_the_path(quadratic, batch, rule: str) -> None:
    """The gradient is linear in x, so its mean on the path is the gradient half way."""
    evidence = gather(PathGradients, quadratic, batch, TargetPolicy("class", name="1"), steps=4, rule=rule)
    black = (0 - 0.5) / 0.25
    assert torch.allclose(evidence.mean, 2 * ((batch.inputs + black) / 2 - 1), atol=1e-5)
    assert torch.allclose(evidence.baseline_scores, torch.full((5,), 48 * (black - 1) ** 2))


@pytest.mark.parametrize(("name", "level"), [("black", -2.0), ("white", 2.0), ("mean", 0.0)])
def test_baselines(quadratic, batch, name: str, level: float) -> None:
    assert gather(PathGradients, quadratic, batch, steps=1, baseline=name).baseline.unique().tolist() == [level]


def test_noise_belongs_to_image_and_seed(quadratic, batch) -> None:
    whole = gather(NoisyGradients, quadratic, batch, samples=6)
    alone = gather(NoisyGradients, quadratic, batch.take([3]), samples=6, size=2)
    assert torch.allclose(whole.mean[3], alone.mean[0], atol=1e-5)
    assert not torch.allclose(whole.mean, gather(NoisyGradients, quadratic, batch, samples=6, seed=1).mean)


def test_two_images_of_the_same_pixels_get_noise_of_their_own(quadratic, batch) -> None:
    twins = replace(batch.take([0, 1]), inputs=batch.inputs[[0, 0]])
    first, second = gather(NoisyGradients, quadratic, twins, samples=2).mean
    assert not torch.allclose(first, second)


def test_moments_of_the_noise(quadratic, batch) -> None:
    """The gradient is 2 (x + noise - k): mean and variance over copies are those of the noise, doubled."""
    evidence = gather(NoisyGradients, quadratic, batch, TargetPolicy("class", name="0"), samples=400, noise=0.1)
    flat = batch.inputs.flatten(1)
    sigma = 0.1 * (flat.amax(1) - flat.amin(1))
    variance = (evidence.square - evidence.mean.square()).flatten(1).mean(1)
    assert torch.allclose(variance, (2 * sigma) ** 2, rtol=0.1)
    error = (evidence.mean - 2 * batch.inputs).flatten(1).std(1)
    assert torch.allclose(error, 2 * sigma / 20, rtol=0.3)


def test_no_noise_is_the_gradient_itself(quadratic, batch) -> None:
    plain = gather(InputGradients, quadratic, batch)
    assert torch.allclose(gather(NoisyGradients, quadratic, batch, samples=2, noise=0).mean, plain.gradients)


def test_never_more_images_at_once_than_allowed(quadratic, batch) -> None:
    gather(PathGradients, quadratic, batch, steps=7, size=3)
    assert max(quadratic.network.seen) <= 3
    assert sum(quadratic.network.seen) == 5 * 7 + 5 + 1


@pytest.mark.parametrize("size", [1, 2, 3, 64])
def test_batch_size_does_not_matter(quadratic, batch, size: int) -> None:
    for kind, settings in ((PathGradients, {"steps": 5}), (NoisyGradients, {"samples": 5})):
        one, other = (gather(kind, quadratic, batch, size=s, **settings).mean for s in (8, size))
        assert torch.allclose(one, other, atol=1e-5)
