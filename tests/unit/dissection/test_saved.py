"""A dissection reads back as it was written, and damage is told."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from crosslight.core.errors import StoreError
from crosslight.dissection import Dissection, Labelling, UnitLayer, open_dissection, save_dissection
from crosslight.dissection.records import CANDIDATES, NONE, TOP
from crosslight.dissection.saved import folders_of, has_dissection, with_labellings


def layer(name: str, units: int = 3, images: int = 4) -> UnitLayer:
    rng = np.random.default_rng(units)
    return UnitLayer(
        name,
        0.5,
        (2, 3),
        np.where(rng.random((images, 1)) < 0.3, np.nan, rng.random((images, units))).astype(np.float32),
        rng.random(units).astype(np.float32),
        rng.integers(0, images, (units, TOP)).astype(np.int32),
        rng.random((units, TOP, 2, 3)).astype(np.float16),
        rng.random(units) < 0.5,
    )


def labelling(of: str, score: str = "iou", units: int = 3) -> Labelling:
    return Labelling(
        of,
        score,
        ("sea", "Äpfel 苹果"),
        ("object", ""),
        np.array([0, NONE, 1], np.int32),
        np.full((units, CANDIDATES), NONE, np.int32),
        np.full((units, CANDIDATES), np.nan, np.float32),
        ("", "dead", ""),
        np.full(units, np.nan),
        np.array([0.25, np.nan, 1]),
        np.full(units, np.nan),
        np.zeros(units, np.int32),
        np.full(units, NONE, np.int32),
        {"threshold": 0.04, "level": None, "nested": {"a": [1, 2]}},
    )


def dissection(*labellings: Labelling) -> Dissection:
    return Dissection(
        "ResNet–18",
        ("a.png", "b.png", "c/d.png", "e.png"),
        ("1", "2", "3", "4"),
        (layer("layer4"), layer("LAYER4", 5)),
        labellings,
        {2: "not an image but text"},
        {"seconds": 1.5, "source": "photos/"},
    )


def assert_equal(one: object, other: object) -> None:
    for field in dataclasses.fields(one):  # type: ignore[arg-type]
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            assert np.array_equal(a, b, equal_nan=a.dtype.kind == "f"), field.name
        elif field.name in ("layers", "labellings"):
            assert len(a) == len(b)
            for mine, theirs in zip(a, b, strict=True):
                assert_equal(mine, theirs)
        else:
            assert a == b, field.name


def test_all_of_it_comes_back(tmp_path: Path) -> None:
    whole = dissection(labelling("layer4"), labelling("layer4", "soft-wpmi"), labelling("LAYER4"))
    assert not has_dissection(tmp_path)
    save_dissection(whole, tmp_path / "deep" / "out")
    assert_equal(whole, open_dissection(tmp_path / "deep" / "out"))
    assert has_dissection(tmp_path / "deep" / "out")


def test_names_that_differ_in_case_alone_have_folders_of_their_own() -> None:
    folders = folders_of(["layer4", "LAYER4", "a/b", "a:b", "con"])
    assert len({one.lower() for one in folders.values()}) == 5
    assert folders["layer4"] == "layer4"
    assert not any("/" in one or ":" in one for one in folders.values())


def test_saving_again_leaves_nothing_stale(tmp_path: Path) -> None:
    save_dissection(dissection(labelling("layer4"), labelling("layer4", "cosine")), tmp_path)
    save_dissection(dissection(labelling("layer4")), tmp_path)
    assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == ["layer4-iou.json", "layer4-iou.npz"]
    assert not (tmp_path / ".partial").exists()


def test_what_was_opened_can_be_saved_in_its_place(tmp_path: Path) -> None:
    whole = dissection(labelling("layer4"))
    save_dissection(whole, tmp_path)
    save_dissection(with_labellings(open_dissection(tmp_path), [labelling("LAYER4")]), tmp_path)
    assert_equal(with_labellings(whole, [labelling("LAYER4")]), open_dissection(tmp_path))


def test_new_labellings_take_the_place_of_old_ones() -> None:
    first, second = labelling("layer4"), labelling("layer4", "cosine")
    newer = dataclasses.replace(first, settings={"threshold": 0.1})
    assert with_labellings(dissection(first, second), [newer]).labellings == (second, newer)


def test_a_folder_without_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"dissection\.json is missing"):
        open_dissection(tmp_path)
    (tmp_path / "dissection.json").write_text("{")
    with pytest.raises(StoreError, match="is no manifest"):
        open_dissection(tmp_path)


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    path = save_dissection(dissection(), tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 99}))
    with pytest.raises(StoreError, match="format version 99"):
        open_dissection(tmp_path)


@pytest.mark.parametrize("name", ["layers/layer4/activations.npy", "labels/layer4-iou.npz", "labels/layer4-iou.json"])
@pytest.mark.parametrize("how", ["missing", "cut"])
def test_damage_is_told(tmp_path: Path, name: str, how: str) -> None:
    save_dissection(dissection(labelling("layer4")), tmp_path)
    path = tmp_path / name
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(StoreError, match="damaged dissection"):
        open_dissection(tmp_path)


def test_a_file_cannot_run_code(tmp_path: Path) -> None:
    save_dissection(dissection(), tmp_path)
    np.save(tmp_path / "layers/layer4/dead.npy", np.array([{}], object))
    with pytest.raises(StoreError, match="damaged"):
        open_dissection(tmp_path)
