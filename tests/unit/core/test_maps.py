from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crosslight.core.errors import UnknownNameError
from crosslight.core.maps import Maps, Status, judge


def maps(values: np.ndarray, attributes: Mapping[str, Any] | None = None) -> Maps:
    n = len(values)
    return Maps(
        values=values.astype(np.float32),
        boxes=np.tile([0.0, 0.0, 8.0, 6.0], (n, 1)),
        status=judge(values),
        targets=np.tile(np.array([3, -1], np.int32), (n, 1)),
        images=tuple(f"image-{i}" for i in range(n)),
        diagnostics={"gap": np.arange(n, dtype=np.float64)},
        attributes=attributes or {},
    )


def test_judge() -> None:
    values = np.zeros((6, 2, 2), np.float32)
    values[0, 0, 1] = -1
    values[2] = 5
    values[3, 1, 1] = np.nan
    values[4] = np.inf
    values[5] = np.nan
    assert judge(values).tolist() == [
        Status.OK, Status.ZERO, Status.CONSTANT, Status.NONFINITE, Status.NONFINITE, Status.NONFINITE,
    ]  # fmt: skip
    assert judge(values).dtype == np.uint8
    assert judge(values[:0]).shape == (0,)


@given(hnp.arrays(np.float32, (3, 2, 3), elements=st.sampled_from([0, -0.0, 1, -1, np.nan, np.inf])))
def test_judge_is_its_definition(values: np.ndarray) -> None:
    for one, status in zip(values, judge(values), strict=True):
        kinds = set(one.ravel().tolist()) if np.isfinite(one).all() else None
        if kinds is None:
            expected = Status.NONFINITE
        elif len(kinds) > 1:
            expected = Status.OK
        else:
            expected = Status.ZERO if kinds == {0.0} else Status.CONSTANT
        assert status == expected


def test_which_status_has_a_map() -> None:
    assert [s.name for s in Status if s.has_map] == ["OK", "ZERO", "CONSTANT", "NONFINITE"]


@pytest.mark.parametrize(
    ("finish", "expected"),
    [("none", [-2, 0, 3]), ("relu", [0, 0, 3]), ("absolute", [2, 0, 3]), (None, [-2, 0, 3])],
)
def test_finished(finish: str | None, expected: list[float]) -> None:
    raw = maps(np.array([[[-2.0, 0.0, 3.0]]]), {} if finish is None else {"finish": finish})
    done = raw.finished()
    assert done.values.tolist() == [[expected]]
    assert done.values.dtype == np.float32
    assert raw.values.tolist() == [[[-2, 0, 3]]]
    assert (done.images, done.attributes) == (raw.images, raw.attributes)


def test_an_unknown_finish_is_told() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown finishing step 'rele'; did you mean 'relu'"):
        maps(np.ones((1, 2, 2)), {"finish": "rele"}).finished()


def test_array_and_length() -> None:
    one = maps(np.arange(12.0).reshape(3, 2, 2))
    assert len(one) == 3
    assert np.array_equal(np.asarray(one), one.values)
    assert np.asarray(one, dtype=np.float64).dtype == np.float64
    assert not np.shares_memory(np.array(one), one.values)


def test_usable() -> None:
    values = np.zeros((2, 2, 2))
    values[1, 0, 0] = 1
    assert maps(values).usable.tolist() == [False, True]


def test_repr_names_what_it_is() -> None:
    one = maps(np.zeros((3, 7, 5)), {"model": "ResNet-18", "label": "Grad-CAM", "depth": 1.0})
    assert repr(one) == "<Maps ResNet-18 / Grad-CAM (image: 3, y: 7, x: 5)>"


def test_to_xarray_has_named_axes() -> None:
    one = maps(np.arange(12.0).reshape(3, 2, 2), {"model": "m"})
    data = one.to_xarray()
    assert data["maps"].dims == ("image", "y", "x")
    assert data["maps"].sel(image="image-2").values.tolist() == [[8, 9], [10, 11]]
    assert data["box"].sel(edge="right").values.tolist() == [8, 8, 8]
    assert data["target"].sel(role="against").values.tolist() == [-1, -1, -1]
    assert data["gap"].values.tolist() == [0, 1, 2]
    assert data.attrs == {"model": "m"}
