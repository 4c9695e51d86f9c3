"""One frozen and one unfrozen epoch, with rates that grow with depth, for every family of networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from crosslight.core.errors import ModelError
from crosslight.core.geometry import Preprocess
from crosslight.core.progress import Silent
from crosslight.dynamics.training.fit import fit
from crosslight.dynamics.training.groups import layers_of, make_groups
from crosslight.dynamics.training.head import head_parameters, replace_head
from crosslight.dynamics.training.pixels import Pixels
from crosslight.dynamics.training.recipe import make_recipe

CLASSES = 3

#: a small member of each family: its name in timm, its options, the length of its input's sides
SMALL = {
    "resnet": ("resnet18", {"channels": (8, 8, 16, 16), "layers": (1, 1, 1, 1)}, 32),
    "res2net": ("res2net50_14w_8s", {"channels": (16, 16, 16, 16), "layers": (1, 1, 1, 1)}, 32),
    "resnext": ("resnext50_32x4d", {"channels": (32, 32, 32, 32), "layers": (1, 1, 1, 1)}, 32),
    "densenet": ("densenet121", {"growth_rate": 4, "block_config": (2, 2, 2, 2)}, 32),
    "efficientnet": ("test_efficientnet", {}, 32),
    "mobilenetv3": ("mobilenetv3_small_050", {}, 32),
    "mobilenetv2": ("mobilenetv2_050", {}, 32),
    "vgg": ("vgg11", {"mlp_ratio": 0.004}, 32),
    "vit": ("vit_tiny_patch16_224", {"img_size": 32, "embed_dim": 24, "depth": 2, "num_heads": 2}, 32),
    "deit": ("deit_tiny_patch16_224", {"img_size": 32, "embed_dim": 24, "depth": 2, "num_heads": 2}, 32),
    "deit-distilled": (
        "deit_tiny_distilled_patch16_224",
        {"img_size": 32, "embed_dim": 24, "depth": 2, "num_heads": 2},
        32,
    ),
    "swin": (
        "swin_tiny_patch4_window7_224",
        {"img_size": 32, "window_size": 4, "embed_dim": 12, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 2, 2)},
        32,
    ),
    "pvt": (
        "pvt_v2_b0",
        {"embed_dims": (8, 8, 16, 16), "depths": (1, 1, 1, 1), "num_heads": (1, 1, 2, 2)},
        32,
    ),
    "convnext": ("convnext_tiny", {"dims": (8, 8, 16, 16), "depths": (1, 1, 1, 1)}, 32),
    "convnextv2": ("convnextv2_nano", {"dims": (8, 8, 16, 16), "depths": (1, 1, 1, 1)}, 32),
    "levit": ("levit_128s", {"img_size": 64, "embed_dim": (32, 48, 64), "depth": (1, 1, 1)}, 64),
    "vit-registers": ("test_vit3", {"img_size": 32}, 32),
}
#: networks of their real size, of which only the names of parameters are looked at
REAL = [
    *("resnet50d", "vgg16_bn", "densenet121", "efficientnet_b4", "mobilenetv3_large_100", "inception_v3"),
    *("vit_base_patch32_224", "deit_small_patch16_224", "swin_tiny_patch4_window7_224", "convnextv2_nano"),
    *("pvt_v2_b2", "res2net50_14w_8s", "resnext50_32x4d", "coatnet_0_rw_224", "maxvit_tiny_tf_224", "regnety_004"),
    *(
        "beit_base_patch16_224",
        "eva02_tiny_patch14_224",
        "xcit_nano_12_p8_224",
        "nfnet_f0",
        "mobilevit_s",
        "resmlp_12_224",
    ),
]


def build(family: str) -> tuple[nn.Module, int]:
    import timm

    name, options, size = SMALL[family]
    torch.manual_seed(0)
    if family == "vgg":  # its widths have no option
        from timm.models.vgg import VGG

        return VGG([8, "M", 8, "M", 16, "M", 16, "M", 16, "M"], num_classes=CLASSES, **options), size
    return timm.create_model(name, num_classes=CLASSES, **options), size


def pixels(count: int, size: int) -> Pixels:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 256, (count, 3, size, size), dtype=np.uint8)
    return Pixels(values, np.arange(count) % CLASSES, tuple(f"p{i}" for i in range(count)))


def state(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


@pytest.mark.parametrize("family", SMALL)
def test_a_frozen_epoch_changes_the_head_alone_and_the_next_one_everything(family: str, tmp_path: Path) -> None:
    assert_two_epochs(*build(family), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_two_epochs_of_a_real_network(name: str, tmp_path: Path) -> None:
    import timm

    fixed = name.startswith(("vit", "deit", "swin", "beit", "eva", "xcit"))
    options = {"img_size": 224} if fixed else {}
    assert_two_epochs(timm.create_model(name, num_classes=CLASSES, **options), 224 if fixed else 96, tmp_path)


def assert_two_epochs(network: nn.Module, size: int, tmp_path: Path) -> None:
    head = head_parameters(network, CLASSES)
    assert head
    before, parameters = state(network), dict(network.named_parameters())
    shown = pixels(6, size)
    given = {"batch": 3, "augment": "none", "lr": 0.01, "schedule": "constant"}
    for epochs in (1, 2):  # the second call goes on where the first one ended
        recipe = make_recipe(finetune=True, epochs=epochs, freeze_epochs=1, **given)
        fit(network, Preprocess((size, size)), recipe, shown, shown, tmp_path, classes=CLASSES, progress=Silent())
        changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
        if epochs == 1:  # with the statistics of normalisations that stand in the head
            owners = tuple({f"{name.rpartition('.')[0]}." for name in head})
            assert head == changed & set(parameters)
            assert all(name.startswith(owners) for name in changed)
    trained = {name for name, parameter in parameters.items() if parameter.requires_grad}
    assert trained == set(parameters)
    # A bias in front of a normalisation that takes the mean off has no gradient to speak of.
    assert len(changed & trained) > 0.9 * len(trained)


@pytest.mark.parametrize("name", REAL)
def test_layers_of_real_networks(name: str) -> None:
    import timm

    with torch.device("meta"):
        network = timm.create_model(name, num_classes=CLASSES)
    layers, head = layers_of(network, CLASSES), head_parameters(network, CLASSES)
    order = [layers[name] for name, _ in network.named_parameters()]
    assert sorted(set(order)) == list(range(max(order) + 1))
    assert max(order) >= 5
    assert {name for name, layer in layers.items() if layer == max(order)} == head
    assert all(parameter.shape[0] == CLASSES for name, parameter in network.named_parameters() if name in head)
    weights = [layers[name] for name, parameter in network.named_parameters() if parameter.ndim >= 2]
    assert np.corrcoef(weights, range(len(weights)))[0, 1] > 0.8


def test_rates_grow_from_the_first_layer_to_the_head() -> None:
    network, _ = build("resnet")
    groups = make_groups(network, CLASSES, spread=100)
    factors = [group.factor for group in groups]
    assert factors == sorted(factors)
    assert factors[0] == pytest.approx(0.01)
    assert factors[-1] == 1
    names = [name for group in groups for name in group.names]
    assert sorted(names) == sorted(name for name, _ in network.named_parameters())
    kinds = dict(network.named_parameters())
    assert all((kinds[name].ndim > 1) == group.decay for group in groups for name in group.names)
    assert {group.factor for group in make_groups(network, CLASSES, spread=1)} == {1.0}


def test_what_a_network_exempts_does_not_decay() -> None:
    network, _ = build("vit")
    decaying = {name for group in make_groups(network, CLASSES, 1) if group.decay for name in group.names}
    assert "pos_embed" not in decaying
    assert "blocks.0.attn.qkv.weight" in decaying


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "mobilenet_v3_small", "swin_t"])
def test_the_head_of_torchvisions_networks(name: str) -> None:
    from torchvision import models

    with torch.device("meta"):
        network = models.get_model(name, weights=None)
        before = {name: tuple(value.shape) for name, value in network.state_dict().items()}
        replace_head(network, 1000, CLASSES)
    after = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    changed = {name for name in before if before[name] != after[name]}
    assert changed == head_parameters(network, CLASSES)
    assert changed
    assert all(after[name] == (CLASSES, *before[name][1:]) for name in changed)


def test_a_network_without_a_head() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 16, 3))
    with pytest.raises(ModelError, match="has not 16 outputs"):
        head_parameters(network, 16)
