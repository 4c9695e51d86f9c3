"""Spearman and SSIM of pairs of maps, against scipy and scikit-image."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity

from crosslight.evaluation.probing.likeness import centred_ranks, enlarged, spearman, ssim


@pytest.fixture
def pairs():
    made = torch.randn((2, 3, 12, 15), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    made[1] += made[0]
    made[:, 1] = made[:, 1].relu()  # many ties
    return made


def test_spearman(pairs):
    found = spearman(centred_ranks(pairs[0]), centred_ranks(pairs[1]))
    wanted = [spearmanr(a.flatten(), b.flatten())[0] for a, b in zip(*pairs, strict=True)]
    assert found.tolist() == pytest.approx(wanted, abs=1e-12)


def test_ssim(pairs):
    found = ssim(pairs[0], pairs[1], (12, 15))
    for value, a, b in zip(found.tolist(), *pairs.numpy(), strict=True):
        a, b = a / abs(a).max(), b / abs(b).max()
        extent = max(a.max(), b.max()) - min(a.min(), b.min())
        assert value == pytest.approx(structural_similarity(a, b, data_range=extent), abs=1e-12)


def test_maps_that_are_like_nothing(pairs):
    flat = torch.zeros_like(pairs[0])
    assert spearman(centred_ranks(pairs[0]), centred_ranks(flat)).isnan().all()
    assert ssim(pairs[0], flat, (12, 15)).isnan().all()
    pairs[0, 0, 0, 0] = torch.nan
    assert spearman(centred_ranks(pairs[0]), centred_ranks(pairs[1])).isnan().tolist() == [True, False, False]
    assert ssim(pairs[0], pairs[1], (12, 15)).isnan().tolist() == [True, False, False]


def test_enlarging_is_linear_and_keeps_constants():
    small = torch.rand((2, 3, 3), dtype=torch.float64)
    torch.testing.assert_close(enlarged(2 * small, (9, 6)), 2 * enlarged(small, (9, 6)))
    torch.testing.assert_close(enlarged(torch.ones_like(small), (9, 6)), torch.ones(2, 9, 6, dtype=torch.float64))
    assert enlarged(small, (9, 9))[:, 4, 4].tolist() == pytest.approx(small[:, 1, 1].tolist())
