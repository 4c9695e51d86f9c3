from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster import DBSCAN, KMeans
from sklearn.metrics import silhouette_samples

from crosslight.agreement.structure import adjusted_rand, choose_clusters, dbscan, kmeans, silhouettes
from crosslight.core.errors import InputError, UnknownNameError


def blobs(sizes=(4, 5, 3), apart=8.0, seed=0):
    random = np.random.default_rng(seed)
    centres = np.array([[0, 0], [apart, 0], [0, apart]])
    points = np.concatenate([random.normal(size=(n, 2)) + centre for n, centre in zip(sizes, centres, strict=False)])
    return points, np.repeat(np.arange(len(sizes)), sizes)


def apart(points):
    return squareform(pdist(points))


def test_silhouettes_are_scikit_learns():
    points, truth = blobs()
    matrix = apart(points)
    expected = silhouette_samples(points, truth)
    np.testing.assert_allclose(silhouettes(matrix + 5 * np.eye(len(matrix)), truth), expected)


def test_silhouettes_at_the_edges():
    matrix = apart(blobs()[0])[:4, :4]
    assert np.isnan(silhouettes(matrix, np.zeros(4, int))).all()
    np.testing.assert_array_equal(silhouettes(matrix, np.arange(4)), 0)
    some = silhouettes(matrix, np.array([0, 0, 1, -1]))
    assert np.isnan(some[3])
    assert np.isfinite(some[:3]).all()


def test_kmeans_finds_blobs_from_every_start_and_says_when_it_does_not():
    points, truth = blobs()
    found = kmeans(points, 3)
    assert adjusted_rand(found.partition, truth) == 1
    centres = np.array([points[found.partition == k].mean(axis=0) for k in range(3)])
    np.testing.assert_allclose(found.inertia, ((points - centres[found.partition]) ** 2).sum())
    assert found.share > 0.8
    noise = np.random.default_rng(1).normal(size=(20, 6))
    lucky = kmeans(noise, 6)
    assert lucky.share < 0.5
    assert lucky.inertia <= KMeans(6, n_init=30, random_state=0).fit(noise).inertia_ + 1e-9


def test_kmeans_does_not_depend_on_the_order_of_the_sets():
    points, order = np.random.default_rng(1).normal(size=(12, 3)), np.random.default_rng(2).permutation(12)
    one, other = kmeans(points, 4, starts=10), kmeans(points[order], 4, starts=10)
    assert adjusted_rand(one.partition[order], other.partition) == 1
    assert one.share == other.share


def test_dbscan_is_scikit_learns_in_the_order_of_the_sets():
    points, _ = blobs(seed=3)
    points = np.concatenate([[[100.0, 100.0]], points])
    found = dbscan(apart(points), 2.5, 3)
    expected = DBSCAN(eps=2.5, min_samples=3).fit_predict(points)
    np.testing.assert_array_equal(found == -1, expected == -1)
    assert found[0] == -1
    assert adjusted_rand(found, expected) == 1
    assert dbscan(apart(points[::-1]), 2.5, 3)[0] == 0


@pytest.mark.parametrize("method", ["kmeans", "average", "complete", "ward"])
def test_the_silhouette_finds_how_many(method):
    points, truth = blobs()
    choice = choose_clusters(apart(points), method, groups=[f"family {i}" for i in truth])
    assert choice.numbers == tuple(range(2, 9))
    assert choice.partition.max() == 2
    assert choice.adjusted_rand == 1
    np.testing.assert_allclose(max(choice.scores), choice.silhouette.mean())
    assert "strong structure" in choice.caution
    json.dumps(choice.to_dict(), allow_nan=False)


def test_data_without_clusters_come_with_a_caution():
    points = np.random.default_rng(5).normal(size=(14, 10))
    choice = choose_clusters(apart(points), groups=[0] * 7 + [1] * 7, numbers=(2, 3))
    assert "no substantial structure" in choice.caution
    assert "no evidence" in choice.caution
    assert f"{choice.adjusted_rand:.2f}" in choice.caution


def test_equal_sets_are_one_point():
    points = np.repeat(np.random.default_rng(0).normal(size=(3, 2)), 3, axis=0)
    choice = choose_clusters(apart(points))
    assert choice.numbers == (2, 3)
    assert adjusted_rand(choice.partition, np.repeat(range(3), 3)) == 1
    with pytest.raises(InputError, match=r"not \[\]"):
        choose_clusters(np.zeros((4, 4)))


def test_bad_input_is_named():
    matrix = apart(blobs()[0])
    gap = matrix.copy()
    gap[0, 1] = np.nan
    for use in (choose_clusters, lambda own: dbscan(own, 1.0)):
        with pytest.raises(InputError, match="every pair"):
            use(gap)
    with pytest.raises(UnknownNameError, match="kmeans"):
        choose_clusters(matrix, "kmean")
    with pytest.raises(InputError, match="2 to 11 clusters"):
        choose_clusters(matrix, numbers=(12,))
    with pytest.raises(InputError, match="1 different points"):
        kmeans(np.ones((4, 2)), 2)
