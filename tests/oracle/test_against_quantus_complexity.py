"""Complexity of maps against Quantus 0.6.0, on the same maps."""

from __future__ import annotations

import pytest
import torch

from crosslight.evaluation.probing import PROBES, Subject
from crosslight.evidence.targets import Targets

quantus = pytest.importorskip("quantus", reason="Quantus is the oracle; install the extra `bench`")


@pytest.fixture(scope="module")
def maps():
    made = torch.randn((4, 20, 24), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    made[1] = made[1].relu()
    made[2] *= 1e-3
    return made


def ours(name, maps):
    none = torch.full((len(maps),), -1)
    return PROBES[name].function(Subject(None, maps, maps, Targets(none, none)))


def theirs(metric, maps):
    values = maps.numpy().copy()[:, None]
    return [metric.evaluate_batch(x_batch=None, a_batch=abs(row[None]) / abs(row).max())[0] for row in values]


def test_gini(maps):
    found = theirs(quantus.Sparseness(disable_warnings=True), maps)
    assert ours("gini", maps).tolist() == pytest.approx(found, abs=1e-5)


def test_gini_of_a_single_pixel():
    """Quantus adds 1e-7 to every pixel; of 224 x 224 pixels of which one is not zero it says .995, not 1 - 1/n."""
    single = torch.zeros((1, 224, 224), dtype=torch.float64)
    single[0, 3, 4] = 1
    assert theirs(quantus.Sparseness(disable_warnings=True), single)[0] == pytest.approx(0.99499, abs=1e-4)
    assert float(ours("gini", single)) == pytest.approx(1 - 224**-2)


def test_entropy(maps):
    found = theirs(quantus.Complexity(disable_warnings=True), maps)
    assert ours("entropy", maps).tolist() == pytest.approx(found, abs=1e-5)
