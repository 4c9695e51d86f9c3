from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.measures import Cells, find_measure, tops
from crosslight.agreement.measures.tops import in_both, pack, sizes, top_mask, top_share


def by_definition(row, count):
    """The rule in its own words."""
    if len(set(row)) == 1:
        return [np.nan] * len(row)
    if count >= len(row):
        return [1.0] * len(row)
    border = sorted(row, reverse=True)[count]
    above = [float(value > border) for value in row]
    return above if any(above) else [float(value == max(row)) for value in row]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=12), st.integers(1, 13))
def test_the_rule(row, count):
    for dtype in (np.float32, np.float64):
        found = top_mask(np.array(row, dtype)[None, None], count)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found[0, 0], by_definition(row, count))


@pytest.mark.parametrize(
    ("row", "count", "mask"),
    [
        ([1, 2, 3, 4], 2, [0, 0, 1, 1]),
        ([1, 3, 3, 4], 2, [0, 0, 0, 1]),  # a tie for the last place: nobody gets it
        ([0, 5, 5, 5], 2, [0, 1, 1, 1]),  # that would leave none
        ([0, 0, 0, 7], 3, [0, 0, 0, 1]),  # cells of value zero do not fill up
        ([-0.0, 0.0, -1, -2], 1, [1, 1, 0, 0]),
    ],
)
def test_ties(row, count, mask):
    np.testing.assert_array_equal(top_mask(np.array(row, float), count), mask)


@pytest.mark.parametrize(
    ("share", "cells", "count"), [(0.1, 49, 5), (0.1, 50176, 5018), (0.001, 49, 1), (0.999, 49, 48)]
)
def test_share_of_cells(share, cells, count):
    values = np.random.default_rng(0).permutation(cells).astype(float)[None, None]
    mask = unpacked(top_share(Cells(values, np.ones(cells), (1, cells)), share, "x"), cells)
    assert mask.sum() == count
    assert values[mask > 0].min() > values[mask == 0].max()


def unpacked(packed, cells):
    """Masks as numbers again, by the bits of each word."""
    words = packed[..., 1:].view(np.uint64)
    shifts = np.arange(7, -1, -1, dtype=np.uint64)
    octets = [(words >> np.uint64(8 * octet))[..., None] >> shifts for octet in range(6)]
    bits = np.concatenate(octets, axis=-1) & np.uint64(1)
    bits = bits.reshape(*packed.shape[:-1], -1).astype(float)
    assert not bits[..., cells:].any() or np.isnan(packed).any()
    bits[np.isnan(packed[..., 0])] = np.nan
    return bits[..., :cells]


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 200), st.integers(0, 2**31))
def test_packing_masks_loses_nothing(cells, seed):
    random = np.random.default_rng(seed)
    masks, known = random.random((3, 2, cells)) < random.random(), random.random((3, 2)) < 0.8
    packed = pack(masks, known, cells)
    np.testing.assert_array_equal(np.isfinite(packed), np.broadcast_to(known[..., None], packed.shape))
    np.testing.assert_array_equal(packed[..., 0], np.where(known, cells, np.nan))
    want = np.where(known[..., None], masks, np.nan)
    np.testing.assert_array_equal(unpacked(packed, cells), want)
    np.testing.assert_array_equal(sizes(packed), want.sum(axis=-1).T)
    products = np.einsum("aic,bic->iab", want, want)
    for a, b in ((slice(None), slice(None)), (slice(0, 2), slice(1, 3))):
        found = in_both(packed[a], packed[b])
        there = np.isfinite(products[:, a, b])
        np.testing.assert_array_equal(found[there], products[:, a, b][there])


def plain(name, one, other, classes):
    """The measures of two masks, or classes, cell by cell."""
    if name == "kappa":
        observed = np.mean(one == other)
        expected = sum(np.mean(one == c) * np.mean(other == c) for c in range(classes))
        return (observed - expected) / (1 - expected)
    both = np.sum((one > 0) & (other > 0))
    return both / (max(one.sum(), other.sum()) if name == "topk" else np.sum((one > 0) | (other > 0)))


@pytest.mark.parametrize("numpy", ["with a count of bits", "before 2"])
@pytest.mark.parametrize("text", ["iou", "kappa", "topk:count=30", "iou-above", "kappa:cuts=0.4/0.7"])
def test_packed_masks_give_what_plain_ones_give(text, numpy, monkeypatch):
    if numpy == "before 2":
        monkeypatch.delattr(np, "bitwise_count", raising=False)
    random = np.random.default_rng(3)
    values = random.standard_normal((4, 2, 13 * 15))
    values[1, 0] = np.round(values[1, 0])  # with ties
    values[2, 1] = np.nan
    found = find_measure(text)(Cells(values, np.ones(195), (13, 15)))
    low, high = values.min(axis=-1, keepdims=True), values.max(axis=-1, keepdims=True)
    stretched = (values - low) / (high - low)
    classes = {
        "iou-above": (stretched > 0.5).astype(float),
        "kappa:cuts=0.4/0.7": (stretched > 0.4).astype(float) + (stretched > 0.7),
        "topk:count=30": top_mask(values, 30),
    }.get(text, top_mask(values, 20))
    for image in range(2):
        for a in range(4):
            for b in range(4):
                if image == 1 and 2 in (a, b):
                    assert np.isnan(found[image, a, b])
                else:
                    want = plain(text.split(":")[0], classes[a, image], classes[b, image], 3)
                    assert found[image, a, b] == pytest.approx(want, abs=1e-12)


def test_measures_of_the_same_masks_share_what_they_have_in_common(monkeypatch):
    values = np.random.default_rng(0).random((3, 2, 100))
    cells, kept, calls = Cells(values, np.ones(100), (10, 10)), {}, []
    count = tops._in_both
    monkeypatch.setattr(tops, "_in_both", lambda *sides: calls.append(sides) or count(*sides))
    for name in ("iou", "kappa"):
        measure = find_measure(name)
        made = measure.representations(cells)
        np.testing.assert_array_equal(measure.compared(made, made, kept), measure(Cells(values, cells.one, cells.grid)))
        measure.compared(made[:, :1], made[:, 1:], kept)
    # without `kept` each measure counts by itself
    assert len(calls) == 2 + 2
    assert len(kept) == 2


def test_chance_of_independent_masks():
    values = np.random.default_rng(0).random((2, 60, 1600))
    cells = Cells(values, np.ones(1600), (40, 40))
    for share in (0.1, 0.3):
        found = find_measure(f"iou:share={share}")(cells)[:, 0, 1].mean()
        assert found == pytest.approx(share / (2 - share), rel=0.05)
    assert find_measure("topk:count=160")(cells)[:, 0, 1].mean() == pytest.approx(0.1, rel=0.1)
    assert find_measure("kappa")(cells)[:, 0, 1].mean() == pytest.approx(0, abs=0.02)


def test_topk_with_ties_is_over_the_larger_number():
    values = np.array([[9, 8, 7, 0, 0, 0], [9, 7, 7, 1, 0, 0.5]])[:, None]
    found = find_measure("topk:count=2")(Cells(values, np.ones(6), (2, 3)))[0]
    np.testing.assert_array_equal(found, [[1, 0.5], [0.5, 1]])
