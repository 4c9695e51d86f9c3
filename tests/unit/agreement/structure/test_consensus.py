from __future__ import annotations

import json

import numpy as np
import pytest

from crosslight.agreement.similarity import cosine_of_units, unit
from crosslight.agreement.structure import consensus, consensus_maps
from crosslight.core.errors import InputError


def units(sets=4, images=7, cells=9, seed=0):
    return unit(np.random.default_rng(seed).normal(size=(sets, images, cells)) + 0.5)


def test_each_set_is_compared_with_the_mean_of_the_others():
    maps = units()
    found = consensus([maps], "abcd")
    for image in range(7):
        for own in range(4):
            rest = np.delete(maps[:, image], own, axis=0).mean(axis=0)
            np.testing.assert_allclose(found.per_image[image, own], maps[own, image] @ rest / np.linalg.norm(rest))
            whole = maps[:, image].mean(axis=0)
            np.testing.assert_allclose(found.with_own[image, own], maps[own, image] @ whole / np.linalg.norm(whole))
    np.testing.assert_allclose(found.mean, found.per_image.mean(axis=0))
    np.testing.assert_allclose(found.sd, found.per_image.std(axis=0, ddof=1))
    assert found.count == 7
    json.dumps(found.to_dict(), allow_nan=False)


def test_it_follows_from_the_cosines_alone():
    maps = units(5)
    cosines = cosine_of_units(maps)
    found = consensus([maps], "abcde")
    for own in range(5):
        others = np.delete(np.arange(5), own)
        length = np.sqrt(cosines[:, others][:, :, others].sum(axis=(1, 2)))
        np.testing.assert_allclose(found.per_image[:, own], cosines[:, own, others].sum(axis=1) / length)


def test_blocks_make_no_difference():
    maps = units(3, 10)
    whole = consensus([maps], "abc")
    parts = consensus([maps[:, :4], maps[:, 4:4], maps[:, 4:]], "abc")
    np.testing.assert_array_equal(whole.per_image, parts.per_image)
    np.testing.assert_array_equal(whole.mean, parts.mean)


def test_two_unrelated_maps_agree_only_with_their_own_share():
    maps = np.array([[[1.0, 0, 0]], [[0, 1.0, 0]]])
    found = consensus([maps], "ab")
    np.testing.assert_allclose(found.per_image, 0, atol=1e-15)
    np.testing.assert_allclose(found.with_own, np.sqrt(0.5))


def test_unusable_maps_are_passed_over_and_counted():
    maps = units(4, 6)
    maps[1, 2] = np.nan
    maps[3] = np.nan  # a set without any
    found = consensus([maps], "abcd")
    assert np.isnan(found.per_image[2, 1])
    assert np.isnan(found.per_image[:, 3]).all()
    np.testing.assert_array_equal(found.usable, [3, 3, 2, 3, 3, 3])
    np.testing.assert_allclose(found.per_image[2, 0], maps[0, 2] @ maps[2, 2])
    assert found.count == 5
    np.testing.assert_allclose(found.mean[:3], np.delete(found.per_image, 2, axis=0)[:, :3].mean(axis=0))
    assert np.isnan(found.mean[3])
    content = found.to_dict()
    assert content["mean"][3] is None


def test_opposite_maps_have_no_consensus():
    maps = np.array([[[1.0, 0]], [[-1.0, 0]], [[0, 1.0]]])
    found = consensus([maps], "abc")
    assert np.isnan(found.per_image[0, 2])
    np.testing.assert_allclose(found.per_image[0, :2], -np.sqrt(0.5))


def test_the_map_is_the_mean_and_its_length_the_agreement():
    maps = units(3, 5)
    maps[0, 1] = np.nan
    maps[:, 4] = np.nan
    found = consensus_maps(maps)
    np.testing.assert_allclose(found[0], maps[:, 0].mean(axis=0))
    np.testing.assert_allclose(found[1], maps[1:, 1].mean(axis=0))
    assert np.isnan(found[4]).all()
    same = consensus_maps(np.repeat(units(1, 2), 3, axis=0))
    np.testing.assert_allclose(np.linalg.norm(same, axis=1), 1)


def test_no_images_and_bad_blocks():
    found = consensus([], "ab")
    assert found.count == 0
    assert np.isnan(found.mean).all()
    with pytest.raises(InputError, match=r"\[2, image, cell\]"):
        consensus([units(3)], "ab")
