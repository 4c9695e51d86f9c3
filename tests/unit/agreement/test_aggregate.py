from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.aggregate import aggregate, bootstrap_interval, filtered, from_matrix
from crosslight.agreement.calibration import ceiling_between
from crosslight.agreement.filters import Filter, all_correct, one_class, same_prediction
from crosslight.agreement.measures import find_measure
from crosslight.agreement.similarity import cosine
from crosslight.core.errors import InputError, UnknownNameError


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


def test_a_filter_gives_each_pair_its_own_images():
    values = similarities(8, 3, missing=[(7, 0)])
    predicted = np.array([[0, 0, 1, 1, 2, 2, 0, 0], [0, 1, 1, 1, 2, 2, 0, 0], [0, 0, 0, 1, 2, -1, 0, 0]])
    found = aggregate(values, "abc", only=same_prediction(predicted), resamples=20)
    assert found.filter == "same prediction"
    assert found.count.tolist() == [[7, 6, 5], [6, 7, 4], [5, 4, 6]]
    np.testing.assert_allclose(found.mean[1, 2], values[[0, 3, 4, 6], 1, 2].mean())
    whole = aggregate(values, "abc", resamples=20, floor=np.full((3, 3), 0.1))
    again = filtered(whole, same_prediction(predicted))
    for name in ("mean", "low", "count"):
        np.testing.assert_array_equal(getattr(again, name), getattr(found, name))
    np.testing.assert_array_equal(again.floor, whole.floor)
    assert again.to_dict()["filter"] == "same prediction"


def test_filters_of_images():
    values, labels = similarities(6, 2), np.array([0, 1, 2, 0, 1, -1])
    predicted = np.array([[0, 1, 0, 0, 1, 1], [0, 0, 2, 0, 1, -1]])
    right = all_correct(predicted, labels)
    assert np.flatnonzero(right.mask).tolist() == [0, 3, 4]
    one = one_class(["cat", "dog", "cat", None, "dog", "cat"], "cat")
    for subset in ("common", "pairwise"):
        assert (aggregate(values, "ab", only=one, subset=subset).count == 3).all()
    both = right & one
    assert (both.name, np.flatnonzero(both.mask).tolist()) == ("all models correct and class cat", [0])
    assert np.flatnonzero((both & same_prediction(predicted)).mask[:, 0, 1]).tolist() == [0]
    with pytest.raises(InputError, match="no image is of the class 'bird'"):
        one_class(["cat"], "bird")
    with pytest.raises(InputError, match="mask"):
        Filter("odd", np.ones((2, 2), bool))
    with pytest.raises(InputError, match="is for 3 sets, not for 2"):
        aggregate(values, "ab", only=Filter("odd", np.ones((6, 3, 3), bool)))
    with pytest.raises(InputError, match="5 mask for 6 images"):
        aggregate(values, "ab", only=Filter("short", np.ones(5, bool)))


def test_strata_and_clusters_reach_the_interval():
    values = similarities(20, 2, missing=[(4, 1)])
    groups = np.repeat(np.arange(10), 2)
    result = aggregate(values, "ab", clusters=groups, strata=groups // 5, resamples=200)
    low, _ = bootstrap_interval(
        np.delete(values, 4, axis=0), resamples=200, clusters=np.delete(groups, 4), strata=np.delete(groups // 5, 4)
    )
    np.testing.assert_array_equal(result.low, low)
    assert result.bootstrap["stratified"] is True
    assert result.bootstrap["clusters"] == 10


def test_calibration_between_floor_and_ceiling():
    result = from_matrix(np.array([[1, 0.4], [0.4, 1]]), "ab")
    assert np.isnan(result.calibrated).all()
    floored = replace(result, floor=np.full((2, 2), 0.2))
    np.testing.assert_allclose(floored.above_chance, [[1, 0.25], [0.25, 1]])
    done = floored.with_ceiling(np.array([[0.7, 0.6], [0.6, 0.1]]))
    np.testing.assert_allclose(done.calibrated, [[1.6, 0.5], [0.5, np.nan]])
    assert done.to_dict()["calibrated"][1][1] is None
    with pytest.raises(InputError, match="ceiling"):
        result.with_ceiling(np.ones(2))


def test_ceiling_is_the_geometric_mean_of_repeats():
    mean = np.array([[1, 0.81, 0.3, 0.3], [0.81, 1, 0.3, 0.3], [0.3, 0.3, 1, 0.49], [0.3, 0.3, 0.49, 1]])
    repeats = from_matrix(mean, ["a", "a seed 1", "b seed 1", "b seed 2"])
    origin = {"a seed 1": "a", "b seed 1": "b", "b seed 2": "b"}
    found = ceiling_between(repeats, origin, ["b", "a", "c"])
    np.testing.assert_allclose(found[:2, :2], [[0.49, 0.63], [0.63, 0.81]])
    assert np.isnan(found[2]).all()
    with pytest.raises(UnknownNameError, match="a seed 1"):
        ceiling_between(repeats, {"a sed 1": "a"}, ["a"])
    with pytest.raises(InputError, match="repeats"):
        ceiling_between(repeats, {}, ["a"])


def test_images_needed_are_those_of_the_spread():
    result = aggregate(similarities(30, 3), "abc", resamples=20)
    needed = result.images_needed(0.01)
    assert needed[0, 1] == np.ceil((1.959964 * result.sd[0, 1] / 0.01) ** 2)
    assert result.to_dict()["images_needed"]["images"][0][1] > 2
    assert np.isnan(aggregate(similarities(1, 2), "ab").images_needed()).all()


def test_a_measure_is_named():
    result = aggregate(similarities(3, 2), "ab", measure=find_measure("iou:share=0.2"))
    assert (result.measure, result.range, result.identical) == ("iou:share=0.2", (0, 1), 1)
    assert "mean IoU of the top 20 %" in result._repr_html_()
    assert aggregate(similarities(3, 2), "ab").to_dict()["measure"] == "cosine"
