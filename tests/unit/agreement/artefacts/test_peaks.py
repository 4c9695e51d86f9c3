from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.artefacts.peaks import PeakTally, peak_findings
from crosslight.agreement.artefacts.smooth_peaks import neighbour_correlation, smooth_chance


def tally(values) -> PeakTally:
    own = PeakTally()
    own.add(np.asarray(values, np.float64))
    return own


def peaks_at(places, size=7, seed=0):
    values = np.random.default_rng(seed).uniform(0, 0.5, (len(places), size, size))
    for value, place in zip(values, places, strict=True):
        value[place] = 1
    return values


def kinds(found):
    return [one.kind for one in found]


def test_large_maps_are_counted_in_fields():
    own = tally(peaks_at([(0, 0), (15, 15), (16, 0), (223, 223)], 224))
    assert own.cells.shape == (14, 14)
    assert own.cells[0, 0] == 2
    assert own.cells[1, 0] == 1
    assert own.cells[13, 13] == 1
    np.testing.assert_allclose(own.area, 1 / 196)
    assert tally(np.random.default_rng(0).random((2, 7, 30))).area.sum() == pytest.approx(1)


def test_equal_peaks_count_in_parts_and_not_all_at_the_top_left():
    own = tally(np.ones((3, 5, 5)))
    np.testing.assert_allclose(own.cells, 3 / 25)
    clipped = np.random.default_rng(0).random((40, 7, 7)).clip(0, 0.7)
    assert peak_findings("a", tally(clipped)) == []


@pytest.mark.parametrize("sign", [1, -1])
def test_magnitudes_peak(sign):
    (found,) = peak_findings("a", tally(sign * peaks_at([(0, 6)] * 10)))
    assert found.details["corner"] == "top-right"


def test_one_corner_is_not_announced_three_times():
    assert kinds(peak_findings("a", tally(peaks_at([(6, 0)] * 20)))) == ["corner"]


def test_corners_in_turn_are_announced_without_a_cell():
    corners = [(0, 0), (0, 6), (6, 0), (6, 6), (3, 3)]
    (found,) = peak_findings("a", tally(peaks_at(corners * 8)))
    assert (found.kind, found.severity) == ("corner", "severe")
    assert found.value == pytest.approx(0.8)
    assert found.details["area"] == pytest.approx(4 / 49)


def test_the_border_is_announced_where_corners_are_not():
    ring = [(0, c) for c in range(1, 6)] + [(6, c) for c in range(1, 6)] + [(r, 0) for r in range(1, 6)]
    (found,) = peak_findings("a", tally(peaks_at(ring * 3)))
    assert (found.kind, found.value) == ("border", 1.0)
    assert found.details["area"] == pytest.approx(24 / 49)


def test_one_cell_anywhere_is_announced():
    (found,) = peak_findings("a", tally(peaks_at([(2, 4)] * 12 + [(3, 3), (4, 1), (1, 5)])))
    assert (found.kind, found.details["cell"]) == ("one-cell", [2, 4])
    assert found.value == pytest.approx(0.8)
    assert 0 < found.details["entropy"] < 0.5
    assert "row 2 and column 4" in found.sentence


def test_what_all_sets_do_is_no_artefact_of_one():
    middle = [(3, 3)] * 15 + [(2, 3), (3, 2), (4, 4), (3, 4), (2, 2)]
    own, *peers = (tally(peaks_at(middle, seed=seed)) for seed in range(4))
    assert kinds(peak_findings("a", own)) == ["one-cell"]
    assert kinds(peak_findings("a", own, peers[:2])) == ["one-cell"]
    assert peak_findings("a", own, peers) == []
    always = [tally(peaks_at([(3, 3)] * 20, seed=seed)) for seed in range(4)]
    (found,) = peak_findings("a", always[0], always[1:])
    assert found.severity == "note"


def test_few_images_and_small_maps_are_not_judged():
    assert peak_findings("a", tally(peaks_at([(0, 0)] * 7))) == []
    assert peak_findings("a", tally(peaks_at([(0, 0)] * 20, 2))) == []
    assert peak_findings("a", PeakTally()) == []


def test_rough_maps_peak_by_area_and_smooth_ones_at_the_border():
    rough, smooth = smooth_chance((7, 7), 0.0, False), smooth_chance((7, 7), 0.7, False)
    assert rough.sum() == pytest.approx(1)
    assert smooth.sum() == pytest.approx(1)
    assert np.abs(rough - 1 / 49).max() < 0.005
    corners = [(0, 0), (0, 6), (6, 0), (6, 6)]
    assert sum(smooth[place] for place in corners) > 1.5 * sum(rough[place] for place in corners)
    np.testing.assert_allclose(smooth, smooth[::-1].T)


def test_correlation_of_neighbours():
    ramp = np.broadcast_to(np.arange(50.0), (1, 50, 50))
    assert neighbour_correlation(ramp)[0] > 0.9
    assert abs(neighbour_correlation(np.random.default_rng(0).standard_normal((1, 90, 90)))[0]) < 0.05
    assert neighbour_correlation(np.ones((1, 4, 4)))[0] == 0


def test_smooth_maps_raise_few_false_alarms():
    random = np.random.default_rng(5)
    distance = np.subtract.outer(np.arange(7), np.arange(7))
    alarms = 0
    for width in (0.7, 1.0, 1.5):
        values, vectors = np.linalg.eigh(np.exp(-(distance**2) / (4 * width**2)))
        root = vectors * np.sqrt(np.maximum(values, 0))
        for _ in range(40):
            maps = np.maximum(root @ random.standard_normal((32, 7, 7)) @ root.T, 0)
            alarms += bool(peak_findings("a", tally(maps[maps.any(axis=(1, 2))])))
    assert alarms <= 2
