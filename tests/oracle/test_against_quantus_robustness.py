"""Infidelity and sensitivity against Quantus 0.6.0, on the same maps with the same perturbations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from crosslight.core.geometry import Preprocess
from crosslight.evaluation.probing import PROBES
from crosslight.evaluation.probing.anew import noise_like, subject_of
from crosslight.evidence import Gathering
from crosslight.images import make_batch, open_images
from crosslight.models import Classifier

quantus = pytest.importorskip("quantus", reason="Quantus is the oracle; install the extra `bench`")

SIDE = 24


@pytest.fixture(scope="module")
def subject():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 5, stride=2), nn.Tanh(), nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(54, 4)
    ).eval()
    preprocess = Preprocess(size=(SIDE, SIDE), resize=SIDE)
    images = list(open_images("scenes", limit=3, sample="first"))
    batch = make_batch([image.load() for image in images], preprocess, [image.identity for image in images])
    return subject_of(Gathering(Classifier(network, preprocess), batch), "saliency")


def explained(model, inputs, targets, **options):
    """Saliency, as Quantus asks for it."""
    x = torch.as_tensor(inputs, dtype=torch.float32).requires_grad_(True)
    score = model(x).gather(1, torch.as_tensor(targets)[:, None]).sum()
    return torch.autograd.grad(score, x)[0].abs().amax(dim=1, keepdim=True).numpy()


def given(subject):
    return {
        "model": subject.gathering.classifier.network,
        "x_batch": subject.inputs.numpy(),
        "y_batch": subject.targets.classes.numpy(),
        "a_batch": subject.native.numpy()[:, None],
        "channel_first": True,
        "device": "cpu",
    }


@pytest.mark.parametrize("size", [4, 8])
def test_infidelity(subject, size):
    """Quantus leaves squares replaced while it goes on to the next, so that its last input is all black."""
    metric = quantus.Infidelity(
        perturb_patch_sizes=[size], n_perturb_samples=1, perturb_baseline=0.0, disable_warnings=True
    )
    found = metric(**given(subject))
    settings = {"size": size, "fill": "zero", "cumulative": True, "units": "slope", "scaled": False}
    assert PROBES["infidelity"].function(subject, **settings).tolist() == pytest.approx(found, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("norm", ["fro", "linf"])
@pytest.mark.parametrize(
    ("name", "kind"), [("max-sensitivity", "MaxSensitivity"), ("avg-sensitivity", "AvgSensitivity")]
)
def test_sensitivity(subject, name, kind, norm):
    calls = iter(range(5))

    def perturbed(arr, indices, **options):
        noise = noise_like(subject.inputs, subject.identities, 0, "sensitivity", next(calls), uniform=True)
        return arr + np.float32(0.2) * noise.numpy().reshape(arr.shape)

    size = {"fro": quantus.norm_func.fro_norm, "linf": quantus.norm_func.linf_norm}[norm]
    metric = getattr(quantus, kind)(
        nr_samples=5, perturb_func=perturbed, norm_numerator=size, norm_denominator=size, disable_warnings=True
    )
    found = metric(**given(subject), explain_func=explained)
    ours = PROBES[name].function(subject, samples=5, radius=0.2, norm=norm)
    assert ours.tolist() == pytest.approx(list(found), rel=1e-5, abs=1e-5)
