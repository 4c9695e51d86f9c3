"""Heads that are not the usual thousand exclusive classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import get_model

from crosslight import explain, load_model
from crosslight.core.errors import ModelError

SMALL = {"size": 32, "resize": 32}


class Network(nn.Module):
    """A convolution and a head of some outputs."""

    def __init__(self, outputs: int, squeeze: bool = False, channels: int = 3) -> None:
        super().__init__()
        self.features, self.head = nn.Conv2d(channels, 24, 5, stride=4), nn.Linear(24, outputs)
        self.squeeze = squeeze

    def forward(self, x: Tensor) -> Tensor:
        logits = self.head(self.features(x).relu().mean(dim=(2, 3)))
        return logits[:, 0] if self.squeeze else logits


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8))


@pytest.mark.parametrize("squeeze", [False, True])
def test_a_single_logit_tells_two_classes_apart(squeeze: bool, picture: Image.Image) -> None:
    torch.manual_seed(0)
    network = Network(1, squeeze)
    classifier = load_model(network, classes=["fish"], preprocess=SMALL, label="one")
    assert classifier.outputs == 2
    assert [classifier.class_name(i) for i in (0, 1)] == ["not fish", "fish"]
    found = explain([classifier], [picture], [{"name": "grad-cam", "target": f"class:{i}", "label": i} for i in "01"])
    inputs = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        logits = classifier.logits(inputs)
        assert torch.allclose(logits.softmax(1)[:, 1], network(inputs).flatten().sigmoid(), atol=1e-6)
    first, second = (found["one", name].values for name in "01")
    assert np.abs(first).max() > 0
    assert first == pytest.approx(-second, abs=1e-6)


def test_multi_label_probabilities(picture: Image.Image) -> None:
    torch.manual_seed(0)
    network = Network(4)
    many = load_model(network, preprocess=SMALL, label="many", multi_label=True)
    one = load_model(network, preprocess=SMALL, label="one")
    occlusion = {"name": "occlusion", "window": 0.5, "output": "probability"}
    found = explain([many, one], [picture], [occlusion])
    table = found.predictions["many"]
    assert table.probabilities == pytest.approx(1 / (1 + np.exp(-table.logits.astype(float))))
    assert found.predictions["one"].probabilities.sum() == pytest.approx(1)
    assert (found["many", "occlusion"].values != found["one", "occlusion"].values).any()
    assert load_model(many, label="again").multi_label


def test_one_channel(picture: Image.Image) -> None:
    classifier = load_model(Network(3, channels=1), preprocess={**SMALL, "mean": [0.5], "std": [0.5]}, label="grey")
    assert np.isfinite(explain(classifier, [picture], "grad-cam")["grey", "grad-cam"].values).all()


@pytest.mark.parametrize("source", ["timm", "torchvision"])
def test_a_checkpoint_says_how_many_classes_there_are(source: str, tmp_path: Path) -> None:
    """As those of Places365, which have 365, saved by a training script."""
    torch.manual_seed(0)
    name = "squeezenet1_1" if source == "torchvision" else "test_resnet"
    network = get_model(name, num_classes=7) if source == "torchvision" else timm.create_model(name, num_classes=7)
    path = tmp_path / "places.pth"
    torch.save({"state_dict": {f"module.{key}": value for key, value in network.state_dict().items()}}, path)
    classifier = load_model(f"{source}/{name}", weights=path)
    assert classifier.outputs == 7
    assert classifier.classes is None
    inputs = torch.randn(1, 3, *classifier.preprocess.size)
    with torch.no_grad():
        assert torch.allclose(classifier.logits(inputs), network.eval()(inputs), atol=1e-5)


def test_other_differences_are_errors(tmp_path: Path) -> None:
    state = timm.create_model("test_resnet", num_classes=7).state_dict()
    first = next(name for name, value in state.items() if value.dim() == 4)
    state[first] = state[first][:2].clone()
    save_file(state, tmp_path / "cut.safetensors")
    with pytest.raises(ModelError, match="does not fit"):
        load_model("timm/test_resnet", weights=tmp_path / "cut.safetensors")
