from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.sampling import sample, sampling_matrices

PICTURE = (0.0, 0.0, 640.0, 480.0)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(14, 40), st.integers(0, 2**31))
def test_finer_grid_is_bilinear_interpolation(height, width, grid, seed):
    values = np.random.default_rng(seed).normal(size=(2, height, width))
    box = np.tile(PICTURE, (2, 1))
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None], size=(grid, grid), mode="bilinear", align_corners=False
    )[0]
    np.testing.assert_allclose(sample(values, box, box, grid), expected.numpy(), atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(st.integers(29, 80), st.integers(1, 28), st.integers(0, 2**31))
def test_coarser_grid_averages_areas_and_keeps_the_mean(size, grid, seed):
    values = np.random.default_rng(seed).normal(size=(1, size, size))
    box = np.array([PICTURE])
    out = sample(values, box, box, grid)
    np.testing.assert_allclose(out.mean(), values.mean(), atol=1e-12)
    # every cell against the integral of the piecewise-constant map, on a grid fine enough for both
    fine = np.repeat(np.repeat(values[0], grid, 0), grid, 1)
    expected = fine.reshape(grid, size, grid, size).mean(axis=(1, 3))
    np.testing.assert_allclose(out[0], expected, atol=1e-12)


def test_fine_detail_is_not_skipped():
    values = np.zeros((1, 224, 224))
    values[0, ::8, ::8] = 1  # point sampling at the centres of 8x8 cells would see nothing, or only this
    box = np.array([PICTURE])
    np.testing.assert_allclose(sample(values, box, box, 28), 1 / 64)


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 60), st.integers(1, 40), st.floats(0, 0.8), st.floats(0.05, 0.2))
def test_weights_are_means_of_the_cells_they_cover(size, grid, start, share):
    target = np.array([[100 + 400 * start, 100 + 400 * (start + share)]])
    weights = sampling_matrices(size, np.array([[100.0, 500.0]]), target, grid)
    assert weights.shape == (1, grid, size)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=2), 1)
    if size == 1:
        return
    # the centre of gravity of each row is the centre of its grid cell, away from the ends
    centres = target[0, 0] + (np.arange(grid) + 0.5) / grid * (target[0, 1] - target[0, 0])
    seen = weights[0] @ (100 + (np.arange(size) + 0.5) / size * 400)
    inside = (centres > 100 + 200 / size) & (centres < 500 - 200 / size)
    limit = 1e-6 if 400 * share / grid <= 400 / size else 200 / size
    assert (np.abs(seen - centres)[inside] <= limit).all()


def test_a_grid_need_not_be_square():
    values = np.random.default_rng(0).normal(size=(2, 5, 7))
    box = np.tile(PICTURE, (2, 1))
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None], size=(12, 30), mode="bilinear", align_corners=False
    )[0]
    np.testing.assert_allclose(sample(values, box, box, (12, 30)), expected.numpy(), atol=1e-12)
