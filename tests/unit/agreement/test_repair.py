from __future__ import annotations

import numpy as np
import pytest

from crosslight.agreement.artefacts import find_artefacts
from crosslight.agreement.repair import (
    Repair,
    apply_repairs,
    check_repairs,
    parse_repair,
    repair_cell,
    repaired_blocks,
)
from crosslight.core.errors import InputError
from crosslight.core.maps import Maps, Status, judge


def maps_of(values, model="Net", label="Grad-CAM") -> Maps:
    values = np.asarray(values, np.float32)
    n = len(values)
    boxes, targets = np.tile((0.0, 0.0, 8.0, 8.0), (n, 1)), np.zeros((n, 2), np.int32)
    names = tuple(f"i{i}" for i in range(n))
    attributes = {"finish": "relu", "model": model, "label": label}
    return Maps(values, boxes, judge(values), targets, names, {"gap": np.arange(float(n))}, attributes)


def noise(images=3, height=4, width=5, seed=0):
    return np.random.default_rng(seed).standard_normal((images, height, width)).astype(np.float32)


@pytest.mark.parametrize(
    ("text", "repair"),
    [
        ("A/B:corner=bottom-right", Repair("A/B", "bottom-right")),
        ("  A/B : corner = top-left ", Repair("A/B", "top-left")),
        ("A/B:cell=6,0", Repair("A/B", cell=(6, 0))),
        ("A/B:cell= 6, 10:fill=neighbours", Repair("A/B", cell=(6, 10), fill="neighbours")),
        ("A/B:fill=mean:corner=top-right", Repair("A/B", "top-right")),
        ("A/*:cell=0,0", Repair("A/*", cell=(0, 0))),
        ("timm/a/B (k=1):x=2:cell=0,0", Repair("timm/a/B (k=1):x=2", cell=(0, 0))),
    ],
)
def test_a_repair_is_read(text, repair):
    assert parse_repair(text) == repair
    assert parse_repair(str(repair)) == repair


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A/B", "does not say which cell: write 'EfficientNet-B4"),
        ("A/B:fill=mean", "does not say which cell"),
        ("", "does not say which cell"),
        ("A/B:corner=bottom-rigth", "no corner 'bottom-rigth'; did you mean 'bottom-left' or 'bottom-right'"),
        ("A/B:corner=", "no corner ''"),
        ("A/B:korner=top-left", "no option 'korner'; did you mean 'corner'"),
        ("A/B:cell=6", "ROW,COLUMN"),
        ("A/B:cell=-1,2", "ROW,COLUMN"),
        ("A/B:cell=1,2:corner=top-left", "not both"),
        ("A/B:cell=1,2:cell=1,2", "cell stands there twice"),
        ("A/B:cell=1,2:fill=neighbour", "filled with 'neighbour'; did you mean 'neighbours'"),
        ("A:cell=1,2", "needs MODEL/METHOD"),
        (":cell=1,2", "needs MODEL/METHOD"),
    ],
)
def test_what_is_no_repair_is_refused_with_what_to_write(text, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_repair(text)
    assert str(caught.value).startswith(f"repair {text!r}")


def test_the_mean_of_the_other_cells_takes_the_place():
    values = noise()
    maps = maps_of(values.copy())
    found = repair_cell(maps, (3, 4))
    for before, after in zip(values, found.values, strict=True):
        assert after[3, 4] == pytest.approx(before.ravel()[:-1].mean(), rel=1e-5)
        np.testing.assert_array_equal(after.ravel()[:-1], before.ravel()[:-1])
    np.testing.assert_array_equal(maps.values, values)  # the maps given stay as they were
    assert found.attributes["repair"] == [{"cell": [3, 4], "fill": "mean", "corner": None}]
    assert "repair" not in maps.attributes
    assert found.images == maps.images
    np.testing.assert_array_equal(found.diagnostics["gap"], [0, 1, 2])


@pytest.mark.parametrize(
    ("cell", "around"),
    [((0, 0), [(0, 1), (1, 0), (1, 1)]), ((1, 4), [(0, 3), (0, 4), (1, 3), (2, 3), (2, 4)])],
)
def test_or_the_mean_of_its_neighbours(cell, around):
    values = noise()
    found = repair_cell(maps_of(values), cell, fill="neighbours")
    expected = np.mean([values[:, row, column] for row, column in around], axis=0)
    np.testing.assert_allclose(found.values[:, *cell], expected, rtol=1e-5)


def test_the_middle_has_eight_neighbours():
    values = noise(height=3, width=3)
    by_mean, by_neighbours = (repair_cell(maps_of(values), (1, 1), fill=fill) for fill in ("mean", "neighbours"))
    np.testing.assert_array_equal(by_mean.values, by_neighbours.values)


@pytest.mark.parametrize(
    ("corner", "cell"),
    [("top-left", (0, 0)), ("top-right", (0, 4)), ("bottom-left", (3, 0)), ("bottom-right", (3, 4))],
)
def test_corners_are_cells(corner, cell):
    maps = maps_of(noise())
    repaired = apply_repairs(maps, [parse_repair(f"Net/Grad-CAM:corner={corner}")])
    np.testing.assert_array_equal(repaired.values, repair_cell(maps, cell).values)
    assert repaired.attributes["repair"][0]["corner"] == corner


def test_the_status_is_judged_again():
    values = noise(6)
    values[0] = 0
    values[0, 0, 0] = 1  # nothing else
    values[1] = 2
    values[1, 0, 0] = 5
    values[2, 0, 0] = np.nan
    values[3, 1, 1] = np.inf
    values[4] = np.nan
    maps = maps_of(values)
    maps.status[4] = Status.FAILED
    found = repair_cell(maps, (0, 0))
    assert [Status(s).name for s in found.status] == ["ZERO", "CONSTANT", "OK", "NONFINITE", "FAILED", "OK"]
    assert maps.status[0] == Status.OK


def test_repairs_reach_the_sets_they_are_meant_for_block_by_block():
    repairs = [
        parse_repair("Net/Grad-CAM:corner=top-left"),
        parse_repair("Net/*:cell=1,1"),
        parse_repair("Other/*:cell=9,9"),
    ]
    blocks = [maps_of(noise(seed=seed)) for seed in range(3)]
    found = list(repaired_blocks(blocks, repairs))
    for before, after in zip(blocks, found, strict=True):
        both = repair_cell(repair_cell(before, (0, 0)), (1, 1))
        np.testing.assert_array_equal(after.values, both.values)
        assert [step["cell"] for step in after.attributes["repair"]] == [[0, 0], [1, 1]]
    untouched = maps_of(noise(), model="Third")
    assert apply_repairs(untouched, repairs) is untouched
    check_repairs(repairs[:2], [("Net", "Grad-CAM")])
    with pytest.raises(InputError, match="no maps of 'Net/Grad-Cam' to repair; did you mean 'Net/Grad-CAM'"):
        check_repairs([parse_repair("Net/Grad-Cam:cell=0,0")], [("Net", "Grad-CAM"), ("Net", "LIME")])


def test_cells_that_are_not_there_are_refused():
    with pytest.raises(InputError, match="4 rows and 5 columns, counted from 0: there is no cell 4,0"):
        repair_cell(maps_of(noise()), (4, 0))
    with pytest.raises(InputError, match="counted from 0"):
        repair_cell(maps_of(noise()), (-1, 0))
    with pytest.raises(InputError, match="one cell"):
        repair_cell(maps_of(noise(3, 1, 1)), (0, 0))


def test_what_is_announced_can_be_repaired_as_it_says():
    values = noise(30, 7, 7)
    values[:, 6, 6] = 9
    maps = maps_of(values)
    (found,) = find_artefacts([("Net/Grad-CAM", [maps])])
    text = found.sentence.split('--repair "')[1].split('"')[0]
    assert find_artefacts([("Net/Grad-CAM", [apply_repairs(maps, [parse_repair(text)])])]) == []
