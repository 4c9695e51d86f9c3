"""Where units are active in pictures, against an upsampling that is written out."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from crosslight.core.errors import InputError
from crosslight.dissection.pictures import (
    EDGE,
    LINE,
    active_region,
    box_of,
    outlined,
    preprocess_of,
    records_of,
    unit_pictures,
    upsampled,
)


@pytest.fixture(scope="module")
def made() -> ModuleType:
    spec = importlib.util.spec_from_file_location("made_up_units", Path(__file__).with_name("made_up.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def straight(values: np.ndarray, box: tuple[float, ...], width: int, height: int) -> np.ndarray:
    """Pixel by pixel: bilinear between the middles of cells, as the box lies in the picture."""
    rows, columns = values.shape
    found = np.full((height, width), np.nan)
    for y in range(height):
        for x in range(width):
            v = (y + 0.5 - box[1]) / (box[3] - box[1])
            u = (x + 0.5 - box[0]) / (box[2] - box[0])
            if not (0 <= u <= 1 and 0 <= v <= 1):
                continue
            r, c = np.clip(v * rows - 0.5, 0, rows - 1), np.clip(u * columns - 0.5, 0, columns - 1)
            r0, c0 = int(r), int(c)
            r1, c1 = min(r0 + 1, rows - 1), min(c0 + 1, columns - 1)
            above = values[r0, c0] * (1 - c + c0) + values[r0, c1] * (c - c0)
            below = values[r1, c0] * (1 - c + c0) + values[r1, c1] * (c - c0)
            found[y, x] = above * (1 - r + r0) + below * (r - r0)
    return found


@pytest.mark.parametrize("box", [(0, 0, 30, 20), (5, 2, 25, 18), (-4, -3, 36, 20)])
def test_maps_lie_in_their_box(box: tuple[float, ...]) -> None:
    values = np.random.default_rng(0).standard_normal((3, 4))
    np.testing.assert_allclose(upsampled(values, box, (30, 20)), straight(values, box, 30, 20))
    region = active_region(values, 0.2, box, (30, 20))
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(region, straight(values, box, 30, 20) > 0.2)


def test_equal_to_torch_where_the_box_is_the_whole_picture() -> None:
    import torch

    values = np.random.default_rng(1).standard_normal((5, 7))
    wanted = torch.nn.functional.interpolate(torch.from_numpy(values)[None, None], (40, 56), mode="bilinear")
    np.testing.assert_allclose(upsampled(values, (0, 0, 56, 40), (56, 40)), wanted[0, 0].numpy(), atol=1e-12)


def test_a_smaller_picture_has_the_same_region() -> None:
    values = np.array([[0, 1.0], [0, 0]])
    large = active_region(values, 0.5, (0, 0, 80, 40), (80, 40))
    small = active_region(values, 0.5, (0, 0, 80, 40), (40, 20), scale=0.5)
    assert large.mean() == pytest.approx(small.mean(), abs=0.02)
    assert large[2, 70]
    assert not large[2, 5]


def test_outside_is_dim_and_the_line_goes_around() -> None:
    region = np.zeros((12, 12), bool)
    region[4:8, 4:8] = True
    found = np.asarray(outlined(Image.new("RGB", (12, 12), (200, 100, 40)), region))
    assert (found[region] == (200, 100, 40)).all()
    assert tuple(found[5, 3]) == tuple(found[8, 6]) == LINE
    assert tuple(found[5, 2]) == EDGE
    assert tuple(found[0, 0]) == (70, 35, 14)
    with pytest.raises(InputError, match="does not fit"):
        outlined(Image.new("RGB", (5, 6)), region)


def test_what_a_model_sees_of_a_picture(made: ModuleType, tmp_path: Path) -> None:
    dissection = made.made_up_dissection("net", made.write_photographs(tmp_path))
    preprocess = preprocess_of(dissection)
    assert preprocess is not None
    assert preprocess.size == (40, 40)
    # 60 x 50 is resized to 60 x 50, and the middle 40 x 40 is cut
    assert box_of((60, 50), preprocess) == (10, 5, 50, 45)
    assert box_of((60, 50), None) == (0, 0, 60, 50)


def test_the_best_pictures_of_a_unit(made: ModuleType, tmp_path: Path) -> None:
    images = made.write_photographs(tmp_path)
    dissection = made.made_up_dissection("net", images)
    layer = dissection.layers[1]
    records, gone = records_of(dissection)
    assert gone == ""
    found = unit_pictures(dissection, layer, 3, records, most=4)
    assert [one.row for one in found] == layer.top_images[3, :4].tolist()
    first = found[0]
    assert np.asarray(first.picture).tolist() == np.asarray(images[first.row].load()).tolist()
    wanted = active_region(layer.top_maps[3, 0], layer.thresholds[3], (10, 5, 50, 45), (60, 50))
    np.testing.assert_array_equal(first.region, wanted)
    assert first.region.any()
    assert not first.region[:, :10].any()  # the model does not see it
    small = unit_pictures(dissection, layer, 3, records, most=1, side=30)[0]
    assert small.picture.size == (30, 25)
    assert small.region.mean() == pytest.approx(first.region.mean(), abs=0.03)
    with pytest.raises(InputError, match="units 0 to 7"):
        unit_pictures(dissection, layer, 8, records)


def test_pictures_that_are_gone_are_said_to_be(made: ModuleType, tmp_path: Path) -> None:
    dissection = made.made_up_dissection("net", made.write_photographs(tmp_path / "a"))
    for path in (tmp_path / "a").iterdir():
        path.unlink()
    records, gone = records_of(dissection)
    assert records == {}
    assert "the folder is empty" in gone
    nowhere = made.made_up_dissection("net", made.write_photographs(tmp_path / "b"), facts={"images": None})
    assert records_of(nowhere) == ({}, "the dissection does not say where they are")
    assert unit_pictures(nowhere, nowhere.layers[0], 0, {}) == []
