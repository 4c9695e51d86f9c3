"""What a page is told of a run: packed, and read back to the same numbers."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.dynamics import MISSING, History
from crosslight.report.learning.payload import (
    body_of,
    facts_of,
    findings_of,
    fits,
    head_of,
    is_wide,
    margin_kind,
    planes,
)

from .conftest import made_up_history


def unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text), -15)


def predictions_of(history: History) -> np.ndarray:
    """As the page reads them."""
    body = body_of(history, None)
    raw = np.frombuffer(unpacked(body["predictions"]), np.uint16 if body["wide"] else np.uint8)
    rows = np.bitwise_xor.accumulate(raw.reshape(history.predictions.shape), axis=0).astype(np.uint16)
    return rows if body["wide"] else np.where(rows == 255, MISSING, rows)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 300), st.integers(0, 5), st.integers(0, 7), st.integers(0, 99))
def test_predictions_are_read_back(classes: int, epochs: int, images: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    predictions = rng.integers(0, classes, (epochs, images)).astype(np.uint16)
    predictions[rng.random((epochs, images)) < 0.2] = MISSING
    history = replace(
        made_up_history(images, 0, 1),
        classes=tuple(map(str, range(classes))), epochs=np.arange(epochs, dtype=np.int32), predictions=predictions,
    )  # fmt: skip
    assert is_wide(history) == (classes > 254)
    np.testing.assert_array_equal(predictions_of(history), predictions)


def test_labels_and_ids_are_read_back(history: History) -> None:
    body = body_of(history, np.arange(120, dtype=np.int32))
    labels = np.frombuffer(unpacked(body["labels"]), np.uint16)
    assert (labels[[5, 6]] == MISSING).all()
    np.testing.assert_array_equal(np.delete(labels, [5, 6]), np.delete(history.labels, [5, 6]))
    assert json.loads(unpacked(body["ids"])) == list(history.ids)
    assert np.frombuffer(unpacked(body["places"]), np.int32).tolist() == list(range(120))


@pytest.mark.parametrize("kind", ["<f2", "<f4"])
def test_numbers_stand_in_planes_of_bytes(kind: str) -> None:
    values = np.array([[1.5, np.nan], [-2.25, 0.1]], kind)
    raw = np.frombuffer(unpacked(planes(values, kind)), np.uint8)
    back = np.ascontiguousarray(raw.reshape(values.itemsize, -1).T).view(kind).reshape(2, 2)
    np.testing.assert_array_equal(back, values)


def test_margins_lose_nothing_unless_there_are_very_many(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    assert margin_kind(history) == "float32"
    assert head_of(history, "a", None, None)["note"] == ""
    assert history.margin is not None
    coarse = replace(history, margin=history.margin.astype(np.float16).astype(np.float32))
    assert fits(coarse.margin)
    assert margin_kind(coarse) == "float16"
    monkeypatch.setattr("crosslight.report.learning.payload.EXACT", 10)
    assert margin_kind(history) == "float16"
    assert "half precision" in head_of(history, "a", None, None)["note"]
    assert margin_kind(replace(history, margin=None)) is None


def test_what_is_not_finite_is_none(history: History) -> None:
    head = head_of(history, "Run", None, None)
    assert head["metrics"]["validation/loss"][1] is None
    assert head["metrics"]["validation/loss"][0] == pytest.approx(2.1)
    json.dumps(head, allow_nan=False)


def test_findings_name_images_by_column(history: History) -> None:
    found = findings_of(history)
    restless = next(one for one in found if "never settled" in one["head"])
    assert restless["images"]
    assert all(0 <= at < 120 for at in restless["images"])
    assert findings_of(replace(made_up_history(3, 0), epochs=np.zeros(0, np.int32))) == []


def test_facts_are_flat_and_short(history: History) -> None:
    facts = dict(
        facts_of(replace(history, facts={"recipe": {"rate": 0.1, "deep": {"x": None}}, "long": "a" * 999, "l": [1]}))
    )
    assert facts["recipe rate"] == "0.1"
    assert facts["recipe deep x"] == "–"
    assert len(facts["long"]) == 300
    assert "l" not in facts
