from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from scipy.stats import ortho_group
from sklearn.decomposition import PCA

from crosslight.agreement.structure import bootstrap_ellipses, pca, pcoa
from crosslight.agreement.structure.maps2d import _turned
from crosslight.core.errors import InputError


def similarities(images=60, sets=6, seed=0):
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(images, sets, 8)) + random.normal(size=(sets, 8))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return vectors @ vectors.transpose(0, 2, 1)


def test_principal_components_are_scikit_learns():
    similarity = similarities().mean(axis=0)
    found, oracle = pca(similarity), PCA(2)
    expected = oracle.fit_transform(1 - similarity)
    np.testing.assert_allclose(np.abs(found.points), np.abs(expected), atol=1e-10)
    np.testing.assert_allclose(found.explained, oracle.explained_variance_ratio_)
    np.testing.assert_allclose(found.eigenvalues[:2], oracle.explained_variance_)
    farthest = np.abs(found.points).argmax(axis=0)
    assert (found.points[farthest, [0, 1]] > 0).all()


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 10), st.integers(1, 4), st.integers(0, 2**31))
def test_principal_coordinates_give_back_euclidean_distances(sets, axes, seed):
    points = np.random.default_rng(seed).normal(size=(sets, axes))
    distances = squareform(pdist(points))
    found = pcoa(distances, components=None)
    assert found.points.shape == (sets, min(axes, sets - 1))
    np.testing.assert_allclose(squareform(pdist(found.points)), distances, atol=1e-8)
    assert found.negative < 1e-8
    assert found.stress < 1e-6
    np.testing.assert_allclose(found.explained.sum(), 1)
    np.testing.assert_allclose(found.points.mean(axis=0), 0, atol=1e-10)


def test_dissimilarities_of_no_space_have_negative_eigenvalues():
    distances = np.array([[0, 1, 1, 5], [1, 0, 1, 1], [1, 1, 0, 1], [5, 1, 1, 0.0]])
    found = pcoa(distances)
    own = np.eye(4) - 0.25
    values = np.linalg.eigvalsh(-0.5 * own @ distances**2 @ own)[::-1]
    np.testing.assert_allclose(found.eigenvalues, values, atol=1e-12)
    np.testing.assert_allclose(found.negative, -values[values < 0].sum() / np.abs(values).sum(), atol=1e-12)
    np.testing.assert_allclose(found.explained, values[:2] / values[values > 0].sum())
    drawn, given_ = pdist(found.points), squareform(distances)
    np.testing.assert_allclose(found.stress, np.sqrt(((drawn - given_) ** 2).sum() / (given_**2).sum()))
    assert found.stress > 0.1


def test_equal_sets_have_a_map_too():
    found = pcoa(np.zeros((3, 3)), components=None)
    np.testing.assert_array_equal(found.points, np.zeros((3, 1)))
    assert found.stress == found.negative == 0
    json.dumps(pca(np.ones((3, 3))).to_dict(), allow_nan=False)


def test_turned_maps_come_back():
    onto = np.random.default_rng(0).normal(size=(6, 2))
    onto -= onto.mean(axis=0)
    turns = ortho_group.rvs(2, size=5, random_state=1)
    np.testing.assert_allclose(_turned(onto @ turns, onto), np.broadcast_to(onto, (5, 6, 2)), atol=1e-12)


def test_ellipses_cover_and_shrink_with_images():
    few, many = (bootstrap_ellipses(similarities(images), resamples=300) for images in (50, 800))
    assert many.radii.mean() < 0.5 * few.radii.mean()
    assert (few.radii[:, 0] >= few.radii[:, 1]).all()
    assert ((few.angle >= 0) & (few.angle < np.pi)).all()
    wider = bootstrap_ellipses(similarities(50), resamples=300, level=0.99)
    np.testing.assert_allclose(wider.radii / few.radii, np.sqrt(np.log(0.01) / np.log(0.05)))
    for covariance, radii, angle in zip(few.covariance, few.radii, few.angle, strict=True):
        axis = np.array([np.cos(angle), np.sin(angle)])
        np.testing.assert_allclose(axis @ covariance @ axis * 5.991465, radii[0] ** 2, rtol=1e-6)
    again = bootstrap_ellipses(similarities(50), resamples=300)
    np.testing.assert_array_equal(few.radii, again.radii)
    json.dumps(few.to_dict(), allow_nan=False)


def test_ellipses_hold_the_points_of_new_images():
    """Of maps made from other images, about 95 % of the points lie in ellipses of that size about their mean."""
    random = np.random.default_rng(5)
    base = random.normal(size=(5, 8)) * 1.5

    def drawn(seed):
        vectors = np.random.default_rng(seed).normal(size=(150, 5, 8)) + base
        vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
        return vectors @ vectors.transpose(0, 2, 1)

    found = bootstrap_ellipses(drawn(0), kind="mean", resamples=500)
    maps = np.stack([pcoa(1 - drawn(seed).mean(axis=0)).points for seed in range(1, 101)])
    maps = _turned(maps, found.ordination.points)
    off = maps - maps.mean(axis=0)
    inside = np.einsum("rsi,sij,rsj->rs", off, np.linalg.inv(found.covariance), off) < 5.991465
    assert 0.88 < inside.mean() < 0.99


def test_bad_input_is_named():
    with pytest.raises(InputError, match="every pair"):
        pcoa(np.full((3, 3), np.nan))
    with pytest.raises(InputError, match="at most 3 axes"):
        pca(np.eye(3), components=4)
    with pytest.raises(InputError, match="level"):
        bootstrap_ellipses(similarities(), level=1.0)
