"""The tests of groups against scikit-bio: statistics to rounding, p-values to the error of its sampling."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from crosslight.agreement.groups import anosim, labelings, mantel, permanova, permdisp

distance = pytest.importorskip("skbio.stats.distance")

PERMUTATIONS = 999
CASES = [("aaaaaaaaabbbbb", 3, 0), ("aaaabbbbcccc", 2, 1), ("ababababab", 5, 2)]


def points_of(labels, dimensions, seed):
    """Points with a shift and a spread that differ by group."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(len(labels), dimensions))
    return (
        points * np.where(np.array(list(labels)) == "a", 1.0, 1.6)[:, None] + (np.array(list(labels)) == "b")[:, None]
    )


def euclidean(labels, dimensions, seed):
    points = points_of(labels, dimensions, seed)
    return np.linalg.norm(points[:, None] - points, axis=2)


def not_euclidean(labels, dimensions, seed):
    matrix = np.random.default_rng(seed).random((len(labels), len(labels))) + np.triu(
        euclidean(labels, dimensions, seed)
    )
    matrix = np.triu(matrix, 1)
    return matrix + matrix.T


def near(ours, theirs):
    """Whether a p-value is within five standard errors of a sampled one."""
    return abs(ours - theirs) <= 5 * np.sqrt(max(ours * (1 - ours), 0.001) / PERMUTATIONS) + 1 / PERMUTATIONS


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("make", [euclidean, not_euclidean])
@pytest.mark.parametrize(("labels", "dimensions", "seed"), CASES)
@pytest.mark.parametrize(("ours", "name"), [(anosim, "anosim"), (permanova, "permanova")])
def test_statistic_and_p(ours, name, make, labels, dimensions, seed):
    matrix = make(labels, dimensions, seed)
    theirs = getattr(distance, name)(
        distance.DistanceMatrix(matrix), list(labels), permutations=PERMUTATIONS, seed=np.random.default_rng(0)
    )
    found = ours(matrix, list(labels))
    assert found.statistic == pytest.approx(theirs["test statistic"], abs=1e-10)
    assert near(found.p, theirs["p-value"])


@pytest.mark.parametrize("make", [euclidean, not_euclidean])
@pytest.mark.parametrize(("labels", "dimensions", "seed"), CASES)
@pytest.mark.parametrize(("centre", "tolerance"), [("centroid", 1e-10), ("median", 1e-4)])
def test_permdisp(make, labels, dimensions, seed, centre, tolerance):
    matrix = make(labels, dimensions, seed)
    theirs = distance.permdisp(
        distance.DistanceMatrix(matrix),
        list(labels),
        test=centre,
        permutations=PERMUTATIONS,
        dimensions=len(labels),
        seed=np.random.default_rng(0),
    )
    some = labelings(list(labels), limit=0, draws=PERMUTATIONS)
    found = permdisp(matrix, some, centre=centre, permuted="labels", negative="drop")
    assert found.statistic == pytest.approx(theirs["test statistic"], rel=tolerance)
    assert near(found.p, theirs["p-value"])


@pytest.mark.parametrize("correlation", ["pearson", "spearman"])
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("items", [6, 12])
def test_mantel(correlation, alternative, items):
    one = euclidean("a" * items, 2, 3)
    other = one + 2 * euclidean("a" * items, 3, 4)
    r, p, n = distance.mantel(
        distance.DistanceMatrix(one),
        distance.DistanceMatrix(other),
        method=correlation,
        alternative=alternative,
        permutations=PERMUTATIONS,
        seed=np.random.default_rng(0),
    )
    found = mantel(one, other, correlation=correlation, alternative=alternative)
    assert n == items
    assert found.statistic == pytest.approx(r, abs=1e-10)
    assert near(found.p, p)
