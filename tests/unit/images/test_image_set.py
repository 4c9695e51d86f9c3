from __future__ import annotations

import hashlib
import pickle
import shutil

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import ImageError
from crosslight.images import ImageSet, open_images
from crosslight.images.image_set import natural_key


def test_records(photos):
    images = open_images(photos)
    first = images[0]
    data = (photos / "cat/img1.png").read_bytes()
    assert (first.name, first.label) == ("cat/img1.png", "cat")
    assert first.identity == hashlib.sha256(data).hexdigest()[:16]
    assert first.bytes() == data
    assert first.load().tobytes() == Image.open(photos / "cat/img1.png").tobytes()


def test_identities_survive_a_renamed_and_moved_folder(photos, tmp_path):
    before = {r.bytes(): r.identity for r in open_images(photos)}
    moved = tmp_path / "elsewhere" / "renamed"
    shutil.copytree(photos, moved)
    (moved / "cat/img1.png").rename(moved / "zebra.png")
    after = {r.bytes(): r.identity for r in open_images(moved)}
    assert before == after


def test_equal_contents_are_numbered_in_the_order_of_names(photos):
    for name in ("dog/img10.png", "dog/img9.png"):
        shutil.copy(photos / "cat/img1.png", photos / name)
    found = {r.name: r.identity for r in open_images(photos)}
    base = found["cat/img1.png"]
    assert "-" not in base
    assert found["dog/img9.png"] == f"{base}-2"
    assert found["dog/img10.png"] == f"{base}-3"
    assert len(set(found.values())) == len(found)
    reversed_list = open_images([photos / name for name in reversed(list(found))])
    assert {r.name: r.identity for r in reversed_list} == found


def test_a_missing_file_has_an_identity_and_fails_when_loaded(photos):
    images = open_images(photos)
    (photos / "cat/img2.PNG").unlink()
    (photos / "cat/img2.PNG").symlink_to(photos / "nowhere.png")
    broken = next(r for r in open_images(photos) if r.name == "cat/img2.PNG")
    assert broken.identity.startswith("missing-")
    with pytest.raises(ImageError, match="no such file"):
        broken.load()
    with pytest.raises(ImageError, match="no such file"):
        next(r for r in images if r.name == "cat/img2.PNG").load()


def test_sets_slice_count_and_print(photos):
    images = open_images(photos)
    part = images[1:3]
    assert isinstance(part, ImageSet)
    assert list(part) == list(images)[1:3]
    assert images[-1] is images.records[-1]
    assert images.classes == ("cat", "dog")
    assert images.label_counts() == {"cat": 3, "dog": 2}
    assert images.identities == tuple(r.identity for r in images)
    assert "5 images" in repr(images)
    assert images == open_images(photos)


def test_subset_of_a_set_equals_opening_fewer(photos):
    whole = open_images(photos)
    for how in ("first", "random", "stratified"):
        part = open_images(photos, limit=2, sample=how, seed=4)
        assert list(whole.subset(2, how, seed=4)) == list(part)
        assert "2 of 5 images" in part.source
    assert whole.subset(None) is whole


def test_only_the_chosen_images_are_read(photos, monkeypatch):
    from crosslight.images import image_set

    read = []
    original = image_set.FileContent.read
    monkeypatch.setattr(image_set.FileContent, "read", lambda self: read.append(self.path) or original(self))
    open_images(photos, limit=2)
    assert len(read) == 2


def test_sets_go_to_other_processes(photos):
    images = open_images([photos / "dog/a.jpg", np.zeros((20, 20, 3), np.uint8)])
    copy = pickle.loads(pickle.dumps(images))
    assert copy == images
    assert [r.load().tobytes() for r in copy] == [r.load().tobytes() for r in images]


def test_natural_order():
    names = ["b/1", "a10", "a2", "A1", "a/z", "a1", "ab", "\u0663x", "1", "", "a-1/x"]
    ordered = sorted(names, key=natural_key)
    assert ordered.index("a2") < ordered.index("a10")
    names.reverse()
    assert sorted(names, key=natural_key) == ordered
    assert ordered.index("A1") + 1 == ordered.index("a1")
