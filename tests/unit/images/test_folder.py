from __future__ import annotations

import os

import pytest

from crosslight.core.errors import InputError
from crosslight.images import open_images


def names(root):
    return [record.name for record in open_images(root)]


def test_first_level_folders_are_labels_and_numbers_count(photos):
    images = open_images(photos)
    assert [(r.name, r.label) for r in images] == [
        ("cat/img1.png", "cat"),
        ("cat/img2.PNG", "cat"),
        ("cat/img10.png", "cat"),
        ("dog/a.jpg", "dog"),
        ("dog/deep/b.jpg", "dog"),
    ]


def test_a_flat_folder_has_no_labels(photos):
    assert open_images(photos / "cat").classes == ()


def test_hidden_and_other_files_are_ignored(photos):
    expected = names(photos)
    for name in (
        ".hidden.png",
        "cat/._img1.png",
        "cat/notes.txt",
        ".git/x.png",
        "__MACOSX/y.png",
        "Thumbs.db",
    ):
        path = photos / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (photos / "folder.png").mkdir()
    assert names(photos) == expected


def test_symbolic_links_are_followed_once(photos, tmp_path):
    expected = names(photos)
    (photos / "cat/loop").symlink_to(photos)
    (photos / "aardvark").symlink_to(photos / "dog")  # sorted first, yet the real folder keeps its name
    assert names(photos) == expected
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "c.png").write_bytes((photos / "cat/img1.png").read_bytes())
    (outside / "back").symlink_to(outside)
    (photos / "emu").symlink_to(outside)
    assert [n for n in names(photos) if n not in expected] == ["emu/c.png"]


def test_a_folder_without_images_says_what_it_holds(tmp_path):
    with pytest.raises(InputError, match="empty"):
        open_images(tmp_path)
    for i in range(3):
        (tmp_path / f"{i}.txt").write_text("x")
    (tmp_path / "README").write_text("x")
    with pytest.raises(InputError, match=r"no images.*3 x \.txt, 1 x no extension"):
        open_images(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="file names are text there")
def test_names_that_are_not_utf8_can_be_printed(photos):
    os.rename(os.fsencode(photos / "dog/a.jpg"), os.fsencode(photos / "dog") + b"/caf\xe9.jpg")
    record = next(r for r in open_images(photos, limit=4, sample="first") if "caf" in r.name)
    record.name.encode()
    assert record.load().size == (40, 30)
