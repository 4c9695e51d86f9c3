"""The confusion evolution as a figure: every part is there, and shared lines have their mean light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.dynamics import UNKNOWN, History, confusion, measure_all
from crosslight.report.figures import learning_figure
from crosslight.report.figures.learning import COLOURS, colours_of, mean_colours, rows_of


@pytest.fixture
def history() -> History:
    rng = np.random.default_rng(0)
    labels = np.array([0, 1, 2, 0, 1, 2, UNKNOWN, 0], np.int32)
    return History(
        classes=("cat", "dog", "$fox$"),
        ids=tuple(map(str, range(8))),
        labels=labels,
        epochs=np.array([1, 2, 5], np.int32),
        predictions=rng.integers(0, 3, (3, 8)).astype(np.uint16),
        metrics={"train/loss": np.array([2.0, 1.0, np.nan]), "validation/accuracy": np.array([0.2, 0.4, 0.6])},
    )


def test_every_part_is_there(history: History) -> None:
    figure = learning_figure(history, title="A run")
    words = " ".join(text.get_text() for axes in figure.axes for text in (*axes.texts, axes.title, axes.xaxis.label))
    for word in ("frequency", "variability", "misclassification rate", "epoch", "cat", "dog", r"\$fox\$"):
        assert word in words
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert {"accuracy", "loss"} <= set(titles)
    counts = confusion(history)
    assert f"epoch 5: {100 * counts.trace() / counts.sum():.1f} % right" in titles
    heat = figure.axes[0].images[0].get_array()
    assert heat.shape == (8, 3, 3)
    first = rows_of(history, measure_all(history)["misclassification"])[0]
    assert np.allclose(heat[0, 0], colours_of(3)[history.predictions[0, first]], atol=1e-6)


def test_rows_are_grouped_by_true_class_and_sorted_within(history: History) -> None:
    values = measure_all(history)["misclassification"]
    order = rows_of(history, values)
    assert history.labels[order].tolist() == [0, 0, 0, 1, 1, 2, 2, UNKNOWN]
    assert (np.diff(values[order[:3]]) >= 0).all()


def test_lines_that_several_rows_share_have_their_mean_light() -> None:
    rows = np.array([[[0.0, 0.0, 0.0]], [[1.0, 1.0, 1.0]], [[1.0, 0.0, 0.0]]])
    assert mean_colours(rows, 5) == pytest.approx(rows)
    grey = 1.055 * 0.5 ** (1 / 2.4) - 0.055
    assert mean_colours(rows[:2], 1)[0, 0] == pytest.approx([grey] * 3)


@pytest.mark.parametrize("classes", [1, 12, 13, 300])
def test_every_class_has_a_colour(classes: int) -> None:
    found = colours_of(classes)
    assert found.shape == (classes, 3)
    assert ((found >= 0) & (found <= 1)).all()
    if classes <= len(COLOURS):
        assert len({tuple(one) for one in found}) == classes


def test_one_epoch_without_anything_else_is_drawn_and_none_is_refused(history: History) -> None:
    one = replace(history, epochs=history.epochs[:1], predictions=history.predictions[:1], metrics={})
    assert learning_figure(one).axes
    nameless = replace(one, labels=np.full(8, UNKNOWN, np.int32))
    assert learning_figure(nameless).axes
    with pytest.raises(InputError, match="one epoch"):
        learning_figure(replace(history, epochs=history.epochs[:0], predictions=history.predictions[:0], metrics={}))
