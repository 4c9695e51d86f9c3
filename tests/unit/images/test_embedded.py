"""The embedded world as a source of images."""

from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.errors import InputError
from crosslight.images import open_images
from crosslight.scenes import CLASSES, scene


def test_pictures_are_those_of_the_world() -> None:
    images = open_images("scenes:train:watermark", limit=12, sample="first")
    for index, record in enumerate(images):
        made = scene(index, split="train", variant="watermark")
        assert np.array_equal(np.asarray(record.load()), made.image)
        assert record.label == CLASSES[made.label]


def test_the_test_split_is_meant_unless_another_is_named() -> None:
    plain, named = (open_images(source, limit=20, sample="stratified") for source in ("scenes", "scenes:test:clean"))
    assert [record.identity for record in plain] == [record.identity for record in named]
    assert set(plain.label_counts().values()) == {2}


@pytest.mark.parametrize(
    ("source", "message"),
    [("scenes:tset", "did you mean 'test'"), ("scenes:test:watermarks", "'watermark'"), ("scenes:a:b:c", "SPLIT")],
)
def test_names_that_are_none(source: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        open_images(source)


def test_a_picture_is_drawn_once_for_all_classifiers(monkeypatch):
    images = open_images("scenes", limit=2, sample="first")
    first = images[0].bytes()
    monkeypatch.setattr("crosslight.scenes.scene", lambda *_, **__: pytest.fail("drawn again"))
    assert images[0].bytes() is first
