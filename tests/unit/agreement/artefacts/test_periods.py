from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.artefacts.periods import PERIODS, PeriodTally, harmonics, period_findings


def found_in(values, periods=PERIODS, expected=()):
    own = PeriodTally(tuple(periods))
    own.add(np.asarray(values, np.float64))
    return period_findings("a", own, expected)


def noise(images=10, size=112, seed=0):
    return np.random.default_rng(seed).standard_normal((images, size, size))


def grid(period, size=112, strength=1.0):
    """Larger towards the middle of each patch, along both axes."""
    wave = np.abs(np.arange(size) % period - (period - 1) / 2) / period
    return 1 + strength * (1 - wave[:, None] - wave[None, :])


@pytest.mark.parametrize("period", [4, 8, 14, 16])
def test_a_grid_is_found_with_its_own_period(period):
    (found,) = found_in(noise() * grid(period))
    assert (found.kind, found.details["period"], found.reference) == ("periodic", period, pytest.approx(1 / 7))
    assert found.value > 0.4
    assert found.details["others"] == {}
    assert f"{period} x {period} cells:" in found.sentence


def test_a_period_that_is_expected_is_looked_for_and_named():
    values = noise(size=96) * grid(12, 96)
    assert found_in(values) == []
    (found,) = found_in(values, (*PERIODS, 12), expected=(12,))
    assert found.details["period"] == 12
    assert "the classifier's patch size or stride" in found.sentence


def test_a_grid_in_few_images_or_faint_is_not_announced():
    assert found_in(noise(7) * grid(8)) == []
    assert found_in(noise() * grid(8, strength=0.05)) == []


@pytest.mark.parametrize("size", [7, 40, 112])
@pytest.mark.parametrize("seed", range(4))
def test_noise_and_smooth_maps_have_no_grid(size, seed):
    rough = noise(8, size, seed)
    smooth = np.cumsum(np.cumsum(rough, axis=1), axis=2)
    for values in (rough, smooth, np.maximum(rough, 0)):
        assert found_in(values) == []


def test_upsampled_maps_have_no_grid():
    small = np.abs(noise(10, 7))
    near = small.repeat(16, axis=1).repeat(16, axis=2)
    places = np.clip((np.arange(112) + 0.5) / 16 - 0.5, 0, 6)
    weights = np.clip(1 - np.abs(places[:, None] - np.arange(7)), 0, None)
    for values in (near, weights @ small @ weights.T):
        assert found_in(values) == []


def test_harmonics_belong_to_one_period():
    assert harmonics(16, 14).tolist() == [14, 42, 70, 98]
    assert harmonics(8, 28).tolist() == [28, 84]
    assert harmonics(12, 8, (4,)).tolist() == [8, 40]
    assert harmonics(64, 3).tolist() == []
    bins = [set((harmonics(p, 224 // p, PERIODS)).tolist()) for p in (4, 8, 16, 32)]
    assert sum(map(len, bins)) == len(set.union(*bins))


def test_maps_need_not_be_square():
    values = np.random.default_rng(0).standard_normal((10, 96, 128)) * grid(8, 128)[:96]
    (found,) = found_in(values)
    assert found.details["period"] == 8
