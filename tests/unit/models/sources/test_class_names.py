from __future__ import annotations

from pathlib import Path

import pytest

from crosslight.core.errors import InputError
from crosslight.models.sources.class_names import imagenet_classes, read_classes


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_files_of_names_and_of_identifiers(tmp_path: Path) -> None:
    write(tmp_path / "names.txt", "cat\ndog \nzebra, stripes\n\n")
    names = read_classes("names.txt", tmp_path)
    assert names.names == ("cat", "dog", "zebra, stripes")
    assert names.ids == ()
    with_ids = read_classes(write(tmp_path / "ids.tsv", "\ufeffn01440764\ttench, Tinca tinca\nn01443537\tgoldfish\n"))
    assert with_ids.ids == ("n01440764", "n01443537")
    assert with_ids.find("Tinca tinca") == 0
    alone = read_classes(write(tmp_path / "wnids.txt", "n01443537\nn01440764\n"))
    assert alone.find("goldfish") == 0
    assert alone.find("n01440764") == 1
    assert read_classes(["a", "b"]).names == ("a", "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "is empty"), ("a\n\nb\n", "line 2 is empty"), ("n1\ta\nb\n", "line 2 has no identifier")],
)
def test_bad_files(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_classes(write(tmp_path / "names.txt", text))


def test_a_missing_or_binary_file(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"did you mean 'names.txt'"):
        read_classes("name.txt", tmp_path)
    with pytest.raises(InputError, match="not a text file"):
        read_classes("names.txt", tmp_path)
    with pytest.raises(InputError, match="list of names"):
        read_classes([])


@pytest.mark.parametrize("outputs", [1000, 11821, 21841, 21843])
def test_imagenet_and_its_subsets(outputs: int) -> None:
    classes = imagenet_classes(outputs)
    assert classes is not None
    assert len(classes) == len(classes.ids) == outputs
    found = classes.find("n01440764")
    assert found is not None
    assert classes.short(found) == "tench"


def test_other_numbers_of_outputs_have_no_names() -> None:
    assert imagenet_classes(10) is None
