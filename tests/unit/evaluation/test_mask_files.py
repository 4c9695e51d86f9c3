"""Masks from folders and tables."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError
from crosslight.evaluation.mask_files import read_boxes, read_folder
from crosslight.evaluation.masks import check_masks, open_masks
from crosslight.store import ImageEntry

IMAGES = [ImageEntry("a", "cat/one.jpg"), ImageEntry("b", "cat/two.jpg"), ImageEntry("c", "dog/one.jpg")]
SIZES = np.array([[6, 8], [6, 8], [5, 5]])


def write(folder, name, values, mode=None):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(np.asarray(values))
    (picture if mode is None else picture.convert(mode)).save(path)


@pytest.mark.parametrize("mode", [None, "1", "P", "I;16"])
def test_what_is_not_zero_is_inside(tmp_path, mode):
    values = np.zeros((6, 8), np.uint8)
    values[1, 2:5] = 255
    write(
        tmp_path,
        "cat/one.png",
        values.astype(np.uint16) if mode == "I;16" else values,
        mode if mode != "I;16" else None,
    )
    masks = read_folder(tmp_path, IMAGES)
    assert [masks.has(image) for image in IMAGES] == [True, False, False]
    check_masks(masks, IMAGES, SIZES)
    np.testing.assert_array_equal(masks.read(IMAGES[0], (6, 8)), values > 0)


def test_a_palette_is_read_by_its_numbers(tmp_path):
    picture = Image.fromarray(np.array([[0, 1], [2, 0]], np.uint8).repeat(3, 0).repeat(4, 1))
    picture.putpalette([255, 255, 255, 0, 0, 0, 9, 9, 9])  # the first colour is white, and yet outside
    (tmp_path / "cat").mkdir()
    picture.save(tmp_path / "cat/two.jpg.png")
    found = read_folder(tmp_path, IMAGES).read(IMAGES[1], (6, 8))
    np.testing.assert_array_equal(found[::3, ::4], [[False, True], [True, False]])


def test_files_that_do_not_fit_are_named_before_any_work(tmp_path):
    write(tmp_path, "cat/one.png", np.ones((8, 6), np.uint8))
    write(tmp_path, "cat/two.png", np.ones((6, 8, 3), np.uint8))
    (tmp_path / "dog").mkdir()
    (tmp_path / "dog/one.png").write_text("no picture")
    with pytest.raises(InputError) as caught:
        check_masks(read_folder(tmp_path, IMAGES), IMAGES, SIZES)
    assert "cat/one.jpg: the mask has 6 x 8 pixels, the upright picture 8 x 6" in str(caught.value)
    assert "cat/two.jpg: the mask is a picture of mode RGB" in str(caught.value)
    assert "dog/one.jpg: the mask one.png cannot be read" in str(caught.value)


def test_a_damaged_file(tmp_path):
    write(tmp_path, "cat/one.png", np.random.default_rng(0).integers(0, 9, (60, 80), np.uint8))
    path = tmp_path / "cat/one.png"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"cat/one.png cannot be read"):
        read_folder(tmp_path, IMAGES).read(IMAGES[0], (60, 80))


def test_folders_that_hold_nothing_of_use(tmp_path):
    with pytest.raises(InputError, match=r"holds no .png file"):
        read_folder(tmp_path, IMAGES)
    write(tmp_path, "bird.png", np.ones((6, 8), np.uint8))
    with pytest.raises(InputError, match="no file is named like an image"):
        read_folder(tmp_path, IMAGES)
    write(tmp_path, "one.png", np.ones((6, 8), np.uint8))
    with pytest.raises(InputError, match=r"could belong to 'cat/one.jpg' and 'dog/one.jpg'"):
        read_folder(tmp_path, IMAGES)


def test_two_files_of_one_image(tmp_path):
    for name in ("cat/two.png", "cat/two.jpg.png"):
        write(tmp_path, name, np.ones((6, 8), np.uint8))
    with pytest.raises(InputError, match="belongs to the same image"):
        read_folder(tmp_path, IMAGES)


def table(tmp_path, *rows, head="image,x0,y0,x1,y1"):
    path = tmp_path / "boxes.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_boxes_are_united_and_a_pixel_is_in_where_its_middle_is(tmp_path):
    path = table(tmp_path, "cat/one.jpg,1,1,3,2", "cat/one,5.5,3.6,7.4,6.9", "bird.jpg,0,0,1,1", "dog/one.jpg,0,0,5,5")
    masks = read_boxes(path, IMAGES)
    check_masks(masks, IMAGES, SIZES)
    expected = np.zeros((6, 8), bool)
    expected[1, 1:3] = True
    expected[4:6, 5:7] = True  # from the middle at 5.5 to the one at 6.5; 7.5 is beyond, 3.5 before
    np.testing.assert_array_equal(masks.read(IMAGES[0], (6, 8)), expected)
    assert masks.read(IMAGES[2], (5, 5)).all()
    assert not masks.has(IMAGES[1])


def test_columns_in_any_order_with_any_delimiter(tmp_path):
    path = table(tmp_path, "8;6;cat/two.jpg;0;0;dog", head="x1;y1;image;y0;x0;class")
    assert read_boxes(path, IMAGES).read(IMAGES[1], (6, 8)).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["cat/one.jpg,5,1,3,2"], "line 2: a box runs from left to right"),
        (["dog/one.jpg,0,0,2,2", "cat/one.jpg,a,1,3,2"], "line 3: x0, y0, x1 and y1 must be numbers"),
        (["cat/one.jpg,nan,1,3,2"], "a box runs"),
        (["one,0,0,2,2"], "'one' could be several images"),
        (["bird.jpg,0,0,2,2"], "no row names an image of the study"),
        (["cat/one.jpg,0.1,0.1,0.5,0.5"], "boxes are in pixels, not in shares"),
        (["cat/one.jpg,5,1,3,2"] * 7, "and 2 more"),
    ],
)
def test_rows_that_cannot_be_used(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        read_boxes(table(tmp_path, *rows), IMAGES)


def test_tables_that_are_none(tmp_path):
    with pytest.raises(InputError, match="no column 'y1'; its first line must name image,x0,y0,x1,y1"):
        read_boxes(table(tmp_path, "a,1,1,2", head="image,x0,y0,x1"), IMAGES)
    with pytest.raises(InputError, match="cannot be read"):
        read_boxes(tmp_path / "none.csv", IMAGES)


def test_a_box_of_another_picture_size(tmp_path):
    masks = read_boxes(table(tmp_path, "cat/one.jpg,0,0,10,3", "cat/two.jpg,0,0,9,7"), IMAGES)
    with pytest.raises(InputError, match=r"1 mask does not fit .*\n.*cat/one.jpg: the box 0,0,10,3 .* 8 x 6 pixels"):
        check_masks(masks, IMAGES, SIZES)


def test_a_path_is_a_folder_or_a_table(tmp_path, photographs):
    name = photographs.manifest.images[0].name
    write(tmp_path / "masks", name, np.ones((40, 60), np.uint8))
    assert open_masks(photographs, tmp_path / "masks").name == str(tmp_path / "masks")
    assert open_masks(photographs, str(table(tmp_path, f"{name},0,0,3,3"))).name.endswith("boxes.csv")
