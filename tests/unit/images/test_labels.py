from __future__ import annotations

import pytest

from crosslight.core.classes import Classes
from crosslight.images import map_labels, open_images

IMAGENET = Classes(("tench, Tinca tinca", "crane bird", "crane"), ("n01440764", "n02012849", "n03126707"))


@pytest.mark.parametrize(
    ("label", "index"),
    [
        ("n01440764", 0),
        ("n01440764_tench", 0),
        ("n01440764-tench", 0),
        ("N03126707 crane", 2),
        ("n02012849_crane", 1),  # the identifier decides, not the name
        ("Tinca_Tinca", 0),
        ("1", 1),
        ("n09999999_tench", None),
        ("zebra", None),
        ("7", None),
    ],
)
def test_what_a_label_means(label, index):
    assert IMAGENET.find(label) == index


def test_without_identifiers_the_name_behind_one_counts():
    assert Classes(("great white shark", "tench")).find("n01440764_tench") == 1
    assert Classes(("great white shark", "tench")).find("n01484850-great_white_shark") == 0


def test_labels_are_mapped_and_the_rest_is_listed(photos):
    (photos / "cat").rename(photos / "n01440764_tench")
    (photos / "dog/a.jpg").rename(photos / "loose.jpg")
    images = open_images(photos)
    found = map_labels(images, IMAGENET)
    assert [r.label for r in images] == ["dog", None, *["n01440764_tench"] * 3]
    assert found.indices == (None, None, 0, 0, 0)
    assert found.unmapped == {"dog": 1}
    assert found.mapped == 3


def test_real_labels(shared_data):
    lines = (shared_data / "models/imagenet_classes.tsv").read_text().splitlines()
    ids, names = zip(*(line.split("\t") for line in lines), strict=True)
    classes = Classes(names, ids)
    by_id = map_labels(open_images(shared_data / "imagenet-sample/index.csv"), classes)
    by_index = map_labels(
        open_images(shared_data / "imagenet-sample/index.csv", columns={"label": "class_index"}), classes
    )
    assert by_id.indices == by_index.indices
    assert not by_id.unmapped
    assert by_id.mapped == 60
