from __future__ import annotations

import json

import networkx as nx
import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from crosslight.agreement.structure import adjusted_rand, canonical, communities, community_support, louvain
from crosslight.agreement.structure.communities import Communities, resolution_window
from crosslight.core.errors import InputError

RESOLUTIONS = (0.7, 0.9, 1.0, 1.1, 1.3)


def matrix(seed=0, sets=9, inside=0.25, outside=0.5):
    random = np.random.default_rng(seed)
    truth = np.arange(sets) // 3
    values = np.where(truth[:, None] == truth, inside, outside) + 0.02 * random.random((sets, sets))
    return np.triu(values, 1) + np.triu(values, 1).T, truth


def test_runs_are_networkx():
    weights = 1 - matrix()[0]
    np.fill_diagonal(weights, 0)
    found = louvain(weights, 1.1, range(5))
    for seed, own in enumerate(found):
        expected = nx.community.louvain_communities(nx.from_numpy_array(weights), resolution=1.1, seed=seed)
        assert {frozenset(np.flatnonzero(own == k).tolist()) for k in set(own.tolist())} == set(
            map(frozenset, expected)
        )
        np.testing.assert_array_equal(own, canonical(own))


def test_clear_communities_make_one_long_steady_plateau():
    values, truth = matrix()
    found = communities(values, resolutions=RESOLUTIONS, seeds=12)
    assert found.longest is not None
    assert adjusted_rand(found.longest.partition, truth) == 1
    assert found.longest.stability == found.longest.share == 1
    assert [one.resolution for one in found.resolutions] == list(RESOLUTIONS)
    covered = [one.resolutions for one in found.plateaus]
    assert sum(covered) == len(RESOLUTIONS)
    assert found.plateaus[0].trivial
    own = communities(values, seeds=6)
    assert adjusted_rand(own.longest.partition, truth) == 1
    assert own.resolutions[-1].communities >= 8
    json.dumps(found.to_dict(), allow_nan=False)


def test_figures_of_a_resolution_are_those_of_its_runs():
    random = np.random.default_rng(3)
    values = np.triu(random.uniform(0.3, 0.9, (10, 10)), 1)
    values += values.T
    found = communities(values, resolutions=(1.0,), seeds=30, seed=1).resolutions[0]
    assert 0 < found.share < 1
    assert found.partitions > 1
    np.testing.assert_array_equal(np.diag(found.together), 1)
    np.testing.assert_array_equal(found.together, found.together.T)
    np.testing.assert_allclose(found.together * 30, np.round(found.together * 30))

    from crosslight.agreement.structure.communities import _summary

    runs = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 1, 1, 1]])
    own = _summary(1.0, runs)
    np.testing.assert_array_equal(own.partition, [0, 0, 1, 1])
    assert own.share == pytest.approx(2 / 3)
    pairs = [adjusted_rand_score(runs[i], runs[j]) for i in range(3) for j in range(3) if i != j]
    np.testing.assert_allclose(own.stability, np.mean(pairs))
    np.testing.assert_allclose(own.together, (runs[:, :, None] == runs[:, None]).mean(axis=0))


def test_plateaus_are_of_majorities():
    from crosslight.agreement.structure.communities import _plateaus, _summary

    two, one = np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])
    steady, split = np.stack([two] * 4), np.stack([two, two, one, one])
    runs = [_summary(r, own) for r, own in enumerate([np.stack([one] * 4)] * 3 + [steady, steady, split, steady])]
    found = _plateaus(runs)
    assert [(own.low, own.high, own.resolutions, own.trivial) for own in found] == [
        (0, 2, 3, True), (3, 4, 2, False), (6, 6, 1, False)
    ]  # fmt: skip
    assert Communities((), found, 4, 0).longest is found[1]
    assert Communities((), found[:1], 4, 0).longest is None
    assert _plateaus([_summary(1.0, np.array([[0, 1, 2, 2]]))])[0].trivial


@pytest.mark.parametrize("seed", range(3))
def test_the_window_holds_all_that_changes(seed):
    random = np.random.default_rng(seed)
    weights = np.triu(random.uniform(0.2, 0.9, (8, 8)), 1)
    weights += weights.T
    low, *_, high = resolution_window(weights)
    assert (louvain(weights, low * 0.999, range(3)) == 0).all()
    assert (louvain(weights, high * 1.001, range(3)) == np.arange(8)).all()
    assert (louvain(weights, high * 0.999, range(3)) != np.arange(8)).any()
    assert len(resolution_window(1 - np.eye(4))) == 1


def test_communities_come_back_with_other_images():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(40, 6, 12)) + 0.5
    vectors[:, :3] += 1.5 * random.normal(size=(40, 1, 12))
    vectors[:, 3:] += 1.5 * random.normal(size=(40, 1, 12))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    per_image = vectors @ vectors.transpose(0, 2, 1)
    truth = np.arange(6) // 3
    found = community_support(per_image, 1.0, resamples=30)
    np.testing.assert_array_equal(found, truth[:, None] == truth)
    shuffled = per_image[:, [0, 3, 1, 4, 2, 5]][:, :, [0, 3, 1, 4, 2, 5]]
    np.testing.assert_array_equal(community_support(shuffled, 1.0, resamples=5)[0], [1, 0, 1, 0, 1, 0])
    few = community_support(per_image[:3, :, :] * 0.2, 1.05, resamples=20)
    np.testing.assert_allclose(few * 20, np.round(few * 20))
    np.testing.assert_array_equal(community_support(per_image, 1e-6, resamples=3), 1)


def test_nothing_depends_on_the_order_of_the_sets():
    random = np.random.default_rng(3)
    values = np.triu(random.uniform(0.3, 0.9, (10, 10)), 1)
    values += values.T
    order = random.permutation(10)
    one = communities(values, resolutions=(1.0, 1.1), seeds=15)
    other = communities(values[np.ix_(order, order)], resolutions=(1.0, 1.1), seeds=15)
    for a, b in zip(one.resolutions, other.resolutions, strict=True):
        np.testing.assert_array_equal(a.together[np.ix_(order, order)], b.together)
        assert (a.share, a.partitions) == (b.share, b.partitions)
        np.testing.assert_allclose(a.stability, b.stability)


def test_pairs_farther_than_1_have_no_tie_and_bad_input_is_named():
    values, _ = matrix()
    values[0, 8] = values[8, 0] = 1.2
    assert communities(values, resolutions=(1.0,), seeds=2).cut == 1
    with pytest.raises(InputError, match="one positive resolution"):
        communities(values, resolutions=())
    with pytest.raises(InputError, match="no two sets"):
        communities(np.full((3, 3), 1.5))
    values[0, 1] = np.nan
    with pytest.raises(InputError, match="every pair"):
        communities(values, resolutions=(1.0,), seeds=2)
    with pytest.raises(InputError, match="square"):
        communities(values[:3])
