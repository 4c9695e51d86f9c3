"""Charts of dots: the scale holds everything, and places are right."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosslight.report.agreement.dots import Dot, dots, scale

NUMBERS = st.floats(-5, 5, allow_nan=False)


@given(st.lists(NUMBERS, min_size=1, max_size=5), NUMBERS)
def test_everything_is_on_the_scale_and_ticks_are_even(values: list[float], floor: float) -> None:
    made = dots([Dot(str(i), value, floor=floor) for i, value in enumerate(values)])
    assert made is not None
    assert made.low <= min(*values, floor) + 1e-9
    assert made.high >= max(*values, floor) - 1e-9
    assert 2 <= len(made.ticks) <= 9
    steps = {round(b - a, 9) for a, b in zip(made.ticks, made.ticks[1:], strict=False)}
    assert len(steps) == 1
    for value in (*values, floor):
        assert float(made.at(value)) == pytest.approx(100 * (value - made.low) / (made.high - made.low), abs=0.06)


def test_places_lengths_and_ticks() -> None:
    made = dots([Dot("a", 0.5, 0.25, 0.75)], within=(0, 1))
    assert made is not None
    assert (made.at(0.5), made.at(-3), made.at(7), made.length(0.25, 0.75)) == ("50.0", "0.0", "100.0", "50.0")
    assert (made.low, made.high) == (0, 1)
    assert [made.tick(t) for t in made.ticks][:2] == ["0.0", "0.2"]
    fine = dots([Dot("a", 0.51), Dot("b", 0.55)])
    assert fine is not None
    assert fine.tick(fine.ticks[1]) == f"{fine.ticks[1]:.2f}"


def test_without_a_value_there_is_no_chart() -> None:
    assert dots([]) is None
    assert dots([Dot("a", math.nan, floor=0.3)]) is None


def test_what_the_key_says_is_there() -> None:
    made = dots([Dot("a", 0.4, floor=0.3), Dot("b", math.nan)])
    assert made is not None
    assert (made.floors, made.ceilings) == (True, False)
    with_ceiling = dots([Dot("a", 0.4, ceiling=0.9)])
    assert with_ceiling is not None
    assert (with_ceiling.floors, with_ceiling.ceilings) == (False, True)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3))
def test_round_numbers(low: float, length: float) -> None:
    ticks = scale(low, low + length)
    assert 2 <= len(ticks) <= 6
    assert list(ticks) == sorted(set(ticks))
