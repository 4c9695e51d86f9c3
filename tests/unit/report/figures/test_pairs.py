"""Distributions over images: order, relations, floors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crosslight.agreement.relations import Kinship
from crosslight.core.errors import InputError
from crosslight.report.figures import pair_distributions
from crosslight.report.figures.pairs import relation_words


def kin(sets, groups):
    nothing = (None,) * len(sets)
    return Kinship(tuple(sets), "family", tuple(groups), nothing, nothing)


def rows(figure):
    return [tick.get_text() for tick in figure.axes[0].get_yticklabels()]


def test_pairs_of_one_relation_stand_together_by_falling_mean(agreement, words, on_the_page):
    one = agreement(5)
    figure = pair_distributions(one, kin(one.sets, "aabbb"))
    on_the_page(figure)
    names = rows(figure)
    assert len(names) == 10
    means = []
    for name in names:
        first, second = (one.sets.index(part) for part in name.split(" \N{EN DASH} "))
        means.append((("aabbb"[first] != "aabbb"[second]), -one.mean[first, second]))
    assert means == sorted(means)
    written = words(figure)
    assert "one family (4 pairs)" in written
    assert "different families (6 pairs)" in written


def test_floor_mean_and_interval_are_where_they_belong(agreement, words):
    one = agreement(2)
    figure = pair_distributions(one)
    lines = figure.axes[0].lines
    (floor,) = [line for line in lines if line.get_marker() == "^"]
    (mean,) = [line for line in lines if line.get_marker() == "o"]
    assert floor.get_xdata()[0] == pytest.approx(0.61)
    assert mean.get_xdata()[0] == pytest.approx(one.mean[0, 1])
    assert any(
        np.allclose(line.get_xdata(), [one.low[0, 1], one.high[0, 1]]) for line in lines if len(line.get_xdata()) == 2
    )
    assert "N = 24 images" in " ".join(reversed(words(figure)))


def test_a_ceiling_is_drawn_where_there_is_one(agreement):
    one = agreement(3).with_ceiling(np.full((3, 3), 0.95))
    marks = [line.get_markerfacecolor() for line in pair_distributions(one).axes[0].lines if line.get_marker() == "^"]
    assert marks.count("white") == 3


def test_few_images_are_strokes_and_not_a_density(agreement):
    few, many = pair_distributions(agreement(2, images=6)).axes[0], pair_distributions(agreement(2)).axes[0]
    assert not few.collections
    assert many.collections
    strokes = next(line for line in few.lines if line.get_marker() == "|")
    assert len(strokes.get_xdata()) == 6


def test_of_very_many_the_most_and_the_least_alike(agreement, words):
    one = agreement(8)
    figure = pair_distributions(one, most=6)
    means = sorted(one.mean[np.triu_indices(8, 1)])
    shown = [one.mean[tuple(one.sets.index(part) for part in name.split(" \N{EN DASH} "))] for name in rows(figure)]
    assert shown == sorted([*means[:3], *means[-3:]], reverse=True)
    assert "22 of 28 pairs" in " ".join(reversed(words(figure)))


def test_images_without_all_maps_do_not_count(agreement):
    one = agreement(3)
    gone = one.per_image.copy()
    gone[:10, 2, :] = gone[:10, :, 2] = np.nan
    figure = pair_distributions(replace(one, per_image=gone[:16]))
    strokes = [line for line in figure.axes[0].lines if line.get_marker() == "|"]
    assert [len(line.get_xdata()) for line in strokes] == [6, 6, 6]


def test_what_cannot_be_drawn(agreement):
    one = agreement(3)
    with pytest.raises(InputError, match="no two sets"):
        pair_distributions(replace(one, per_image=np.full_like(one.per_image, np.nan)))
    with pytest.raises(InputError, match="relations"):
        pair_distributions(one, kin("abc", "xyz"))


def test_words_of_relations():
    assert relation_words("one group", "lineage") == "one lineage"
    assert relation_words("different groups", "groups") == "different groups"
    assert relation_words("", "family") == "family not known"
