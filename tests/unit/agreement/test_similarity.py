from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from crosslight.agreement.similarity import cosine, mismatched, unit


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), st.floats(1e-6, 1e6), st.floats(0, 1))
def test_cosine_is_scipys(seed, scale, sparsity):
    random = np.random.default_rng(seed)
    prepared = scale * random.normal(size=(3, 4, 9)) * (random.random((3, 4, 9)) > sparsity)
    ours = cosine(prepared)
    assert ours.shape == (4, 3, 3)
    for image in range(4):
        zero = ~prepared[:, image].any(axis=1)
        unknown = zero[:, None] | zero
        np.testing.assert_array_equal(np.isnan(ours[image]), unknown)
        with np.errstate(invalid="ignore"):
            theirs = 1 - cdist(prepared[:, image], prepared[:, image], "cosine")
        np.testing.assert_allclose(ours[image][~unknown], theirs[~unknown], atol=1e-12)


def test_cosine_has_ones_on_its_diagonal_and_is_symmetric():
    values = cosine(np.random.default_rng(0).normal(size=(6, 10, 784)))
    np.testing.assert_array_equal(np.diagonal(values, axis1=1, axis2=2), 1)
    np.testing.assert_array_equal(values, values.transpose(0, 2, 1))


def test_tiny_and_huge_maps_keep_their_direction():
    vector = np.random.default_rng(0).normal(size=5)
    values = cosine(np.stack([vector * 1e-250, vector, vector * 1e200])[:, None])
    np.testing.assert_allclose(values, 1, rtol=1e-12)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_map_without_direction_is_unknown_never_zero(bad):
    prepared = np.random.default_rng(0).normal(size=(3, 2, 4))
    prepared[1, 0] = bad
    values = cosine(prepared)
    assert np.isnan(values[0, 1]).all()
    assert np.isnan(values[0, :, 1]).all()
    assert np.isfinite(values[0][np.ix_([0, 2], [0, 2])]).all()
    assert np.isfinite(values[1]).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 7), st.integers(0, 2**31))
def test_floor_is_the_mean_over_all_pairs_of_different_images(images, seed):
    random = np.random.default_rng(seed)
    prepared = random.normal(size=(3, images, 6))
    prepared[random.random((3, images)) < 0.25] = 0
    usable = prepared.any(axis=2)
    units = unit(prepared)
    floor = mismatched(np.nansum(units, axis=1), usable.sum(axis=1), cosine(prepared))
    for a in range(3):
        for b in range(3):
            every = [
                units[a, i] @ units[b, j]
                for i in range(images)
                for j in range(images)
                if i != j and usable[a, i] and usable[b, j]
            ]
            np.testing.assert_allclose(floor[a, b], np.mean(every) if every else np.nan, atol=1e-12)


def test_floor_of_centre_biased_maps_is_high_and_that_of_signed_noise_is_not():
    random = np.random.default_rng(0)
    y, x = np.mgrid[-1:1:7j, -1:1:7j]
    centre = np.exp(-(x**2 + y**2) / 0.5).ravel()

    def floor_of(prepared):
        counts = np.full(len(prepared), prepared.shape[1])
        return mismatched(unit(prepared).sum(axis=1), counts, cosine(prepared))[0, 1]

    noise = random.normal(size=(2, 200, 49))
    assert abs(floor_of(noise)) < 0.02
    # E[x]^2 / E[x^2]: no agreement at all, and yet far from 0
    assert abs(floor_of(np.maximum(random.normal(size=(2, 200, 49)), 0)) - 1 / np.pi) < 0.02
    assert abs(floor_of(np.abs(random.normal(size=(2, 200, 49)))) - 2 / np.pi) < 0.02
    assert floor_of(centre * (1 + 0.3 * random.random((2, 200, 49)))) > 0.95
