"""Label maps with a legend, COCO's instances, and how masks are named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError
from crosslight.dissection.masks import (
    BrodenConcepts,
    LegendConcepts,
    SceneConcepts,
    ShapeConcepts,
    open_concepts,
    read_legend_concepts,
    read_shape_concepts,
)
from crosslight.scenes import scene
from crosslight.scenes.broden import write_broden
from crosslight.store import ImageEntry

IMAGES = (ImageEntry("1", "road/a.jpg"), ImageEntry("2", "road/b.jpg"))


@pytest.fixture
def label_maps(tmp_path: Path) -> Path:
    folder = tmp_path / "labels"
    folder.mkdir()
    (tmp_path / "labels.csv").write_text("value,name,r,g,b\n0,sky,1,2,3\n7,car,4,5,6\n11,Unlabelled,0,0,0\n")
    pixels = np.zeros((4, 6), np.uint8)
    pixels[1], pixels[2], pixels[3] = 7, 11, 99
    Image.fromarray(pixels).save(folder / "a.png")
    return folder


def test_label_maps(label_maps: Path) -> None:
    masks = read_legend_concepts(label_maps, IMAGES)
    assert masks.concepts == ("sky", "car")
    assert masks.categories == ("", "")
    found = masks.labels(IMAGES[0], (4, 6))
    assert found is not None
    assert found.planes[""][0][:, 0].tolist() == [1, 2, 0, 0]
    assert masks.labels(IMAGES[1], (4, 6)) is None
    with pytest.raises(InputError, match="6 x 4 pixels, the upright picture 7 x 4"):
        masks.labels(IMAGES[0], (4, 7))


def test_label_maps_in_colours(label_maps: Path) -> None:
    pixels = np.array([[[1, 2, 3], [4, 5, 6], [0, 0, 0], [9, 9, 9]]], np.uint8)
    Image.fromarray(pixels).save(label_maps / "b.png")
    found = read_legend_concepts(label_maps, IMAGES).labels(IMAGES[1], (1, 4))
    assert found is not None
    assert found.planes[""][0].tolist() == [[1, 2, 0, 0]]


def coco(path: Path, **others: object) -> Path:
    content = {
        "images": [{"id": 8, "file_name": "a.jpg", "height": 4, "width": 6}, {"id": 9, "file_name": "b.jpg"}],
        "categories": [{"id": 3, "name": "car"}, {"id": 5, "name": "wheel"}],
        "annotations": [
            {"image_id": 8, "category_id": 3, "bbox": [0, 0, 4, 4]},
            {"image_id": 8, "category_id": 5, "segmentation": [[1, 1, 3, 1, 3, 3, 1, 3]]},
            {"image_id": 8, "category_id": 3, "segmentation": {"size": [4, 6], "counts": [20, 4]}},
        ],
    }
    path.write_text(json.dumps(content | others))
    return path


def test_instances_that_overlap_have_planes_of_their_own(tmp_path: Path) -> None:
    masks = read_shape_concepts(coco(tmp_path / "c.json"), IMAGES)
    assert masks.concepts == ("car", "wheel")
    found = masks.labels(IMAGES[0], (4, 6))
    assert found is not None
    cars, wheels = found.planes["object"]
    assert (cars[:, [0, 1, 2, 3, 5]] == 1).all()
    assert not cars[:, 4].any()
    assert (wheels[1:3, 1:3] == 2).all()
    assert wheels.astype(bool).sum() == 4
    empty = masks.labels(IMAGES[1], (9, 9))
    assert empty is not None
    assert empty.categories == {"object"}
    assert not empty.planes["object"][0].any()
    with pytest.raises(InputError, match="6 x 4 pixels"):
        masks.labels(IMAGES[0], (5, 6))


def test_instances_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no category of the file's"):
        read_shape_concepts(coco(tmp_path / "c.json", categories=[]), IMAGES)
    with pytest.raises(InputError, match="names none of the images"):
        read_shape_concepts(coco(tmp_path / "c.json"), (ImageEntry("1", "z.jpg"),))


def test_masks_are_told_by_what_they_are(label_maps: Path, tmp_path: Path) -> None:
    assert isinstance(open_concepts(label_maps, IMAGES), LegendConcepts)
    assert isinstance(open_concepts(coco(tmp_path / "c.json"), IMAGES), ShapeConcepts)
    write_broden(tmp_path, [scene(0)], "val")
    assert isinstance(open_concepts(tmp_path, IMAGES), BrodenConcepts)
    assert open_concepts("scenes", (), "scenes:val:patch (4 of 1,000 images, the first)") == SceneConcepts("patch")
    assert open_concepts("scenes:val:watermark", (), "photos") == SceneConcepts("watermark")
    assert open_concepts(None, (), "scenes") == SceneConcepts("clean")
    assert open_concepts(SceneConcepts("patch"), ()) == SceneConcepts("patch")
    for nothing in (None, tmp_path / "no.json", "labls"):
        with pytest.raises(InputError, match="masks of concepts come from"):
            open_concepts(nothing, IMAGES)


def test_the_labels_of_scenes() -> None:
    from crosslight.images import open_images

    picture = open_images("scenes", limit=1, sample="first")[0]
    found = SceneConcepts().labels(ImageEntry(picture.identity, picture.name), (96, 96))
    made = scene(0, split="test")
    assert found is not None
    assert np.array_equal(found.planes["object"][0], made.labels["object"])
    assert found.whole["scene"] == (made.labels["scene"],)
    assert SceneConcepts().labels(ImageEntry("1", "photo.jpg"), (96, 96)) is None
