from __future__ import annotations

import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from crosslight.agreement import aggregate, average_linkage, cosine, from_matrix
from crosslight.report.figures import dendrogram_figure, matrix_figure


def agreement(sets, seed=0, missing=None, labels=None):
    prepared = np.random.default_rng(seed).random((sets, 12, 9))
    if missing is not None:
        prepared[missing] = 0
    floor = np.full((sets, sets), 0.61)
    return aggregate(cosine(prepared), labels or [f"model-{i}" for i in range(sets)], floor=floor, label="Grad-CAM")


def texts(figure: Figure) -> list[str]:
    axes = [text.get_text() for ax in figure.axes for text in ax.texts]
    return axes + [text.get_text() for text in figure.texts]


@pytest.mark.parametrize("sets", [1, 2, 8, 20])
@pytest.mark.parametrize("draw", [matrix_figure, dendrogram_figure])
def test_nothing_leaves_the_page(sets, draw):
    labels = [f"{'A rather long label ' if i % 3 == 0 else 'm'}{i}" for i in range(sets)]
    figure = draw(agreement(sets, labels=labels))
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    renderer = figure.canvas.get_renderer()
    shown = [*figure.texts]
    for ax in figure.axes:
        shown += ax.texts
        for axis, bounds in ((ax.xaxis, sorted(ax.get_xlim())), (ax.yaxis, sorted(ax.get_ylim()))):
            ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            shown += [label for place, label in ticks if bounds[0] <= place <= bounds[1]]
    for text in shown:
        if text.get_text() and text.get_visible():
            box = text.get_window_extent(renderer)
            assert box.x0 >= -1, text
            assert box.y0 >= -1, text
            assert box.x1 <= width + 1, text
            assert box.y1 <= height + 1, text


def test_the_matrix_stands_in_the_order_of_the_leaves_with_its_values_and_floor():
    result = agreement(6)
    figure = matrix_figure(result)
    tree = average_linkage(result.dissimilarity, result.sets)
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == list(tree.leaves)
    order = [result.sets.index(leaf) for leaf in tree.leaves]
    shown = np.asarray(figure.axes[0].images[0].get_array())
    np.testing.assert_array_equal(shown, result.mean[np.ix_(order, order)])
    assert f"{shown[0, 1]:.2f}"[1:] in texts(figure)
    caption = " ".join(reversed(texts(figure)))
    assert ".61" in caption
    assert "N = 12 images" in caption


def test_the_dendrogram_has_the_leaves_of_the_matrix_from_top_to_bottom():
    result = agreement(7)
    axes = dendrogram_figure(result).axes[0]
    ticks = sorted(
        zip(axes.transData.transform([(0, y) for y in axes.get_yticks()])[:, 1], axes.get_yticklabels(), strict=True),
        key=lambda pair: -pair[0],
    )
    assert [label.get_text() for _, label in ticks] == list(average_linkage(result.dissimilarity, result.sets).leaves)


def test_a_set_without_maps_is_named():
    result = agreement(4, missing=2)
    assert "model-2" in " ".join(texts(dendrogram_figure(result)))
    assert "–" in texts(matrix_figure(result))
    assert "model-2" in " ".join(texts(matrix_figure(result)))


def test_odd_labels_and_matrices_alone():
    result = from_matrix(np.array([[1, -0.25], [-0.25, 1]]), ["a $x$ $", "b_2^{"], "50% $")
    for draw in (matrix_figure, dendrogram_figure):
        draw(result).canvas.draw()
    assert "−.25" in texts(matrix_figure(result))


def test_no_global_state():
    loaded = "matplotlib.pyplot" in sys.modules
    figure = matrix_figure(agreement(3))
    assert ("matplotlib.pyplot" in sys.modules) == loaded
    assert figure.canvas.manager is None
