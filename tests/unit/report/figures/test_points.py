"""Maps of points: what is drawn, and labels that neither hide nor confuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.structure import bootstrap_ellipses, pcoa
from crosslight.core.errors import InputError
from crosslight.report.figures.placing import place_labels
from crosslight.report.figures.points import COLOURS, map_figure


def ordination(number=6, seed=0):
    places = np.random.default_rng(seed).standard_normal((number, 3))
    return pcoa(np.linalg.norm(places[:, None] - places, axis=2))


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def marks(figure):
    return [line for line in figure.axes[0].lines if line.get_marker() not in ("None", None, "")]


def test_points_labels_groups_and_words():
    found = ordination()
    figure = map_figure(found, list("abcdef"), ["x", "y", "x", "y", "z", "z"], title="T", caption="C", axis="PCo")
    assert [text.get_text() for text in figure.texts] == ["T", "C"]
    assert texts(figure) == [*"abcdef", "x", "y", "z"]
    drawn = np.array([line.get_xydata()[0] for line in marks(figure)])
    np.testing.assert_allclose(drawn, found.points)
    assert [line.get_color() for line in marks(figure)] == [COLOURS[i] for i in (0, 1, 0, 1, 2, 2)]
    assert len({line.get_marker() for line in marks(figure)}) == 3
    assert figure.axes[0].get_xlabel().startswith("PCo 1 (")


def test_both_axes_have_one_scale():
    figure = map_figure(ordination(), list("abcdef"))
    axes = figure.axes[0]
    box = axes.get_window_extent()
    across, up = (np.ptp(limits) for limits in (axes.get_xlim(), axes.get_ylim()))
    assert across / box.width == pytest.approx(up / box.height)


def test_ellipses():
    rng = np.random.default_rng(0)
    units = rng.standard_normal((30, 5, 8)) + 2 * rng.standard_normal((5, 8))
    units /= np.linalg.norm(units, axis=2, keepdims=True)
    found = bootstrap_ellipses(units @ units.transpose(0, 2, 1), resamples=50)
    figure = map_figure(found.ordination, list("abcde"), ellipses=found)
    drawn = figure.axes[0].patches
    assert len(drawn) == 10  # area and edge
    assert drawn[0].width == pytest.approx(2 * found.radii[0, 0])
    low, high = figure.axes[0].get_xlim()
    assert low < (found.centre[:, 0] - found.radii[:, 0]).min()
    assert high > (found.centre[:, 0] + found.radii[:, 0]).max()


def test_points_in_one_place_can_be_drawn():
    figure = map_figure(pcoa(np.zeros((3, 3))), list("abc"))
    assert texts(figure) == list("abc")


def test_dollars_are_no_formula():
    figure = map_figure(ordination(3), ["$a$", "b", "c"], ["$g$", "h", "h"])
    assert texts(figure)[0] == r"\$a\$"


def test_what_does_not_fit_together():
    with pytest.raises(InputError, match="5 labels"):
        map_figure(ordination(), list("abcde"))
    with pytest.raises(InputError, match="6 labels"):
        map_figure(ordination(), list("abcdef"), list("xy"))


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), number=st.integers(2, 12))
def test_labels_cover_nothing_where_there_is_room(seed, number):
    points = np.random.default_rng(seed).uniform(1.0, 4.0, (number, 2))
    sizes = [(0.6, 0.13)] * number
    places = place_labels(points, sizes, (5, 5))
    boxes = np.array([(place.left, place.low, place.left + 0.6, place.low + 0.13) for place in places])
    assert (boxes >= 0).all()
    assert (boxes <= 5).all()
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    assert shared[~np.eye(number, dtype=bool)].max() < 1e-3


def test_crowded_labels_get_lines_and_lone_ones_none():
    points = np.concatenate([2 + 0.01 * np.arange(8)[:, None] * np.ones(2), [[4.0, 4.0]]])
    places = place_labels(points, [(0.8, 0.13)] * 9, (5, 5))
    assert any(place.end is not None for place in places[:8])
    assert places[8].end is None
    assert places == place_labels(points, [(0.8, 0.13)] * 9, (5, 5))
