"""Results in JSON's own types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crosslight.core.plain import Plain, plain


@dataclass(frozen=True)
class Result(Plain):
    name: str
    values: np.ndarray
    other: object = None


def test_everything_becomes_json() -> None:
    given = {
        1: np.array([[1.0, np.nan], [np.inf, 2.0]]),
        "tuple": (np.float32(0.5), np.int64(3), np.bool_(True), float("-inf")),
        "path": Path("a/b"),
        "inner": Result("x", np.arange(2), Result("y", np.array(np.nan))),
        "set": {3},
    }
    told = plain(given)
    assert json.loads(json.dumps(told, allow_nan=False)) == {
        "1": [[1.0, None], [None, 2.0]],
        "tuple": [0.5, 3, True, None],
        "path": "a/b",
        "inner": {"name": "x", "values": [0, 1], "other": {"name": "y", "values": None, "other": None}},
        "set": [3],
    }
