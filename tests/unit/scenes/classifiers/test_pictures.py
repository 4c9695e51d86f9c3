from __future__ import annotations

import numpy as np
import pytest

from crosslight.core.progress import Silent
from crosslight.scenes import label_of, scene
from crosslight.scenes.classifiers import pictures as module
from crosslight.scenes.classifiers.pictures import training_pictures, training_things


class Count(Silent):
    def __init__(self):
        self.done = 0

    def advance(self, units: int, what: str) -> None:
        self.done += units


def test_pictures_labels_and_things_of_the_train_split(tmp_path):
    images, labels = training_pictures(tmp_path, "clean", 7)
    things = np.unpackbits(training_things(tmp_path, "clean", 7), axis=2)
    assert things.shape == images.shape[:3] == (7, 96, 96)
    for index in (0, 6):
        one = scene(index, split="train")
        np.testing.assert_array_equal(images[index], one.image)
        np.testing.assert_array_equal(things[index] == 1, one.facts.evidence)
        assert labels[index] == one.label == label_of(index, "train")


def test_they_are_made_once(tmp_path):
    first, again = Count(), Count()
    training_pictures(tmp_path, "patch", 5, progress=first)
    training_pictures(tmp_path, "patch", 5, progress=again)
    assert (first.done, again.done) == (5, 0)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("damage", [b"", b"no array", None])
def test_what_is_not_these_pictures_is_made_again(tmp_path, damage):
    training_pictures(tmp_path, "clean", 3)
    (path,) = tmp_path.iterdir()
    if damage is None:  # drawn otherwise
        array = np.load(path)
        array[2] += 1
        np.save(path, array)
    else:
        path.write_bytes(damage)
    images, _ = training_pictures(tmp_path, "clean", 3)
    np.testing.assert_array_equal(images[2], scene(2, split="train").image)


def test_interrupted_they_leave_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 2)

    class Stop(Count):
        def advance(self, units: int, what: str) -> None:
            super().advance(units, what)
            if self.done >= 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training_pictures(tmp_path, "clean", 7, progress=Stop())
    assert list(tmp_path.iterdir()) == []


def test_several_processes_make_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 3)
    alone, _ = training_pictures(tmp_path / "alone", "clean", 7)
    together, _ = training_pictures(tmp_path / "together", "clean", 7, jobs=2)
    np.testing.assert_array_equal(alone, together)
