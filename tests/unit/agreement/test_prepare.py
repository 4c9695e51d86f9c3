from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.measures.base import EXTREMES
from crosslight.agreement.prepare import (
    NO_COMMON_BOX,
    ZERO_AFTER_STEPS,
    Steps,
    apply_steps,
    common_boxes,
    prepare,
    unit_of,
)
from crosslight.agreement.similarity import cosine
from crosslight.core.errors import InputError
from crosslight.core.maps import Maps, Status, judge
from crosslight.core.sampling import sample

PICTURE = (0.0, 0.0, 640.0, 480.0)


def maps_of(values, boxes=PICTURE, finish="none", images=None) -> Maps:
    values = np.asarray(values, np.float32)
    count = len(values)
    return Maps(
        values=values,
        boxes=np.broadcast_to(np.asarray(boxes, float), (count, 4)).copy(),
        status=judge(values),
        targets=np.full((count, 2), -1, np.int32),
        images=images or tuple(f"image-{i}" for i in range(count)),
        attributes={"finish": finish},
    )


def ramp(box, size) -> np.ndarray:
    """A picture-wide linear ramp x + 2 y - 900 as a map over `box` sees it at its cells' centres."""
    left, top, right, bottom = box
    x = left + (np.arange(size) + 0.5) / size * (right - left)
    y = top + (np.arange(size) + 0.5) / size * (bottom - top)
    return (x + 2 * y[:, None] - 900)[None]


def test_two_crops_of_one_ramp_agree_only_on_their_common_box():
    boxes = [(80.0, 0.0, 560.0, 480.0), (240.0, 0.0, 540.0, 300.0)]
    sets = [maps_of(ramp(box, size), box) for box, size in zip(boxes, (14, 12), strict=True)]
    aware = prepare(sets, Steps())
    # away from the edge, where maps end and values are held, interpolation of a ramp is exact
    inner = aware.values.reshape(2, 28, 28)[:, 2:-2, 2:-2]
    np.testing.assert_allclose(inner[0], inner[1], atol=1e-3)
    assert cosine(aware.values)[0, 0, 1] > 0.9995
    blind = prepare([maps_of(m.values, PICTURE) for m in sets], Steps())
    assert np.abs(blind.values[0] - blind.values[1]).max() > 50
    assert cosine(blind.values)[0, 0, 1] < 0.9


def test_a_bump_seen_through_two_crops_does_not_agree_if_boxes_are_ignored():
    def bump(box, size):
        left, top, right, bottom = box
        x = left + (np.arange(size) + 0.5) / size * (right - left)
        y = top + (np.arange(size) + 0.5) / size * (bottom - top)
        return np.exp(-((x - 200) ** 2 + (y[:, None] - 200) ** 2) / (2 * 30**2))[None]

    boxes = [(0.0, 0.0, 480.0, 480.0), (120.0, 120.0, 360.0, 360.0)]
    sets = [maps_of(bump(box, 56), box) for box in boxes]
    assert cosine(prepare(sets, Steps()).values)[0, 0, 1] > 0.99
    blind = [maps_of(m.values) for m in sets]
    assert cosine(prepare(blind, Steps()).values)[0, 0, 1] < 0.8


def test_common_box_passes_over_maps_that_are_not_there():
    first, second = maps_of(np.eye(3)[None], (0, 0, 10, 10)), maps_of(np.eye(3)[None], (5, -5, 20, 8))
    np.testing.assert_array_equal(common_boxes([first, second]), [[5, 0, 10, 8]])
    failed = Maps(first.values * np.nan, first.boxes * np.nan, np.array([Status.FAILED]), first.targets, first.images)
    np.testing.assert_array_equal(common_boxes([first, failed]), first.boxes)
    assert np.isnan(common_boxes([first, maps_of(np.eye(3)[None], (10, 0, 20, 10))])).all()
    assert np.isnan(common_boxes([failed])).all()


@pytest.mark.parametrize("steps", [Steps(normalise=n) for n in ("none", "max", "minmax", "sum")])
def test_a_map_is_the_same_whatever_the_batch(steps):
    random = np.random.default_rng(0)
    values = random.normal(size=(4, 7, 7)) * np.array([1e-6, 1.0, 50.0, 1e6])[:, None, None]
    together = prepare([maps_of(values)], steps).values
    for i in range(4):
        np.testing.assert_array_equal(together[:, i], prepare([maps_of(values[i : i + 1])], steps).values[:, 0])


def test_steps_in_their_order():
    values = np.array([[[-3.0, 1.0], [0.0, 2.0]]])
    raw = maps_of(values, finish="relu")
    relu = np.array([[[0.0, 1.0], [0.0, 2.0]]])
    np.testing.assert_allclose(apply_steps(raw, Steps()), relu)
    np.testing.assert_allclose(apply_steps(raw, Steps(finish=False)), values)
    np.testing.assert_allclose(apply_steps(raw, Steps(finish=False, sign="positive")), relu)
    np.testing.assert_allclose(apply_steps(raw, Steps(finish=False, sign="absolute")), np.abs(values))
    np.testing.assert_allclose(apply_steps(raw, Steps(normalise="max")), relu / 2)
    np.testing.assert_allclose(apply_steps(raw, Steps(normalise="sum")), relu / 3)
    np.testing.assert_allclose(apply_steps(raw, Steps(finish=False, normalise="max")), values / 3)
    np.testing.assert_allclose(apply_steps(raw, Steps(finish=False, normalise="minmax")), (values + 3) / 5)
    assert Steps(sign="absolute").as_dict() == {"finish": True, "sign": "absolute", "normalise": "none", "grid": 28}


@pytest.mark.parametrize("grid", [6, 70])
def test_maps_are_read_over_the_common_box_of_each_image(grid):
    """Also those that have as many cells as the grid, and whose boxes differ from image to image."""
    random = np.random.default_rng(0)
    boxes = [np.array([[0.0, 0, 90, 60], [10.0, 0, 90, 60], [0, 0, 90, 60]]), np.tile((0.0, 5, 80, 60), (3, 1))]
    sets = [maps_of(random.standard_normal((3, grid, grid)), box) for box in boxes]
    common = np.array([[0.0, 5, 80, 60], [10, 5, 80, 60], [0, 5, 80, 60]])
    found = prepare(sets, Steps(grid=grid)).values
    assert found.dtype == (np.float64 if grid == 6 else np.float32)
    for own, one in zip(found, sets, strict=True):
        want = sample(one.values.astype(np.float64), one.boxes, common, grid).reshape(3, -1)
        np.testing.assert_allclose(own, want, atol=1e-10 if grid == 6 else 1e-5)


def test_maps_on_the_grid_already_are_taken_as_they_are():
    sets = [maps_of(np.random.default_rng(seed).standard_normal((2, 28, 28))) for seed in (0, 1)]
    for own, one in zip(prepare(sets, Steps()).values, sets, strict=True):
        np.testing.assert_array_equal(own, one.values.reshape(2, -1))


@pytest.mark.parametrize("grid", [3, 7, 80])
def test_extremes_are_those_of_the_cells(grid):
    random = np.random.default_rng(0)
    values = random.standard_normal((4, 3, 3))
    values[1] = 0
    boxes = np.tile((0.0, 0.0, 9.0, 9.0), (4, 1))
    boxes[2] += 100
    sets = [maps_of(values, boxes), maps_of(random.standard_normal((4, 5, 5)), (0.0, 0.0, 9.0, 8.0))]
    cells = unit_of(sets, Steps(grid=grid)).cells()
    assert np.isnan(cells.values[..., 0]).tolist() == [[False, True, True, False], [False, False, True, False]]
    want = np.stack([cells.values.min(axis=-1), cells.values.max(axis=-1)], axis=-1)
    np.testing.assert_array_equal(cells.kept[EXTREMES], want)


def test_what_is_left_out_is_counted_by_reason():
    values = np.stack([np.eye(3), np.zeros((3, 3)), np.ones((3, 3)), np.full((3, 3), np.nan), -np.eye(3), np.eye(3)])
    boxes = np.tile((0.0, 0.0, 9.0, 9.0), (6, 1))
    elsewhere = boxes.copy()
    elsewhere[5] += 100
    one, other = maps_of(values, boxes, finish="relu"), maps_of(np.stack([np.eye(3)] * 6), elsewhere)
    prepared = prepare([one, other], Steps())
    assert prepared.usable.tolist() == [[True] + [False] * 5, [True] * 5 + [False]]
    assert prepared.dropped == (
        {"ZERO": 1, "CONSTANT": 1, "NONFINITE": 1, ZERO_AFTER_STEPS: 1, NO_COMMON_BOX: 1},
        {NO_COMMON_BOX: 1},
    )
    assert not prepared.values[~prepared.usable].any()


def test_errors_name_what_is_wrong():
    with pytest.raises(InputError, match="did you mean 'absolute'"):
        Steps(sign="absolut")
    with pytest.raises(InputError, match="grid"):
        Steps(grid=0)
    with pytest.raises(InputError, match="same images"):
        prepare([maps_of(np.eye(2)[None]), maps_of(np.eye(2)[None], images=("other",))], Steps())
