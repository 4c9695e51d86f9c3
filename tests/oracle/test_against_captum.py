"""Gradient methods equal captum's on real classifiers and photographs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from crosslight.core.seeds import seed_for
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.images import make_batch
from crosslight.methods import METHODS, attribute

captum = pytest.importorskip("captum.attr")

OWN = TargetPolicy()
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def gathering(classifier, photographs) -> Gathering:
    batch = make_batch([p.load() for p in photographs], classifier.preprocess, [p.identity for p in photographs])
    return Gathering(classifier, batch, batch_size=3)


def ours(gathering: Gathering, name: str, **settings) -> torch.Tensor:
    spec = METHODS[name]
    return attribute(gathering, spec, spec.settings(**settings), OWN).maps


def assert_close(mine: torch.Tensor, theirs: torch.Tensor, tolerance: float = TOLERANCE) -> None:
    """Equal relative to each map's largest value."""
    scale = theirs.abs().amax(dim=(-2, -1), keepdim=True)
    assert float(((mine - theirs).abs() / scale).max()) <= tolerance


def peer(gathering: Gathering, kind: str, **options) -> torch.Tensor:
    method = getattr(captum, kind)(gathering.classifier.network)
    with gathering.classifier.evaluating():
        return method.attribute(gathering.inputs.clone(), target=gathering.targets(OWN).classes, **options).detach()


def test_saliency(gathering) -> None:
    assert_close(ours(gathering, "saliency"), peer(gathering, "Saliency").amax(1))


def test_input_x_gradient(gathering) -> None:
    assert_close(ours(gathering, "input-x-gradient"), peer(gathering, "InputXGradient").sum(1))


def test_smoothgrad(gathering) -> None:
    """With our own noise handed to captum's Saliency: its NoiseTunnel cannot take a noise scale per image."""
    samples, share = 4, 0.15
    mine = ours(gathering, "smoothgrad", samples=samples, noise=share)
    rows = []
    for image, identity in zip(gathering.inputs, gathering.batch.identities, strict=True):
        generator = torch.Generator().manual_seed(seed_for(0, identity, "noise"))
        sigma = share * (image.max() - image.min())
        noise = torch.stack([torch.randn(image.shape, generator=generator) for _ in range(samples)])
        rows.append(image + sigma * noise)
    targets = gathering.targets(OWN).classes
    with gathering.classifier.evaluating() as network:
        method = captum.Saliency(network)
        signed = [method.attribute(row, target=int(t), abs=False).mean(0) for row, t in zip(rows, targets, strict=True)]
    assert_close(mine, torch.stack(signed).abs().amax(1).detach())


def test_grad_cam(gathering) -> None:
    """Captum's LayerGradCam, on the module whose output the site is."""
    classifier = gathering.classifier
    layer = classifier.network.get_submodule(classifier.site().module)
    method = captum.LayerGradCam(classifier.network, layer)
    with classifier.evaluating():
        for parameter in classifier.network.parameters():
            parameter.requires_grad_(True)  # captum's hooks need a graph at the layer
        theirs = method.attribute(gathering.inputs.clone().requires_grad_(), target=gathering.targets(OWN).classes)
    assert_close(ours(gathering, "grad-cam"), theirs[:, 0].detach())


@pytest.fixture(scope="module")
def exact(gathering) -> Iterator[Gathering]:
    """The same in float64.

    The gradient of a network with ReLUs jumps at their kinks. In float32 the two ways to compute a point on the path
    (ours interpolates, captum adds a share of the difference to the baseline) differ in the last digit, which puts
    some units on different sides of a kink; in float64 both take the same side.
    """
    classifier = gathering.classifier
    classifier.network.double()
    batch = replace(gathering.batch, inputs=gathering.inputs.double())
    yield Gathering(classifier, batch, batch_size=3)
    classifier.network.float()


@pytest.mark.parametrize(
    ("rule", "theirs"),
    [("gauss-legendre", "gausslegendre"), ("riemann-right", "riemann_right"), ("riemann-middle", "riemann_middle")],
)
def test_integrated_gradients(exact, rule: str, theirs: str) -> None:
    baseline = torch.zeros_like(exact.inputs)
    expected = peer(exact, "IntegratedGradients", n_steps=3, method=theirs, baselines=baseline).sum(1)
    assert_close(ours(exact, "integrated-gradients", steps=3, rule=rule, baseline="mean"), expected)


def test_integrated_gradients_completeness_gap(exact) -> None:
    spec = METHODS["integrated-gradients"]
    result = attribute(exact, spec, spec.settings(steps=3, baseline="mean"), OWN)
    method = captum.IntegratedGradients(exact.classifier.network)
    with exact.classifier.evaluating():
        _, delta = method.attribute(
            exact.inputs.clone(),
            baselines=torch.zeros_like(exact.inputs),
            target=exact.targets(OWN).classes,
            n_steps=3,
            return_convergence_delta=True,
        )
    assert torch.allclose(result.diagnostics["completeness_gap"], delta.double(), rtol=1e-5, atol=1e-7)


def test_integrated_gradients_in_float32_is_as_close_to_the_truth_as_the_peer(classifier, photographs, exact) -> None:
    truth = ours(exact, "integrated-gradients", steps=3, baseline="mean")
    classifier.network.float()
    batch = replace(exact.batch, inputs=exact.inputs.float())
    single = Gathering(classifier, batch, batch_size=3)
    mine = ours(single, "integrated-gradients", steps=3, baseline="mean")
    theirs = peer(single, "IntegratedGradients", n_steps=3, baselines=torch.zeros_like(single.inputs)).sum(1)
    classifier.network.double()
    assert float((mine - truth).abs().mean()) <= 1.5 * float((theirs - truth).abs().mean()) + 1e-6
