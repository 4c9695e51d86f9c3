"""What every edit keeps, and what each puts in place of what is removed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_dilation

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.evaluation.edits import EDITS, apply_edit, checked_edit, edit


@st.composite
def pictures_with_regions(draw):
    """A picture, a region with a pixel inside and one outside, and another picture of another size."""
    height, width = draw(st.integers(8, 20)), draw(st.integers(8, 20))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    picture = rng.integers(0, 256, (height, width, 3), np.uint8)
    region = rng.random((height, width)) < draw(st.floats(0.05, 0.9))
    region[0, 0], region[-1, -1] = True, False
    return picture, region, rng.integers(0, 256, (9, 13, 3), np.uint8)


def test_there_are_five():
    assert list(EDITS) == ["background", "blur", "harmonic", "inpaint", "mask"]
    assert all(one.summary.endswith(".") and "{}" in one.does for one in EDITS.values())


@pytest.mark.parametrize("name", list(EDITS))
@settings(max_examples=25, deadline=None)
@given(given=pictures_with_regions())
def test_pixels_that_are_not_removed_stay(name, given):
    picture, region, other = given
    before = picture.copy()
    found, own = checked_edit(name)
    edited = apply_edit(found, picture, region, own, other)
    stays = ~region if found.removes == "region" else region
    assert edited.dtype == np.uint8
    np.testing.assert_array_equal(edited[stays], picture[stays])
    np.testing.assert_array_equal(picture, before)


@settings(max_examples=40, deadline=None)
@given(given=pictures_with_regions())
def test_harmonic_values_lie_within_the_range_of_the_rim(given):
    picture, region, _ = given
    edited = apply_edit(EDITS["harmonic"], picture, region)
    rim = picture[binary_dilation(region, np.ones((3, 3))) & ~region]
    assert (edited[region] >= rim.min(axis=0)).all()
    assert (edited[region] <= rim.max(axis=0)).all()


@pytest.mark.parametrize("name", ["harmonic", "inpaint"])
def test_a_plane_is_filled_in_exactly(name):
    """Linear functions solve both Laplace's and the biharmonic equation."""
    rows, columns = np.mgrid[:40, :50]
    picture = np.stack([40 + 2 * rows + columns, 200 - 3 * rows, 20 + 4 * columns], -1).astype(np.uint8)
    region = np.zeros((40, 50), bool)
    region[12:25, 15:33] = True
    damaged = np.where(region[..., None], 255 * (np.arange(50) % 2)[None, :, None], picture).astype(np.uint8)
    edited = apply_edit(EDITS[name], damaged, region)
    assert np.abs(edited.astype(int) - picture).max() <= 1


def test_a_large_region_is_solved_at_a_lower_resolution_and_still_fits_its_rim():
    rows, columns = np.mgrid[:80, :80]
    picture = np.stack([100 + rows, 60 + columns, 240 - rows - columns], -1).astype(np.uint8)
    region = np.zeros((80, 80), bool)
    region[20:60, 25:60] = True
    found, own = checked_edit("inpaint", {"unknowns": 150})
    edited = apply_edit(found, picture, region, own)
    assert np.abs(edited.astype(int) - picture).max() <= 4  # half a cell of the small picture
    assert np.abs(edited.astype(int) - picture)[20].max() <= 1  # the first row beside the rim


def test_where_all_is_removed_the_mean_is_left():
    picture = np.zeros((8, 10, 3), np.uint8)
    picture[:, 5:] = 200
    for name in ("harmonic", "inpaint", "mask"):
        edited = apply_edit(EDITS[name], picture, np.ones((8, 10), bool))
        assert (edited == 100).all()


def test_colours_of_a_mask():
    picture = np.full((8, 8, 3), 50, np.uint8)
    picture[:4] = 90
    region = np.zeros((8, 8), bool)
    region[:4] = True
    assert (apply_edit(EDITS["mask"], picture, region)[region] == 50).all()
    assert (apply_edit(EDITS["mask"], picture, region, {"colour": "#ff8000"})[region] == (255, 128, 0)).all()
    with pytest.raises(InputError, match="'mean', a name such as 'grey'"):
        checked_edit("mask", {"colour": "nothing"})


def test_blur_removes_detail_and_keeps_the_colour():
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, ::2] = 200
    region = np.zeros((40, 40), bool)
    region[10:30, 10:30] = True
    edited = apply_edit(EDITS["blur"], picture, region, {"radius": 0.1})
    assert np.abs(edited[region].astype(int) - 100).max() <= 6
    with pytest.raises(InputError, match="radius is above 0"):
        checked_edit("blur", {"radius": 0})


def test_backgrounds():
    picture = np.full((8, 12, 3), 10, np.uint8)
    region = np.zeros((8, 12), bool)
    region[2:5, 3:6] = True
    picture[region] = 200
    other = np.full((16, 24, 3), 77, np.uint8)
    found = EDITS["background"]
    assert (apply_edit(found, picture, region, {"by": "picture"}, other)[~region] == 77).all()
    assert (apply_edit(found, picture, region, {"by": "flat"})[~region] == 200).all()
    assert apply_edit(found, picture, region, {"by": "blur"})[1, 4, 0] > 10
    with pytest.raises(UnknownNameError, match="did you mean 'flat'"):
        checked_edit("background", {"by": "flatt"})
    with pytest.raises(InputError, match="no other picture"):
        apply_edit(found, picture, region, {"by": "picture"})


def test_wrong_names_values_and_sizes():
    with pytest.raises(UnknownNameError, match="did you mean 'inpaint'"):
        checked_edit("inpant")
    with pytest.raises(UnknownNameError, match="unknown setting of blur 'radiuss'"):
        checked_edit("blur", {"radiuss": 1})
    with pytest.raises(InputError, match="another kind than its default"):
        checked_edit("blur", {"radius": "wide"})
    with pytest.raises(InputError, match="does not fit"):
        apply_edit(EDITS["mask"], np.zeros((8, 8, 3), np.uint8), np.ones((9, 8), bool))


def test_an_edit_of_ones_own():
    @edit("invert", does="the {} inverted")
    def invert(cut, *, strength: float = 1.0):
        """Invert the region."""
        return 255 * strength - cut.picture

    try:
        found, own = checked_edit("invert", {"strength": 1})
        picture, region = np.full((8, 8, 3), 55, np.uint8), np.eye(8, dtype=bool)
        assert (apply_edit(found, picture, region, own)[region] == 200).all()
    finally:
        EDITS.remove("invert")
