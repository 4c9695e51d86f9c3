"""Occlusion equals captum's, Score-CAM and Ablation-CAM the grad-cam package's, where they define the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from crosslight.core.targets import TargetPolicy
from crosslight.evidence import AblationOutcomes, Gathering
from crosslight.images import make_batch
from crosslight.methods import METHODS, attribute

from .conftest import load_real

OWN = TargetPolicy()
TOLERANCE = 1e-5


def ours(gathering: Gathering, name: str, **settings) -> torch.Tensor:
    spec = METHODS[name]
    return attribute(gathering, spec, spec.settings(**settings), OWN).maps


def relative(mine: torch.Tensor, theirs: torch.Tensor) -> float:
    scale = theirs.abs().amax(dim=(-2, -1), keepdim=True)
    return float(((mine - theirs).abs() / scale).max())


@pytest.mark.parametrize("fill", ["zero", "white"])
def test_occlusion(classifier, photographs, fill: str) -> None:
    """On the input as if it were the whole picture; windows of 3/8 and steps of 1/4 of it, so the last is cut off."""
    captum = pytest.importorskip("captum.attr")
    pictures = [p.load() for p in photographs]
    batch = replace(make_batch(pictures, classifier.preprocess, [p.identity for p in photographs]), pictures=None)
    gathering = Gathering(classifier, batch, batch_size=3)
    side = classifier.preprocess.size[0]
    preprocess = classifier.preprocess
    white = (1 - torch.tensor(preprocess.mean)) / torch.tensor(preprocess.std)
    level = torch.zeros(3) if fill == "zero" else white
    with classifier.evaluating() as network, torch.no_grad():
        theirs = captum.Occlusion(network).attribute(
            gathering.inputs,
            sliding_window_shapes=(3, side * 3 // 8, side * 3 // 8),
            strides=(3, side // 4, side // 4),
            baselines=level[None, :, None, None].expand_as(gathering.inputs),
            target=gathering.targets(OWN).classes,
        )
    mine = ours(gathering, "occlusion", window=3 / 8, stride=2 / 3, fill=fill)
    assert relative(mine, theirs[:, 0]) <= TOLERANCE


@pytest.fixture(scope="module")
def small(shared_data: Path, photographs) -> Gathering:
    """One photograph for the smallest classifier: its features are rectified, and it has 256 channels."""
    classifier = load_real(shared_data / "models", "mobilenetv1_025_128")
    photograph = photographs[0]
    batch = make_batch([photograph.load()], classifier.preprocess, [photograph.identity])
    return Gathering(classifier, batch, batch_size=8)


def peer(gathering: Gathering, kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The package's weights, and its map before its ReLU, scaling and resizing."""
    peers = pytest.importorskip("pytorch_grad_cam")
    classifier = gathering.classifier
    layer = classifier.network.get_submodule(classifier.site().module)
    targets = [peers.utils.model_targets.ClassifierOutputTarget(int(index)) for index in gathering.targets(OWN).classes]
    with (
        classifier.evaluating() as network,
        torch.no_grad(),
        getattr(peers, kind)(model=network, target_layers=[layer]) as method,
    ):
        inputs = gathering.inputs.clone()
        method.activations_and_grads(inputs)
        activations = method.activations_and_grads.activations[0].detach().numpy()
        weights = method.get_cam_weights(inputs, layer, targets, activations, None)
    return torch.from_numpy(weights), torch.from_numpy((weights[:, :, None, None] * activations).sum(axis=1))


def test_score_cam(small: Gathering, monkeypatch: pytest.MonkeyPatch) -> None:
    """With their upsampling set to treat cells as areas; with their own, corners are aligned and maps are others."""
    mine, (_, shifted) = ours(small, "score-cam"), peer(small, "ScoreCAM")
    monkeypatch.setattr(nn, "UpsamplingBilinear2d", lambda size: nn.Upsample(size, mode="bilinear"))
    _, theirs = peer(small, "ScoreCAM")
    assert relative(mine, theirs) <= TOLERANCE
    assert relative(mine, shifted) > TOLERANCE


def test_ablation_cam(small: Gathering) -> None:
    """The package takes its differences in single precision, of scores that come from batches of other sizes."""
    weights, theirs = peer(small, "AblationCAM")
    evidence = small.get(AblationOutcomes, AblationOutcomes.Settings(), OWN)
    scores = evidence.outcomes.scores(small.targets(OWN))[0]
    assert float(((scores[0] - scores[1:]) / scores[0] - weights[0]).abs().max()) <= TOLERANCE
    assert relative(ours(small, "ablation-cam"), theirs) <= 1e-4
