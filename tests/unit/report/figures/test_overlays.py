"""Grids of overlays: what stands where, what is written, and what is drawn in each style."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError
from crosslight.core.maps import Maps, Status
from crosslight.report.figures import Said, Shot, Tile, overlay_grid
from crosslight.report.figures.tiles import AGAINST, FOR, window_of


def picture(width=120, height=90, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8))


def maps(values=None, status=Status.OK, box=(20, 5, 100, 85), **attributes):
    values = np.random.default_rng(1).random((1, 7, 7)) if values is None else np.asarray(values)[None]
    return Maps(
        values.astype(np.float32), np.array([box], float), np.array([status], np.uint8), np.zeros((1, 2), np.int32),
        ("x",), attributes={"finish": "none", **attributes},
    )  # fmt: skip


def superpixels():
    values = np.zeros((20, 20))
    values[:10, :10], values[:10, 10:], values[10:, :10], values[10:, 10:] = 3, -2, 0.5, -0.1
    return maps(values, settings={"segmentation": "slic"})


def shot(*tiles, **options):
    return Shot(picture(), [tile if tile is None else Tile(tile, 0, options.get("tile_said")) for tile in tiles],
                name=options.get("name", "tench"), said=options.get("said"))  # fmt: skip


def tile_axes(figure):
    return [axes for axes in figure.axes if axes.images and axes.get_aspect() != "auto"]


def test_the_photograph_comes_first_and_heads_stand_over_their_columns(words, on_the_page):
    said = Said("goldfish, Carassius", 0.876, right=False)
    figure = overlay_grid([shot(maps(), maps(), tile_said=said)] * 2, ["One", "Two"])
    on_the_page(figure)
    axes = tile_axes(figure)
    assert len(axes) == 6
    first = np.asarray(axes[0].images[0].get_array())
    assert not np.allclose(first, np.asarray(axes[1].images[0].get_array()))
    heads = {text.get_text(): text.get_position()[0] for text in figure.texts if text.get_text() in ("One", "Two")}
    assert heads["One"] < heads["Two"]
    written = words(figure)
    assert written.count("88 %") == 4
    assert written.count("\N{BALLOT X}") == 4
    assert written.count("tench") == 2
    caption = " ".join(reversed(written))
    assert "Every map has its own scale" in caption
    assert "wrong" in caption


def test_a_prediction_for_all_columns_stands_below_the_photograph_once(words):
    figure = overlay_grid([shot(maps(), maps(), said=Said("cat", 0.5, right=True))], ["A", "B"])
    assert words(figure).count("50 %") == 1
    assert words(figure).count("\N{CHECK MARK}") == 1


def test_without_predictions_none_is_explained(words):
    caption = " ".join(words(overlay_grid([shot(maps())], ["A"])))
    assert "prediction" not in caption


def test_groups_of_columns_have_one_head(words, on_the_page):
    figure = overlay_grid([shot(maps(), maps(), maps())], ["a", "b", "a"], groups=["Net", "Net", "Other"])
    on_the_page(figure)
    assert words(figure).count("Net") == 1
    assert words(figure).count("Other") == 1


def test_long_heads_are_turned_and_stay_on_the_page(on_the_page):
    names = ["A", "B", "C", "D", "E", "F", "A name that is far too long for one column of maps"]
    on_the_page(overlay_grid([shot(*[maps()] * 7)], names))


def test_segments_colour_the_strongest_apart_by_sign(words):
    figure = overlay_grid([shot(superpixels(), maps())], ["S", "H"], style="segments", top=2)
    one, other = tile_axes(figure)[1:]
    colours = [tuple(np.round(c.get_color()[0][:3], 3)) for c in one.collections]
    from matplotlib.colors import to_rgb

    assert tuple(np.round(to_rgb(FOR), 3)) in colours
    assert tuple(np.round(to_rgb(AGAINST), 3)) in colours
    assert len(one.collections) == 3  # all borders, and the two strongest
    assert not other.collections  # a map without superpixels is drawn as heat
    written = " ".join(words(figure))
    assert "the 2 of the largest magnitude" in written
    assert "Every map has its own scale" in written
    assert "against it" in " ".join(text.get_text() for text in figure.legends[0].get_texts())


def test_positive_and_negative_segments_get_their_colour_inside():
    grey = Shot(Image.new("RGB", (120, 90), (128, 128, 128)), [Tile(superpixels(), 0)])
    figure = overlay_grid([grey], ["S"], style="segments", top=2)
    drawn = np.asarray(tile_axes(figure)[1].images[0].get_array())
    height, width = drawn.shape[:2]
    left, right = drawn[height // 4, width // 4], drawn[height // 4, 3 * width // 4]
    below = drawn[3 * height // 4, width // 4]
    assert left[0] > left[2]  # vermillion for
    assert right[0] < right[2]  # blue against
    assert np.ptp(below) < 0.01  # the third is not coloured


def test_contours_of_signed_maps_have_both_signs():
    values = np.outer(np.linspace(-1, 1, 9), np.ones(9))
    signed = overlay_grid([shot(maps(values))], ["A"], style="contour")
    magnitude = overlay_grid([shot(maps(np.abs(values), sign="magnitude"))], ["A"], style="contour")
    assert len(tile_axes(signed)[1].collections) == 2
    assert len(tile_axes(magnitude)[1].collections) == 1
    assert [text.get_text() for text in magnitude.legends[0].get_texts()] == ["magnitude"]


def test_what_is_missing_says_why(words):
    failed = maps(np.full((7, 7), np.nan), status=Status.ZERO)
    written = words(overlay_grid([shot(failed, None)], ["A", "B"]))
    assert "all zero" in written
    assert "no map" in written


def test_dollars_are_no_formula(words):
    figure = overlay_grid([shot(maps(), name="$x$")], ["$a$"], title="$t$")
    figure.canvas.draw()
    assert r"\$a\$" in words(figure)


def test_what_cannot_be_drawn():
    with pytest.raises(InputError, match="did you mean 'segments'"):
        overlay_grid([shot(maps())], ["A"], style="segment")
    with pytest.raises(InputError, match="2 maps"):
        overlay_grid([shot(maps())], ["A", "B"])
    with pytest.raises(InputError, match="one photograph"):
        overlay_grid([], ["A"])


@pytest.mark.parametrize(
    ("boxes", "size", "expected"),
    [
        ([(10, 0, 90, 80)], (100, 80), (10, 0, 90, 80)),  # all that was seen, in a square
        ([(20, 20, 40, 40)], (100, 80), (0, 0, 80, 80)),  # a square of the photograph's shorter side
        ([(0, 0, 100, 80)], (100, 80), (0, 0, 100, 80)),  # nothing that was seen is cut off
        ([(np.nan,) * 4], (100, 80), (10, 0, 90, 80)),
        ([(-20, -20, 300, 300)], (50, 60), (0, 0, 50, 60)),
    ],
)
def test_the_window_holds_what_was_seen(boxes, size, expected):
    assert window_of([np.array(box, float) for box in boxes], size) == expected
