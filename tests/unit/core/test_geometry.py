from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.core.geometry import Box, Preprocess

edge = st.integers(-50, 50)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(edge), draw(edge)
    return Box(left, top, left + draw(st.integers(1, 60)), top + draw(st.integers(1, 60)))


def cells(box: Box | None) -> set[tuple[int, int]]:
    """The whole pixels a box covers: what `intersect` means, by counting."""
    if box is None:
        return set()
    return {(x, y) for x in range(int(box.left), int(box.right)) for y in range(int(box.top), int(box.bottom))}


@given(boxes(), boxes())
def test_intersect_is_the_common_part(one: Box, two: Box) -> None:
    common = one.intersect(two)
    assert cells(common) == cells(one) & cells(two)
    assert common == two.intersect(one)
    assert one.intersect(one) == one


def test_boxes_that_touch_have_nothing_in_common() -> None:
    assert Box(0, 0, 10, 10).intersect(Box(10, 0, 20, 10)) is None
    assert Box(0, 0, 10, 10).intersect(Box(0, 9.5, 10, 20)) == Box(0, 9.5, 10, 10)


def test_size_and_tuple() -> None:
    box = Box(-2, 1, 8, 4)
    assert (box.width, box.height) == (10, 3)
    assert box.as_tuple() == (-2, 1, 8, 4)


@pytest.mark.parametrize(
    ("size", "pct", "resize"), [(224, 0.875, 256), (224, 0.95, 235), (224, 0.9, 248), (288, 1.0, 288)]
)
def test_from_crop_pct_rounds_down(size: int, pct: float, resize: int) -> None:
    assert Preprocess.from_crop_pct((size, size), pct).resize == resize


def test_from_crop_pct_resizes_each_side_and_keeps_the_rest() -> None:
    wanted = Preprocess.from_crop_pct((200, 400), 0.5, mean=(0.5,), std=(0.25,), interpolation="bicubic")
    assert (wanted.resize, wanted.channels, wanted.interpolation) == ((400, 800), 1, "bicubic")
