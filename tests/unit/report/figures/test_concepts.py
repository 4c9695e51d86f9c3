"""Histograms of concepts: order, what is summed up, layers."""

from __future__ import annotations

import pytest

from crosslight.core.errors import InputError
from crosslight.report.figures import concept_histogram

COUNTS = {"dog": 12, "grass": 30, "sky": 12, "wheel": 2, "hand": 1, "nothing": 0}


def rows(figure):
    return [tick.get_text() for tick in figure.axes[0].get_yticklabels()]


def widths(figure):
    return [patch.get_width() for patch in figure.axes[0].patches]


def test_the_most_frequent_on_top_and_the_rest_summed_up(words, on_the_page):
    figure = concept_histogram(COUNTS, minimum=2)
    on_the_page(figure)
    assert rows(figure) == ["grass", "dog", "sky", "wheel", "1 further concept"]
    assert widths(figure) == [30, 12, 12, 2, 1]
    low, high = figure.axes[0].get_ylim()
    assert low > high  # the first on top
    caption = " ".join(reversed(words(figure)))
    assert "57 units with a concept, 5 concepts" in caption
    assert "fewer than 2 units" in caption


def test_layers_are_parts_of_a_bar(words, on_the_page):
    figure = concept_histogram({"layer 1": {"dog": 1, "sky": 4}, "layer 2": {"dog": 5}})
    on_the_page(figure)
    assert rows(figure) == ["dog", "sky"]
    lefts = [(patch.get_x(), patch.get_width()) for patch in figure.axes[0].patches]
    assert lefts == [(0, 1), (0, 4), (1, 5), (4, 0)]
    assert "layer 2 (5)" in words(figure)


def test_no_more_bars_than_fit(words):
    figure = concept_histogram({f"concept {i}": i + 1 for i in range(60)}, most=10)
    assert len(rows(figure)) == 11
    assert rows(figure)[-1] == "50 further concepts"
    assert "rarest" in " ".join(words(figure))


def test_very_long_names_are_cut(on_the_page):
    figure = concept_histogram({"a name " * 20: 3, "$x$": 2})
    on_the_page(figure)
    assert rows(figure)[0].endswith("...")


@pytest.mark.parametrize("counts", [{}, {"a": 0}, {"a": -1}, {"a": 1.5}, {"a": True}, {"a": {"b": 1}, "c": 2}])
def test_what_is_no_count(counts):
    with pytest.raises(InputError):
        concept_histogram(counts)
