"""Predictions of several models side by side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from crosslight.agreement.predictions import Predictions, cohen_kappa, read_predictions, same_predictions
from crosslight.core.maps import Status
from crosslight.store import ImageEntry, Manifest, PredictionBlock, Store

CLASSES = {"a": ("Tench, Tinca", "Shark"), "b": ("shark", "gull", "tench, tinca")}
LABELS = {"a": [0, 1, None, 1, 0], "b": [2, 0, 1, 0, 2]}
TOP = {"a": [0, 1, 1, 0, -1], "b": [2, 0, 1, 2, 1]}


@pytest.fixture
def store(tmp_path) -> Store:
    images = tuple(ImageEntry(f"id{i}", f"{i}.png") for i in range(5))
    store = Store.create(tmp_path / "out", Manifest("study", "same", images, block=2))
    for model, names in CLASSES.items():
        store.add_model(model, len(names), {"classes": names, "labels": LABELS[model], "digest": model})
        for block in range(store.blocks):
            top = TOP[model][store.block_slice(block)]
            logits = np.full((len(top), len(names)), 0.0, np.float32)
            for row, index in enumerate(top):
                logits[row] = np.nan if index < 0 else np.where(np.arange(len(names)) == index, 3, 0)
            status = np.where(np.array(top) < 0, Status.FAILED, Status.OK).astype(np.uint8)
            block_of = PredictionBlock(logits, np.full((len(top), 2), 8, np.int32), status)
            store.write(model, block, predictions=block_of)
    store.add_model("maps only", 0, {"digest": "m"})
    return store


def test_classes_are_compared_by_name_and_blocks_do_not_matter(store: Store) -> None:
    found = read_predictions(store, ["a", "b"])
    assert [[found.names[c].split(",")[0].lower() if c >= 0 else "" for c in row] for row in found.top] == [
        ["tench", "shark", "shark", "tench", ""],
        ["tench", "shark", "gull", "tench", "gull"],
    ]
    np.testing.assert_array_equal(found.right, [[1, 1, np.nan, 0, np.nan], [1, 1, 1, 0, 0]])
    assert found.confidence[0, 0] == pytest.approx(np.exp(3) / (np.exp(3) + 1))
    assert found.confidence[1, 0] == pytest.approx(np.exp(3) / (np.exp(3) + 2))
    assert np.isnan(found.confidence[0, 4])


def test_counts_and_fractions_are_over_the_images_that_both_predict(store: Store) -> None:
    found = same_predictions(read_predictions(store), resamples=200)
    assert found.models == ("a", "b", "maps only")
    assert found.count[:2, :2].tolist() == [[4, 3], [3, 5]]
    assert found.of[:2, :2].tolist() == [[4, 4], [4, 5]]
    assert found.fraction[0, 1] == 0.75
    assert found.low[0, 1] < 0.75 < found.high[0, 1]
    assert np.isnan(found.fraction[2]).all()
    assert found.to_dict()["fraction"][2] == [None] * 3


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30))
def test_kappa_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs).T
    own = cohen_kappa(one, other)
    if len({*one, *other}) == 1:
        assert np.isnan(own)
    else:
        assert own == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)


def test_error_consistency_is_nothing_for_independent_errors_and_one_for_equal_ones() -> None:
    random = np.random.default_rng(0)
    right = (random.random((3, 4000)) < [[0.7], [0.6], [0.9]]).astype(float)
    right[2] = right[0]
    found = same_predictions(
        Predictions(
            ("a", "b", "c"),
            tuple(map(str, range(4000))),
            random.integers(5, size=(3, 4000)),
            np.ones((3, 4000)),
            right,
            tuple("vwxyz"),
        ),
        resamples=50,
    )
    assert abs(found.error_consistency[0, 1]) < 0.05
    assert found.error_consistency[0, 2] == pytest.approx(1)
