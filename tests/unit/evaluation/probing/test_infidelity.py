"""Infidelity in closed form: of linear classifiers and their exact maps."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from crosslight.core.errors import InputError
from crosslight.core.geometry import Box, Preprocess
from crosslight.evaluation.probing import PROBES, Subject
from crosslight.evidence import Gathering
from crosslight.evidence.targets import Targets
from crosslight.images import Batch
from crosslight.models import Classifier

SIDE = 10
infidelity = PROBES["infidelity"].function


class Linear(nn.Module):
    """One weight for each pixel, the same in all channels."""

    def __init__(self):
        super().__init__()
        chance = torch.Generator().manual_seed(3)
        self.weight = nn.Parameter(torch.randn((2, SIDE, SIDE), generator=chance, dtype=torch.float64))

    def forward(self, x):
        return torch.einsum("bchw,khw->bk", x, self.weight)


@pytest.fixture
def slopes():
    """Maps of the weights themselves."""
    preprocess = Preprocess(size=(SIDE, SIDE), resize=None, mean=(0.5,) * 3, std=(0.25,) * 3)
    classifier = Classifier(Linear(), preprocess)
    inputs = torch.randn((3, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    batch = Batch(inputs, (Box(0, 0, SIDE, SIDE),) * 3, ("a", "b", "c"), (None,) * 3)
    maps = classifier.network.weight.detach()[torch.tensor([1, 0, 1])].clone()
    return Subject(
        Gathering(classifier, batch, batch_size=4), maps, maps, Targets(torch.tensor([1, 0, 1]), torch.full((3,), -1))
    )


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize(
    "how", [{"kind": "noise", "samples": 5}, {"size": 4}, {"size": 3, "cumulative": True, "fill": "mean"}]
)
def test_the_exact_map_of_a_linear_classifier_has_none(slopes, how, scaled):
    assert infidelity(slopes, units="slope", scaled=scaled, **how).max() < 1e-20
    worse = slopes.with_maps(slopes.maps.flip(1))
    assert infidelity(worse, units="slope", scaled=scaled, **how).min() > 1e-3


def test_contributions_are_summed_over_the_square(slopes):
    black = -0.5 / 0.25
    shares = slopes.maps * (slopes.inputs - black).sum(dim=1)
    exact = slopes.with_maps(shares)
    assert infidelity(exact, size=4, scaled=False).max() < 1e-20
    assert infidelity(exact, size=4, scaled=False, output="probability").min() > 1e-3
    assert infidelity(slopes.with_maps(7 * shares), size=4, scaled=False).min() > 1
    assert infidelity(slopes.with_maps(7 * shares), size=4).max() < 1e-20


def test_a_square_is_run_once_and_batches_do_not_matter(slopes):
    before = slopes.gathering.evaluations
    first = infidelity(slopes.with_maps(slopes.maps.flip(1)), size=5)
    assert slopes.gathering.evaluations - before == 3 * 4 + 3  # four squares each, and the untouched images
    other = Gathering(slopes.gathering.classifier, slopes.gathering.batch, batch_size=1)
    again = infidelity(slopes.with_maps(slopes.maps.flip(1), gathering=other), size=5)
    torch.testing.assert_close(first, again)


def test_what_cannot_be_asked(slopes):
    with pytest.raises(InputError, match="slope"):
        infidelity(slopes, kind="noise")
    with pytest.raises(InputError, match="superpixels"):
        infidelity(slopes, fill="segment-mean")
