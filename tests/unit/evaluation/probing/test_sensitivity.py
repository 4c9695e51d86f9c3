"""Maximum and average sensitivity: constant gradients have none, and the picture's design stays."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from crosslight.core.errors import InputError
from crosslight.core.geometry import Preprocess
from crosslight.evaluation.probing import PROBES, sensitivity
from crosslight.evaluation.probing.anew import noise_like, subject_of
from crosslight.evidence import Gathering
from crosslight.images import make_batch, open_images
from crosslight.models import Classifier

most, mean = PROBES["max-sensitivity"].function, PROBES["avg-sensitivity"].function


def gathering(network, size=24, count=3, batch_size=8):
    preprocess = Preprocess(size=(size, size), resize=size)
    images = list(open_images("scenes", limit=count, sample="first"))
    batch = make_batch([image.load() for image in images], preprocess, [image.identity for image in images])
    return Gathering(Classifier(network.eval(), preprocess), batch, batch_size=batch_size)


@pytest.fixture(scope="module")
def curved():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, stride=2), nn.Tanh(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(24, 4)
    )


@pytest.fixture(scope="module")
def straight():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 5, stride=2), nn.Flatten(), nn.Linear(400, 4))


def test_a_constant_gradient_never_moves(straight, curved):
    subject = subject_of(gathering(straight), "saliency")
    assert most(subject, samples=3).max() < 1e-6
    product = subject_of(gathering(straight), "input-x-gradient")
    assert most(product, samples=3).min() > 1e-3
    assert most(subject_of(gathering(curved), "saliency"), samples=3).min() > 1e-3


@pytest.mark.parametrize("norm", ["fro", "linf"])
def test_the_change_of_input_x_gradient_is_known(straight, norm):
    """Its map is linear in the input, so that its change is the map of the noise."""
    subject = subject_of(gathering(straight), "input-x-gradient")
    with subject.gathering.classifier.evaluating(), torch.enable_grad():
        inputs = subject.inputs.clone().requires_grad_(True)
        score = subject.gathering.classifier.logits(inputs).gather(1, subject.targets.classes[:, None]).sum()
    slope = torch.autograd.grad(score, inputs)[0].double()
    order = 2 if norm == "fro" else torch.inf
    changes = []
    for sample in range(4):
        noise = 0.5 * noise_like(subject.inputs, subject.identities, 0, "sensitivity", sample, uniform=True)
        assert noise.abs().max() <= 0.5
        change = (noise * slope).sum(dim=1).flatten(1)
        changes.append(change.norm(order, dim=1) / subject.native.flatten(1).norm(order, dim=1))
    found = torch.stack(changes, dim=1)
    settings = {"samples": 4, "radius": 0.5, "norm": norm}
    torch.testing.assert_close(most(subject, **settings), found.amax(dim=1), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(mean(subject, **settings), found.mean(dim=1), rtol=1e-4, atol=1e-6)


def test_the_two_share_their_passes_and_batches_do_not_matter(curved):
    subject = subject_of(gathering(curved), "saliency")
    before = subject.gathering.evaluations
    first = most(subject, samples=2)
    between = subject.gathering.evaluations
    assert between - before >= 2 * 3
    mean(subject, samples=2)
    assert subject.gathering.evaluations == between
    torch.testing.assert_close(most(subject_of(gathering(curved, batch_size=1), "saliency"), samples=2), first)
    other = subject.with_maps(subject.maps, native=2 * subject.native)
    assert not torch.allclose(most(other, samples=2), first)


def test_the_design_stays_that_of_the_picture(curved, monkeypatch):
    """Superpixels are cut from the picture, so that the map of a changed input has the same regions."""
    subject = subject_of(gathering(curved, count=1), "lime", num_samples=20, segments=9, num_features=50)
    made = [subject.native]
    real = sensitivity.maps_anew

    def kept(*arguments):
        made.append(real(*arguments))
        return made[-1]

    monkeypatch.setattr(sensitivity, "maps_anew", kept)
    assert most(subject, samples=2, radius=2.0) > 0.01
    first, *others = (one.flatten().unique(return_inverse=True)[1] for one in made)
    regions = len(first.unique())
    assert regions > 3
    assert [len((first * 1000 + other).unique()) for other in others] == [regions] * 2


def test_same_class_leaves_samples_out(curved, monkeypatch):
    subject = subject_of(gathering(curved), "saliency")
    everything = most(subject, samples=4, radius=30)
    found = most(subject, samples=4, radius=30, same_class=True)
    assert not torch.equal(everything, found.nan_to_num())


def test_maps_without_a_method_have_none(curved):
    subject = subject_of(gathering(curved), "saliency").with_maps(torch.ones(3, 24, 24), method=None)
    with pytest.raises(InputError, match="no method"):
        most(subject)
    assert PROBES["max-sensitivity"].needs == PROBES["avg-sensitivity"].needs == "method"
