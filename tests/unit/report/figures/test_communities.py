"""Graphs of sets: edges, colours and what is said of their stability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crosslight.agreement.structure import communities
from crosslight.core.errors import InputError
from crosslight.report.figures import community_graph
from crosslight.report.figures.legend import COLOURS


def found(one, **options):
    return communities(one.dissimilarity, seeds=5, **options)


def nodes(figure):
    axes = next(ax for ax in figure.axes if any(line.get_markersize() == 9 for line in ax.lines))
    return [line for line in axes.lines if line.get_marker() not in ("None", None, "")]


def test_two_planted_groups_have_two_colours_and_the_caption_their_stability(agreement, words, on_the_page):
    one = agreement(6)
    figure = community_graph(one, found(one), support=np.eye(6))
    on_the_page(figure)
    colours = [line.get_color() for line in nodes(figure)]
    assert colours == [COLOURS[0]] * 3 + [COLOURS[1]] * 3
    written = " ".join(reversed(words(figure)))
    assert "all 5 seeds" in written
    assert "resolutions" in written
    assert "stay together in 0 %" in written
    assert "community 1 (3)" in written
    assert "N = 24 images" in written


def test_the_layout_is_always_the_same_and_keeps_the_groups_apart(agreement):
    one = agreement(6)
    places = [np.array([line.get_xydata()[0] for line in nodes(community_graph(one, found(one)))]) for _ in range(2)]
    np.testing.assert_array_equal(*places)
    within = np.linalg.norm(places[0][0] - places[0][1])
    between = np.linalg.norm(places[0][0] - places[0][4])
    assert within < between


def test_pairs_at_chance_have_no_edge(agreement, words):
    one = agreement(6, floor=np.full((6, 6), 0.999))
    figure = community_graph(one, found(one))
    assert "0 of 15 pairs" in " ".join(reversed(words(figure)))


def test_an_edge_needs_an_interval_above_chance(agreement, words):
    one = agreement(6)
    one = replace(one, floor=(one.low + one.mean) / 2)
    assert "0 of 15 pairs" in " ".join(reversed(words(community_graph(one, found(one)))))


def test_where_no_partition_holds_all_are_grey(agreement, words):
    one = agreement(5)
    figure = community_graph(one, found(one, resolutions=[1e-6]))
    assert {line.get_color() for line in nodes(figure)} == {COLOURS[-1]}
    assert "no partition with two" in " ".join(reversed(words(figure)))


def test_communities_of_other_sets(agreement):
    with pytest.raises(InputError, match="5 sets"):
        community_graph(agreement(5), found(agreement(4)))
