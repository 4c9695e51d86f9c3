"""Maps that know nothing."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.evaluation.baselines import BASELINES, CHANCE, centre_map, edge_map, random_maps
from crosslight.evaluation.localisation import METRICS, PictureMask, lay


def test_random_maps_come_from_the_image_alone():
    first = np.concatenate(list(random_maps((5, 6), 4, seed=0, identity="a")))
    assert first.shape == (4, 5, 6)
    np.testing.assert_array_equal(first[:2], np.concatenate(list(random_maps((5, 6), 2, seed=0, identity="a"))))
    for other in ({"seed": 1, "identity": "a"}, {"seed": 0, "identity": "b"}):
        assert not np.isin(np.concatenate(list(random_maps((5, 6), 4, **other))), first).any()
    assert len(np.unique(first)) == first.size


def test_large_pictures_are_drawn_in_parts(monkeypatch):
    whole = list(random_maps((30, 40), 5, seed=0, identity="a"))
    monkeypatch.setattr("crosslight.evaluation.baselines._PIXELS", 2500)
    parts = list(random_maps((30, 40), 5, seed=0, identity="a"))
    assert [len(part) for part in parts] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate(parts), whole[0])


def test_chance_is_the_share_of_the_mask():
    mask = np.zeros((40, 50), bool)
    mask[3:20, 30:48] = True
    drawn = np.concatenate(list(random_maps((40, 50), 1500, seed=0, identity="a")))
    laid = lay(drawn, [PictureMask(mask)] * len(drawn), (0, 40, 0, 50))
    for name in ("energy", "pointing", "rank-accuracy"):
        values = METRICS[name](laid, {})
        assert values.mean() == pytest.approx(mask.mean(), abs=4 * values.std() / len(drawn) ** 0.5)


def test_the_centre_is_a_gaussian_of_a_quarter_of_the_picture():
    found = centre_map((80, 40))
    np.testing.assert_allclose(found, found[::-1, ::-1])
    assert np.unravel_index(found.argmax(), found.shape) in [(y, x) for y in (39, 40) for x in (19, 20)]
    # one standard deviation from the middle
    np.testing.assert_allclose(found[60, 20] / found[40, 20], np.exp(-((20.5**2 - 0.5**2) / 20**2) / 2))
    np.testing.assert_allclose(found[40, 30] / found[40, 20], np.exp(-((10.5**2 - 0.5**2) / 10**2) / 2))


def test_edges_are_where_the_luminance_changes():
    picture = np.zeros((9, 9, 3), np.uint8)
    picture[:, 5:] = 100
    found = edge_map(picture)
    assert (found[:, 4:6] == 400).all()
    assert not found[:, :4].any()
    assert not found[:, 6:].any()
    red = picture * np.array([1, 0, 0], np.uint8)
    np.testing.assert_allclose(edge_map(red.transpose(1, 0, 2)), found.T * 0.299)
    assert not edge_map(np.full((9, 9, 3), 7, np.uint8)).any()


def test_chance_is_made_of_baselines():
    assert set(CHANCE) < set(BASELINES)
