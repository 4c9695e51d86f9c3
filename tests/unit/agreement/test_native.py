from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crosslight.agreement.measures import Cells, find_measure
from crosslight.agreement.native import add_sums, basis, condensed, products
from crosslight.agreement.prepare import Steps, unit_of
from crosslight.core.maps import Maps, judge
from crosslight.core.sampling import sample

MEASURES = ("cosine", "pearson", "rbf:sigma=0.7", "rbf:norm=none,sigma=9.0")


def maps_of(random, sizes, images, crop) -> list[Maps]:
    """Sets of maps of different resolutions over boxes that differ by set and, beyond rounding, by image."""
    made = []
    for number, (height, width) in enumerate(sizes):
        near, far = crop * random.random((images, 2)), np.array([400.0, 300.0]) - crop * random.random((images, 2))
        values = (random.standard_normal((images, height, width)) + number).astype(np.float32)
        boxes = np.concatenate([near, far], axis=1)
        names = tuple(f"i{i}" for i in range(images))
        made.append(Maps(values, boxes, judge(values), np.zeros((images, 2), np.int32), names))
    return made


def pixels(maps, grid) -> Cells:
    """All maps on the grid over their common boxes, in float64."""
    boxes = np.stack([m.boxes for m in maps])
    common = np.concatenate([boxes[..., :2].max(axis=0), boxes[..., 2:].min(axis=0)], axis=1)
    read = [sample(m.values.astype(np.float64), m.boxes, common, grid) for m in maps]
    return Cells(np.stack(read).reshape(len(maps), len(maps[0]), -1), np.ones(grid**2), (grid, grid))


side = st.tuples(st.integers(2, 9), st.integers(2, 9))


@settings(deadline=None, max_examples=25)
@given(st.lists(side, min_size=2, max_size=4), st.integers(9, 80), st.floats(0, 90), st.integers(0, 2**31))
def test_native_coordinates_give_what_pixels_give(sizes, grid, crop, seed):
    random = np.random.default_rng(seed)
    maps = maps_of(random, sizes, 2, crop)
    steps = Steps(grid=grid)
    tolerance = 1e-10 if steps.dtype == np.float64 else 1e-5
    there = pixels(maps, grid)
    found = unit_of(maps, steps).coordinates()
    for own, rows, cells in found or ():
        assert cells.values.shape[2] < grid**2
        want = Cells(there.values[:, rows], there.one, there.grid)
        np.testing.assert_allclose(own.cells(cells.values), want.values, atol=1e3 * tolerance)
        for coordinates in (cells, condensed(products(cells))):
            for name in MEASURES:
                got = find_measure(name)(coordinates)
                np.testing.assert_allclose(got, find_measure(name)(want), atol=tolerance, err_msg=name)
    if not crop:  # sets of one resolution then share their coordinates
        coordinates = [sum({size[axis] for size in sizes}) for axis in (0, 1)]
        assert found is not None or coordinates[0] * coordinates[1] >= grid**2


def test_no_basis_where_cells_are_as_few():
    eye = np.eye(6)
    assert basis([eye], [eye]) is None
    found = basis([eye[:, :2], eye[:, 1:3]], [np.ones((6, 1)) / 6])
    assert found is not None
    assert (found.rows.shape, found.columns.shape) == ((6, 3), (6, 1))
    np.testing.assert_allclose(found.rows.T @ found.rows, np.eye(3), atol=1e-12)


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([1.0, 1e-25, 1e12]),
    st.sampled_from([0.0, 1.0, 300.0]),
    st.integers(0, 2**31),
)
def test_condensed_coordinates_keep_products_within_and_across_images(dtype, size, offset, seed):
    random = np.random.default_rng(seed)
    values = (size * (random.standard_normal((3, 4, 90)) + offset)).astype(dtype)
    values[1, 2] = np.nan
    cells = Cells(values, np.ones(90, dtype), (9, 10))
    exact = Cells(values.astype(np.float64), np.ones(90), (9, 10))
    tolerance = 1e-10 if dtype == np.float64 else 2e-6 * max(1, offset)  # of what is left without its mean
    first = products(cells)
    for name in ("cosine", "pearson", "rbf:sigma=0.7"):
        measure = find_measure(name)
        np.testing.assert_allclose(measure(condensed(first)), measure(exact), atol=tolerance, err_msg=name)
        pairs = [(0, 1), (2, 0), (3, 2)]
        made = measure.representations(condensed(first, first, pairs))
        whole = measure.representations(exact)
        for place, (i, j) in enumerate(pairs):
            got = measure.compared(made[:3, place : place + 1], made[3:, place : place + 1])
            want = measure.compared(whole[:, i : i + 1], whole[:, j : j + 1])
            np.testing.assert_allclose(got, want, atol=tolerance, err_msg=name)


def test_a_constant_map_stays_one():
    random = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        values = random.standard_normal((4, 1, 5000)).astype(dtype)
        values[1] = np.where(values[0] > 0, np.nextafter(dtype(0.7), dtype(1)), dtype(0.7))  # but for rounding
        values[2] = values[3]  # the products of these have no full rank
        found = find_measure("pearson")(condensed(products(Cells(values, np.ones(5000, dtype), (50, 100)))))
        assert np.isnan(found[0, 1]).all()
        assert np.isfinite(found[0, [0, 2, 3]][:, [0, 2, 3]]).all()
        np.testing.assert_allclose(found[0, 2, 3], 1, atol=1e-6)


@pytest.mark.parametrize("offset", [0.0, 30.0])
def test_sums_of_representations(offset):
    values = np.random.default_rng(0).standard_normal((3, 5, 40)).astype(np.float32) + np.float32(offset)
    values[2, 1] = np.nan
    cells = Cells(values, np.ones(40, np.float32), (5, 8))
    maps, measures = products(cells), [find_measure(name) for name in ("cosine", "pearson")]
    coordinates = condensed(maps)
    total = np.zeros((2, 3, 40))
    constant = add_sums(total, maps, np.stack([m.representations(coordinates) for m in measures]), coordinates)
    exact = Cells(values.astype(np.float64), np.ones(40), (5, 8))
    want = np.stack([np.nansum(m.representations(exact), axis=1) for m in measures])
    np.testing.assert_allclose(total + constant[..., None], want, atol=1e-4)
