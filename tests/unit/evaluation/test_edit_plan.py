"""Which pictures are edited, and how."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.evaluation.edit_plan import edit_images, grown, plan_edits
from crosslight.evaluation.regions import moved
from crosslight.images import open_images
from crosslight.scenes import scene
from crosslight.scenes.edited import without_mark, without_thing
from crosslight.scenes.world import make_world


@pytest.fixture
def streets(tmp_path):
    """Five photographs with label maps: cars in the first three, of which the last is tiny; the fourth has none."""
    rng = np.random.default_rng(0)
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    for number in range(5):
        coarse = Image.fromarray(rng.integers(0, 256, (4, 5, 3), np.uint8))
        coarse.resize((50, 40), Image.Resampling.BICUBIC).save(tmp_path / f"images/{number}.png")
        labels = np.zeros((40, 50), np.uint8)
        if number < 3:
            labels[10 : 12 if number == 2 else 25, 5 : 7 if number == 2 else 30] = 8
        if number < 4:
            Image.fromarray(labels).save(tmp_path / f"labels/{number}.png")
    (tmp_path / "labels.csv").write_text("value,name\n0,road\n8,car\n")
    return tmp_path


def plan(streets, edit="harmonic", **options):
    images = open_images(streets / "images")
    return plan_edits(images, streets / "labels", edit, **({"region": "car"} | options))


def test_only_images_with_the_region(streets):
    edits = plan(streets)
    assert [record.name for record in edits.images] == ["0.png", "1.png", "2.png"]
    assert edits.skipped == {"the region is not in it": 1, "no mask": 1}
    assert edits.does == "the car removed"
    one = edits[1]
    assert one.share == pytest.approx(15 * 25 / 2000)
    np.testing.assert_array_equal(one.after[~one.region], one.before[~one.region])
    assert (one.after != one.before).any()
    assert [picture.name for picture in edits] == ["0.png", "1.png", "2.png"]
    assert edits[-1].name == "2.png"
    with pytest.raises(IndexError):
        edits[3]


def test_small_regions_and_the_limit(streets):
    assert plan(streets, least=0.1).skipped["the region is too small"] == 1
    assert "the region is too small" not in plan(streets, least=0.1, margin=10).skipped  # which is measured as grown
    assert len(plan(streets, limit=1)) == 1
    assert plan(streets, limit=1).skipped == {}


def test_a_margin_grows_the_region(streets):
    wide = plan(streets, margin=3)[0].region
    assert wide[7, 10]
    assert not wide[6, 10]
    assert wide.sum() > plan(streets)[0].region.sum()
    inside = np.zeros((9, 9), bool)
    inside[4, 4] = True
    assert grown(inside, 2).sum() == 13


def test_a_background_comes_from_another_picture_without_its_own_object(streets):
    edits = plan(streets, "background", least=0.1)
    first, second = edits
    assert (first.other, second.other) == ("1.png", "0.png")
    np.testing.assert_array_equal(first.after[first.region], first.before[first.region])
    outside = ~first.region & ~grown(second.region, 1)
    np.testing.assert_array_equal(first.after[outside], second.before[outside])
    car = second.region & ~first.region
    assert not car.any() or (first.after[car] != second.before[car]).any()
    flat = plan(streets, "background", settings={"by": "flat"})[0]
    assert len(np.unique(flat.after[~flat.region], axis=0)) == 1
    assert flat.other == ""


def test_what_cannot_be_edited(streets):
    with pytest.raises(UnknownNameError, match="unknown class 'cars'; did you mean 'car'"):
        plan(streets, region="cars")
    (streets / "labels.csv").write_text("value,name\n0,road\n8,car\n9,tram\n")
    with pytest.raises(InputError, match=r"no image has the region 'tram' .*4: the region is not in it; 1: no mask"):
        plan(streets, region="tram")
    Image.new("L", (20, 20), 8).save(streets / "labels/1.png")
    with pytest.raises(InputError, match=r"1\.png: the mask has 20 x 20 pixels, the upright picture 50 x 40"):
        plan(streets)
    with pytest.raises(UnknownNameError, match="did you mean 'harmonic'"):
        plan(streets, "harmonics")
    with pytest.raises(InputError, match="least is a share"):
        plan(streets, least=1)
    with pytest.raises(InputError, match="margin is 0 or more"):
        plan(streets, margin=-1)


def test_a_control_edits_the_same_shape_elsewhere(streets):
    real, control = plan(streets), plan(streets, control=True)
    assert [record.name for record in control.images] == [record.name for record in real.images]
    assert (control.does, control.exact) == ("the same shape elsewhere removed", False)
    first, other = real[0], control[0]
    assert other.region.sum() == first.region.sum()
    assert not (other.region & first.region).any()
    assert other.region.any(axis=1).tolist() == first.region.any(axis=1).tolist()  # as high in the picture
    np.testing.assert_array_equal(other.after[~other.region], first.before[~other.region])
    wide = np.zeros((6, 6), bool)
    wide[1:5] = True
    assert (moved(wide) & wide).sum() == 12  # two of its four rows are all the room there is
    assert moved(wide).sum() == wide.sum()


def test_scenes_are_drawn_anew():
    images = open_images("scenes", limit=3, sample="first")
    for row, picture in enumerate(edit_images(images)):
        np.testing.assert_array_equal(picture.before, scene(row, split="test").image)
        np.testing.assert_array_equal(picture.after, without_thing(make_world(row, "test")))
        assert picture.how == "drawn without it"
    for picture in edit_images(images, edit="background"):
        place = picture.how.removeprefix("drawn in the scene ")
        assert place != scene(int(picture.name[5:9]), split="test").facts.place
    by_mask = edit_images(images, exact=False)[0]
    assert by_mask.how == "by mask"
    np.testing.assert_array_equal(by_mask.after[~by_mask.region], by_mask.before[~by_mask.region])
    assert edit_images(images, edit="blur")[0].how == "by mask"


def test_planted_causes_are_taken_out():
    marked = open_images("scenes:test:watermark", limit=2, sample="first")
    (first, _) = edit_images(marked, region="evidence")
    np.testing.assert_array_equal(first.after, without_mark(make_world(0, "test", 0, "watermark")))
    biased = open_images("scenes:test:background", limit=2, sample="first")
    (first, _) = edit_images(biased, edit="mask", region="evidence")
    thing = edit_images(biased, edit="mask")[0].region
    np.testing.assert_array_equal(first.region, ~thing)
    np.testing.assert_array_equal(first.after[thing], first.before[thing])


def test_pictures_of_one_class_give_the_object_its_name():
    images = open_images("scenes", limit=30, sample="first")
    fish = type(images)(tuple(record for record in images if record.label == "fish"), images.source)
    assert plan_edits(fish).does == "the fish removed"
    assert plan_edits(images).does == "the object removed"
    assert plan_edits(fish, edit="background").does == "the fish before another background"
