"""Work on evidence can be stopped before every pass, whatever the evidence is."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from crosslight.core.geometry import Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering
from crosslight.images import Batch, make_batch
from crosslight.methods import METHODS, attribute
from crosslight.models import Classifier


class Stop(BaseException):
    pass


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 6, 3, 2, 1), nn.ReLU()]
    network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3))
    return Classifier(network, Preprocess((16, 16), None))


def batch() -> Batch:
    from PIL import Image

    pictures = [Image.new("RGB", (16, 16), (40 * n, 200 - 60 * n, 90)) for n in range(3)]
    for picture in pictures:
        picture.putpixel((3, 4), (255, 255, 255))
    return make_batch(pictures, Preprocess((16, 16), None))


SETTINGS = {
    "kernel-shap": {"segmentation": "grid", "segments": 4, "samples": 16},
    "lime": {"segmentation": "grid", "segments": 4, "num_samples": 8},
    "rise": {"masks": 8},
    "smoothgrad": {"samples": 4},
    "integrated-gradients": {"steps": 4},
    "occlusion": {"window": 0.5, "stride": 1},
}


@pytest.mark.parametrize("name", [name for name in METHODS if "rollout" not in name])
def test_it_is_asked_before_every_pass_and_can_stop(classifier: Classifier, name: str) -> None:
    spec = METHODS[name]
    settings, policy = spec.settings(**SETTINGS.get(name, {})), TargetPolicy()
    story: list[str] = []

    def gathering(checkpoint) -> Gathering:  # type: ignore[no-untyped-def]
        return Gathering(
            classifier, batch(), batch_size=2, advance=lambda n: story.append("pass"), checkpoint=checkpoint
        )

    attribute(gathering(lambda: story.append("asked")), spec, settings, policy)
    assert "passpass" not in "".join(story)
    assert story[0] == "asked"
    questions = story.count("asked")
    modes = [module.training for module in classifier.network.modules()]
    for last in {0, questions // 2, questions - 1}:
        story.clear()

        def stop(last: int = last) -> None:
            if story.count("asked") == last:
                raise Stop
            story.append("asked")

        with pytest.raises(Stop):
            attribute(gathering(stop), spec, settings, policy)
        assert (story.count("asked"), story.count("pass") <= last) == (last, True)
        assert [module.training for module in classifier.network.modules()] == modes
        assert all(parameter.requires_grad for parameter in classifier.network.parameters())
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in classifier.network.modules())


def test_tails_count_as_passes(classifier: Classifier) -> None:
    asked: list[int] = []
    gathering = Gathering(classifier, batch(), batch_size=3, checkpoint=lambda: asked.append(1))
    attribute(gathering, METHODS["ablation-cam"], METHODS["ablation-cam"].settings(), TargetPolicy())
    assert len(asked) == 1 + 7, "one pass for the features, a tail for each of six channels and the untouched ones"


def test_parts_are_asked_as_the_whole(classifier: Classifier) -> None:
    def stop() -> None:
        raise Stop

    gathering = Gathering(classifier, batch(), checkpoint=stop)
    gathering.offer_logits(torch.zeros(3, 3))
    with pytest.raises(Stop):
        gathering.rows([1]).forward(gathering.inputs[:1])
