"""CAM methods equal the grad-cam package's on real classifiers and photographs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from crosslight.core.targets import TargetPolicy
from crosslight.evidence import FeatureEvidence, Gathering
from crosslight.images import make_batch
from crosslight.methods import METHODS, attribute
from crosslight.methods.grad_cam_plus_plus import grad_cam_plus_plus

peers = pytest.importorskip("pytorch_grad_cam")

OWN = TargetPolicy()
PAIRS = {
    "grad-cam": "GradCAM",
    "hires-cam": "HiResCAM",
    "layer-cam": "LayerCAM",
    "xgrad-cam": "XGradCAM",
}


@pytest.fixture(scope="module")
def gathering(classifier, photographs) -> Gathering:
    batch = make_batch([p.load() for p in photographs], classifier.preprocess, [p.identity for p in photographs])
    return Gathering(classifier, batch, batch_size=3)


def ours(gathering: Gathering, name: str, **settings) -> np.ndarray:
    spec = METHODS[name]
    return attribute(gathering, spec, spec.settings(**settings), OWN).maps.numpy()


def raw_peer(gathering: Gathering, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The peer's map before its ReLU, scaling and resizing; and the activations and gradients it saw."""
    classifier = gathering.classifier
    layer = classifier.network.get_submodule(classifier.site().module)
    targets = [peers.utils.model_targets.ClassifierOutputTarget(int(index)) for index in gathering.targets(OWN).classes]
    with classifier.evaluating() as network:
        for parameter in network.parameters():
            parameter.requires_grad_(True)
        with getattr(peers, kind)(model=network, target_layers=[layer]) as method:
            inputs = gathering.inputs.clone()
            outputs = method.activations_and_grads(inputs)
            loss = sum(target(output) for target, output in zip(targets, outputs, strict=True))
            if method.uses_gradients:
                network.zero_grad()
                loss.backward(retain_graph=True)
            activations = method.activations_and_grads.activations[0].detach().numpy()
            gradients = (
                method.activations_and_grads.gradients[0].detach().numpy()
                if method.uses_gradients
                else np.zeros_like(activations)
            )
            cam = method.get_cam_image(inputs, layer, targets, activations, gradients, False)
        network.zero_grad(set_to_none=True)
    return cam, activations, gradients


def relative(mine: np.ndarray, theirs: np.ndarray) -> float:
    scale = np.abs(theirs).max(axis=(1, 2), keepdims=True)
    return float((np.abs(mine - theirs) / scale).max())


@pytest.mark.parametrize("name", PAIRS)
def test_cam(gathering, name: str) -> None:
    theirs, activations, gradients = raw_peer(gathering, PAIRS[name])
    if name == "layer-cam":
        # The peer rectifies inside; ours keeps the sign and declares the ReLU as its finishing step.
        assert relative(np.maximum(ours(gathering, name), 0), np.maximum(theirs, 0)) <= 1e-5
    elif name == "xgrad-cam":
        # The peer adds 1e-7 to the sum of activations; the closed form has no such term.
        total = activations.sum(axis=(2, 3), keepdims=True)
        weights = (gradients * activations).sum(axis=(2, 3), keepdims=True) / np.where(total == 0, 1, total)
        closed = (weights * activations).sum(axis=1)
        assert relative(ours(gathering, name), closed) <= 1e-5
        assert relative(ours(gathering, name), theirs) <= 1e-4
    else:
        assert relative(ours(gathering, name), theirs) <= 1e-5


def test_grad_cam_plus_plus(gathering) -> None:
    """The peer adds 1e-6 to a denominator of the squared gradient's size, which is inexact; the closed form is not."""
    _, activations, gradients = raw_peer(gathering, "GradCAMPlusPlus")
    a, g = activations.astype(np.float64), gradients.astype(np.float64)
    denominator = 2 * g**2 + a.sum(axis=(2, 3), keepdims=True) * g**3
    alpha = np.divide(g**2, denominator, out=np.zeros_like(g), where=(g != 0) & (denominator != 0))
    weights = (alpha * np.maximum(g, 0)).sum(axis=(2, 3), keepdims=True)
    assert relative(ours(gathering, "grad-cam-plus-plus"), (weights * a).sum(axis=1)) <= 1e-5


def test_grad_cam_plus_plus_equals_the_peer_where_it_is_exact(gathering) -> None:
    """With gradients scaled up until the peer's constant does not matter, both agree."""
    _, activations, gradients = raw_peer(gathering, "GradCAMPlusPlus")
    scale = 1e6
    cam = peers.GradCAMPlusPlus(model=gathering.classifier.network, target_layers=[])
    weights = cam.get_cam_weights(None, None, None, activations / scale, gradients * scale)
    theirs = (weights[..., None, None] * activations / scale).sum(axis=1)
    evidence = FeatureEvidence(
        torch.from_numpy(activations / scale), torch.from_numpy(gradients * scale), torch.zeros(2), None
    )
    assert relative(grad_cam_plus_plus(evidence).numpy(), theirs) <= 1e-5


def test_eigen_cam(gathering) -> None:
    """Up to the sign, which the peer leaves to its decomposition."""
    theirs, _, _ = raw_peer(gathering, "EigenCAM")
    mine = ours(gathering, "eigen-cam", centre=True)
    sign = np.sign((mine * theirs).sum(axis=(1, 2), keepdims=True))
    assert relative(mine, sign * theirs) <= 1e-5
