from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from crosslight.core.maps import Maps, judge
from crosslight.viewer.tiles import CELLS, encode


def maps(values: NDArray[np.floating], sign: str = "signed", finish: str = "none") -> Maps:
    stack = values[None].astype(np.float32)
    box = np.array([[1.234, 2.0, 30.0, 40.0]])
    target = np.array([[0, -1]], np.int32)
    return Maps(stack, box, judge(stack), target, ("x",), attributes={"sign": sign, "finish": finish})


def decoded(tile: dict) -> NDArray[np.float64]:  # type: ignore[type-arg]
    cells = np.frombuffer(base64.b64decode(tile["bytes"]), np.uint8).reshape(tile["cells"])
    low = -tile["limit"] if tile["signed"] else 0.0
    return low + cells.astype(float) / 254 * (tile["limit"] - low)


@given(arrays(np.float32, (5, 7), elements=st.floats(-100, 100, width=32)), st.sampled_from(["none", "relu"]))
def test_values_come_back(values: NDArray[np.float32], finish: str) -> None:
    tile = encode(maps(values, finish=finish), 0)
    wanted = np.maximum(values, 0) if finish == "relu" else values
    assert tile["signed"] == (finish == "none")
    assert tile["cells"] == tile["native"] == [5, 7]
    spread = tile["limit"] * (2 if tile["signed"] else 1)
    np.testing.assert_allclose(decoded(tile), wanted, atol=spread / 254 * 0.51 + 1e-5 * tile["limit"])
    assert tile["range"] == pytest.approx([values.min(), values.max()], rel=1e-3, abs=1e-30)


def test_zero_has_a_byte_of_its_own() -> None:
    tile = encode(maps(np.array([[-2.0, 0.0], [1.0, 2.0]])), 0)
    assert list(base64.b64decode(tile["bytes"])) == [0, 127, 190, 254]
    assert tile["box"] == [1.23, 2.0, 30.0, 40.0]


def test_where_nothing_is_to_be_seen() -> None:
    tile = encode(maps(np.full((2, 3), -1.0), finish="relu"), 0)
    assert (tile["limit"], set(base64.b64decode(tile["bytes"]))) == (0, {0})


def test_fine_maps_are_averaged_and_their_outliers_cut() -> None:
    values = np.random.default_rng(0).random((448, 300))
    values[0, 0] = 1e6
    tile = encode(maps(values, "magnitude"), 0)
    assert (tile["cells"], tile["native"]) == ([CELLS, 150], [448, 300])
    blocks = values.reshape(224, 2, 150, 2).mean((1, 3))
    np.testing.assert_allclose(decoded(tile)[1:], np.minimum(blocks, tile["limit"])[1:], atol=0.01)
    assert tile["limit"] < 2
