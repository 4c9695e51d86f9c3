from __future__ import annotations

import pytest

from crosslight.core.errors import ImageError, InputError
from crosslight.images import open_images


def rows(path, **options):
    return [(r.name, r.label) for r in open_images(path, **options)]


@pytest.fixture
def write(photos):
    def write(text: str, name: str = "list.csv", encoding: str = "utf-8"):
        path = photos / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


EXPECTED = [("dog/a.jpg", "Hund, groß"), ("cat/img1.png", "Katze")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_encodings_and_newlines(write, delimiter, newline, encoding):
    lines = ["label,path", '"Hund, groß",dog/a.jpg', "", "Katze, cat/img1.png", ""]
    text = newline.join(lines)
    if delimiter != ",":
        text = text.replace('"Hund, groß"', "Hund# groß").replace(",", delimiter).replace("#", ",")
    assert rows(write(text, encoding=encoding)) == EXPECTED


@pytest.mark.parametrize("column", ["path", "file", "image", "filename", "File", "IMAGE"])
def test_path_columns(write, column):
    assert rows(write(f"{column},label\ndog/a.jpg,x\n")) == [("dog/a.jpg", "x")]


def test_label_columns_in_their_order(write):
    header = ["name", "class_index", "class_name", "class", "label", "wnid"]
    while header:
        text = f"file,{','.join(header)}\ndog/a.jpg,{','.join(f'by {h}' for h in header)}\n"
        assert rows(write(text)) == [("dog/a.jpg", f"by {header[-1]}")]
        header.pop()
    assert rows(write("file\ndog/a.jpg\n")) == [("dog/a.jpg", None)]


def test_named_columns(write):
    path = write("path,label,where,what\nx,y,dog/a.jpg,beast\n")
    assert rows(path, columns={"path": "where", "label": "what"}) == [("dog/a.jpg", "beast")]
    with pytest.raises(InputError, match="no column 'wher'; did you mean 'where'"):
        rows(path, columns={"path": "wher"})


def test_rows_that_fail_stay_in(write):
    images = open_images(write("path,label\nnone.jpg,a\n,b\ndog/a.jpg\n"))
    assert [(r.name, r.label) for r in images] == [("none.jpg", "a"), ("row 2", "b"), ("dog/a.jpg", None)]
    assert [r.identity.startswith("missing-") for r in images] == [True, True, False]
    with pytest.raises(ImageError, match="no such file"):
        images[0].load()
    with pytest.raises(ImageError, match="names no file"):
        images[1].load()


def test_paths_of_all_kinds(write, photos, tmp_path):
    copy = tmp_path / "far" / "z.jpg"
    copy.parent.mkdir()
    copy.write_bytes((photos / "dog/a.jpg").read_bytes())
    text = f"path\n{photos}/dog/a.jpg\ncat\\img1.png\n./cat/../cat/img2.PNG\n../far/z.jpg\n"
    images = open_images(write(text))
    assert [r.name for r in images] == ["dog/a.jpg", "cat/img1.png", "cat/img2.PNG", "z.jpg"]
    assert all(r.load().size == (40, 30) for r in images)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("path,label\n", "header but no rows"),
        ("photo,kind\na,b\n", r"no column names the files.*its columns are 'photo', 'kind'"),
        ("dog/a.jpg\ncat/img1.png\n", "first line must name the columns"),
    ],
)
def test_lists_that_say_nothing(write, text, message):
    with pytest.raises(InputError, match=message):
        rows(write(text))
