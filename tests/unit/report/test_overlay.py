from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from crosslight.core.geometry import Box
from crosslight.core.maps import Maps
from crosslight.report.overlay import colourise, is_signed, limit_of, overlay, overlay_map, pixels_of, resample

GREY = Image.new("RGB", (100, 60), (128, 128, 128))
WHOLE = Box(0, 0, 100, 60)


def lightness(rgb):
    """CIE L* of sRGB colours."""
    linear = np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(y > 0.008856, 116 * np.cbrt(y) - 16, 903.3 * y)


@given(
    hnp.arrays(np.float32, (5, 7), elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False)),
    st.booleans(),
    st.sampled_from([0.5, 8.0, 1024.0]),
)
def test_only_the_proportions_of_a_map_count(values, signed, factor):
    np.testing.assert_array_equal(colourise(values, signed=signed), colourise(values * factor, signed=signed))


@given(hnp.arrays(np.float32, (4, 4), elements=st.floats(-10, 10, width=32)))
def test_signed_maps_are_as_strong_on_both_sides(values):
    there, back = colourise(values, signed=True), colourise(-values, signed=True)
    np.testing.assert_array_equal(there[..., 3], back[..., 3])


def test_for_and_against_the_class_differ_in_hue_for_everybody():
    colours = colourise(np.array([[-1.0, 1.0]]), signed=True)[0, :, :3].astype(int)
    against, for_it = colours
    assert against[2] > 180 > against[0]  # blue
    assert for_it[0] > 180 > for_it[2]  # orange
    # Blue against yellow is the difference that red-green blindness leaves.
    assert (against[2] - against[:2].mean()) - (for_it[2] - for_it[:2].mean()) > 150


def test_magnitudes_rise_evenly_in_lightness_and_opacity():
    ramp = colourise(np.linspace(0, 1, 101)[None], signed=False)[0]
    steps = np.diff(lightness(ramp[:, :3].astype(float)))
    assert (steps > 0).all()
    assert steps.max() < 4 * steps.mean()
    assert (np.diff(ramp[:, 3].astype(int)) >= 0).all()
    assert (ramp[0, 3], ramp[-1, 3]) == (0, 255)


def test_nothing_to_see_is_transparent():
    for values in (np.zeros((3, 3)), np.full((3, 3), np.nan)):
        assert not colourise(values, signed=True).any()
    holes = colourise(np.array([[np.nan, np.inf, 1.0]]), signed=False)
    assert holes[0, :, 3].tolist() == [0, 0, 255]


def test_negative_magnitudes_count_as_nothing():
    assert colourise(np.array([[-5.0, 1.0]]), signed=False, limit=1.0)[0, 0, 3] == 0


def test_a_percentile_keeps_outliers_from_hiding_the_rest():
    values = np.ones((100, 100))
    values[0, 0] = -1000
    assert limit_of(values) == 1000
    assert limit_of(values, 99.5) == 1
    assert limit_of(np.eye(100), 50) == 1  # not 0, where most cells are
    assert limit_of(np.full((2, 2), np.nan)) == 0


@pytest.mark.parametrize("smooth", [True, False])
def test_a_cell_is_seen_where_it_belongs(smooth):
    values = np.zeros((6, 10))
    values[1, 7] = 1
    seen = np.asarray(overlay(GREY, values, WHOLE, signed=False, smooth=smooth)).astype(int)
    changed = np.abs(seen - 128).sum(axis=2)
    y, x = np.unravel_index(changed.argmax(), changed.shape)
    assert 10 <= y < 20
    assert 70 <= x < 80
    if not smooth:
        assert (changed[10:20, 70:80] > 0).all()
        assert np.count_nonzero(changed) == 100


def test_the_box_may_lie_between_pixels_and_beyond_the_picture():
    assert pixels_of(Box(-20, 10.4, 50.6, 90), (100, 60)) == (0, 10, 51, 60)
    assert pixels_of(Box(100, 0, 120, 60), (100, 60)) is None
    assert pixels_of(Box(*[np.nan] * 4), (100, 60)) is None
    # Half of the map lies left of the picture: only its right half is seen, at its true scale.
    values = np.array([[5.0, 1.0]])
    seen = resample(values, Box(-50, 0, 50, 60), (0, 0, 50, 60), smooth=False)
    np.testing.assert_array_equal(seen, np.ones((60, 50)))


def test_outside_the_box_the_picture_is_dimmed_and_inside_it_is_kept():
    picture = Image.new("RGB", (100, 60), (200, 100, 50))
    seen = np.asarray(overlay(picture, np.zeros((7, 7)), Box(20, 0, 80, 60), signed=False)).astype(int)
    assert (seen[:, 20:80] == (200, 100, 50)).all()
    assert (seen[:, :20].sum(axis=2) < 0.75 * 350).all()
    assert (seen[:, :20] > 0).all()


def test_opacity():
    full = np.asarray(overlay(GREY, np.ones((2, 2)), WHOLE, signed=False, opacity=1.0))
    assert (full == colourise(np.ones((1, 1)), signed=False)[0, 0, :3]).all()
    assert (np.asarray(overlay(GREY, np.ones((2, 2)), WHOLE, signed=False, opacity=0.0)) == 128).all()


@given(hnp.arrays(np.float32, (3, 3), elements=st.floats(-5, 5, width=32)))
def test_smoothing_stays_within_the_map(values):
    seen = resample(values, WHOLE, (0, 0, 100, 60))
    assert values.min() <= seen.min() <= seen.max() <= values.max()


def test_fine_maps_are_averaged_on_small_pictures():
    values = np.indices((64, 64)).sum(axis=0) % 2.0  # a chessboard
    seen = resample(values, Box(0, 0, 16, 16), (0, 0, 16, 16), smooth=False)
    np.testing.assert_allclose(seen, 0.5)


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK"])
def test_any_mode(mode):
    seen = overlay(GREY.convert(mode), np.eye(3), WHOLE, signed=False)
    assert (seen.mode, seen.size) == ("RGB", (100, 60))


def make_maps(values, **attributes):
    return Maps(
        values=np.asarray(values, np.float32)[None],
        boxes=np.array([[0.0, 0, 100, 60]]),
        status=np.ones(1, np.uint8),
        targets=np.zeros((1, 2), np.int32),
        images=("i",),
        attributes=attributes,
    )


@pytest.mark.parametrize(
    ("attributes", "signed"),
    [
        ({}, True),
        ({"finish": "relu"}, False),
        ({"sign": "magnitude"}, False),
        ({"sign": "signed", "finish": "none"}, True),
    ],
)
def test_what_counts_as_signed(attributes, signed):
    assert is_signed(make_maps(np.eye(2), **attributes)) is signed


def test_the_published_final_step_is_applied():
    values = [[-1.0, 0.0], [0.0, 0.5]]
    with_relu = np.asarray(overlay_map(GREY, make_maps(values, finish="relu"), 0, smooth=False))
    assert (with_relu[:30, :50] == 128).all()
    assert (with_relu[30:, 50:] != 128).any()
    raw = np.asarray(overlay_map(GREY, make_maps(values), 0, smooth=False))
    assert (raw[:30, :50] != 128).any()
