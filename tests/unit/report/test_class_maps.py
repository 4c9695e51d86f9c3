"""Mean maps by class, against a direct computation."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from crosslight.core.maps import Status
from crosslight.report.class_maps import CELLS, classes_of, mean_maps, mean_part, on_grid, write_classes
from crosslight.report.contents import Contents, read_contents
from crosslight.report.tiles import TOP_BYTE
from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store

COUNT, SHAPE = 24, (5, 6)


@pytest.fixture
def contents(tmp_path: Path) -> Contents:
    """Two classes of 12 images in two blocks; the only model is wrong on every second image of the second class."""
    rng = np.random.default_rng(0)
    images = tuple(ImageEntry(f"id{i}", f"{i}.jpg", ("cat", "dog")[i % 2]) for i in range(COUNT))
    store = Store.create(tmp_path / "out", Manifest("classes", "classes", images, 16))
    truth = [i % 2 for i in range(COUNT)]
    said = [0 if i % 4 == 3 else i % 2 for i in range(COUNT)]
    store.add_model("net", 2, {"classes": ["cat, Felis", "dog"], "labels": truth})
    key = store.add_maps("net", "Signed", "d", SHAPE, {"method": "hires-cam", "finish": "none"})
    values = rng.standard_normal((COUNT, *SHAPE)).astype(np.float32) * rng.uniform(0.1, 100, (COUNT, 1, 1))
    values[2] = 0
    for block, rows in enumerate((slice(0, 16), slice(16, COUNT))):
        chosen = values[rows].astype(np.float32)
        count = len(chosen)
        status = np.where(np.abs(chosen).sum(axis=(1, 2)) > 0, Status.OK, Status.ZERO).astype(np.uint8)
        maps = MapBlock(chosen, np.tile([0.0, 0, 6, 5], (count, 1)), np.zeros((count, 2), np.int32), status)
        logits = np.eye(2, dtype=np.float32)[said[rows]]
        predictions = PredictionBlock(logits, np.tile(np.array([5, 6], np.int32), (count, 1)), np.ones(count, np.uint8))
        store.write("net", block, predictions=predictions, maps={key: maps})
    return read_contents(store)


def shares(contents: Contents) -> np.ndarray:
    """The maps, each divided by its sum of absolute values; NaN for the one that is zero."""
    values = contents.store.maps("net", "Signed").values.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray(values / np.abs(values).sum(axis=(1, 2), keepdims=True))


def test_classes_are_the_labels_as_models_call_them(contents: Contents) -> None:
    classes = classes_of(contents)
    assert classes is not None
    assert (classes.by, classes.names) == ("label", ("cat", "dog"))
    assert classes.rows == (tuple(range(0, COUNT, 2)), tuple(range(1, COUNT, 2)))


def test_mean_maps_are_those_computed_directly(contents: Contents) -> None:
    classes = classes_of(contents)
    assert classes is not None
    made = mean_part(contents, contents.methods[0], classes)
    content = np.frombuffer(zlib.decompress(base64.b64decode(made["bytes"]), -15), np.uint8).astype(float)
    (column,) = made["columns"]
    dogs, wrong = list(range(1, COUNT, 2)), list(range(3, COUNT, 4))
    wanted = {
        (-1, "all"): [i for i in range(COUNT) if i != 2],
        (-1, "right"): [i for i in range(COUNT) if i not in (2, *wrong)],
        (-1, "wrong"): wrong,
        (0, "all"): [i for i in range(0, COUNT, 2) if i != 2],
        (1, "all"): dogs,
        (1, "right"): [i for i in dogs if i not in wrong],
        (1, "wrong"): wrong,
    }
    assert {(number, kind) for number, kind, *_ in column["entries"]} == set(wanted)  # no cat is wrong
    for number, kind, count, limit, at in column["entries"]:
        rows = wanted[number, kind]
        each = [Image.fromarray((share * share.size).astype(np.float32)) for share in shares(contents)[rows]]
        direct = np.mean([np.asarray(one.resize((CELLS, CELLS), Image.Resampling.BILINEAR)) for one in each], axis=0)
        shown = limit * (2.0 * content[at : at + CELLS**2].reshape(CELLS, CELLS) / TOP_BYTE - 1)
        assert count == len(rows)
        np.testing.assert_allclose(shown, direct, atol=0.51 * 2 * limit / TOP_BYTE + 1e-3 * limit)


@given(values=arrays(np.float64, (6, 3, 4), elements=st.floats(-50, 50)), cut=st.integers(1, 5))
def test_blocks_make_no_difference_and_every_image_counts_the_same(values: np.ndarray, cut: int) -> None:
    masks = np.array([[True] * 6, [True, False, True, False, False, False]])
    total = np.abs(values).sum(axis=(1, 2))
    whole, counts = mean_maps([(slice(0, 6), values)], masks)
    parts, same = mean_maps([(slice(0, cut), values[:cut]), (slice(cut, 6), values[cut:])], masks)
    assert counts.tolist() == same.tolist() == (masks & (total > 0)).sum(axis=1).tolist()
    np.testing.assert_allclose(parts, whole, atol=1e-9)
    assert (np.abs(whole).sum(axis=(1, 2)) <= values[0].size * (1 + 1e-9)).all()
    louder, _ = mean_maps([(slice(0, 6), values * np.array([1, 10, 100, 1, 1, 1])[:, None, None])], masks)
    np.testing.assert_allclose(louder, whole, atol=1e-9)


def test_maps_that_are_not_finite_do_not_count() -> None:
    values = np.ones((3, 2, 2))
    values[1, 0, 0] = np.nan
    means, counts = mean_maps([(slice(0, 3), values)], np.ones((1, 3), bool))
    assert counts.tolist() == [2]
    np.testing.assert_allclose(means, 1)


def test_an_even_map_is_one_everywhere_on_the_grid() -> None:
    np.testing.assert_allclose(on_grid(np.ones((7, 7))), 1, atol=1e-6)
    np.testing.assert_allclose(on_grid(np.ones((120, 130))), 1, atol=1e-6)


def test_without_labels_classes_are_predictions(contents: Contents, tmp_path: Path) -> None:
    for model in contents.models:
        model.truth[:] = -1
    for image in contents.images:
        object.__setattr__(image, "label", None)
    classes = write_classes(contents, tmp_path)
    assert classes is not None
    assert classes.by == "prediction"
    assert set(classes.names) == {"cat", "dog"}
    members = classes.members(contents.models[0], classes.names.index("cat"))
    assert np.flatnonzero(members).tolist() == [i for i in range(COUNT) if i % 2 == 0 or i % 4 == 3]
    column = written(tmp_path / "classes-0.js")["columns"][0]
    assert {kind for _, kind, *_ in column["entries"]} == {"all"}


def written(path: Path) -> Any:
    text = path.read_text("ascii")
    return json.loads(text[text.index(",") + 1 : text.rindex(")")])
