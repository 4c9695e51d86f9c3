"""Gini, entropy and border mass in closed form."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.evaluation.probing import PROBES, Subject
from crosslight.evidence.targets import Targets

SIDE = 8


def value(name, *maps, **options):
    maps = torch.stack([torch.as_tensor(one, dtype=torch.float64) for one in maps])
    none = torch.full((len(maps),), -1)
    return PROBES[name].function(Subject(None, maps, maps, Targets(none, none)), **options).tolist()


def one_hot(row, column):
    made = torch.zeros(SIDE, SIDE)
    made[row, column] = -3
    return made


def test_constant_and_one_hot_maps():
    flat, single = torch.full((SIDE, SIDE), 0.3), one_hot(0, 5)
    n = SIDE * SIDE
    assert value("gini", flat, single) == pytest.approx([0, 1 - 1 / n])
    assert value("entropy", flat, single) == pytest.approx([math.log(n), 0])
    assert value("entropy", flat, single, normalised=True) == pytest.approx([1, 0])
    assert value("border-mass", flat, single, one_hot(1, 1), width=1 / SIDE) == pytest.approx([1 - 36 / 64, 1, 0])


@pytest.mark.parametrize("name", ["gini", "entropy", "border-mass"])
def test_a_map_of_zeros_has_no_value(name):
    assert math.isnan(value(name, torch.zeros(SIDE, SIDE))[0])


def test_the_ring_has_at_least_one_pixel():
    assert value("border-mass", one_hot(0, 0), width=0.001) == [1]
    with pytest.raises(ValueError, match="width"):
        PROBES["border-mass"].settings(width=0.5)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-10, 10), min_size=9, max_size=9), st.floats(0.1, 100), st.randoms())
def test_scale_sign_and_place_do_not_matter(numbers, scale, random):
    if max(map(abs, numbers)) < 1e-3:
        return
    mixed = [scale * abs(number) for number in numbers]
    random.shuffle(mixed)
    first, second = (torch.tensor(values).reshape(3, 3) for values in (numbers, mixed))
    for name in ("gini", "entropy"):
        a, b = value(name, first, second)
        assert a == pytest.approx(b, abs=1e-6)
        assert 0 - 1e-9 <= a <= (1 - 1 / 9 if name == "gini" else math.log(9)) + 1e-9
    # the mean absolute difference of all pairs over twice the mean
    shares = first.abs().flatten().double()
    wanted = (shares[:, None] - shares).abs().mean() / (2 * shares.mean())
    assert value("gini", first)[0] == pytest.approx(float(wanted), abs=1e-6)
