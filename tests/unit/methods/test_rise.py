"""RISE against its definition, written out; and what it says of its own noise."""

from __future__ import annotations

import pytest
import torch

from crosslight.core.targets import TargetPolicy
from crosslight.evidence import Gathering, RandomMaskOutcomes

from .conftest import apply, scores_of

OWN = TargetPolicy()


def written_out(gathering: Gathering, image: int, count: int, share: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The masks of an image and the probability seen through each."""
    evidence = gathering.get(RandomMaskOutcomes, RandomMaskOutcomes.Settings(masks=count, share=share), OWN)
    masks = evidence.masks[image].make(range(count))
    return masks, scores_of(gathering, masks[:, None] * gathering.inputs[image], image, "probability")


def test_published(exact: Gathering) -> None:
    found = apply(exact, "rise", masks=40, share=0.4)
    for image in range(3):
        masks, scores = written_out(exact, image, 40, 0.4)
        products = scores[:, None, None] * masks / 0.4
        assert torch.allclose(found.maps[image].double(), products.mean(dim=0), rtol=1e-5)
        error = products.std(dim=0).mean() / 40**0.5 / (products.mean(dim=0).max() - products.mean(dim=0).min())
        assert float(found.diagnostics["standard_error"][image]) == pytest.approx(float(error), rel=1e-5)
    assert found.diagnostics["masks"].tolist() == [40] * 3


def test_centred(exact: Gathering) -> None:
    found = apply(exact, "rise", masks=40, share=0.4, centre=True)
    for image in range(3):
        masks, scores = written_out(exact, image, 40, 0.4)
        products = (scores - scores.mean())[:, None, None] * (masks - 0.4) / (0.4 * 0.6)
        mean = products.mean(dim=0)
        assert torch.allclose(found.maps[image].double(), mean, rtol=1e-4, atol=1e-7)
        error = products.std(dim=0).mean() / 40**0.5 / (mean.max() - mean.min())
        assert float(found.diagnostics["standard_error"][image]) == pytest.approx(float(error), rel=1e-4)


@pytest.mark.parametrize("exact", ["_Convolutional"], indirect=True)
@pytest.mark.parametrize("centre", [False, True])
def test_the_standard_error_is_the_spread_over_seeds(exact: Gathering, centre: bool) -> None:
    maps, errors = [], []
    for seed in range(24):
        gathering = Gathering(exact.classifier, exact.batch.take([0]), batch_size=50, seed=seed)
        found = apply(gathering, "rise", masks=100, cells=3, centre=centre)
        maps.append(found.maps[0])
        errors.append(found.diagnostics["standard_error"][0] * (found.maps[0].max() - found.maps[0].min()))
    spread = torch.stack(maps).std(dim=0).mean()
    assert float(torch.stack(errors).mean()) == pytest.approx(float(spread), rel=0.2)


def test_centring_takes_the_noise_of_the_mean_score_away(exact: Gathering) -> None:
    noisy, centred = (apply(exact, "rise", masks=200, output="logit", centre=c) for c in (False, True))
    level = noisy.maps.flatten(1).mean(dim=1)
    assert (centred.maps.flatten(1).mean(dim=1).abs() < level.abs()).all()
    assert (centred.diagnostics["standard_error"] < noisy.diagnostics["standard_error"]).all()


def test_a_tolerance_adds_masks_and_runs_only_those(exact: Gathering, monkeypatch: pytest.MonkeyPatch) -> None:
    extend = RandomMaskOutcomes.extend
    monkeypatch.setattr(RandomMaskOutcomes, "extend", lambda s: extend(s) if s.masks < 32 else None)
    found = apply(exact, "rise", masks=4, tolerance=1e-9)
    assert found.diagnostics["masks"].tolist() == [32] * 3
    assert exact.evaluations == 3 * (32 + 1)
    whole = apply(Gathering(exact.classifier, exact.batch, batch_size=4), "rise", masks=32)
    assert torch.equal(found.maps, whole.maps)
