"""Small multiples of matrices: one order, one scale for each measure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.report.figures import comparison_figure


def panels(agreement):
    return {
        "Grad-CAM": {"cosine": agreement(6), "ssim": replace(agreement(6, seed=1), measure_label="SSIM")},
        "LIME": {"cosine": agreement(6, seed=2), "ssim": replace(agreement(6, seed=3), measure_label="SSIM")},
    }


def matrices(figure):
    return [axes for axes in figure.axes if axes.images]


def test_one_order_and_one_scale_for_each_measure(agreement, words, on_the_page):
    own = panels(agreement)
    own["LIME"]["cosine"] = replace(own["LIME"]["cosine"], mean=own["LIME"]["cosine"].mean - 0.4)
    figure = comparison_figure(own)
    on_the_page(figure)
    drawn = matrices(figure)
    assert len(drawn) == 4
    order = [tick.get_text() for tick in drawn[0].get_yticklabels()]
    assert sorted(order) == [f"model-{i}" for i in range(6)]
    cosine, ssim = drawn[:2], drawn[2:]  # column by column
    for pair, key in ((cosine, "cosine"), (ssim, "ssim")):
        low, high = pair[0].images[0].get_clim()
        assert (low, high) == pair[1].images[0].get_clim()
        others = [one[key].mean[np.triu_indices(6, 1)] for one in own.values()]
        assert low <= min(np.min(others), 0.61)
        assert high >= np.max(others)
    for axes, one in zip([*cosine, *ssim], [own[row][key] for key in ("cosine", "ssim") for row in own], strict=True):
        places = [one.sets.index(name) for name in order]
        np.testing.assert_array_equal(np.asarray(axes.images[0].get_array()), one.mean[np.ix_(places, places)])
    written = " ".join(words(figure))
    assert "chance .61" in written
    assert "SSIM" in written
    assert "N = 24 images" in written
    assert "Grad-CAM and LIME" in written


def test_sets_that_a_method_lacks_are_left_out_and_named(agreement, words):
    own = {"A": {"cosine": agreement(6)}, "B": {"cosine": agreement(4)}}
    figure = comparison_figure(own)
    assert np.asarray(matrices(figure)[0].images[0].get_array()).shape == (4, 4)
    assert "model-5" in " ".join(words(figure))


def test_different_numbers_of_images_are_told_apart(agreement, words):
    own = {"A": {"cosine": agreement(4)}, "B": {"cosine": agreement(4, images=9)}}
    caption = " ".join(reversed(words(comparison_figure(own))))
    assert "A, N = 24 images; B, N = 9 images" in caption


def test_groups_and_many_sets(agreement, on_the_page):
    labels = [f"A rather long label {i}" for i in range(14)]
    own = {"A": {"cosine": agreement(14, labels=labels)}}
    figure = comparison_figure(own, groups={label: "xy"[i % 2] for i, label in enumerate(labels)})
    on_the_page(figure)


def test_what_cannot_be_compared(agreement):
    with pytest.raises(InputError, match="one method"):
        comparison_figure({})
    with pytest.raises(InputError, match="same measures"):
        comparison_figure({"A": {"cosine": agreement(3)}, "B": {"iou": agreement(3)}})
    with pytest.raises(InputError, match="two sets"):
        comparison_figure({"A": {"cosine": agreement(2)}, "B": {"cosine": agreement(2, labels=["x", "y"])}})
