"""Networks made ready for other classes than their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from torch import nn

from crosslight.core.errors import CrosslightError, ModelError
from crosslight.dynamics.training.checkpoints import write_weights
from crosslight.dynamics.training.head import folded_normalisations
from crosslight.dynamics.training.network import build_network
from crosslight.models import load_model

RESNET = {"channels": [8, 8, 16, 16], "layers": [1, 1, 1, 1]}


def test_from_scratch(network: str) -> None:
    start = build_network("timm/resnet18", 5, weights="none", options=RESNET, size=32)
    assert start.options == {**RESNET, "num_classes": 5}
    assert start.overrides == {"size": 32, "crop_pct": 1.0}
    assert (start.preprocess.size, start.preprocess.resize) == ((32, 32), 32)
    assert start.network.fc.out_features == 5
    same = build_network("timm/resnet18", 5, weights="none", options=RESNET, size=32)
    other = build_network("timm/resnet18", 5, weights="none", options=RESNET, size=32, seed=1)
    assert torch.equal(start.network.fc.weight, same.network.fc.weight)
    assert not torch.equal(start.network.fc.weight, other.network.fc.weight)
    own = build_network(network, 4, weights="none")
    assert own.options == {"num_classes": 4}
    assert own.preprocess.size == (12, 12)


def test_img_size_is_the_size() -> None:
    options = {"img_size": 32, "embed_dim": 24, "depth": 1, "num_heads": 2}
    start = build_network("timm/vit_tiny_patch16_224", 3, weights="none", options=options)
    assert start.preprocess.size == (32, 32)


def test_a_file_of_trained_weights_keeps_all_but_the_head(tmp_path: Path) -> None:
    trained = build_network("timm/resnet18", 7, weights="none", options=RESNET, size=32, seed=3).network
    (tmp_path / "resume").mkdir()
    file = tmp_path / "seven.safetensors"
    write_weights(trained, file)
    start = build_network("timm/resnet18", 3, weights=str(file), options=RESNET, size=32)
    assert start.options["num_classes"] == 3
    before, after = trained.state_dict(), start.network.state_dict()
    assert [name for name in after if not torch.equal(after[name], before[name])] == ["fc.weight", "fc.bias"]
    write_weights(start.network, tmp_path / "three.safetensors")
    again = load_model(
        "timm/resnet18", weights=tmp_path / "three.safetensors", options=start.options, preprocess=start.overrides
    )
    assert again.outputs == 3


def test_a_users_own_network_with_a_head_of_another_size(network: str) -> None:
    start = build_network(network, 2)  # built with three outputs, as it is by itself
    assert start.options == {"num_classes": 2}
    assert start.network[-1].out_features == 2
    with pytest.raises(ModelError, match="7 outputs for 3 classes of pictures; let the function take num_classes"):
        build_network(network.replace("tiny", "fixed"), 3)
    with pytest.raises(ModelError, match="cannot be built for 3"):
        build_network("scenes/resnet", 3)


def test_normalisations_that_were_folded_away() -> None:
    network = build_network("timm/resnet18", 3, weights="none", options=RESNET, size=32).network
    names = {name for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}
    assert folded_normalisations(network, 3) == names  # an untrained one starts like this
    network.bn1.running_mean += 0.1
    network.layer1[0].bn1.running_var *= 1.1
    assert folded_normalisations(network, 3) == names - {"bn1", "layer1.0.bn1"}
    levit = timm.create_model("levit_128s", img_size=64, embed_dim=(32, 48, 64), depth=(1, 1, 1), num_classes=3)
    assert not any(name.startswith("head") for name in folded_normalisations(levit, 3))


def test_auxiliary_classifiers_are_left_out() -> None:
    start = build_network("torchvision/googlenet", 3, weights="none", size=64)
    assert start.options == {"num_classes": 3, "aux_logits": False}
    assert not any(name.startswith("aux") for name in start.network.state_dict())


def test_what_cannot_be_built() -> None:
    with pytest.raises(ModelError, match="cannot be run on inputs of 8 x 8 pixels"):
        build_network("timm/vgg11", 3, weights="none", options={"mlp_ratio": 0.01}, size=8)
    with pytest.raises(CrosslightError):
        build_network("timm/resnet18", 3, weights="none", options={"no_such": 1})
    with pytest.raises(ModelError, match="there is no file of weights"):
        build_network("timm/resnet18", 3, weights="nowhere.safetensors", options=RESNET)
