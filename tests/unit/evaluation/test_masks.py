"""Masks of scenes, in memory, and how they must fit."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.evaluation.masks import ArrayMasks, SceneMasks, check_masks, has_own_masks, open_masks
from crosslight.scenes import scene
from crosslight.store import ImageEntry


def test_scenes_come_with_their_evidence(scored):
    masks = open_masks(scored)
    assert masks.name == "evidence of scenes"
    for index, image in enumerate(scored.manifest.images[:3]):
        np.testing.assert_array_equal(masks.read(image, (96, 96)), scene(index, split="test").facts.evidence)


def test_the_variant_of_the_study_decides(make_scenes, tmp_path):
    store = make_scenes(tmp_path / "out", 3, 2, "scenes:test:watermark")
    image, made = store.manifest.images[1], scene(1, split="test", variant="watermark")
    evidence, thing = (open_masks(store, what).read(image, (96, 96)) for what in ("evidence", "object"))
    np.testing.assert_array_equal(evidence, made.facts.evidence)
    assert (made.labels["object"][thing] == made.labels["object"][thing][0]).all()
    assert thing.sum() > 4 * evidence.sum()
    clean = SceneMasks("clean")
    with pytest.raises(InputError, match=r"test-0001.ppm: this Crosslight draws another picture"):
        clean.read(image, (96, 96))


def test_the_object_of_a_clean_scene_is_its_evidence(scored):
    image = scored.manifest.images[0]
    one, other = (open_masks(scored, what).read(image, (96, 96)) for what in ("evidence", "object"))
    np.testing.assert_array_equal(one, other)


def test_photographs_have_no_masks_of_their_own(photographs, scored):
    assert has_own_masks(scored)
    assert not has_own_masks(photographs)
    for given in (None, "evidence"):
        with pytest.raises(InputError, match=r"folder of PNG masks .* image,x0,y0,x1,y1"):
            open_masks(photographs, given)


def test_names_that_are_no_masks(scored):
    with pytest.raises(InputError, match="did you mean 'evidence'"):
        open_masks(scored, "evidnce")
    with pytest.raises(InputError, match=r"no-such-folder: no such file or folder; give a folder of PNG masks"):
        open_masks(scored, "no-such-folder")


def entries(count):
    return [ImageEntry(f"id{i}", f"{i}.png") for i in range(count)]


def test_every_misfit_is_counted_and_five_are_named():
    images = entries(8)
    masks = ArrayMasks({f"{i}.png": np.ones((9, 8) if i else (8, 9)) for i in range(8)})
    with pytest.raises(InputError) as caught:
        check_masks(masks, images, np.tile([8, 9], (8, 1)))
    text = str(caught.value)
    assert text.startswith("7 masks do not fit (arrays in memory)")
    assert "1.png: the mask has 8 x 9 pixels, the upright picture 9 x 8" in text
    assert "5.png" in text
    assert "6.png" not in text
    assert "and 2 more" in text
    with pytest.raises(InputError, match="1 mask does not fit"):
        check_masks(ArrayMasks({"id0": np.ones(9)}), images, np.tile([8, 9], (8, 1)))


def test_masks_by_name_or_identity_and_pictures_that_are_not_known():
    images = entries(2)
    sizes = np.array([[8, 9], [-1, -1]])
    check_masks(ArrayMasks({"id0": np.ones((8, 9)), "1.png": np.ones((3, 3))}), images, sizes)
    with pytest.raises(InputError, match="no mask of any image"):
        check_masks(ArrayMasks({"2.png": np.ones((8, 9))}), images, sizes)
    with pytest.raises(InputError, match="sizes of the pictures are not known"):
        check_masks(ArrayMasks({"1.png": np.ones((8, 9))}), images, sizes)
    masks = ArrayMasks({"id0": np.array([[0, 2], [0.5, 0]])})
    np.testing.assert_array_equal(masks.read(images[0], (2, 2)), [[False, True], [True, False]])
