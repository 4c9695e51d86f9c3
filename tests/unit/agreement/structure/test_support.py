from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform
from scipy.stats import ncx2, norm

from crosslight.agreement.aggregate import moments, thesis_dissimilarity
from crosslight.agreement.structure import branch_support, branches, build_tree, fit_scaling_law
from crosslight.agreement.structure.resampling import draws, pair_values, resampled_dissimilarities, strata_of
from crosslight.agreement.structure.support import SCALES, tree_bits
from crosslight.core.errors import InputError


def similarities(images=40, sets=6, seed=0, pull=0.8):
    """Cosines of vectors; the first half of the sets share a part."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(images, sets, 12)) + 1
    vectors[:, : sets // 2] += pull * random.normal(size=(images, 1, 12))
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    return vectors @ vectors.transpose(0, 2, 1)


# As the R package pvclust printed them: v, c, AU, BP. The first two are of the lung data in its documentation, whose
# probabilities are beyond .999 at all but these scales.
@pytest.mark.parametrize(
    ("v", "c", "au", "bp", "scales"),
    [
        (-2.006, -1.184, 0.795, 0.999, (0.57, 0.58, 0.6, 0.61)),
        (-2.002, -1.184, 0.793, 0.999, (0.57, 0.58, 0.6, 0.61)),
        (-1.267, 0.893, 0.985, 0.646, SCALES),
        (-0.414, 0.452, 0.807, 0.485, SCALES),
        (-0.078, 0.356, 0.668, 0.390, SCALES),
    ],
)
def test_figures_that_pvclust_printed(v, c, au, bp, scales):
    root = np.sqrt(scales)
    found = fit_scaling_law(norm.sf(v * root + c / root)[:, None], scales, 1000)
    np.testing.assert_allclose([found.distance[0], found.curvature[0]], [v, c], atol=1e-8)
    np.testing.assert_allclose(found.au[0], au, atol=1e-3)
    np.testing.assert_allclose(norm.sf(v + c), bp, atol=1e-3)


def test_standard_errors_that_pvclust_printed():
    """Its 1000 resamples of 8 to 22 of 16 rows; v and c are printed with three digits."""
    scales = np.array([8, 9, 11, 12, 14, 16, 17, 19, 20, 22])[:, None] / 16
    v, c = np.array([-1.267, -0.414, -0.078, -0.253]), np.array([0.893, 0.452, 0.356, 1.075])
    law = norm.sf(v * np.sqrt(scales) + c / np.sqrt(scales))
    found = fit_scaling_law(law, scales[:, 0].tolist(), 1000)
    np.testing.assert_allclose(found.au_error, [0.003, 0.021, 0.028, 0.016], atol=6e-4)


@settings(deadline=None, max_examples=40)
@given(st.floats(-1.2, 1.2), st.floats(-0.8, 0.8))
def test_the_law_gives_back_what_made_it(v, c):
    scales = np.array(SCALES)
    law = norm.sf(v * np.sqrt(scales) + c / np.sqrt(scales))
    found = fit_scaling_law(law[:, None], SCALES, 1000)
    np.testing.assert_allclose([found.distance[0], found.curvature[0]], [v, c], atol=1e-8)
    np.testing.assert_allclose(found.au[0], norm.sf(v - c), atol=1e-8)
    np.testing.assert_allclose(found.fit[0], 1, atol=1e-8)


def test_the_fit_is_weighted_least_squares_and_its_error_that_of_repeated_draws():
    scales, resamples = np.array(SCALES), 2000
    law = norm.sf(-0.7 * np.sqrt(scales) + 0.4 / np.sqrt(scales))
    drawn = np.random.default_rng(0).binomial(resamples, law[:, None], (10, 400)) / resamples
    found = fit_scaling_law(drawn, SCALES, resamples)
    bp = drawn[:, 0]
    z = norm.isf(bp)
    weights = norm.pdf(z) / np.sqrt(bp * (1 - bp))
    design = np.stack([np.sqrt(scales), 1 / np.sqrt(scales)], 1)
    expected = np.linalg.lstsq(weights[:, None] * design, weights * z, rcond=None)[0]
    np.testing.assert_allclose([found.distance[0], found.curvature[0]], expected, rtol=1e-9)
    np.testing.assert_allclose(found.au_error.mean(), found.au.std(), rtol=0.15)
    assert abs((found.fit < 0.5).mean() - 0.5) < 0.1  # the law holds, so its p-values are uniform


def test_au_is_right_at_a_curved_boundary_where_bp_is_not():
    """Data one standard deviation about a point on a sphere, with the probabilities of its inside known exactly."""
    radius, dimensions = 4.0, 5
    truth = np.eye(dimensions)[0] * radius
    data = np.random.default_rng(0).normal(size=(3000, dimensions)) + truth
    scales = np.array(SCALES)[:, None]
    inside = ncx2.cdf(radius**2 * scales, dimensions, (data**2).sum(axis=1) * scales)
    au = fit_scaling_law(inside, SCALES, 10_000).au
    for level in (0.05, 0.1, 0.5, 0.9):
        np.testing.assert_allclose((au < level).mean(), level, atol=0.02)
    assert (inside[5] < 0.05).mean() > 0.1


def test_branches_beyond_doubt_are_not_fitted():
    found = fit_scaling_law(np.array([[1.0, 0.0, 0.9999]] * 10), SCALES, 10_000)
    np.testing.assert_array_equal(found.au, [1, 0, 1])
    np.testing.assert_array_equal(found.au_error, 0)
    assert np.isnan(found.distance).all()


@settings(deadline=None, max_examples=15)
@given(st.integers(2, 70), st.integers(0, 2**31))
@example(70, 0)
def test_bits_are_the_branches(sets, seed):
    random = np.random.default_rng(seed)
    matrices = random.random((3, sets * (sets - 1) // 2))
    bits = tree_bits(np.stack([linkage(own, "average") for own in matrices]))
    for own, words in zip(matrices, bits, strict=True):
        members = branches(build_tree(squareform(own), [f"{i:02}" for i in range(sets)]))
        found = [sum(int(word) << 64 * k for k, word in enumerate(row)) for row in words]
        assert found == [sum(1 << int(i) for i in np.flatnonzero(row)) for row in members]


@pytest.mark.parametrize("kind", ["spread", "mean"])
def test_resampled_dissimilarities_are_those_of_the_images_drawn(kind):
    per_image = similarities(9, 4)
    pairs, layers = pair_values(per_image), [np.arange(4), np.arange(4, 9)]
    sizes = [2, 4]
    found = next(
        resampled_dissimilarities(
            pairs, resamples=6, random=np.random.default_rng(3), scale=0.7, kind=kind, strata=layers
        )
    )
    counts = draws(np.random.default_rng(3), 6, layers, [3, 4])
    assert sizes != [3, 4]
    np.testing.assert_array_equal(counts[:, :4].sum(axis=1), 3)
    np.testing.assert_array_equal(counts[:, 4:].sum(axis=1), 4)
    for row, count in zip(found, counts.astype(int), strict=True):
        _, mean, sd = moments(np.repeat(per_image, count, axis=0))
        expected = thesis_dissimilarity(mean, sd) if kind == "spread" else 1 - mean
        np.testing.assert_allclose(row, expected[np.triu_indices(4, 1)], rtol=1e-12)


def test_support_counts_the_branches_of_rebuilt_trees():
    per_image = similarities(20, 5, pull=0.4)
    labels = list("abcde")
    support = branch_support(per_image, labels, resamples=60, scales=(1.0, 0.5), seed=4)
    again = branch_support(per_image, labels, resamples=60, scales=(1.0, 0.5), seed=4)
    np.testing.assert_array_equal(support.probabilities, again.probabilities)
    assert support.scales == (1.0, 0.5)
    np.testing.assert_array_equal(support.bp, support.probabilities[0])
    assert support.bp[-1] == support.au[-1] == 1
    assert ((support.bp > 0) & (support.bp < 1)).any()
    np.testing.assert_array_equal(support.bp * 60, np.round(support.bp * 60))
    np.testing.assert_array_equal(support.members, branches(support.tree))
    json.dumps(support.to_dict(), allow_nan=False)


def test_a_shared_part_is_supported_and_noise_is_not():
    support = branch_support(similarities(60, 6, pull=2.0), list("abcdef"), resamples=400)
    together = [set(np.flatnonzero(row)) for row in support.members]
    assert support.au[together.index({0, 1, 2})] > 0.99
    assert support.bp[together.index({0, 1, 2})] > 0.99
    assert branch_support(similarities(60, 6, pull=0), list("abcdef"), resamples=400).bp[:-1].min() < 0.8


def test_support_does_not_depend_on_the_order_of_the_sets():
    per_image, order = similarities(30, 6), np.array([3, 0, 5, 1, 4, 2])
    one = branch_support(per_image, list("abcdef"), resamples=50)
    other = branch_support(per_image[:, order][:, :, order], ["abcdef"[i] for i in order], resamples=50)
    assert one.tree.leaves == other.tree.leaves
    np.testing.assert_allclose(one.probabilities, other.probabilities, atol=0.021)  # rounding may turn one draw


def test_bad_input_is_named():
    per_image = similarities(10, 4)
    with pytest.raises(InputError, match="1 among the scales"):
        branch_support(per_image, list("abcd"), scales=(0.5, 0.8))
    with pytest.raises(InputError, match="strata"):
        branch_support(per_image, list("abcd"), strata=["x"] * 9)
    per_image[2, 1] = per_image[2, :, 1] = np.nan
    with pytest.raises(InputError, match="1 of 10 images lack"):
        branch_support(per_image, list("abcd"))
    with pytest.raises(InputError, match="two images"):
        pair_values(per_image[:1])
    assert [len(one) for one in strata_of(["b", "a", "b"], 3)] == [1, 2]
