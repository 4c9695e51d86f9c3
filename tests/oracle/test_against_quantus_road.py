"""ROAD against Quantus 0.6.0, without noise, on a small network.

Pictures have one channel: Quantus repeats a map for every channel and takes the places of all of them for places of
pixels, which is an IndexError for colour pictures.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from crosslight.core.geometry import Box, Preprocess
from crosslight.evaluation.probing import Subject
from crosslight.evaluation.probing.imputation import impute
from crosslight.evaluation.probing.road import road_curve
from crosslight.evidence import Gathering
from crosslight.evidence.targets import Targets
from crosslight.images import Batch
from crosslight.models import Classifier

quantus = pytest.importorskip("quantus", reason="Quantus is not installed")

SIDE, IMAGES = 20, 12
PERCENTAGES = [10, 35, 60, 85]


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(SIDE * SIDE, 16), nn.Tanh(), nn.Linear(16, 4)).eval()


@pytest.fixture(scope="module")
def inputs() -> torch.Tensor:
    return 2 * torch.randn((IMAGES, 1, SIDE, SIDE), generator=torch.Generator().manual_seed(1))


def test_the_filling_is_that_of_the_sparse_solve(inputs: torch.Tensor) -> None:
    from quantus.functions.perturb_func import noisy_linear_imputation

    order = np.random.default_rng(0).permutation(SIDE * SIDE)
    for count in (1, 40, 200, 380):
        removed = np.zeros(SIDE * SIDE, bool)
        removed[order[:count]] = True
        expected = noisy_linear_imputation(inputs[0].double().numpy(), order[:count], noise=0.0)
        np.testing.assert_allclose(
            impute(inputs[0].numpy(), removed.reshape(SIDE, SIDE), tolerance=1e-12), expected, atol=1e-5
        )


def test_the_share_of_classes_kept_is_the_same(network: nn.Module, inputs: torch.Tensor) -> None:
    maps = torch.rand((IMAGES, SIDE, SIDE), generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    with torch.no_grad():
        classes = network(inputs).argmax(dim=1)
    metric = quantus.ROAD(
        percentages=PERCENTAGES, noise=0.0, normalise=False, disable_warnings=True, display_progressbar=False,
        perturb_func_kwargs={"noise": 0.0},
    )  # fmt: skip
    expected = metric(
        model=network,
        x_batch=inputs.numpy(),
        y_batch=classes.numpy(),
        a_batch=maps[:, None].float().numpy(),
        device="cpu",
    )
    preprocess = Preprocess(size=(SIDE, SIDE), resize=None, mean=(0.0,), std=(1.0,))
    names = tuple(str(row) for row in range(IMAGES))
    batch = Batch(inputs, (Box(0, 0, SIDE, SIDE),) * IMAGES, names, (None,) * IMAGES)
    subject = Subject(
        Gathering(Classifier(network, preprocess), batch), maps, maps, Targets(classes, torch.full_like(classes, -1))
    )
    shares = [percentage / 100 for percentage in PERCENTAGES]
    found = road_curve(subject, shares, "morf", output="kept", noise=0.0, tolerance=1e-12).mean(dim=0)
    assert len(set(found.tolist())) > 2
    np.testing.assert_allclose(found.numpy(), [float(expected[percentage]) for percentage in PERCENTAGES], atol=1e-5)
