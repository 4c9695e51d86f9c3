"""Figures for papers, of whole analyses: none fails, few models or many, and nothing leaves the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from crosslight.agreement.analysis import MethodAnalysis
from crosslight.agreement.structure import without_gaps
from crosslight.report.figures import dendrogram_figure, matrix_figure
from crosslight.report.figures.curve import curve_figure
from crosslight.report.figures.legend import COLOURS
from crosslight.report.figures.points import map_figure

Make = Callable[..., MethodAnalysis]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in (*figure.texts, *(text for axes in figure.axes for text in axes.texts))]


def inside(figure: Figure) -> None:
    """Fail where a text leaves the page."""
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    shown = list(figure.texts)
    for axes in figure.axes:
        shown += axes.texts
        if not axes.axison:
            continue
        for axis, bounds in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim()))):
            ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)  # those shared have no labels
            shown += [label for place, label in ticks if bounds[0] <= place <= bounds[1]]
    for text in shown:
        if text.get_text() and text.get_visible():
            box = text.get_window_extent(renderer)
            assert box.x0 >= -1, text
            assert box.y0 >= -1, text
            assert box.x1 <= width + 1, text
            assert box.y1 <= height + 1, text


@pytest.mark.parametrize(("number", "missing"), [(2, None), (3, None), (4, 2), (14, None), (24, 7)])
def test_figures_of_few_and_many_models(made_method: Make, number: int, missing: int | None) -> None:
    method = made_method(number, missing=missing)
    groups = {label: group or "" for label, group in zip(method.kin.sets, method.kin.groups, strict=True)}
    matrix = matrix_figure(method.main, tree=method.support.tree if method.support else None, groups=groups)
    inside(matrix)
    assert len(matrix.axes[0].get_yticklabels()) == number
    assert method.multiverse is not None
    inside(curve_figure(method.multiverse))
    if method.support is None or method.ellipses is None:
        return
    inside(dendrogram_figure(method.main, support=method.support, groups=groups))
    _, left, _ = without_gaps(method.main.per_image, method.main.sets)
    inside(map_figure(method.ellipses.ordination, left, [groups[label] for label in left], ellipses=method.ellipses))


def test_the_matrix_stands_in_the_order_of_the_supported_tree_with_marks_of_families(made_method: Make) -> None:
    method = made_method(6)
    assert method.support is not None
    groups = dict(zip(method.kin.sets, map(str, method.kin.groups), strict=True))
    tree = replace(method.support.tree, order=tuple(reversed(method.support.tree.order)))
    figure = matrix_figure(method.main, tree=tree, groups=groups)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == list(tree.leaves)
    colours = [line.get_color() for line in figure.axes[0].lines]
    order = list(dict.fromkeys(groups.values()))
    assert colours == [COLOURS[order.index(groups[label])] for label in labels]
    caption = " ".join(reversed(words(figure)))
    assert "Ceiling" in caption
    assert ".97" in caption


def test_branches_carry_their_support(made_method: Make) -> None:
    method = made_method(4)
    assert method.support is not None
    figure = dendrogram_figure(method.main, support=method.support)
    shown = [text.get_text() for text in figure.axes[0].texts]
    expected = [f"{100 * au:.0f}/{100 * bp:.0f}" for au, bp in zip(method.support.au, method.support.bp, strict=True)]
    assert set(shown) <= set(expected[:-1])
    assert expected[0] in shown
    assert "20 resamples" in " ".join(reversed(words(figure)))
    thick = [line for line in figure.axes[0].lines if line.get_linewidth() > 2]
    assert len(thick) == sum(au >= 0.95 for au in method.support.au[:-1])
    plain = dendrogram_figure(method.main)
    assert [text.get_text() for text in plain.axes[0].texts] == []


def test_labels_of_branches_do_not_cover_each_other(made_method: Make) -> None:
    method = made_method(24)
    figure = dendrogram_figure(method.main, support=method.support)
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert len(boxes) > 4
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            across = min(one.x1, other.x1) - max(one.x0, other.x0)
            up = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert across < 4 or up < 4  # pixels at 200 dpi


def test_the_curve_is_sorted_and_says_which_choices(made_method: Make) -> None:
    found = made_method(3).multiverse
    assert found is not None
    curve, below = curve_figure(found).axes
    drawn = sorted((x, y) for line in curve.lines[:3] for x, y in zip(*line.get_data(), strict=True))
    values = [y for _, y in drawn]
    assert len(values) == len(found.universes)
    assert values[:-1] == sorted(values[:-1])
    assert np.isnan(values[-1])
    ticks = [label.get_text() for label in below.get_yticklabels()]
    assert ticks == ["published", "signed", "absolute", "7", "28", "cosine", "iou"]  # others have one level
    one = replace(found, universes=found.universes[:1])
    assert len(curve_figure(one).axes) == 1
