"""COCO's and Pascal VOC's files as masks, and label maps with their legends."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.evaluation.annotations import read_coco, read_voc
from crosslight.evaluation.label_maps import find_legend, read_legend
from crosslight.evaluation.masks import check_masks, open_masks
from crosslight.evaluation.regions import find_masks
from crosslight.store import ImageEntry

IMAGES = [ImageEntry("one", "street/a.jpg"), ImageEntry("two", "street/b.jpg"), ImageEntry("three", "c.jpg")]


def coco(tmp_path, **changes):
    content = {
        "images": [
            {"id": 1, "file_name": "a.jpg", "height": 6, "width": 8},
            {"id": 2, "file_name": "b.jpg", "height": 6, "width": 8},
            {"id": 3, "file_name": "elsewhere.jpg", "height": 6, "width": 8},
        ],
        "categories": [{"id": 7, "name": "car"}, {"id": 9, "name": "traffic light"}],
        "annotations": [
            {"image_id": 1, "category_id": 7, "segmentation": [[1, 1, 5, 1, 5, 4, 1, 4]], "bbox": [1, 1, 4, 3]},
            {"image_id": 1, "category_id": 9, "bbox": [6, 0, 2, 2]},
            {"image_id": 2, "category_id": 7, "segmentation": {"size": [6, 8], "counts": [7, 2, 4, 3, 32]}},
            {"image_id": 2, "category_id": 7, "segmentation": {"size": [6, 8], "counts": compressed([7, 2, 4, 3, 32])}},
        ],
    } | changes
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(content))
    return path


def test_polygons_boxes_and_run_lengths(tmp_path):
    path = coco(tmp_path)
    masks = read_coco(path, IMAGES)
    expected = np.zeros((6, 8), bool)
    expected[1:4, 1:5] = True
    expected[0:2, 6:8] = True
    np.testing.assert_array_equal(masks.read(IMAGES[0], (6, 8)), expected)
    runs = np.zeros(48, bool)
    runs[7:9] = runs[13:16] = True
    np.testing.assert_array_equal(masks.read(IMAGES[1], (6, 8)), runs.reshape(8, 6).T)
    assert not masks.has(IMAGES[2])
    assert masks.problem(IMAGES[0], (6, 8)) == ""
    assert "8 x 6 pixels, the upright picture 16 x 12" in masks.problem(IMAGES[0], (12, 16))


def compressed(counts):
    """Run lengths as COCO writes them."""
    text = ""
    for number, count in enumerate(counts):
        value = count - counts[number - 2] if number > 2 else count
        while True:
            bits, value = value & 31, value >> 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(bits + (32 if more else 0) + 48)
            if not more:
                break
    return text


def test_compressed_run_lengths_are_the_plain_ones(tmp_path):
    rng = np.random.default_rng(0)
    counts = [int(count) for count in rng.integers(1, 400, 21)]
    size = [sum(counts), 1]
    image = {"id": 1, "file_name": "a.jpg", "height": size[0], "width": 1}
    read = []
    for given in (counts, compressed(counts)):
        annotation = {"image_id": 1, "category_id": 7, "segmentation": {"size": size, "counts": given}}
        path = coco(tmp_path, images=[image], annotations=[annotation])
        read.append(read_coco(path, IMAGES).read(IMAGES[0], (size[0], 1)))
    np.testing.assert_array_equal(read[0], read[1])
    assert read[0].sum() == sum(counts[1::2])


def test_categories(tmp_path):
    path = coco(tmp_path)
    assert read_coco(path, IMAGES, ["traffic-light"]).read(IMAGES[0], (6, 8)).sum() == 4
    assert read_coco(path, IMAGES, ["Traffic Light"]).read(IMAGES[1], (6, 8)).sum() == 0
    with pytest.raises(UnknownNameError, match="unknown class 'cart'; did you mean 'car'"):
        read_coco(path, IMAGES, ["cart"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": [{"image_id": 5, "category_id": 7, "bbox": [0, 0, 1, 1]}]}, "there is no image 5"),
        ({"annotations": [{"image_id": 1, "category_id": 7, "bbox": [0, 0, 0, 1]}]}, "annotation 0: .* box is empty"),
        ({"annotations": [{"image_id": 1, "segmentation": [[1, 2]]}]}, "three points or more"),
        ({"images": None}, "no file of COCO instances"),
    ],
)
def test_coco_files_that_cannot_be_used(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        read_coco(coco(tmp_path, **changes), IMAGES)


def test_a_file_of_other_images(tmp_path):
    path = coco(tmp_path)
    with pytest.raises(InputError, match=r"names no image of the study, such as 'z\.jpg'"):
        read_coco(path, [ImageEntry("z", "z.jpg")])
    path.write_text("{")
    with pytest.raises(InputError, match="this is no JSON"):
        read_coco(path, IMAGES)


VOC = """<annotation><filename>a.jpg</filename><size><width>8</width><height>6</height></size>
<object><name>car</name><bndbox><xmin>2</xmin><ymin>1</ymin><xmax>4</xmax><ymax>6</ymax></bndbox></object>
<object><name>dog</name><bndbox><xmin>8</xmin><ymin>6</ymin><xmax>8</xmax><ymax>6</ymax></bndbox></object>
</annotation>"""


def test_voc_counts_from_one(tmp_path):
    (tmp_path / "a.xml").write_text(VOC)
    masks = find_masks(tmp_path, IMAGES, "street")
    expected = np.zeros((6, 8), bool)
    expected[:, 1:4] = expected[5, 7] = True
    np.testing.assert_array_equal(masks.read(IMAGES[0], (6, 8)), expected)
    assert find_masks(tmp_path / "a.xml", IMAGES, "street", region="dog").read(IMAGES[0], (6, 8)).sum() == 1
    outside = find_masks(tmp_path, IMAGES, "street", region="background")
    np.testing.assert_array_equal(outside.read(IMAGES[0], (6, 8)), ~expected)
    assert outside.name.startswith("all but")
    with pytest.raises(UnknownNameError, match="'cra'; did you mean 'car'"):
        read_voc(tmp_path, IMAGES, ["cra"])
    (tmp_path / "b.xml").write_text("<annotation><object><name>x</name></object></annotation>")
    with pytest.raises(InputError, match=r"b\.xml: an object has no bndbox"):
        read_voc(tmp_path, IMAGES)


def label_maps(tmp_path, legend="value,name,r,g,b\n0,sky,1,2,3\n8,car,64,0,128\n9,pedestrian,64,64,0\n"):
    folder = tmp_path / "labels"
    folder.mkdir()
    numbers = np.zeros((6, 8), np.uint8)
    numbers[2:4, 1:3], numbers[5, 5] = 8, 9
    Image.fromarray(numbers).save(folder / "a.png")
    colours = np.full((6, 8, 3), (1, 2, 3), np.uint8)
    colours[0, :4] = (64, 0, 128)
    Image.fromarray(colours).save(folder / "b.png")
    (tmp_path / "labels.csv").write_text(legend)
    return folder


def test_label_maps_of_numbers_and_of_colours(tmp_path):
    folder = label_maps(tmp_path)
    masks = find_masks(folder, IMAGES, "street", region="car")
    assert masks.read(IMAGES[0], (6, 8)).sum() == 4
    assert masks.read(IMAGES[1], (6, 8)).sum() == 4
    assert masks.name == f"car of {folder}"
    both = find_masks(folder, IMAGES, "street", region="Pedestrian, car")
    assert both.read(IMAGES[0], (6, 8)).sum() == 5
    with pytest.raises(UnknownNameError, match="unknown class 'cars'; did you mean 'car'"):
        find_masks(folder, IMAGES, "street", region="cars")
    with pytest.raises(InputError, match=r"a\.jpg: the mask has 8 x 6 pixels, the upright picture 80 x 60"):
        check_masks(masks, IMAGES[:1], np.array([(60, 80)]))


def test_without_a_class_label_maps_are_plain_masks(tmp_path):
    folder = label_maps(tmp_path)
    (folder / "b.png").unlink()
    assert find_masks(folder, IMAGES, "street").read(IMAGES[0], (6, 8)).sum() == 5
    with pytest.raises(InputError, match="name a class of it with --region"):
        find_masks(folder, IMAGES, "street", legend=tmp_path / "labels.csv")


def test_legends(tmp_path):
    folder = label_maps(tmp_path)
    assert find_legend(folder).classes == ("sky", "car", "pedestrian")
    assert find_legend(folder, "voc").values[15] == "person"
    file = tmp_path / "other.csv"
    file.write_text("class;colour\ncar;#400080\n")
    assert read_legend(file).colours == {(64, 0, 128): "car"}
    masks = find_masks(folder, IMAGES, "street", region="car", legend=file)
    assert masks.read(IMAGES[1], (6, 8)).sum() == 4
    assert "names only colours" in masks.problem(IMAGES[0], (6, 8))
    for text, message in (
        ("a,b\n1,2\n", "needs the column name"),
        ("value,name\nx,car\n", "line 2 names no class"),
        ("value,name\n", "names no class"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=message):
            read_legend(file)
    (tmp_path / "labels.csv").unlink()
    with pytest.raises(InputError, match=r"there is no labels\.csv"):
        find_legend(folder)


def test_regions_of_scenes(scored):
    image = scored.manifest.images[0]
    inside = open_masks(scored, region="object").read(image, (96, 96))
    np.testing.assert_array_equal(open_masks(scored, region="background").read(image, (96, 96)), ~inside)
    with pytest.raises(UnknownNameError, match="unknown region of scenes 'objct'; did you mean 'object'"):
        open_masks(scored, region="objct")


def test_a_class_needs_files(photographs, tmp_path):
    with pytest.raises(InputError, match="name them with --masks"):
        open_masks(photographs, region="car")
    table = tmp_path / "boxes.csv"
    table.write_text("image,x0,y0,x1,y1\nphoto0.png,0,0,5,5\n")
    assert open_masks(photographs, table, region="object").has(photographs.manifest.images[0])
    with pytest.raises(InputError, match="boxes of a table have no classes"):
        open_masks(photographs, table, region="car")
