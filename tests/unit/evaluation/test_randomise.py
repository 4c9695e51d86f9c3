"""Randomising networks: everything learned changes, nothing else does, and it can be taken back."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from crosslight.core.errors import ModelError
from crosslight.core.geometry import Preprocess
from crosslight.evaluation.randomise import randomisable, randomised, steps_of
from crosslight.models import Classifier
from crosslight.scenes.classifiers.networks import build

PREPROCESS = Preprocess(size=(96, 96), resize=None)


def learned(lineage: str) -> Classifier:
    """A network in which no parameter and no running statistic is what it started as."""
    torch.manual_seed(0)
    network = build(lineage)
    with torch.no_grad():
        for tensor in (*network.parameters(), *(b for b in network.buffers() if b.is_floating_point())):
            tensor.add_(0.05 * torch.rand_like(tensor))
    return Classifier(network.eval(), PREPROCESS, label=lineage)


@pytest.mark.parametrize("lineage", ["vit", "cait", "convnext", "swin", "levit", "resnet"])
def test_every_parameter_changes(lineage):
    classifier = learned(lineage)
    before = {name: tensor.clone() for name, tensor in classifier.network.state_dict().items()}
    made = randomised(classifier, 0)
    after = made.network.state_dict()
    unchanged = [
        name for name, tensor in before.items() if tensor.is_floating_point() and torch.equal(tensor, after[name])
    ]
    fixed = [name for name in unchanged if "attention_bias_idxs" in name]
    assert unchanged == fixed
    assert all(torch.equal(tensor, classifier.network.state_dict()[name]) for name, tensor in before.items())
    names = set(before)
    wanted = {
        "vit": {"cls_token", "pos_embed"},
        "cait": {"cls_token", "blocks.0.gamma_1"},
        "convnext": {"stages.0.blocks.0.gamma"},
        "swin": {"layers.0.blocks.0.attn.relative_position_bias_table"},
        "levit": {"stages.0.blocks.0.attn.attention_biases"},
        "resnet": {"bn1.running_mean", "bn1.running_var", "conv1.weight"},
    }[lineage]
    assert wanted <= names
    assert all(after[name].isfinite().all() for name in names)
    # it keeps the place at which features are read
    assert made.site() == classifier.site()
    assert made.preprocess == classifier.preprocess


def test_the_start_of_each_kind():
    after = randomised(learned("vit"), 0).network.state_dict()
    assert 0.01 < float(after["pos_embed"].std()) < 0.03
    assert 0.01 < float(after["cls_token"].std()) < 0.03
    assert float(after["pos_embed"].abs().max()) <= 0.04 + 1e-6
    assert (after["blocks.0.norm1.weight"] == 1).all()
    assert (randomised(learned("convnext"), 0).network.state_dict()["stages.0.blocks.0.gamma"] == 1).all()


def test_seeds_and_layers_say_what_a_layer_becomes():
    classifier = learned("vit")
    state = torch.random.get_rng_state()
    first, same, other = (randomised(classifier, seed).network.state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(first[name], same[name]) for name in first)
    assert not torch.equal(first["cls_token"], other["cls_token"])
    alone = randomisable(classifier, 0)
    alone.randomise(["blocks.2.attn.qkv"])
    there = alone.classifier.network.state_dict()
    assert torch.equal(there["blocks.2.attn.qkv.weight"], first["blocks.2.attn.qkv.weight"])
    assert torch.equal(there["cls_token"], classifier.network.state_dict()["cls_token"])
    alone.restore(classifier, ["blocks.2.attn.qkv"])
    assert all(
        torch.equal(alone.classifier.network.state_dict()[name], first)
        for name, first in classifier.network.state_dict().items()
    )


class Odd(nn.Module):
    """Layers made in another order than they run in, one used twice, one never, and one that resets nothing."""

    class Stubborn(nn.Linear):
        def reset_parameters(self):
            if not hasattr(self, "made"):
                super().reset_parameters()

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 3)
        self.auxiliary = nn.Linear(4, 3)
        self.shared = nn.Conv2d(4, 4, 1)
        self.again = self.shared
        self.norm = nn.BatchNorm2d(4, affine=False)
        self.stem = nn.Conv2d(3, 4, 3)
        self.stubborn = Odd.Stubborn(4, 4)
        self.stubborn.made = True
        self.register_buffer("table", torch.arange(4.0))

    def forward(self, x):
        x = self.again(self.norm(self.shared(self.stem(x)).relu()))
        x = self.stubborn(x.mean((2, 3)))
        self.auxiliary(x)
        return self.head(x)


def test_layers_in_the_order_in_which_they_run():
    classifier = Classifier(Odd().eval(), Preprocess(size=(16, 16), resize=None))
    random = randomisable(classifier, 0)
    assert random.layers == ("stem", "shared", "norm", "stubborn", "head")
    assert random.idle == ("auxiliary",)
    before = classifier.network.state_dict()
    after = randomised(classifier, 0).network.state_dict()
    assert not torch.equal(before["stubborn.weight"], after["stubborn.weight"])
    assert torch.equal(before["table"], after["table"])
    assert not torch.equal(before["auxiliary.weight"], after["auxiliary.weight"])


def test_what_cannot_be_randomised():
    class Bare(nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    with pytest.raises(ModelError, match="no parameters"):
        randomised(Classifier(Bare(), Preprocess(size=(8, 8))), 0)

    class Broken(nn.Linear):
        def reset_parameters(self):
            if hasattr(self, "made"):
                raise RuntimeError("not now")
            super().reset_parameters()

    broken = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), Broken(3, 2))
    broken[2].made = True
    with pytest.raises(ModelError, match=r"'2'.*not now"):
        randomised(Classifier(broken, Preprocess(size=(8, 8))), 0)


def test_steps():
    layers = tuple("abcde")
    assert steps_of(layers, None, "bottom-up") == [("a",), ("b",), ("c",), ("d",), ("e",)]
    assert steps_of(layers, 2, "top-down") == [("e", "d", "c"), ("b", "a")]
    assert steps_of(layers, 9, "independent")[-1] == ("e",)
