"""Sanity checks: methods that depend on the network and on the class pass, an edge detector does not."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from crosslight.core.errors import InputError
from crosslight.core.geometry import Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evaluation.probing import PROBES, parameter_randomisation
from crosslight.evaluation.probing.anew import subject_of
from crosslight.evaluation.probing.parameter_randomisation import randomisation_curves
from crosslight.evaluation.shift import shifted
from crosslight.evidence import Gathering, InputGradients
from crosslight.images import make_batch, open_images
from crosslight.methods.base import make_spec
from crosslight.models import Classifier, load_model

mprt = PROBES["parameter-randomisation"].function
empr = PROBES["efficient-parameter-randomisation"].function
label = PROBES["random-label"].function
invariance = PROBES["input-invariance"].function


def edges(evidence: InputGradients):
    """The picture's edges, whatever the network says."""
    grey = evidence.inputs.mean(dim=1, keepdim=True)
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    return functional.conv2d(grey, kernel, padding=1)[:, 0]


EDGES = make_spec("edges", edges, InputGradients, "none")


def gathering(classifier, count=3, batch_size=8):
    images = list(open_images("scenes", limit=count, sample="first"))
    batch = make_batch([i.load() for i in images], classifier.preprocess, [i.identity for i in images])
    return Gathering(classifier, batch, batch_size=batch_size)


@pytest.fixture(scope="module")
def trained():
    return load_model("scenes/resnet")


@pytest.fixture
def small():
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 5, stride=2), nn.Softplus(), nn.Conv2d(6, 6, 3), nn.Softplus(), nn.AdaptiveAvgPool2d(3),
        nn.Flatten(), nn.Linear(54, 4),
    )  # fmt: skip
    return Classifier(network.eval(), Preprocess(size=(24, 24), resize=24))


@pytest.mark.parametrize("order", ["top-down", "bottom-up", "independent"])
def test_grad_cam_passes_and_an_edge_detector_does_not(trained, order):
    before = {name: tensor.clone() for name, tensor in trained.network.state_dict().items()}
    cam, shape = (subject_of(gathering(trained), method) for method in ("grad-cam", EDGES))
    found, curve = mprt(cam, order=order, steps=4)
    same, _ = mprt(shape, order=order, steps=4)
    assert same.tolist() == pytest.approx([1] * 3)
    assert mprt(shape, order=order, steps=4, similarity="ssim")[0].tolist() == pytest.approx([1] * 3)
    assert found.mean() < 0.6
    assert len(curve) == 4
    stacked = torch.stack([values for name, values in curve.items() if name.startswith("spearman")], dim=1)
    torch.testing.assert_close(stacked.nanmean(dim=1), found)
    assert all(torch.equal(tensor, trained.network.state_dict()[name]) for name, tensor in before.items())


def test_orders_end_alike_and_independent_steps_are_what_they_say(small):
    subject = subject_of(gathering(small), "saliency")
    curves = {
        order: randomisation_curves([subject], order=order)[0] for order in ("top-down", "bottom-up", "independent")
    }
    assert curves["bottom-up"].steps == curves["independent"].steps == ("0", "2", "6")
    assert curves["top-down"].steps == ("6", "2", "0")
    torch.testing.assert_close(curves["top-down"].values[:, -1], curves["bottom-up"].values[:, -1])
    torch.testing.assert_close(curves["top-down"].values[:, 0], curves["independent"].values[:, -1])
    torch.testing.assert_close(curves["bottom-up"].values[:, 0], curves["independent"].values[:, 0])
    assert not torch.allclose(curves["bottom-up"].values[:, 1], curves["independent"].values[:, 1])


def test_methods_share_a_random_network(small):
    shared = gathering(small)
    both = [subject_of(shared, name) for name in ("saliency", "input-x-gradient")]
    before = shared.evaluations
    together = randomisation_curves(both, order="bottom-up")
    assert shared.evaluations - before == 3 * 3  # one gradient for both, at each of three steps
    alone = [randomisation_curves([one], order="bottom-up")[0] for one in both]
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one.values, other.values)
    copied = parameter_randomisation._COPIES[small]
    mprt(subject_of(gathering(small, batch_size=1), "saliency"))
    assert parameter_randomisation._COPIES[small] is copied


def test_methods_of_other_classes_share_the_network_but_no_gradient(small):
    shared = gathering(small)
    first, second = TargetPolicy(), TargetPolicy(rank=2)
    both = [subject_of(shared, "saliency", target=one) for one in (first, second)]
    assert not torch.equal(both[0].targets.classes, both[1].targets.classes)
    together = randomisation_curves(both, order="bottom-up")
    for one, target in zip(together, (first, second), strict=True):
        alone = randomisation_curves([subject_of(gathering(small), "saliency", target=target)], order="bottom-up")[0]
        torch.testing.assert_close(one.values, alone.values)


def test_learning_since_the_copy_was_made_counts(small):
    """The copy is given the parameters that the network has when it is asked again."""
    mprt(subject_of(gathering(small), "saliency"))
    with torch.no_grad():
        small.network[0].weight.mul_(-1)
    found = randomisation_curves([subject_of(gathering(small), "saliency")], order="top-down")[0]
    fresh = Classifier(small.network, small.preprocess)
    other = randomisation_curves([subject_of(gathering(fresh), "saliency")], order="top-down")[0]
    torch.testing.assert_close(found.values, other.values)


def test_steps_without_a_value_do_not_count(small, monkeypatch):
    real = parameter_randomisation.maps_anew
    calls = []

    def sometimes_nothing(subject, gathering):
        maps = real(subject, gathering)
        calls.append(maps)
        return 0 * maps if len(calls) == 2 else maps

    monkeypatch.setattr(parameter_randomisation, "maps_anew", sometimes_nothing)
    found, curve = mprt(subject_of(gathering(small), "saliency"))
    points = torch.stack([values for name, values in curve.items() if name.startswith("spearman")], dim=1)
    assert points[:, 1].isnan().all()
    torch.testing.assert_close(found, points[:, [0, 2]].mean(dim=1))


def test_smooth_maps_are_means_over_noise(small):
    subject = subject_of(gathering(small), "saliency")
    clean, _ = mprt(subject, samples=1)
    torch.testing.assert_close(mprt(subject, samples=3, noise=0.0)[0], clean)
    assert not torch.allclose(mprt(subject, samples=3, noise=0.5)[0], clean)


def test_complexity_rises_only_where_maps_change(trained):
    found, told = empr(subject_of(gathering(trained), EDGES))
    assert found.tolist() == pytest.approx([0] * 3)
    assert (told["output entropy after"] > told["output entropy before"]).all()
    assert not empr(subject_of(gathering(trained), "saliency"))[0].allclose(found)


def test_another_class(small):
    subject = subject_of(gathering(small), "saliency")
    for which in ("random", "next", "least"):
        found, told = label(subject, which=which)
        assert (told["class"] != subject.targets.classes).all()
        assert found.max() < 0.999
    ranks = subject.gathering.logits.argsort(dim=1, descending=True)
    assert label(subject, which="next")[1]["class"].tolist() == ranks[:, 1].tolist()
    assert label(subject, which="least")[1]["class"].tolist() == ranks[:, -1].tolist()
    assert label(subject_of(gathering(small), EDGES))[0].tolist() == pytest.approx([1] * 3)
    # the one and only other class of two, whose saliency is the same and whose gradient is the opposite
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 24 * 24, 2))
    with torch.no_grad():
        linear[1].weight[1] = -linear[1].weight[0]
    two = gathering(Classifier(linear, small.preprocess))
    assert label(subject_of(two, "input-x-gradient"))[0].tolist() == pytest.approx([-1] * 3)
    assert label(subject_of(two, "input-x-gradient"), absolute=True)[0].tolist() == pytest.approx([1] * 3)


def test_a_single_output_has_no_other_class(small):
    single = Classifier(nn.Sequential(nn.Flatten(), nn.Linear(3 * 24 * 24, 1)), small.preprocess)
    made = gathering(single)
    if made.logits.shape[1] == 1:
        with pytest.raises(InputError, match="two classes"):
            label(subject_of(made, "saliency"))


def test_a_shift_that_the_network_undoes(trained, small):
    for classifier in (trained, small):
        subject = subject_of(gathering(classifier), "input-x-gradient")
        found, told = invariance(subject)
        assert told["output change"].max() < 1e-3
        assert found.min() > 0.1
        assert told["invariant"].tolist() == [0] * 3
        assert shifted(classifier, 1.0).site() == classifier.site()
    found, told = invariance(subject_of(gathering(small), "saliency"))
    assert found.max() < 1e-4
    assert told["invariant"].tolist() == [1] * 3
    with pytest.raises(InputError, match="shift"):
        invariance(subject, shift=0)


def test_shifting_leaves_the_network_alone(small):
    inputs = torch.randn(2, 3, 24, 24)
    with torch.no_grad():
        before = small.logits(inputs)
        made = shifted(small, 2.0)
        torch.testing.assert_close(made.logits(inputs + 2), before)
        assert torch.equal(small.logits(inputs), before)
    assert type(small.network) is nn.Sequential
    assert next(made.network.parameters()) is next(small.network.parameters())
