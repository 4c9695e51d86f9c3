"""Lists of concepts as people write them."""

from __future__ import annotations

import pytest

from crosslight.core.errors import InputError, UnknownNameError
from crosslight.dissection.words.concepts import merge_concepts, read_concepts, scene_concepts, texts_of


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_as_any_system_writes_it(tmp_path, end: str, mark: bytes) -> None:
    path = tmp_path / "concepts.txt"
    path.write_bytes(
        mark + end.join(["sea", "", "  møller  i tåge ", "海", "sea", "Sea", "海"]).encode() + end.encode()
    )
    found = read_concepts(path)
    assert found.names == ("sea", "møller i tåge", "海", "Sea")
    assert found.merged == (("sea", 2), ("海", 2))
    assert (found.blank, found.given, found.places) == (1, 6, (0, 1, 2, 4))
    merged = "concepts that were there more than once were merged: 'sea' (2 times), '海' (2 times)"
    assert found.note == f"{merged}; 1 blank line was left out"
    assert found.categories == ("",) * 4
    assert len(found) == 4


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "holds no concept"),
        (b"\n  \n\r\n", "holds no concept"),
        (b"sea\n", "one concept alone, 'sea'"),
        (b"sea\nsea\n", "one concept alone"),
        (b"sea\n\xe4pfel\n", "line 2: this is not UTF-8"),
        (b"\x00\x01", "not a text file"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, content: bytes, match: str) -> None:
    path = tmp_path / "concepts.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=match):
        read_concepts(path)


def test_what_else_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="is not there"):
        read_concepts(tmp_path / "none.txt")
    with pytest.raises(InputError, match="cannot be read"):
        read_concepts(tmp_path)
    with pytest.raises(InputError, match="the one text"):
        merge_concepts("sea")
    with pytest.raises(InputError, match="1 categories for 2"):
        merge_concepts(["sea", "sky"], categories=["scene"])
    assert merge_concepts(["sea", "sky"]).note == ""


def test_scenes_have_categories() -> None:
    found = scene_concepts(["scene", "color"])
    assert set(found.categories) == {"scene", "color"}
    assert found.categories[found.names.index("sea")] == "scene"
    assert len(scene_concepts()) > len(found)
    with pytest.raises(UnknownNameError, match="did you mean 'color'"):
        scene_concepts(["colour"])


def test_templates() -> None:
    assert texts_of(["sea", "sky"], ["{}", "a photo of a {}"]) == [
        ["sea", "sky"],
        ["a photo of a sea", "a photo of a sky"],
    ]
    assert texts_of(["{0}"], ["the {}"]) == [["the {0}"]]
    for bad in ([], ["a photo"], ["{} and {}"], "{}"):
        with pytest.raises(InputError, match="template"):
            texts_of(["sea"], bad)
