"""Search spaces: derived for every method, always valid, narrowed as asked."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.evaluation.tuning import Space, space_of
from crosslight.evaluation.tuning.ranges import PASSED_OVER, parse_choices, parse_ranges
from crosslight.methods import METHODS

SPACES = {name: space_of(spec) for name, spec in METHODS.items()}


def drawn(space: Space, numbers):
    """A draw by numbers from 0 to 1, one for each dimension that is asked for."""

    def suggest(one):
        number = next(numbers)
        if one.kind == "choice":
            return one.choices[min(int(number * len(one.choices)), len(one.choices) - 1)]
        if one.log:
            value = math.exp(math.log(one.low) + number * (math.log(one.high) - math.log(one.low)))
        else:
            value = one.low + number * (one.high - one.low)
        return round(value) if one.kind == "whole" else min(max(value, one.low), one.high)

    return space.draw(suggest)


@pytest.mark.parametrize("name", METHODS)
def test_no_space_is_empty_but_of_methods_without_settings(name):
    searched = {one.name for one in SPACES[name].dimensions}
    fields = set(METHODS[name].settings.model_fields)
    assert searched <= fields - PASSED_OVER.keys()
    assert bool(searched) == bool(fields - PASSED_OVER.keys())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(METHODS)), st.lists(st.floats(0, 1), min_size=30, max_size=30))
def test_whatever_is_drawn_is_valid_and_within_its_ends(name, numbers):
    space = SPACES[name]
    values, found = drawn(space, iter(numbers))
    assert found is not None
    complete = space.settings(found)
    known = {one.name: one for one in space.dimensions}
    for key in values:
        one = known[key]
        if one.kind == "choice":
            assert getattr(complete, key) == found[key]
        else:
            assert one.low <= found[key] <= one.high


def test_what_is_not_read_is_not_asked_for():
    asked = []

    def suggest(one):
        asked.append(one.name)
        return {"segmentation": "felzenszwalb", "model_regressor": "linear"}.get(one.name, one.samples[0])

    _, found = space_of(METHODS["lime"], ranges={"alpha": (0.01, 10.0)}).draw(suggest)
    assert {"scale", "min_size", "sigma"} <= set(asked)
    assert not {"segments", "compactness", "iterations", "ratio", "alpha"} & set(asked)
    assert found["segmentation"] == "felzenszwalb"


def test_a_budget_that_others_need_more_of_is_raised_or_refused():
    space = space_of(METHODS["lime"], ranges={"num_samples": (50, 200)})
    assert space.agreed({"segments": 120, "num_samples": 60})["num_samples"] == 121
    narrow = space_of(METHODS["lime"], ranges={"num_samples": (50, 100)})
    assert narrow.agreed({"segments": 120, "num_samples": 60}) is None


def test_the_first_trial_is_the_default():
    values, found = space_of(METHODS["lime"], fixed={"segmentation": "grid"}).defaults()
    assert found == {"segmentation": "grid"}
    assert values["num_samples"] == 1000
    assert not {"num_features", "segmentation", "compactness"} & set(values)  # out of range, fixed, not read


def test_narrowed():
    lime = METHODS["lime"]
    space = space_of(lime, ranges={"segments": (20, 60)}, choices={"segmentation": ["slic", "grid"], "alpha": [0.1, 1]})
    known = {one.name: one for one in space.dimensions}
    assert (known["segments"].low, known["segments"].high) == (20, 60)
    assert known["segmentation"].choices == ("slic", "grid")
    assert known["alpha"].choices == (0.1, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ranges": {"segment": (1, 2)}}, "or 'segments'"),
        ({"choices": {"kernel_widht": [1]}}, "'kernel_width'"),
        ({"fixed": {"num_sample": 1}}, "did you mean 'num_samples'"),
        ({"ranges": {"segments": (0, 50)}}, "segments should be greater than or equal to 1, not 0"),
        ({"ranges": {"segments": (10.5, 50)}}, "segments is a whole number"),
        ({"ranges": {"hide_color": (0, 1)}}, "hide_color is no number"),
        ({"choices": {"segmentation": ["slik"]}}, "segmentation should be 'slic'"),
        ({"choices": {"hide_color": [[0, 0, 0]]}}, "a choice is a number"),
        ({"fixed": {"kernel_width": -1}}, "kernel_width=-1"),
        ({"fixed": {"segments": 9}, "ranges": {"segments": (5, 9)}}, "segments is asked for twice"),
    ],
)
def test_what_cannot_be_searched_is_told(options, message):
    with pytest.raises(InputError, match=message):
        space_of(METHODS["lime"], **options)


def test_ranges_and_choices_as_people_write_them():
    assert parse_ranges(["segments=20..80", "kernel_width = 0.1..2e0"]) == {
        "segments": (20.0, 80.0), "kernel_width": (0.1, 2.0)
    }  # fmt: skip
    assert parse_choices(["segmentation=slic,grid", "alpha=0.1, 1", "centre=true"]) == {
        "segmentation": ("slic", "grid"), "alpha": (0.1, 1), "centre": (True,)
    }  # fmt: skip
    for wrong in ("segments", "segments=20", "segments=80..20", "segments=a..b", "=1..2"):
        with pytest.raises(InputError, match=r"--range .*write key=from\.\.to"):
            parse_ranges([wrong])
    with pytest.raises(InputError, match="--choices"):
        parse_choices(["segmentation="])
    with pytest.raises(UnknownNameError):
        space_of(METHODS["rise"], ranges=parse_ranges(["mask=1..2"]))
