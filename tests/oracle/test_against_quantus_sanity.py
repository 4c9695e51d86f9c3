"""Sanity checks against Quantus 0.6.0: the same random networks, noise and classes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from crosslight.core.geometry import Box, Preprocess
from crosslight.evaluation import randomise
from crosslight.evaluation.probing import PROBES, parameter_randomisation, random_label
from crosslight.evaluation.probing.anew import subject_of
from crosslight.evaluation.probing.likeness import ssim
from crosslight.evaluation.probing.parameter_randomisation import randomisation_curves
from crosslight.evidence import Gathering
from crosslight.images import Batch
from crosslight.models import Classifier

quantus = pytest.importorskip("quantus", reason="Quantus is the oracle; install the extra `bench`")

SIDE, COUNT = 20, 4
SEED = 42


@pytest.fixture(params=[torch.float64])
def subject(request, monkeypatch):
    """Saliency of a network whose layers Quantus knows how to reset, with the random parameters that Quantus draws.

    In double precision, so that no two pixels are so near that rounding decides on their order.
    """
    monkeypatch.setattr(randomise, "seed_for", lambda *parts: SEED + 1)
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(1, 6, 5, stride=2), nn.Softplus(), nn.Conv2d(6, 6, 3), nn.BatchNorm2d(6), nn.Tanh(),
        nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(54, 12), nn.Tanh(), nn.Linear(12, 5),
    ).eval()  # fmt: skip
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    network.to(request.param)
    inputs = torch.randn((COUNT, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(0), dtype=request.param)
    batch = Batch(inputs, (Box(0, 0, SIDE, SIDE),) * COUNT, tuple("abcd"), (None,) * COUNT)
    classifier = Classifier(network, Preprocess(size=(SIDE, SIDE), resize=None, mean=(0.5,), std=(0.5,)))
    return subject_of(Gathering(classifier, batch), "saliency")


def explained(model, inputs, targets, **options):
    """Saliency, as Quantus asks for it."""
    x = torch.as_tensor(np.asarray(inputs)).to(next(model.parameters())).requires_grad_(True)
    score = model(x).gather(1, torch.as_tensor(np.asarray(targets))[:, None]).sum()
    return torch.autograd.grad(score, x)[0].abs().amax(dim=1, keepdim=True).numpy()


def given(subject):
    return {
        "model": subject.gathering.classifier.network,
        "x_batch": subject.inputs.numpy(),
        "y_batch": subject.targets.classes.numpy(),
        "a_batch": subject.native.numpy()[:, None].copy(),
        "channel_first": True,
        "device": "cpu",
        "explain_func": explained,
    }


ORDERS = {"top-down": "top_down", "bottom-up": "bottom_up", "independent": "independent"}


@pytest.mark.parametrize("order", ORDERS)
def test_curves(subject, order):
    metric = quantus.MPRT(layer_order=ORDERS[order], seed=SEED, disable_warnings=True)
    found = metric(**given(subject))
    curves = randomisation_curves([subject], order=order)[0]
    assert set(found) == {"original", *curves.steps}
    for place, step in enumerate(curves.steps):
        assert curves.values[:, place].tolist() == pytest.approx(found[step], abs=1e-5)


def test_the_mean_over_layers(subject):
    """Quantus averages the similarity of the maps with themselves in: it leaves out a key that it never uses."""
    metric = quantus.MPRT(layer_order="top_down", seed=SEED, return_average_correlation=True, disable_warnings=True)
    found = np.array(metric(**given(subject)))
    ours, _ = PROBES["parameter-randomisation"].function(subject, steps=None)
    layers = 5
    assert ours.tolist() == pytest.approx(((layers + 1) * found - 1) / layers, abs=1e-5)
    assert (found > ours.numpy() + 1e-3).all()


def test_smooth(subject, monkeypatch):
    samples = 3
    noise = [np.random.default_rng(i).normal(size=(COUNT, 1, SIDE, SIDE)) for i in range(samples - 1)]
    drawn = []

    def randn(*shape):
        drawn.append(shape)
        return noise[(len(drawn) - 1) % len(noise)]

    monkeypatch.setattr(
        parameter_randomisation, "noise_like", lambda inputs, names, seed, what, sample: torch.from_numpy(noise[sample])
    )
    metric = quantus.SmoothMPRT(
        layer_order="bottom_up", seed=SEED, nr_samples=samples, noise_magnitude=0.1, disable_warnings=True
    )
    monkeypatch.setattr(np.random, "randn", randn)
    monkeypatch.setattr(quantus, "explain", explained)
    arguments = given(subject) | {"a_batch": None}
    found = metric(**arguments)
    assert drawn
    curves = randomisation_curves([subject], order="bottom-up", samples=samples, noise=0.1)[0]
    for place, step in enumerate(curves.steps):
        assert curves.values[:, place].tolist() == pytest.approx(found[step], abs=1e-5)


@pytest.mark.parametrize("subject", [torch.float32], indirect=True)  # Quantus predicts in single precision only
def test_efficient(subject):
    metric = quantus.EfficientMPRT(
        seed=SEED, compute_extra_scores=True, complexity_func_kwargs={"n_bins": 50}, disable_warnings=True
    )
    found = metric(**given(subject))
    ours, told = PROBES["efficient-parameter-randomisation"].function(subject, bins=50)
    assert ours.tolist() == pytest.approx(found, abs=1e-5)
    delta = told["complexity after"] - told["complexity before"]
    assert delta.tolist() == pytest.approx(metric.scores_extra["scores_delta_explanation"], abs=1e-5)


def test_structural_similarity(subject):
    first, second = subject.native, subject.native.flip(1)
    scaled = [(maps / maps.amax(dim=(1, 2), keepdim=True)).numpy() for maps in (first, second)]
    wanted = [quantus.similarity_func.ssim(a, b) for a, b in zip(*scaled, strict=True)]
    assert ssim(first, second, (SIDE, SIDE)).tolist() == pytest.approx(wanted, abs=1e-5)


def test_another_class(subject, monkeypatch):
    metric = quantus.RandomLogit(
        similarity_func=quantus.similarity_func.correlation_spearman, num_classes=5, seed=SEED, disable_warnings=True
    )
    found = metric(**given(subject))
    places = np.random.RandomState(SEED).randint(0, 4, COUNT)  # the generator that Quantus draws with
    others = [
        [index for index in range(5) if index != own][place]
        for own, place in zip(subject.targets.classes.tolist(), places, strict=True)
    ]
    monkeypatch.setattr(random_label, "other_classes", lambda subject, which: torch.tensor(others))
    ours, _ = PROBES["random-label"].function(subject)
    assert ours.tolist() == pytest.approx(list(found), abs=1e-5)


@pytest.mark.parametrize("subject", [torch.float32], indirect=True)
@pytest.mark.parametrize("method", ["saliency", "input-x-gradient"])
def test_input_invariance(subject, method, monkeypatch):
    """Quantus says only whether all pixels stay within 1e-4; its first layer must have a bias and must not pad.

    It shifts every number of the input but the first, so that no method that sees the picture is invariant. Here all
    are shifted on its side, too.
    """
    from quantus.metrics.axiomatic import input_invariance

    subject = subject_of(subject.gathering, method)

    def made(model, inputs, targets, **options):
        x = torch.as_tensor(np.asarray(inputs), dtype=torch.float32).requires_grad_(True)
        score = model(x).gather(1, torch.as_tensor(np.asarray(targets))[:, None]).sum()
        gradient = torch.autograd.grad(score, x)[0]
        return (gradient.abs() if method == "saliency" else x.detach() * gradient).numpy()

    def theirs():
        metric = quantus.InputInvariance(input_shift=-1, disable_warnings=True)
        return [bool(one) for one in metric(**given(subject) | {"explain_func": made})]

    assert not any(theirs())
    monkeypatch.setattr(input_invariance, "perturb_batch", lambda arr, **options: arr - 1)
    found = theirs()
    ours, told = PROBES["input-invariance"].function(subject, shift=-1.0)
    assert told["invariant"].bool().tolist() == found
    assert (ours < 1e-4).tolist() == found
    assert all(found) == (method == "saliency")
