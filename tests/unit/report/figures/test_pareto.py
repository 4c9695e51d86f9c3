"""The front of a search: points, intervals and words."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.evaluation.tuning import Point, Trial, Tuned
from crosslight.report.figures.pareto import pareto_figure


def tuned(costs=(1000, 80, 300), labels=("default", "front", "best"), **changes) -> Tuned:
    random = np.random.default_rng(0)
    points = tuple(
        Point(label, {}, (0.5, cost), 0.1 * at + random.random(8), np.ones(8), np.full(8, float(cost)))
        for at, (label, cost) in enumerate(zip(labels, costs, strict=True))
    )
    trials = tuple(Trial(number, "", "done", score=0.3, evaluations=50.0 * (number + 1)) for number in range(4))
    usual = {
        "method": "lime", "objective": "iou", "better": "higher", "models": ("A$", "B"), "points": points, "best": 2,
        "trials": trials, "searched": ("a",) * 6, "judged": ("b",) * 8, "held_out": True, "chosen": {}, "tables": {},
        "space": {},
    }  # fmt: skip
    return Tuned(**{**usual, **changes})


def test_every_point_stands_where_it_was_judged_with_its_interval():
    found = tuned()
    figure = pareto_figure(found)
    (axes,) = figure.axes
    score = found.estimates("scores")
    bars = {one.get_label(): one for one in axes.containers}
    assert set(bars) == {"default settings", "front", "proposed"}
    for at, name in enumerate(("default settings", "front", "proposed")):
        line, _, (reach,) = bars[name].lines
        assert line.get_xdata()[0] == (1000, 80, 300)[at]
        assert line.get_ydata()[0] == pytest.approx(score.mean[at])
        low, high = reach.get_segments()[0][:, 1]
        assert (low, high) == (pytest.approx(score.low[at]), pytest.approx(score.high[at]))
    (trials,) = (line for line in axes.lines if line.get_label().startswith("trials"))
    assert len(trials.get_xdata()) == 4
    words = " ".join(text.get_text() for text in figure.texts)
    assert "8 images that the search did not see" in words
    assert r"A\$, B" in words
    assert axes.get_ylabel() == "iou"


def test_other_words_where_the_images_were_seen_and_less_is_better():
    figure = pareto_figure(tuned(held_out=False, better="lower"), title="T")
    words = [text.get_text() for text in figure.texts]
    assert words[0] == "T"
    assert any("other samples" in one for one in [" ".join(words)])
    assert figure.axes[0].get_ylabel() == "iou, less is better"


def test_one_cost_for_all_can_be_drawn_and_nothing_cannot():
    low, high = pareto_figure(tuned(costs=(1, 1, 1))).axes[0].get_xlim()
    assert low < 1 < high
    with pytest.raises(InputError, match="no points"):
        pareto_figure(tuned(points=()))
