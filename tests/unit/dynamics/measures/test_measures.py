from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.dynamics import MEASURES, MISSING, History, measure_all, measure_one, select
from crosslight.dynamics.measures import in_order
from crosslight.dynamics.measures.variability import _by_bits, _by_sorting, variability

from .. import brute
from ..making import histories, history


def test_every_measure_has_its_brute_force() -> None:
    assert set(brute.MEASURES) == set(MEASURES)
    assert [one.name for one in in_order()][:3] == ["frequency", "variability", "misclassification"]


@settings(max_examples=80, deadline=None)
@given(histories())
def test_measures_are_their_definitions_exactly(one: History) -> None:
    for name, defined in brute.MEASURES.items():
        found = measure_one(name, one)
        expected = [defined(one, image) for image in range(len(one.ids))]
        if MEASURES[name].available(one):
            np.testing.assert_array_equal(found, expected, name)
        inside = found[np.isfinite(found)]
        assert ((inside >= MEASURES[name].low) & (inside <= MEASURES[name].high)).all()
        assert found.dtype == np.float64


@settings(max_examples=40, deadline=None)
@given(histories(), st.data())
def test_a_range_of_epochs_and_some_images_are_as_if_there_were_no_others(one: History, data: st.DataObject) -> None:
    first, last = sorted(data.draw(st.lists(st.sampled_from(one.epochs.tolist()), min_size=2, max_size=2)))
    images = data.draw(st.lists(st.integers(0, len(one.ids) - 1), unique=True))
    rows = [at for at, epoch in enumerate(one.epochs.tolist()) if first <= epoch <= last]
    assert one.probability is not None
    assert one.margin is not None
    part = replace(
        one,
        epochs=one.epochs[rows],
        predictions=one.predictions[rows],
        probability=one.probability[rows],
        margin=one.margin[rows],
    )
    for name, defined in brute.MEASURES.items():
        found = measure_one(name, one, epochs=(first, last), images=images)
        if MEASURES[name].available(select(one, images=images)):
            np.testing.assert_array_equal(found, [defined(part, image) for image in images], name)
    mask = np.isin(np.arange(len(one.ids)), images)
    names = [one.ids[at] for at in sorted(images)]
    for name, values in measure_all(one, images=mask).items():
        np.testing.assert_array_equal(values, measure_one(name, one)[mask])
        np.testing.assert_array_equal(values, measure_one(name, one, images=names))


def test_one_epoch() -> None:
    one = history([[0, 1, -1]], [0, 0, 1], 2)
    found = measure_all(one)
    assert np.isnan(found["frequency"]).all()  # no step, so no share of steps
    assert np.isnan(found["settled"]).all()
    np.testing.assert_array_equal(found["variability"], [1, 1, math.nan])
    np.testing.assert_array_equal(found["misclassification"], [0, 1, math.nan])
    np.testing.assert_array_equal(found["forgetting"], [0, math.nan, math.nan])
    np.testing.assert_array_equal(found["never-learned"], [0, 1, math.nan])
    assert "aum" not in found
    assert np.isnan(measure_one("aum", one)).all()


def test_no_epoch() -> None:
    none = history(np.empty((0, 2)), [0, 1], 2)
    assert all(np.isnan(values).all() and values.shape == (2,) for values in measure_all(none).values())


def test_missing_predictions_are_left_out() -> None:
    one = history([[0], [-1], [1], [-1], [1]], [0], 3)
    assert measure_one("frequency", one).tolist() == [0.5]
    assert measure_one("misclassification", one).tolist() == [2 / 3]
    assert measure_one("forgetting", one).tolist() == [1]
    assert measure_one("settled", one).tolist() == [2]


def test_without_labels() -> None:
    assert list(measure_all(history([[0], [1]]))) == ["frequency", "variability", "settled"]


@pytest.mark.parametrize("classes", [1, 63, 64, 65, 256])
def test_classes_visited_by_bits_and_by_sorting(classes: int) -> None:
    said = np.random.default_rng(0).integers(0, classes, (20, 30)).astype(np.uint16)
    said[:, 0] = classes - 1
    said[:5, 1:] = MISSING
    expected = [len(set(column.tolist()) - {MISSING}) for column in said.T]
    assert _by_bits(said, classes).tolist() == _by_sorting(said).tolist() == expected


def test_variability_as_a_share() -> None:
    one = history([[0, 0], [3, 0]], classes=4)
    assert variability(one, as_share=True).tolist() == [0.5, 0.25]
    many = history([[0, 299], [299, 299]], classes=300)
    assert variability(many).tolist() == [2, 1]


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"epochs": (7, 9)}, "no recorded epoch lies in 7 to 9; there are 0 to 1"),
        ({"images": ["i7"]}, "no image 'i7'; known are: i0, i1"),
        ({"images": [2]}, "columns from 0 to 1"),
        ({"images": [-1]}, "columns from 0 to 1"),
        ({"images": np.array([True])}, r"a mask of images has the shape \(2,\)"),
    ],
)
def test_parts_that_are_not_there(chosen: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        measure_all(history([[0, 0], [1, 1]]), **chosen)  # type: ignore[arg-type]


def test_every_measure_is_on_the_page() -> None:
    page = Path(__file__).resolve().parents[4] / "docs" / "rooms" / "dynamics.rst"
    if not page.is_file():
        pytest.skip("this is not a checkout: no docs are here")
    for name in MEASURES:
        assert f"   * - ``{name}``\n" in page.read_text(encoding="utf-8")


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'frequency'"):
        measure_one("frequncy", history([[0]]))


def test_fifty_thousand_images_take_no_time() -> None:
    """A tenth of the epochs in a tenth of the second that all may take, with room for a busy machine."""
    rng = np.random.default_rng(0)
    said = rng.integers(0, 10, (10, 50_000)).astype(np.uint16)
    size = said.shape
    many = History(
        tuple("abcdefghij"),
        tuple(map(str, range(50_000))),
        rng.integers(0, 10, 50_000).astype(np.int32),
        np.arange(10, dtype=np.int32),
        said,
        rng.random(size).astype(np.float16),
        rng.random(size).astype(np.float32),
    )
    start = time.process_time()
    assert len(measure_all(many)) == len(MEASURES)
    assert time.process_time() - start < 0.3
