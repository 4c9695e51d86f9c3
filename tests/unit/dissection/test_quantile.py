"""The exact quantile, whatever the order and the pieces that values come in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.core.errors import InputError
from crosslight.dissection.quantile import TopValues, check_share, greatest_of, rank_of


@given(cells=st.integers(1, 5000), share=st.sampled_from([0.005, 0.01, 0.05, 0.3]))
def test_at_most_the_share_is_above_and_no_lower_value_will_do(cells: int, share: float) -> None:
    values = np.random.default_rng(cells).permutation(cells).astype(np.float32)
    threshold = np.sort(values)[::-1][rank_of(cells, share) - 1]
    assert (values > threshold).sum() <= round(share * cells, 6)
    below = np.sort(values)[::-1][rank_of(cells, share) :]
    assert not len(below) or (values > below[0]).sum() > share * cells - 1e-6
    assert threshold == np.quantile(values, 1 - share, method="inverted_cdf") or abs(share * cells % 1) < 1e-9


def test_half_a_percent_of_a_thousand_cells_is_five() -> None:
    assert rank_of(1000) == 6
    assert rank_of(1199) == 6
    assert rank_of(1200) == 7
    assert rank_of(1) == 1


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    units=st.integers(1, 4),
    pieces=st.lists(st.integers(1, 900), min_size=1, max_size=6),
    share=st.sampled_from([0.005, 0.05]),
    levels=st.sampled_from([3, 50, 10**6]),
    as_pairs=st.booleans(),
)
def test_streaming_equals_sorting(
    seed: int, units: int, pieces: list[int], share: float, levels: int, as_pairs: bool
) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.integers(-levels, levels, (units, sum(pieces))) / 7).astype(np.float32)  # with many ties, or few
    rank = rank_of(values.shape[1], share)
    top, start = TopValues(units, rank), 0
    for length in pieces:
        part = values[:, start : start + length]
        if as_pairs and start:
            unit, column = np.nonzero(part > top.bounds[:, None])
            top.add(unit, part[unit, column])
        else:
            top.add_rows(part)
        start += length
        seen = np.sort(values[:, :start], axis=1)[:, ::-1]
        if start >= rank:
            assert (top.bounds <= seen[:, rank - 1]).all()
    expected = np.sort(values, axis=1)[:, -rank]
    # A value equal to the bound may have been left out; the bound is then the answer.
    assert np.array_equal(np.maximum(top.greatest(rank), top.bounds), expected)


def test_a_lower_rank_serves_images_that_could_not_be_read() -> None:
    top = TopValues(1, 5)
    top.add_rows(np.array([[3, 1, 4, 1, 5, 9, 2, 6]], np.float32))
    assert top.greatest(5) == 3
    assert top.greatest(2) == 6
    with pytest.raises(ValueError, match="5 values are kept"):
        top.greatest(6)


def test_too_few_values_have_no_such_rank() -> None:
    top = TopValues(2, 3)
    top.add(np.array([1, 1, 1]), np.array([1, 2, 3], np.float32))
    assert top.greatest(3).tolist() == [-np.inf, 1]


@pytest.mark.parametrize("share", [0, 1, -0.1, float("nan")])
def test_a_share_lies_between_0_and_1(share: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        check_share(share)


@pytest.mark.parametrize("keep", [1, 20, 500, 3000])
def test_the_greatest_of_rows_with_and_without_ties(keep: int) -> None:
    rng = np.random.default_rng(keep)
    values = rng.normal(size=(4, 2000)).astype(np.float32)
    values[1] = np.maximum(values[1] - 2, 0)  # mostly 0
    values[2] = 5
    values[3, ::16] += 10  # what the level is guessed from is no fair part
    for row, found in zip(values, greatest_of(values, keep), strict=True):
        assert len(found) >= min(keep, 2000)
        assert np.array_equal(np.sort(found)[-keep:], np.sort(row)[-keep:])
