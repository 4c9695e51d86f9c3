"""Pixel flipping and sufficiency against Quantus 0.6.0, on the same maps and settings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from crosslight.core.geometry import Box, Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evaluation.probing import PROBES, Subject
from crosslight.evaluation.probing.curves import curves
from crosslight.evaluation.probing.subject import MapsOfAll
from crosslight.evidence import Gathering
from crosslight.images import Batch, make_batch, open_images
from crosslight.models import Classifier, load_model

quantus = pytest.importorskip("quantus", reason="Quantus is the oracle; install the extra `bench`")


def small(channels: int) -> Subject:
    """A small network with maps without ties."""
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(channels, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(6 * 25, 4)
    ).eval()  # fmt: skip
    preprocess = Preprocess(size=(12, 12), resize=None, mean=(0.0,) * channels, std=(1.0,) * channels)
    inputs = torch.randn((3, channels, 12, 12))
    batch = Batch(inputs, (Box(0, 0, 12, 12),) * 3, ("a", "b", "c"), (None,) * 3, None, preprocess)
    return _subject(Gathering(Classifier(network, preprocess), batch))


def _subject(gathering: Gathering) -> Subject:
    maps = torch.randn((len(gathering.batch), *gathering.inputs.shape[2:]), dtype=torch.float64)
    return Subject(gathering, maps, maps, gathering.targets(TargetPolicy()))


@pytest.fixture(scope="module")
def scenes() -> Subject:
    """A classifier of scenes."""
    torch.manual_seed(1)
    classifier = load_model("scenes/resnet")
    images = list(open_images("scenes", limit=2, sample="first"))
    batch = make_batch([i.load() for i in images], classifier.preprocess, [i.identity for i in images])
    return _subject(Gathering(classifier, batch))


def flipped(subject: Subject, values_in_step: int) -> np.ndarray:
    """Quantus' curves ``[b, step]``; it counts values of channels, not pixels."""
    metric = quantus.PixelFlipping(
        features_in_step=values_in_step, perturb_baseline=0.0, normalise=False, disable_warnings=True
    )
    # It asks for steps that divide the number of pixels, which its code does not need.
    metric.custom_preprocess = lambda **ignored: None
    with subject.gathering.classifier.evaluating() as network:
        return np.array(
            metric(
                model=network,
                x_batch=subject.inputs.numpy(),
                y_batch=subject.targets.classes.numpy(),
                a_batch=subject.maps[:, None].numpy(),
                softmax=True,
                device="cpu",
            )
        )


def test_pixel_flipping_of_one_channel():
    subject = small(1)
    for step in (6, 12):
        theirs = flipped(subject, step)
        area = np.trapezoid(theirs, axis=1) / (theirs.shape[1] - 1)
        ours = PROBES["pixel-flipping"].function(subject, features_in_step=step, fill="zero")
        np.testing.assert_allclose(ours, area, atol=1e-5)


def test_pixel_flipping_of_a_classifier_of_scenes(scenes):
    """Steps of as many values as whole pixels have: the three values of a pixel then fall together."""
    pixels = scenes.maps[0].numel()
    step = pixels // 8
    theirs = flipped(scenes, 3 * step)
    ours = PROBES["pixel-flipping"].function(scenes, features_in_step=step, fill="zero")
    np.testing.assert_allclose(ours, np.trapezoid(theirs, axis=1) / 7, atol=1e-5)
    # Deletion and insertion are the same curves: with the untouched image, and from the other end.
    counts = [step * at for at in range(9)]
    removed = curves(scenes, counts, "zero").numpy()
    np.testing.assert_allclose(removed[:, 1:], theirs, atol=1e-5)
    area = np.trapezoid(np.concatenate([scenes.untouched()[:, None], theirs], axis=1), axis=1) / 8
    np.testing.assert_allclose(PROBES["deletion"].function(scenes, steps=8, fill="zero"), area, atol=1e-5)
    upside = scenes.with_maps(-scenes.maps)
    np.testing.assert_allclose(PROBES["insertion"].function(upside, steps=8, fill="zero"), area, atol=1e-5)


def test_of_several_channels_quantus_flips_values_rather_than_pixels():
    """With as many features in a step as ours it takes three times the steps, a third of each pixel at a time.

    Every third of its steps is one of ours, and what is between shows pixels in colours that no picture has.
    """
    subject = small(3)
    theirs = flipped(subject, 6)
    ours = curves(subject, range(2, 145, 2), "zero").numpy()
    assert theirs.shape[1] == ours.shape[1]  # 3 x 144 values in steps of 6, 144 pixels in steps of 2
    np.testing.assert_allclose(theirs, ours, atol=1e-5)
    single = flipped(subject, 1)
    assert single.shape[1] == 432
    whole = curves(subject, range(1, 145), "zero").numpy()
    np.testing.assert_allclose(single[:, 2::3], whole, atol=1e-5)
    assert np.abs(single[:, 0] - whole[:, 0]).max() > 1e-4


@pytest.mark.parametrize("threshold", [0.6, 0.85, 0.97])
def test_sufficiency(threshold):
    random = np.random.default_rng(0)
    maps = random.normal(size=(20, 6, 7))
    maps[10:] = maps[:1] + 0.3 * maps[10:]
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(42, 3)).eval()
    inputs = random.normal(size=(20, 1, 6, 7)).astype(np.float32)
    predicted = network(torch.from_numpy(inputs)).argmax(1)
    metric = quantus.Sufficiency(threshold=threshold, disable_warnings=True)
    theirs = metric(
        model=network, x_batch=inputs, y_batch=predicted.numpy(), a_batch=maps[:, None].copy(), device="cpu"
    )
    names = tuple(str(row) for row in range(20))
    subject = MapsOfAll(torch.from_numpy(maps), predicted, names)
    ours = PROBES["sufficiency"].function(subject, threshold=threshold, scale=False)
    known = ~ours.isnan().numpy()
    assert known.any()
    np.testing.assert_allclose(ours.numpy()[known], np.array(theirs)[known], atol=1e-5)
    assert (np.array(theirs)[~known] == 0).all()  # where no map is alike there is nothing to take a share of
