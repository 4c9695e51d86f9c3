"""Networks in the states in which people have them are explained, and left in those states."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torch import nn

from crosslight import explain, load_model
from crosslight.core.errors import StudyError
from crosslight.models.wrappers import unwrapped

METHODS = [
    "grad-cam",
    "ablation-cam",
    {"name": "integrated-gradients", "steps": 2},
    {"name": "kernel-shap", "segmentation": "grid", "segments": 4, "samples": 12},
]


def plain() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return timm.create_model("test_resnet", num_classes=5).eval()


def checkpointing(training: bool) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = timm.create_model("test_vit", num_classes=5).train(training)
    network.set_grad_checkpointing(True)
    return network


STATES: dict[str, Callable[[], nn.Module]] = {
    "training": lambda: plain().train(),
    "frozen": lambda: plain().requires_grad_(False),
    "channels last": lambda: plain().to(memory_format=torch.channels_last),
    "bfloat16": lambda: plain().bfloat16(),
    "float16": lambda: plain().half(),
    "float64": lambda: plain().double(),
    "checkpointing": lambda: checkpointing(False),
    "checkpointing in training": lambda: checkpointing(True),
    "several devices": lambda: nn.DataParallel(plain()),
    "compiled": lambda: torch.compile(plain()),
}


@pytest.fixture
def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (80, 90 + i, 3), np.uint8)) for i in range(2)]


def state(network: nn.Module) -> list[object]:
    switches = [getattr(module, "grad_checkpointing", None) for module in network.modules()]
    modes = [module.training for module in network.modules()]
    return [modes, switches, [(p.dtype, p.requires_grad, p.data_ptr(), p.stride()) for p in network.parameters()]]


@pytest.mark.parametrize("name", STATES)
def test_as_it_is(name: str, pictures: list[Image.Image]) -> None:
    network = STATES[name]()
    before = state(network)
    found = explain(load_model(network, label="net", preprocess={"size": 64, "resize": 64}), pictures, METHODS)
    assert not found.failures
    assert all(maps.usable.all() for maps in found.maps.values())
    assert state(network) == before


@pytest.mark.parametrize("name", ["several devices", "compiled", "channels last"])
def test_the_same_maps_as_without(name: str, pictures: list[Image.Image]) -> None:
    preprocess = {"size": [64, 96], "resize": 96}
    one, other = (
        explain(load_model(network, label="net", preprocess=preprocess), pictures[:1], METHODS)
        for network in (plain(), STATES[name]())
    )
    for key, maps in one.maps.items():
        assert np.allclose(maps.values, other.maps[key].values, atol=1e-4 * np.abs(maps.values).max()), key


def test_unwrapped() -> None:
    network = plain()
    assert unwrapped(torch.compile(nn.DataParallel(network))) is network
    assert load_model(nn.DataParallel(network)).label == "ResNet"


def test_recomputing_is_switched_on_again_after_an_error() -> None:
    network = checkpointing(True)
    classifier = load_model(network, preprocess={"size": 64})

    def fail() -> None:
        with classifier.evaluating():
            assert not network.grad_checkpointing
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert network.grad_checkpointing


def test_torch_script(pictures: list[Image.Image]) -> None:
    with pytest.warns(FutureWarning):
        program = torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 8, 8), nn.AvgPool2d(8), nn.Flatten(), nn.Linear(4, 2)))
    classifier = load_model(program, label="program", preprocess={"size": 64, "resize": 64})
    assert explain(classifier, pictures, "occlusion")["program", "occlusion"].usable.all()
    with pytest.raises(StudyError, match=r"hand over the nn\.Module"):
        explain(classifier, pictures, "grad-cam")
