"""Unit vectors, blocks, and the order of a unit's images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.dissection.words.probe import active, blocks, top_rows, unit_length


@given(
    values=st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=20),
    count=st.integers(1, 20),
)
@settings(max_examples=60, deadline=None)
def test_top_rows_are_those_of_a_stable_sort(values: list[list[int]], count: int) -> None:
    activations = np.array(values, np.float32)
    count = min(count, len(values))
    wanted = np.argsort(-activations, axis=0, kind="stable")[:count].T
    assert np.array_equal(top_rows(activations, count), wanted)


def test_many_units_are_sorted_in_parts() -> None:
    activations = np.random.default_rng(0).normal(size=(90, 300)).astype(np.float32)
    activations[:, ::3] = np.maximum(activations[:, ::3] - 1.5, 0)  # where zeros decide
    assert np.array_equal(top_rows(activations, 10), np.argsort(-activations, axis=0, kind="stable")[:10].T)


def test_active_images_are_above_the_lowest() -> None:
    activations = np.array([[0, 1], [2, 1], [3, 1], [0, 1]], np.float32)
    assert active(activations, top_rows(activations, 4)).tolist() == [2, 1]


def test_unit_length_is_computed_in_float64() -> None:
    assert unit_length([[3e-30, 4e-30], [np.nan, 1]], "image")[0].tolist() == pytest.approx([0.6, 0.8])
    assert np.isnan(unit_length([[np.nan, 1.0]], "image")).all()
    with pytest.raises(InputError, match="image 1 are all zero"):
        unit_length([[1.0, 0], [0, 0]], "image")
    with pytest.raises(InputError, match=r"\[n, dimensions\]"):
        unit_length([1.0, 2], "image")


@pytest.mark.parametrize(("count", "rows", "width"), [(10, 5, 3), (10, 10**9, None), (5000, 100, None), (3, 1, 7)])
def test_blocks_cover_all_once(count: int, rows: int, width: int | None) -> None:
    found = [number for part in blocks(count, rows, width) for number in range(part.start, part.stop)]
    assert found == list(range(count))
