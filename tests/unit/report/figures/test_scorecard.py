"""Tables of scores: cells, marks, baselines and scales."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.evaluation.baselines import BASELINES
from crosslight.evaluation.scorecard import make_scorecard
from crosslight.report.figures import scorecard_figure


@pytest.fixture
def card():
    rng = np.random.default_rng(0)
    shape = (2, 2, 3, 20)  # metric, method, model, image
    values = rng.uniform(0.4, 0.6, shape)
    values[:, 1] -= 0.35  # the second method is worse than chance
    values[1, 0, 2] = np.nan
    base = rng.uniform(0.15, 0.25, (2, len(BASELINES), *shape[1:]))
    return make_scorecard(
        values=values, baseline_values=base, outside=np.zeros(shape[1:]), mask_share=np.full(20, 0.2), resamples=50,
        metrics=("energy", "pointing"), methods=("Grad-CAM", "$Saliency$"), models=("A", "B", "A rather long label"),
        images=tuple(map(str, range(20))), names=tuple(map(str, range(20))), masks="boxes",
    )  # fmt: skip


def rows(figure):
    return [tick.get_text() for tick in figure.axes[0].get_yticklabels()]


def test_methods_by_models_with_intervals_marks_and_baselines_apart(card, words, on_the_page):
    figure = scorecard_figure(card)
    on_the_page(figure)
    assert rows(figure) == ["Grad-CAM", r"\$Saliency\$", *BASELINES]
    places = figure.axes[0].get_yticks()
    steps = np.diff(places)
    assert steps[1] > steps[0] == pytest.approx(steps[2])
    written = words(figure)
    mean = card.scores.mean[0, 0, 0]
    assert f"{mean:.2f}"[1:] in written
    low, high = card.scores.low[0, 0, 0], card.scores.high[0, 0, 0]
    assert f"{low:.2f}"[1:] + "\N{EN DASH}" + f"{high:.2f}"[1:] in written
    assert sum(text.endswith("*") for text in written) == 3
    caption = " ".join(reversed(written))
    assert "95 % intervals" in caption
    assert "masks: boxes" in caption


def test_one_model_under_every_metric_each_with_its_own_scale(card, words):
    figure = scorecard_figure(card, model="A")
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["energy", "pointing"]
    assert len(figure.axes) == 1  # no bar: there is no one scale
    assert "every column" in " ".join(reversed(words(figure)))


def test_some_methods_and_models(card, words):
    figure = scorecard_figure(card, methods=["Grad-CAM"], models=["B"])
    assert rows(figure) == ["Grad-CAM", *BASELINES]
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["B"]
    assert f"{card.scores.mean[0, 0, 1]:.2f}"[1:] in words(figure)
    assert "Not shown" not in " ".join(words(figure))  # that is of the other method alone


def test_what_has_no_score_is_a_dash(card, words):
    assert "\N{EN DASH}" in words(scorecard_figure(card, metric="pointing"))


def test_what_the_card_does_not_hold(card):
    with pytest.raises(UnknownNameError, match="pointing"):
        scorecard_figure(card, metric="pointng")
    with pytest.raises(UnknownNameError, match="model"):
        scorecard_figure(card, model="C")
    with pytest.raises(UnknownNameError, match="method label"):
        scorecard_figure(card, methods=["Grad"])
    with pytest.raises(InputError, match="not of both"):
        scorecard_figure(card, metric="energy", model="A")
