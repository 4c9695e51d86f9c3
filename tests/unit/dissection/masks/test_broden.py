"""Broden's layout reads back as it was written, with everything that may stand in a cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from crosslight.core.errors import InputError
from crosslight.dissection.masks import broden_images, read_broden
from crosslight.scenes import CONCEPTS, scene
from crosslight.scenes.broden import broden_name, write_broden
from crosslight.store import ImageEntry


def entry(name: str) -> ImageEntry:
    return ImageEntry(name, name)


def test_written_scenes_read_back(tmp_path: Path) -> None:
    made = [scene(index) for index in range(4)]
    write_broden(tmp_path, made, "val")
    masks = read_broden(tmp_path)
    assert masks.concepts == tuple(broden_name(one) for one in CONCEPTS)
    assert masks.categories == tuple(one.category for one in CONCEPTS)
    pictures = broden_images(tmp_path, "val")
    assert [one.name for one in pictures] == [f"{index:06d}.png" for index in range(4)]
    for picture, one in zip(pictures, made, strict=True):
        found = masks.labels(entry(picture.name), (96, 96))
        assert found is not None
        assert found.size == (48, 48)
        for category, value in one.labels.items():
            if isinstance(value, int):
                assert found.whole[category] == (value,)
            else:
                assert np.array_equal(found.planes[category][0], value[::2, ::2])
    assert masks.labels(entry("000009.png"), (96, 96)) is None
    with pytest.raises(InputError, match="no picture of the split 'train'; it has val"):
        broden_images(tmp_path, "train")


def plane(folder: Path, name: str, numbers: NDArray[np.int64]) -> None:
    pixels = np.stack([numbers % 256, numbers // 256, 0 * numbers], -1).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "images" / name)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Two pictures: not square, a label above 255, two planes of parts, two scenes, blank cells, two categories."""
    (tmp_path / "images").mkdir()
    for name in ("a.jpg", "b.jpg"):
        Image.fromarray(np.zeros((12, 20, 3), np.uint8)).save(tmp_path / "images" / name)
    numbers = np.zeros((6, 10), np.int64)
    numbers[:3], numbers[3:, :5] = 700, 2
    plane(tmp_path, "a_object.png", numbers)
    plane(tmp_path, "a_part_1.png", np.where(numbers == 700, 2, 0))
    plane(tmp_path, "a_part_2.png", np.where(numbers == 2, 300, 0))
    (tmp_path / "index.csv").write_text(
        "image,split,ih,iw,sh,sw,color,object,part,material,scene,texture\n"
        "a.jpg,train,12,20,6,10,,a_object.png,a_part_1.png;a_part_2.png,,5;9,\n"
        "b.jpg,val,12,20,6,10,,,,,9,\n"
    )
    (tmp_path / "label.csv").write_text(
        "number,name,category,frequency,coverage,syns\n"
        "2,door,object(3);part(8),11,0.1,\n300,handle,part(1),1,0.1,\n5,sea-s,scene(1),1,1,\n"
        '9,coast-s,scene(2),2,2,\n700,"house, big",object(1),1,0.3,house;home\n'
    )
    return tmp_path


def test_everything_a_cell_may_hold(small: Path) -> None:
    masks = read_broden(small)
    assert masks.concepts == ("door", "door", "handle", "sea-s", "coast-s", "house, big")
    assert masks.categories == ("object", "part", "part", "scene", "scene", "object")
    found = masks.labels(entry("a.jpg"), (12, 20))
    assert found is not None
    assert found.categories == {"object", "part", "scene"}
    assert found.whole == {"scene": (4, 5)}
    (objects,) = found.planes["object"]
    first, second = found.planes["part"]
    assert objects.shape == (6, 10)
    assert (objects[:3] == 6).all()
    assert (objects[3:, :5] == 1).all()
    assert not objects[3:, 5:].any()
    assert (first[:3] == 2).all()
    assert (second[3:, :5] == 3).all()
    other = masks.labels(entry("b.jpg"), (12, 20))
    assert other is not None
    assert other.planes == {}
    assert other.whole == {"scene": (5,)}


def test_what_does_not_fit_is_told(small: Path) -> None:
    masks = read_broden(small)
    with pytest.raises(InputError, match="has 21 x 12 pixels, and the index says 20 x 12"):
        masks.labels(entry("a.jpg"), (12, 21))
    plane(small, "a_part_2.png", np.full((6, 10), 301))
    with pytest.raises(InputError, match=r"label\.csv has no part of number 301"):
        masks.labels(entry("a.jpg"), (12, 20))
    plane(small, "a_part_2.png", np.full((6, 9), 300))
    with pytest.raises(InputError, match="has 9 x 6 pixels"):
        masks.labels(entry("a.jpg"), (12, 20))
    (small / "images" / "a_part_2.png").write_bytes(b"PNG")
    with pytest.raises(InputError, match=r"a_part_2\.png cannot be read"):
        masks.labels(entry("a.jpg"), (12, 20))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("label.csv", "number,name\n1,sea\n", "line 2 names no label"),
        ("label.csv", "number,name,category\nx,sea,object\n", "line 2 names no label"),
        ("index.csv", "image,split,ih,iw,sh,sw,object\na,b,c,d,e,f,g\n", "line 2 cannot be used"),
        ("index.csv", "image,split\n", "no rows"),
    ],
)
def test_a_table_that_cannot_be_used(small: Path, name: str, text: str, said: str) -> None:
    (small / name).write_text(text)
    with pytest.raises(InputError, match=said):
        read_broden(small)
