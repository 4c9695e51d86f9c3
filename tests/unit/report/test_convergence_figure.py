"""The figure of growing budgets: all words on the page and apart, one colour scale, what is left out is told."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from crosslight.core.geometry import Box
from crosslight.report.convergence import convergence_figure, short
from crosslight.study import Convergence

PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))


def found(repeats: int = 3, budgets: int = 4, **others) -> Convergence:
    rng = np.random.default_rng(1)
    shape = (repeats, budgets)
    steps = 2.0 ** -np.arange(budgets)[:, None, None]
    maps = rng.normal(size=(1, 1, 6, 6)) + steps * rng.normal(size=(*shape, 6, 6))
    evaluations = np.tile(1000 * 2 ** np.arange(budgets), (repeats, 1))
    values = {
        "model": "A network with a long name", "method": "kernel-shap", "setting": "samples",
        "budgets": tuple(evaluations[0].tolist()), "seeds": tuple(range(repeats)), "maps": maps.astype(np.float32),
        "evaluations": evaluations, "seconds": evaluations / 77,
        "diagnostics": {"standard_error": np.tile(1 / (1.0 + np.arange(budgets)), (repeats, 1))},
        "deterministic": False, "skipped": (), "box": Box(5, 0, 35, 30), "target": (1, -1), "explained": "a $1 note",
        "predicted": "soft-coated wheaten terrier, a dog", "probability": 0.5,
        "attributes": {"finish": "none", "sign": "signed", "tolerance": "standard_error"},
    }  # fmt: skip
    return Convergence(**(values | others))


def texts(figure: Figure) -> str:
    legends = [ax.get_legend() for ax in figure.axes if ax.get_legend() is not None]
    every = [*figure.texts, *(text for ax in figure.axes for text in ax.texts), *(t for g in legends for t in g.texts)]
    return "\n".join(text.get_text() for text in every)


def caption(figure: Figure) -> str:
    """The small lines at the bottom, which stand there from the last to the first."""
    lines = [text.get_text() for text in figure.texts if text.get_position()[1] < 0.2]
    return " ".join(reversed(lines))


def test_a_long_name_in_the_legend_stays_on_the_page():
    name = "a_measure_with_a_name_that_is_much_too_long_for_any_legend"
    attributes = {"finish": "none", "sign": "signed", "tolerance": name}
    figure = convergence_figure(found(2, 2, attributes=attributes, diagnostics={name: np.ones((2, 2))}), PICTURE)
    figure.canvas.draw()
    for text in figure.axes[-1].get_legend().texts:
        assert text.get_window_extent().x1 <= figure.canvas.get_width_height()[0]


@pytest.mark.parametrize(
    ("repeats", "budgets", "picture"),
    [(1, 1, PICTURE), (5, 5, PICTURE), (2, 2, PICTURE.resize((100, 10))), (1, 3, PICTURE.resize((10, 100)))],
)
def test_all_words_are_on_the_page_and_apart(repeats, budgets, picture):
    figure = convergence_figure(found(repeats, budgets), picture, "a-photograph.jpg")
    figure.canvas.draw()
    width, height = figure.canvas.get_width_height()
    renderer = figure.canvas.get_renderer()
    plot = figure.axes[-1]
    shown = [*figure.texts, *plot.get_xticklabels(), plot.xaxis.label, plot.yaxis.label, *plot.get_legend().texts]
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in shown if text.get_text()]
    for text, box in boxes:
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text
    for (one, first), (other, second) in combinations(boxes, 2):
        assert not first.overlaps(second), (one, other)
    pictures = [ax.get_window_extent(renderer) for ax in figure.axes[:-1]]
    for text, box in boxes:
        assert not any(box.overlaps(extent) for extent in pictures), text


def test_every_map_stands_under_its_budget_with_its_error():
    result = found(2, 3)
    figure = convergence_figure(result, PICTURE, "photo.png")
    assert len(figure.axes) == 1 + 1 + 2 * 3 + 1  # photograph, reference, maps, plot
    words = texts(figure)
    assert "photo.png: kernel-shap on A network with a long name" in words
    assert "2,000 samples\n2,000 evaluations, 26 s" in words
    assert f"error {short(result.error[1, 2])}, r {short(result.correlation[1, 2], 3)}" in words
    assert "soft-coated" in words
    lines = {line.get_label(): line.get_ydata() for line in figure.axes[-1].lines}
    np.testing.assert_allclose(lines["error, mean over repeats"], result.error.mean(axis=0))
    np.testing.assert_allclose(lines["spread over repeats"], result.spread)
    np.testing.assert_allclose(lines["own standard error, squared"], [1, 1 / 4, 1 / 9])
    guide = lines["slope −1: half at twice the budget"]
    np.testing.assert_allclose(guide[1:] / guide[:-1], 0.5)


def test_one_colour_scale_for_all_maps():
    maps = found(2, 2).maps.copy()
    maps[0, 0] = 0.5 * maps[:, -1].mean(axis=0)  # the reference, at half its strength
    figure = convergence_figure(found(2, 2, maps=maps), PICTURE)
    plain, reference, weak = (np.asarray(figure.axes[at].images[0].get_array(), float) for at in (0, 1, 2))
    assert 0 < np.abs(weak - plain).mean() < 0.9 * np.abs(reference - plain).mean()


def test_what_is_special_is_told():
    assert "Left out: 50 (too few)" in caption(convergence_figure(found(skipped=((50, "too few"),)), PICTURE))
    one = found(1, 3)
    alone = texts(convergence_figure(one, PICTURE))
    assert "the reference itself" in alone
    assert "One repeat" in caption(convergence_figure(one, PICTURE))
    stands = convergence_figure(replace(one, deterministic=True), PICTURE)
    assert "one run stands for all" in caption(stands)
    same = np.repeat(found(1, 1).maps, 2, axis=0)
    calm = found(2, 1, maps=same, attributes={"finish": "none", "sign": "signed", "tolerance": None})
    assert "no difference between any two runs" in texts(convergence_figure(calm, PICTURE))
    assert "3 of 5 are shown" in caption(convergence_figure(found(5, 2), PICTURE))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0428, 2, ".043"), (0.03, 2, ".030"), (0.1256, 2, ".13"), (1.234, 2, "1.23"), (0.9999, 3, "1.000"),
        (0.00009, 2, "9e−5"), (-0.25, 2, "−.25"), (0.0, 2, "0"), (float("nan"), 2, "–"), (float("inf"), 2, "∞"),
    ],
)  # fmt: skip
def test_short_numbers(value, digits, text):
    assert short(value, digits) == text
