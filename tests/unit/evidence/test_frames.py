"""Pixels of an input in the plane of the picture."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from crosslight.core.geometry import Box
from crosslight.evidence.frames import coverage, frame, pixel_edges

numbers = st.floats(-50, 50)
lengths = st.floats(0.5, 80)


def test_the_whole_picture_where_it_is_at_hand(batch) -> None:
    assert frame(batch, 1) == batch.boxes[1], "without pictures the input is taken for the whole"
    pictures = tuple(Image.new("RGB", (20 + i, 10)) for i in range(5))
    assert frame(replace(batch, pictures=pictures), 2) == Box(0, 0, 22, 10)


def test_edges() -> None:
    rows, columns = pixel_edges(Box(-1, 10, 5, 30), (4, 3))
    assert rows.tolist() == [10, 15, 20, 25, 30]
    assert columns.tolist() == [-1, 1, 3, 5]


def test_coverage_by_hand() -> None:
    edges = torch.tensor([0.0, 1, 2, 4], dtype=torch.float64)
    starts, stops = torch.tensor([[0.5, 2.5, -9, 5, 1], [1.25, 3, 9, 6, 2]], dtype=torch.float64)
    expected = [[0.5, 0.25, 0], [0, 0, 0.25], [1, 1, 1], [0, 0, 0], [0, 1, 0]]
    assert coverage(edges, starts, stops).tolist() == expected


@given(begin=numbers, length=lengths, start=numbers, extent=lengths, count=st.integers(1, 30))
@settings(max_examples=25, deadline=None)
def test_coverage_adds_up_to_the_common_length(
    begin: float, length: float, start: float, extent: float, count: int
) -> None:
    edges = begin + length * torch.arange(count + 1, dtype=torch.float64) / count
    shares = coverage(edges, torch.tensor([start]).double(), torch.tensor([start + extent]).double())
    common = max(0.0, min(begin + length, start + extent) - max(begin, start))
    assert float((shares * edges.diff()).sum()) == pytest.approx(common, abs=1e-5)
