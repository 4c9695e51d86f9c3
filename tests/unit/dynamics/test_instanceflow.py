from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from crosslight.core.errors import InputError
from crosslight.dynamics import History, read_instanceflow, write_instanceflow
from crosslight.dynamics.instanceflow import from_instanceflow, to_instanceflow

from .making import histories, history


@settings(max_examples=30, deadline=None)
@given(histories())
def test_round_trip(one: History) -> None:
    written = to_instanceflow(one)
    found = from_instanceflow(json.loads(json.dumps(written)))
    assert (found.classes, found.ids, found.facts, found.remarks) == (one.classes, one.ids, {}, ())
    for name in ("labels", "epochs", "predictions"):
        np.testing.assert_array_equal(getattr(found, name), getattr(one, name))
        assert getattr(found, name).dtype == getattr(one, name).dtype
    assert to_instanceflow(found) == written


def test_the_format(tmp_path: Path) -> None:
    one = history([[0, -1], [1, 1]], [0, -1], ["cat", "dog"], epochs=np.array([3, 4], np.int32))
    path = write_instanceflow(one, tmp_path / "flow.json", image=lambda name: f"pictures/{name}.png")
    assert json.loads(path.read_text()) == {
        "labels": ["cat", "dog"],
        "instances": [
            {"id": "i0", "actual": 0, "image": "pictures/i0.png"},
            {"id": "i1", "actual": 2, "image": "pictures/i1.png"},  # the number that its viewer calls Other
        ],
        "epochs": [{"id": "3", "classifications": [0, 2]}, {"id": "4", "classifications": [1, 1]}],
    }
    assert read_instanceflow(path).facts == {"addresses": ["pictures/i0.png", "pictures/i1.png"]}


def test_epochs_by_place_where_they_have_no_numbers() -> None:
    found = from_instanceflow(changed(epochs=[{"id": name, "classifications": [0]} for name in ("start", "end")]))
    assert found.epochs.tolist() == [0, 1]
    assert found.remarks == (
        "The epochs' names are not all different whole numbers; they are numbered by their place, from 0.",
    )


def test_epochs_in_order() -> None:
    found = from_instanceflow(changed(epochs=[{"id": "9", "classifications": [0]}, {"id": 2, "classifications": [1]}]))
    assert found.epochs.tolist() == [2, 9]
    assert found.predictions.tolist() == [[1], [0]]


def changed(**parts: Any) -> dict[str, Any]:
    whole = {
        "labels": ["a", "b"],
        "instances": [{"id": "x", "actual": 0, "image": ""}],
        "epochs": [{"id": "0", "classifications": [1]}],
    }
    return {**whole, **parts}


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ([], "an object with labels"),
        ({"labels": []}, "a list called instances"),
        (changed(labels=[]), "labels: 0 classes"),
        (changed(instances=[{"id": "x"}]), r"instances\[0\] needs id and actual"),
        (changed(instances=[{"id": "x", "actual": 0}] * 2), "an id is there twice"),
        (changed(instances=[{"id": "x", "actual": "a"}]), "instances: actual: class numbers"),
        (changed(instances=[{"id": "x", "actual": 3}]), "3 is no class; there are 0 to 1, and 2 for none"),
        (changed(epochs=[{"id": "0"}]), r"epochs\[0\] needs id"),
        (changed(epochs=[{"id": "0", "classifications": [0, 0]}]), r"epochs\[0\] has 2 classifications for 1"),
        (changed(epochs=[{"id": "0", "classifications": [True]}]), "class numbers are whole numbers"),
        (changed(epochs=[{"id": "0", "classifications": [-1]}]), "-1 is no class"),
    ],
)
def test_what_is_not_in_the_format(tmp_path: Path, found: Any, says: str) -> None:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(found))
    with pytest.raises(InputError, match=says):
        read_instanceflow(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read"):
        read_instanceflow(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match="is no JSON"):
        read_instanceflow(tmp_path / "bad.json")
    with pytest.raises(InputError, match="one image and one epoch"):
        to_instanceflow(history(np.empty((0, 1)), [0]))
