"""Removing and revealing pixels, where what comes of it is known."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from crosslight.core.errors import InputError
from crosslight.core.geometry import Box, Preprocess
from crosslight.core.targets import TargetPolicy
from crosslight.evaluation.probing import PROBES, Subject
from crosslight.evaluation.probing.curves import area, curves, evenly
from crosslight.evaluation.probing.filling import check_probe_fill, fillings
from crosslight.evaluation.probing.subject import MapsOfAll
from crosslight.evidence import Gathering
from crosslight.images import Batch
from crosslight.models import Classifier

SIDE = 8
PIXELS = SIDE * SIDE


def linear(channels: int = 3, classes: int = 3) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Flatten(), nn.Linear(channels * PIXELS, classes)).eval()


def subject_of(network, inputs, maps=None, identities=None, batch_size=8, seed=0) -> Subject:
    """Maps, by default what each pixel adds to the logit explained."""
    count, channels = inputs.shape[:2]
    preprocess = Preprocess(size=(SIDE, SIDE), resize=None, mean=(0.5,) * channels, std=(0.25,) * channels)
    names = tuple(identities or (f"image {row}" for row in range(count)))
    batch = Batch(inputs, (Box(0, 0, SIDE, SIDE),) * count, names, (None,) * count, None, preprocess)
    gathering = Gathering(Classifier(network, preprocess), batch, batch_size=batch_size)
    targets = gathering.targets(TargetPolicy())
    if maps is None:
        weights = network[1].weight[targets.classes].view(count, channels, SIDE, SIDE)
        maps = (weights * inputs).sum(1).detach()
    gathering.evaluations = 0
    return Subject(gathering, maps.double(), maps.double(), targets, seed)


@pytest.fixture
def inputs() -> torch.Tensor:
    return torch.randn((4, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0))


def metric(name, subject, **given) -> torch.Tensor:
    return PROBES[name].function(subject, **given)


def test_the_deletion_curve_of_a_linear_classifier(inputs):
    """What its pixels add is taken away, the largest first: the curve is known."""
    network = linear()
    subject = subject_of(network, inputs)
    counts = [0, 1, 5, 20, PIXELS]
    found = curves(subject, counts, "zero", output="logit")
    added = subject.maps.flatten(1).sort(descending=True).values.cumsum(1)
    bias = network[1].bias.detach().double()[subject.targets.classes]
    whole = subject.maps.sum((1, 2)) + bias
    expected = torch.stack([whole - (added[:, at - 1] if at else 0) for at in counts], dim=1)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    # Revealing is the same from the other end.
    shown = curves(subject, counts, "zero", reveal=True, output="logit")
    expected = torch.stack([bias + (added[:, at - 1] if at else 0) for at in counts], dim=1)
    torch.testing.assert_close(shown, expected, atol=1e-5, rtol=0)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.integers(1, PIXELS))
def test_no_order_deletes_a_linear_classifier_faster_than_what_its_pixels_add(seed, steps):
    chance = torch.Generator().manual_seed(seed)
    inputs = torch.randn((2, 3, SIDE, SIDE), generator=chance)
    subject = subject_of(linear(), inputs)
    other = subject.with_maps(torch.rand(subject.maps.shape, generator=chance, dtype=torch.float64))
    given = {"steps": steps, "fill": "zero", "output": "logit"}
    assert (metric("deletion", subject, **given) <= metric("deletion", other, **given) + 1e-5).all()
    assert (metric("insertion", subject, **given) >= metric("insertion", other, **given) - 1e-5).all()


def test_a_constant_map_is_a_random_order(inputs):
    """The logit of a linear classifier then falls in a straight line, on average over seeds."""
    subject = subject_of(linear(), inputs[:1])
    flat = torch.ones_like(subject.maps)
    given = {"fill": "zero", "output": "logit", "steps": PIXELS}
    found = [
        float(metric("deletion", Subject(subject.gathering, flat, flat, subject.targets, seed), **given)[0])
        for seed in range(60)
    ]
    whole, nothing = float(subject.untouched("logit")[0]), float(linear()[1].bias[subject.targets.classes[0]])
    spread = torch.tensor(found).std() / len(found) ** 0.5
    assert abs(sum(found) / len(found) - (whole + nothing) / 2) < 4 * spread
    assert spread > 0


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.integers(2, 30))
def test_area_lies_between_the_ends_of_a_curve_and_scales_with_it(seed, points):
    values = torch.rand((3, points), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    places = sorted({0, *torch.randint(1, 99, (points - 1,), generator=torch.Generator().manual_seed(seed)).tolist()})
    values = values[:, : len(places)]
    found = area(values, places)
    assert (found <= values.amax(1) + 1e-12).all()
    assert (found >= values.amin(1) - 1e-12).all()
    torch.testing.assert_close(area(2 * values + 1, places), 2 * found + 1)
    torch.testing.assert_close(area(values, [7 * place + 3 for place in places]), found)


def test_evenly_is_even_and_never_twice_the_same():
    assert evenly(10, 5) == [0, 2, 4, 6, 8, 10]
    assert evenly(3, 50) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["deletion", "insertion", "pixel-flipping", "keep-top"])
def test_values_do_not_depend_on_the_batch_nor_on_the_maps_beside(inputs, name):
    torch.manual_seed(3)
    network = nn.Sequential(nn.Conv2d(3, 5, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(20, 4))
    maps = torch.rand((4, SIDE, SIDE), generator=torch.Generator().manual_seed(5))
    maps[1] = 0
    whole = metric(name, subject_of(network.eval(), inputs, maps, batch_size=32))
    for row in range(4):
        one = subject_of(network, inputs[row : row + 1], maps[row : row + 1], [f"image {row}"], batch_size=3)
        torch.testing.assert_close(metric(name, one), whole[row : row + 1], atol=1e-6, rtol=0)


def test_ends_are_measured_once_for_all_maps_of_an_image(inputs):
    network = linear()
    twice = inputs[[0, 0, 1]]
    subject = subject_of(network, twice, torch.rand(3, SIDE, SIDE), ["a", "a", "b"], batch_size=4)
    metric("deletion", subject, steps=4, fill="zero")
    assert subject.gathering.evaluations == 3 * 3 + 2
    metric("insertion", subject, steps=4, fill="zero")
    assert subject.gathering.evaluations == 2 * 3 * 3 + 2
    metric("insertion", subject, steps=4, fill="blur")
    assert subject.gathering.evaluations == 3 * 3 * 3 + 4


def test_pixel_flipping_counts_every_step_alike(inputs):
    subject = subject_of(linear(), inputs)
    counts = [30, 60, PIXELS]
    found = metric("pixel-flipping", subject, features_in_step=30, fill="zero")
    values = curves(subject, counts, "zero")
    torch.testing.assert_close(found, (values[:, 0] / 2 + values[:, 1] + values[:, 2] / 2) / 2)
    alone = metric("pixel-flipping", subject, features_in_step=PIXELS, fill="zero")
    torch.testing.assert_close(alone, values[:, 2])


def test_keep_top_is_what_is_lost(inputs):
    subject = subject_of(linear(), inputs)
    shown = curves(subject, [PIXELS // 4, PIXELS // 2], "grey", reveal=True)
    found = metric("keep-top", subject, shares=(0.25, 0.5), fill="grey")
    torch.testing.assert_close(found, subject.untouched() - shown.mean(1))
    assert float(metric("keep-top", subject, shares=(1.0,)).abs().max()) < 1e-12


def test_an_image_without_a_class_has_no_value(inputs):
    subject = subject_of(linear(), inputs)
    subject.targets.classes[2] = -1
    for name in ("deletion", "insertion", "pixel-flipping"):
        found = metric(name, subject)
        assert found.isnan().tolist() == [False, False, True, False]


def test_a_pixel_is_removed_in_all_channels_at_once():
    seen = []

    class Looking(nn.Module):
        def forward(self, x):
            seen.append(x.clone())
            return x.mean((2, 3))

    inputs = torch.full((1, 3, SIDE, SIDE), 2.0)
    subject = subject_of(Looking(), inputs, torch.arange(float(PIXELS)).view(1, SIDE, SIDE))
    seen.clear()
    curves(subject, [PIXELS // 2], "zero")
    (shown,) = seen
    assert (shown[0, :, : SIDE // 2] == 2).all()  # the lower half is the higher
    assert (shown[0, :, SIDE // 2 :] == 0).all()


def test_noise_is_of_the_image_and_the_seed(inputs):
    first = fillings(subject_of(linear(), inputs), "noise")
    again = fillings(subject_of(linear(), inputs[2:3], identities=["image 2"]), "noise")
    other = fillings(subject_of(linear(), inputs[2:3], identities=["image 2"], seed=1), "noise")
    assert torch.equal(first[2], again[0])
    assert not torch.equal(first[2], other[0])
    assert abs(float(torch.stack(first).std()) - 1) < 0.1


def test_fills_are_checked():
    assert check_probe_fill(" Noise ") == "noise"
    with pytest.raises(ValueError, match="must be mean"):
        check_probe_fill("nois")
    with pytest.raises(ValueError, match="cannot be segment-mean"):
        check_probe_fill("segment-mean")
    with pytest.raises(InputError, match="must be"):
        fillings(subject_of(linear(), torch.zeros(1, 3, SIDE, SIDE)), "nothing")


# --- sufficiency


def test_maps_that_tell_the_class_are_sufficient():
    maps = torch.zeros(6, 4, 4, dtype=torch.float64)
    maps[:3, 0, 0], maps[3:, 3, 3] = 1, 1
    predicted = torch.tensor([0, 0, 0, 1, 1, 0])
    found = PROBES["sufficiency"].function(MapsOfAll(maps, predicted, tuple("abcdef")))
    assert found.tolist() == [1, 1, 1, 0.5, 0.5, 0]


def test_a_map_like_no_other_has_no_sufficiency():
    maps = torch.zeros(3, 4, 4, dtype=torch.float64)
    maps[0, 0, 0], maps[1, 0, 0], maps[2, 3, 3] = 1, 1, 1
    found = PROBES["sufficiency"].function(
        MapsOfAll(maps, torch.tensor([0, 0, 0]), tuple("abc")), distance="euclidean", threshold=0.5
    )
    assert found.isnan().tolist() == [False, False, True]
