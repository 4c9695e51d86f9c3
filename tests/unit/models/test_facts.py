from __future__ import annotations

import json

import timm
import torch
from torch import nn

from crosslight.models.facts import count_outputs, describe, weights_digest


def small() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))


def test_the_digest_changes_with_one_weight_one_buffer_and_nothing_else() -> None:
    network = small()
    first = weights_digest(network)
    assert weights_digest(small()) == first
    network.eval()
    network[0].weight.requires_grad_(False)
    assert weights_digest(network) == first
    with torch.no_grad():
        network[4].weight[0, 0] += 1e-6
    second = weights_digest(network)
    assert second != first
    network[1].running_mean[3] = 1
    assert weights_digest(network) not in (first, second)


def test_the_digest_tells_types_and_shapes_apart() -> None:
    network = nn.Linear(4, 2, bias=False)
    nn.init.zeros_(network.weight)
    other = nn.Linear(2, 4, bias=False)
    nn.init.zeros_(other.weight)
    assert len({weights_digest(network), weights_digest(other), weights_digest(network.half())}) == 3
    assert weights_digest(network.bfloat16()) != weights_digest(network.half())


def test_outputs_come_from_the_attribute_or_the_last_layer() -> None:
    assert count_outputs(small()) == 2
    assert count_outputs(timm.create_model("test_vit", num_classes=7)) == 7
    assert count_outputs(nn.Sequential(nn.Conv2d(3, 5, 1), nn.Flatten())) == 5
    assert count_outputs(nn.Sequential(nn.Linear(3, 5), nn.LayerNorm(5))) is None
    replaced = timm.create_model("test_resnet")
    replaced.fc = nn.Linear(replaced.num_features, 3)
    assert count_outputs(replaced) is None  # its attribute still says 1000


def test_facts_go_through_json() -> None:
    facts = describe(small(), name="mine", input_size=(32, 48))
    read = json.loads(json.dumps(facts.as_dict()))
    assert read == facts.as_dict()
    assert read["input_size"] == [32, 48]
    assert read["family"] == "convolutional"
    assert read["parameters"] == 3 * 8 * 9 + 8 + 16 + 16 + 2
    assert read["outputs"] == 2
