"""Which pictures train, validate and test, and what is wrong with those that cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.core.classes import Classes
from crosslight.core.errors import InputError
from crosslight.dynamics.training.data import Part, as_facts, hold_out, open_pictures
from crosslight.images.image_set import Entry, FileContent, ImageRecord

from .conftest import CLASSES, write_folder, write_parquet


def part(labels: list[int]) -> Part:
    content = FileContent(Path("x"))
    records = tuple(ImageRecord(f"{i}", Entry(f"p{i}", None, content).name, None, content) for i in range(len(labels)))
    return Part(records, np.array(labels, np.int64), "x")


def test_a_share_of_each_class_is_held_out(photos: Path) -> None:
    pictures = open_pictures(photos, 0.25, seed=1)
    assert pictures.classes == CLASSES
    assert np.bincount(pictures.train.labels).tolist() == [6, 6, 6]
    assert np.bincount(pictures.validation.labels).tolist() == [2, 2, 2]
    assert not set(pictures.train.identities) & set(pictures.validation.identities)
    assert "0.25" in pictures.split
    assert pictures.test is None
    again = open_pictures(photos, 0.25, seed=1)
    assert again.validation.ids == pictures.validation.ids
    assert open_pictures(photos, 0.25, seed=2).validation.ids != pictures.validation.ids
    for record, label in zip(pictures.train.records, pictures.train.labels, strict=True):
        assert record.label == CLASSES[label]


@given(st.lists(st.integers(0, 4), min_size=2, max_size=60), st.floats(0.01, 0.99), st.integers(0, 5))
def test_holding_out(labels: list[int], share: float, seed: int) -> None:
    whole = part(labels)
    counts = np.bincount(labels, minlength=5)
    if counts.max() < 2:
        with pytest.raises(InputError, match="no class has two pictures"):
            hold_out(whole, share, seed)
        return
    kept, held = hold_out(whole, share, seed)
    assert sorted(kept.ids + held.ids) == sorted(whole.ids)
    left, taken = (np.bincount(one.labels, minlength=5) for one in (kept, held))
    assert (left[counts > 0] >= 1).all()
    assert (taken[counts > 1] >= 1).all()
    free = (counts > 1) & (taken > 1) & (left > 1)
    assert (np.abs(taken - share * counts)[free] <= 0.5).all()


def test_a_folder_of_parts(tmp_path: Path) -> None:
    for name, count in (("train", 4), ("val", 2), ("test", 3)):
        write_folder(tmp_path / "all" / name, count, seed=count)
    pictures = open_pictures(tmp_path / "all")
    assert {name: len(one) for name, one in pictures.parts.items()} == {"train": 12, "validation": 6, "test": 9}
    assert pictures.split == ""
    assert pictures.remarks == ()
    assert as_facts(pictures)["test"]["classes"] == dict.fromkeys(CLASSES, 3)


def test_parquet_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    train, test = write_parquet(tmp_path / "a/train.parquet"), write_parquet(tmp_path / "b/test.parquet", 2, seed=1)
    pictures = open_pictures(train, test)
    assert pictures.classes == CLASSES
    assert (len(pictures.train), len(pictures.validation)) == (18, 6)
    assert pictures.validation.ids[0] == "bird/0000.png"
    assert len(open_pictures(train, test, limit=6).train) == 6


def test_what_is_odd_is_told(tmp_path: Path) -> None:
    train = write_folder(tmp_path / "train", 4)
    other = write_folder(tmp_path / "other", 4, classes=("bird", "cat", "emu"))
    pictures = open_pictures(train, other)
    assert len(pictures.validation) == 8
    assert pictures.remarks == (
        "4 of the validation pictures are of the class 'emu', which training lacks: left out",
        "8 of the validation pictures are among the training pictures, byte for byte",
    )
    assert [one["name"] for one in pictures.skipped] == [f"emu/p{i}.png" for i in range(4)]
    given = open_pictures(train, classes=Classes(("dog", "cat", "bird", "emu")))
    assert given.classes == ("dog", "cat", "bird", "emu")
    assert given.remarks == ("no training picture shows emu",)


def test_names_that_repeat_give_way_to_identities() -> None:
    one = part([0, 1])
    assert one.ids == ("p0", "p1")
    assert Part((one.records[0], one.records[0]), one.labels, "x").ids == ("0", "0")


def test_bad_input(tmp_path: Path, photos: Path) -> None:
    single = write_folder(tmp_path / "single", classes=("cat",))
    with pytest.raises(InputError, match=r"all pictures are of one class \(cat\)"):
        open_pictures(single)
    with pytest.raises(InputError, match="the pictures have no labels"):
        open_pictures(single / "cat")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError):
        open_pictures(tmp_path / "empty")
    with pytest.raises(InputError, match="no validation picture has a label"):
        open_pictures(photos, write_folder(tmp_path / "others", classes=("emu", "eel")))
    for share in (0.0, 1.0, -1):
        with pytest.raises(InputError, match="share of pictures held out"):
            open_pictures(photos, share)
    with pytest.raises(InputError, match="at least two classes need training pictures"):
        open_pictures(photos, classes=Classes(("cat", "emu")))
