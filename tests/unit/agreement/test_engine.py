from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from crosslight.agreement import engine
from crosslight.agreement.engine import CONSTANT_AFTER_STEPS, Comparison, unit_length
from crosslight.agreement.measures import Cells, median_sigma
from crosslight.agreement.prepare import Steps, prepare
from crosslight.core.errors import InputError
from crosslight.core.maps import Maps, Status, judge, take

MEASURES = ("cosine", "pearson", "spearman", "rbf", "iou", "kappa", "rank-correlation", "ssim")
IMAGES = 11


def random_maps(size: int, seed: int, images: int = IMAGES, crops: int = 1) -> Maps:
    """Maps over boxes of `crops` kinds; one of them is not usable."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((images, size, size)).astype(np.float32)
    values[seed % images] = 0
    boxes = np.tile((3.0 * seed, 0.0, 300.0, 200.0), (images, 1))
    boxes[:, 1] += 2.0 * seed * (np.arange(images) % crops)
    names = tuple(f"i{n}" for n in range(images))
    return Maps(values, boxes, judge(values), np.zeros((images, 2), np.int32), names)


def compared(maps, measures=MEASURES, steps=None, order=None, length=4, images=IMAGES):
    comparison = Comparison([str(i) for i in range(len(maps))], measures, steps or Steps(), images)
    starts = list(range(0, len(maps[0]), length))
    for start in order or starts:
        rows = slice(start, start + length)
        comparison.add([take(m, rows) for m in maps], range(*rows.indices(len(maps[0]))))
    return comparison.finish()


def on_grid(maps, steps) -> Cells:
    prepared = prepare(maps, steps)
    values = np.where(prepared.usable[..., None], prepared.values, np.nan)
    return Cells(values, np.ones(steps.grid**2), (steps.grid, steps.grid))


@pytest.mark.parametrize("sizes", [(3, 4, 3), (28, 4, 5), (40, 28, 28)])
@pytest.mark.parametrize("crops", [1, 3])
def test_every_measure_is_what_it_is_on_the_grid(sizes, crops):
    maps = [random_maps(size, seed, crops=crops) for seed, size in enumerate(sizes)]
    images, found = compared(maps)
    assert images == maps[0].images
    cells = on_grid(maps, Steps())
    assert list(found) == list(MEASURES)
    for key, one in found.items():
        assert one.measure.name == key
        want = one.measure(cells)
        np.testing.assert_allclose(one.per_image, want, atol=1e-10, err_msg=key)
        np.testing.assert_array_equal(one.per_image, one.per_image.transpose(0, 2, 1))
        assert one.dropped[1] == {"ZERO": 1}


def test_sigma_is_the_median_distance_of_the_first_block():
    maps = [random_maps(size, seed) for seed, size in enumerate((3, 4, 5))]
    one = compared(maps, ("cosine", "rbf"))[1]["rbf"]
    made = one.measure.representations(on_grid([take(m, slice(0, 4)) for m in maps], Steps()))
    assert one.measure.settings["sigma"] == pytest.approx(median_sigma(made))
    assert compared(maps, ("rbf:sigma=0.5",))[1]["rbf:sigma=0.5"].measure.settings["sigma"] == 0.5


@pytest.mark.parametrize("key", ["cosine", "pearson", "spearman", "rank-correlation"])
@pytest.mark.parametrize("crops", [1, 3])
def test_floors_of_products_are_over_all_pairs_of_different_images(key, crops):
    maps = [random_maps(size, seed, crops=crops) for seed, size in enumerate((3, 4, 5))]
    one = compared(maps, (key,))[1][key]
    made = one.measure.representations(on_grid(maps, Steps()))
    usable = np.isfinite(made[..., 0])
    for a in range(3):
        for b in range(3):
            every = [
                made[a, i] @ made[b, j]
                for i in range(IMAGES)
                for j in range(IMAGES)
                if i != j and usable[a, i] and usable[b, j]
            ]
            np.testing.assert_allclose(one.floor[a, b], np.mean(every), atol=1e-10)
            assert one.floor_pairs[a, b] == len(every)


def test_floors_of_one_block_are_over_all_its_pairs():
    maps = [random_maps(size, seed, 9) for seed, size in enumerate((3, 4))]
    found = compared(maps, ("iou", "rbf:sigma=0.8"), length=9)[1]
    cells = on_grid(maps, Steps())
    for one in found.values():
        made = one.measure.representations(cells)
        usable = np.isfinite(made[..., 0])
        assert one.floor_pairs[0, 1] == sum(usable[0, i] and usable[1, j] for i in range(9) for j in range(9) if i != j)
        both = [
            one.measure.compared(made[:1, i : i + 1], made[1:, j : j + 1])[0, 0, 0]
            for i in range(9)
            for j in range(9)
            if i != j and usable[0, i] and usable[1, j]
        ]
        np.testing.assert_allclose(one.floor[0, 1], np.mean(both), atol=1e-10)
        assert one.floor_pairs[0, 0] == 8 * 7 // 2


@pytest.mark.parametrize("crops", [1, 3])
def test_floors_of_other_measures_are_near_that_over_all_pairs(crops):
    images = 120
    maps = [random_maps(size, seed, images, crops) for seed, size in enumerate((3, 5))]
    found = compared(maps, ("iou", "rbf:sigma=0.8"), length=8, images=images)[1]
    cells = on_grid(maps, Steps())
    for key, one in found.items():
        made = one.measure.representations(cells)
        several = [one.measure.compared(made, np.roll(made, shift, axis=1)) for shift in (20, 40, 70)]
        want = np.nanmean(several, axis=(0, 1))
        np.testing.assert_allclose(one.floor[0, 1], want[0, 1], atol=0.02, err_msg=key)
        assert one.floor_pairs.min() > 200


@pytest.mark.parametrize("order", [(0, 4, 8), (4, 0, 8), (8, 4, 0)])
def test_blocks_without_maps_are_no_partners(order):
    """Of a method with a limit only the first block has maps: its images are paired with each other."""
    maps = [random_maps(5, seed, images=12) for seed in range(3)]
    for one in maps:
        one.values[4:] = np.nan
        one.status[4:] = Status.SKIPPED
    limited = compared(maps, ("iou",), order=order, images=12)[1]["iou"]
    alone = compared([take(one, slice(0, 4)) for one in maps], ("iou",), images=4)[1]["iou"]
    np.testing.assert_allclose(limited.floor, alone.floor)
    assert np.isfinite(limited.floor).all()


def test_no_image_is_paired_with_itself():
    """Maps of which no two images have a cell in common: every pair of different images has an IoU of 0."""
    values = np.zeros((12, 6, 6), np.float32)
    for i in range(12):
        values[i].ravel()[3 * i : 3 * i + 3] = 1
    maps = Maps(
        values, np.tile((0.0, 0, 6, 6), (12, 1)), judge(values), np.zeros((12, 2), np.int32), tuple("abcdefghijkl")
    )
    for length in (1, 3, 5, 12):
        found = compared([maps, maps], ("iou:share=0.083",), Steps(grid=6), length=length, images=12)[1]
        (one,) = found.values()
        np.testing.assert_array_equal(one.floor, 0)
        np.testing.assert_array_equal(one.per_image, 1)


def test_one_image_has_no_floor():
    maps = [random_maps(4, seed, 2) for seed in (2, 4)]
    first = [take(m, slice(1, 2)) for m in maps]
    found = compared(first, ("cosine", "iou", "rbf"), images=1)[1]
    for one in found.values():
        assert np.isnan(one.floor).all()
        assert not one.floor_pairs.any()
        assert np.isfinite(one.per_image).all()


def test_blocks_may_come_in_any_order():
    maps = [random_maps(size, seed) for seed, size in enumerate((3, 4))]
    images, one = compared(maps, ("cosine", "iou"))
    again, other = compared(maps, ("cosine", "iou"), order=[8, 0, 4])
    assert images == again
    for key in one:
        np.testing.assert_allclose(one[key].per_image, other[key].per_image, atol=1e-12)
    np.testing.assert_allclose(one["cosine"].floor, other["cosine"].floor, atol=1e-12)


def test_units_of_any_length_give_the_same(monkeypatch):
    maps = [random_maps(size, seed) for seed, size in enumerate((3, 28, 4))]
    whole = compared(maps, length=11)[1]
    monkeypatch.setattr(engine, "UNIT", 2 * 3 * 28**2 * 8)
    assert unit_length(3, Steps()) == 2
    for key, one in compared(maps, length=11)[1].items():
        if key != "rbf":  # whose sigma is that of the first unit
            np.testing.assert_allclose(one.per_image, whole[key].per_image, atol=1e-12, err_msg=key)


def test_large_grids_in_float32_are_as_good():
    maps = [random_maps(size, seed) for seed, size in enumerate((7, 80, 12))]
    steps = Steps(grid=80)
    assert steps.dtype == np.float32
    found = compared(maps, ("cosine", "pearson", "rbf"), steps)[1]
    cells = on_grid(maps, steps)
    exact = Cells(cells.values.astype(np.float64), cells.one, cells.grid)
    for key, one in found.items():
        np.testing.assert_allclose(one.per_image, one.measure(exact), atol=1e-6, err_msg=key)


def test_maps_without_a_value_are_counted_by_measure():
    maps = [random_maps(6, seed) for seed in (0, 1)]
    maps[1].values[5] = np.linspace(1, 1 + 1e-7, 36).reshape(6, 6)
    maps[1].status[:] = judge(maps[1].values)
    found = compared(maps, ("cosine", "pearson", "iou"))[1]
    assert found["cosine"].dropped[1] in ({"ZERO": 1}, {"ZERO": 1, "CONSTANT": 1})
    maps[1].status[5] = 1
    found = compared(maps, ("cosine", "pearson", "iou"))[1]
    assert found["cosine"].dropped[1] == {"ZERO": 1}
    for key in ("pearson", "iou"):
        assert found[key].dropped[1] == {"ZERO": 1, CONSTANT_AFTER_STEPS: 1}
        assert np.isnan(found[key].per_image[5, 1]).all()


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="unique"):
        Comparison("aa", ["cosine"], Steps())
    with pytest.raises(InputError, match="each of them once"):
        Comparison("ab", ["cosine", "cosine"], Steps())
    with pytest.raises(InputError, match="1 sets, not of 2"):
        Comparison("ab", ["cosine"], Steps()).add([random_maps(3, 0)])


def test_memory_does_not_grow_with_the_images():
    def peak(blocks):
        tracemalloc.start()
        comparison = Comparison("ab", ("cosine", "rbf", "iou"), Steps())
        for number in range(blocks):
            comparison.add([random_maps(28, 2 * number + one, 16) for one in (0, 1)])
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)
    assert peak(18) < 1.2 * peak(6)
