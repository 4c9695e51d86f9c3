from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.aggregate import aggregate, bootstrap_interval, from_matrix
from crosslight.agreement.similarity import cosine
from crosslight.core.errors import InputError


def similarities(images=20, sets=3, seed=0, missing=()):
    """Cosines of random non-negative maps; `missing` lists (image, set) without a usable one."""
    prepared = np.random.default_rng(seed).random((sets, images, 10))
    for image, one in missing:
        prepared[one, image] = 0
    return cosine(prepared)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 12), st.integers(1, 4), st.integers(0, 2**31), st.sampled_from(["common", "pairwise"]))
def test_summaries_are_those_of_the_images_that_count(images, sets, seed, subset):
    random = np.random.default_rng(seed)
    missing = np.argwhere(random.random((images, sets)) < 0.2)
    values = similarities(images, sets, seed, missing)
    result = aggregate(values, "abcd"[:sets], subset=subset, resamples=20)
    usable = np.isfinite(np.diagonal(values, axis1=1, axis2=2))
    alive = [s for s in range(sets) if usable[:, s].any()]
    for a in range(sets):
        for b in range(sets):
            rows = usable[:, [a, b]].all(axis=1)
            if subset == "common":
                rows &= usable[:, alive].all(axis=1)
            found = values[rows, a, b]
            assert result.count[a, b] == len(found)
            expected = (
                found.mean() if len(found) else np.nan,
                found.std(ddof=1) if len(found) > 1 else np.nan,
                np.median(found) if len(found) else np.nan,
            )
            got = (result.mean[a, b], result.sd[a, b], result.median[a, b])
            np.testing.assert_allclose(got, expected, atol=1e-12)
            if len(found) > 1:
                thesis = np.sqrt((1 - found.mean()) ** 2 + found.var(ddof=1))
                np.testing.assert_allclose(result.dissimilarity[a, b], thesis, atol=1e-12)


def test_one_zero_map_takes_its_image_from_all_pairs_by_default():
    values = similarities(5, 3, missing=[(2, 1)])
    assert (aggregate(values, "abc").count == 4).all()
    assert aggregate(values, "abc", subset="pairwise").count.tolist() == [[5, 4, 5], [4, 4, 4], [5, 4, 5]]


def test_a_set_without_any_map_does_not_take_the_images_of_the_others():
    result = aggregate(similarities(5, 3, missing=[(i, 1) for i in range(5)]), "abc")
    assert result.count.tolist() == [[5, 0, 5], [0, 0, 0], [5, 0, 5]]
    assert result.unusable == ("b",)
    assert np.isnan(result.mean[1]).all()
    assert np.isnan(result.low[1]).all()


def test_order_of_the_sets_does_not_matter():
    values, order = similarities(30, 5, missing=[(3, 2), (4, 0)]), [3, 0, 4, 2, 1]
    one = aggregate(values, "abcde", seed=1)
    other = aggregate(values[:, order][:, :, order], [one.sets[i] for i in order], seed=1)
    for name in ("mean", "sd", "median", "dissimilarity", "low", "high", "count"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name)[np.ix_(order, order)], atol=1e-12)


def test_bootstrap_equals_resampling_one_by_one():
    values = similarities(15, 3)
    low, high = bootstrap_interval(values, resamples=300, seed=5)
    random = np.random.default_rng(5)
    means = np.stack([values[rows].mean(axis=0) for rows in random.integers(15, size=(300, 15))])
    np.testing.assert_allclose(low, np.quantile(means, 0.025, axis=0), atol=1e-12)
    np.testing.assert_allclose(high, np.quantile(means, 0.975, axis=0), atol=1e-12)


def test_bootstrap_in_parts_equals_bootstrap_at_once(monkeypatch):
    values = np.random.default_rng(0).random((50_000, 1, 1))
    low, high = bootstrap_interval(values, resamples=100)  # a few resamples at a time
    standard_error = values.std() / np.sqrt(50_000)
    np.testing.assert_allclose([low[0, 0], high[0, 0]], values.mean() + np.array([-2, 2]) * standard_error, atol=1e-3)


def test_interval_covers_the_true_mean_about_as_often_as_it_says():
    random, truth, hits = np.random.default_rng(0), 0.6, 0
    for trial in range(200):
        values = np.clip(random.normal(truth, 0.1, (40, 1, 1)), -1, 1)
        low, high = bootstrap_interval(values, resamples=300, seed=trial)
        hits += low[0, 0] <= truth <= high[0, 0]
    assert 0.88 <= hits / 200 <= 0.98


def test_interval_needs_two_images_and_copes_with_gaps():
    low, high = bootstrap_interval(similarities(1, 2))
    assert np.isnan(low).all()
    assert np.isnan(high).all()
    values = similarities(6, 2, missing=[(i, 0) for i in range(4)])
    low, high = bootstrap_interval(values, resamples=200)
    assert np.nanmin(values[:, 0, 1]) - 1e-12 <= low[0, 1] <= high[0, 1] <= np.nanmax(values[:, 0, 1]) + 1e-12


def test_to_dict_is_strict_json_and_the_table_shows_the_floor():
    values = similarities(6, 3, missing=[(i, 2) for i in range(6)])
    result = aggregate(
        values, ["a", "b", "<c>"], floor=np.full((3, 3), 0.12), label="Grad-CAM", dropped={"<c>": {"ZERO": 6}}
    )
    content = json.loads(json.dumps(result.to_dict(per_image=True), allow_nan=False))
    assert content["mean"][0][2] is None
    np.testing.assert_allclose(content["mean"][0][1], result.mean[0, 1])
    assert content["dropped"] == {"<c>": {"ZERO": 6}}
    assert content["unusable"] == ["<c>"]
    assert np.array(content["per_image"]).shape == (6, 3, 3)
    assert "per_image" not in result.to_dict()
    html = result._repr_html_()
    assert "&lt;c&gt;" in html
    assert "(0.12)" in html
    assert "N = 6 images" in html


def test_a_published_matrix_becomes_a_result():
    result = from_matrix(np.array([[1, 0.4], [0.4, 1]]), ["a", "b"], "LIME")
    np.testing.assert_allclose(result.dissimilarity, [[0, 0.6], [0.6, 0]])
    assert result.pairs()[0][:3] == ("a", "b", 0.4)
    assert result.unusable == ()
    json.dumps(result.to_dict(), allow_nan=False)


def test_shapes_and_labels_must_fit():
    with pytest.raises(InputError, match="need similarities"):
        aggregate(np.ones((3, 2, 2)), "abc")
    with pytest.raises(InputError, match="unique"):
        aggregate(np.ones((3, 2, 2)), "aa")
    with pytest.raises(InputError, match="image names"):
        aggregate(np.ones((3, 2, 2)), "ab", ["only one"])
