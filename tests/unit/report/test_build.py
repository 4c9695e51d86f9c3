"""The report: what is written, what it says, what it never does."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crosslight.core.maps import Status
from crosslight.images import open_images
from crosslight.report import build, build_report
from crosslight.report.overlay import colourise
from crosslight.report.summary import pairs_of
from crosslight.report.tiles import CELLS, TOP_BYTE, colour_table, map_bytes, map_png, map_tile, reduced
from crosslight.report.words import question, reference_link, study_toml
from crosslight.store import Failure, ImageEntry, Manifest, MapBlock, Store


def assets_of(page: Path) -> Path:
    """The one folder of assets."""
    (folder,) = (page.parent / "assets").iterdir()
    return folder


def script(page: Path, name: str) -> Any:
    """What a script of the page calls its function with."""
    text = (assets_of(page) / name).read_text("ascii")
    return json.loads(f"[{text[text.index('(') + 1 : text.rindex(')')]}]")


def assets_of_all(page: Path) -> list[Path]:
    """Every folder of assets, left-overs included."""
    return list((page.parent / "assets").iterdir())


class Tags(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: Path):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page.read_text("utf-8"))
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_everything_the_page_names_is_there(study: Store) -> None:
    page = build_report(study)
    assert page == study.path / "report" / "index.html"
    for tag, attributes in Tags(page).tags:
        for key in ("src", "href"):
            address = attributes.get(key) or ""
            if address and not address.startswith(("#", "data:", "https://arxiv.org/")):
                assert (page.parent / address).is_file(), f"<{tag} {key}={address}>"


def test_every_map_is_in_its_script(study: Store) -> None:
    page = build_report(study)
    for method in range(3):
        number, chunk, columns = script(page, f"maps-{method}-0.js")
        assert (number, chunk, len(columns)) == (method, 0, 3)
        assert all(len(column["tile"]) == 6 for column in columns)
    trouble = script(page, "maps-0-0.js")[2][1]
    assert trouble["status"] == [Status.ZERO, Status.CONSTANT, Status.NONFINITE, Status.FAILED, Status.NO_TARGET, 1]
    assert trouble["tile"] == [""] * 6  # the last one is negative everywhere, and ReLU leaves nothing
    assert trouble["why"] == {"3": "it went <b>wrong</b>"}
    assert trouble["box"][0] == [10, 5, 50, 45]


def test_names_are_text_and_never_html(study: Store) -> None:
    page = Tags(build_report(study))
    inline = [attributes for tag, attributes in page.tags if tag == "script" and "src" not in attributes]
    assert inline == []
    assert "made up <em>study</em>" in page.text
    assert "<img src=x onerror=alert(1)>" in page.text
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert {"em", "b", "i"} & {tag for tag, _ in page.tags} <= {"em"}
    data = script(study.path / "report" / "index.html", "data.js")[0]
    assert data["images"][0]["name"].startswith("<script>")


def test_scripts_that_hold_data_are_ascii(study: Store) -> None:
    page = build_report(study)
    for path in assets_of(page).glob("*.js"):
        if path.name == "data.js" or path.name.startswith("maps-"):
            path.read_bytes().decode("ascii")


def test_nothing_leads_off_the_page_by_itself(study: Store) -> None:
    page = build_report(study)
    for tag, attributes in Tags(page).tags:
        for key, value in attributes.items():
            if tag != "a" and value and not value.startswith("data:"):
                assert "//" not in value, f"<{tag} {key}={value[:60]}>"
    for path in assets_of(page).glob("*.*s"):
        text = path.read_text("utf-8")
        assert not re.search(r"fetch\(|XMLHttpRequest|import\s|@import|url\(|https?:|innerHTML|eval\(", text), path.name


def test_what_is_in_trouble_and_nothing_else(study: Store) -> None:
    page = build_report(study).read_text("utf-8")
    table = page[page.index("Maps that are not plainly usable") :].partition("</table>")[0]
    head, body = table.split("<tbody>")
    assert re.findall('<th scope="col">(.*?)</th>', head) == ["model", "Grad-CAM"]
    assert re.findall('<th scope="row">(.*?)</th>', body) == ["Net &lt;i&gt;two&lt;/i&gt;"]


def test_maps_beyond_a_limit_are_no_trouble(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "out", Manifest("limit", "limit", (ImageEntry("a", "a"), ImageEntry("b", "b")), 2))
    store.add_model("net", 0, {"digest": "net"})
    key = store.add_maps("net", "Grad-CAM", "d", (5, 5), {"method": "grad-cam", "finish": "none", "limit": 1})
    values = np.random.default_rng(0).standard_normal((2, 5, 5)).astype(np.float32)
    status = np.array([Status.OK, Status.SKIPPED], np.uint8)
    boxes, targets = np.tile([0.0, 0, 10, 10], (2, 1)), np.zeros((2, 2), np.int32)
    store.write("net", 0, maps={key: MapBlock(values, boxes, targets, status)})
    page = build_report(store)
    assert "Nothing. Every image was read" in Tags(page).text
    assert script(page, "data.js")[0]["methods"][0]["limit"] == 1


def test_what_the_page_counts(study: Store) -> None:
    text = Tags(build_report(study)).text
    assert "models 3" in text
    assert "maps made 52" in text  # 3 models x 3 methods x 6 images, less one failed and one without target
    for words in ("1 all zero", "1 constant", "1 not finite", "1 failed", "1 no target", "1 zero after relu"):
        assert words in text
    assert "unheard of (1 image)" in text
    assert "1 model would not load and is missing here: Broken" in text
    assert "not finished" not in text
    assert "depth = 0.5" in text


def test_numbers_of_the_agreement_are_those_of_the_agreement(study: Store) -> None:
    from crosslight.agreement import agree_store

    page = build_report(study)
    result = agree_store(study, "Signed")["Signed"]
    pairs = pairs_of(result)
    assert [pair.mean for pair in pairs] == sorted((pair.mean for pair in pairs), reverse=True)
    i, j = result.sets.index(pairs[0].first), result.sets.index(pairs[0].second)
    assert (pairs[0].mean, pairs[0].low, pairs[0].floor) == (result.mean[i, j], result.low[i, j], result.floor[i, j])
    table = (assets_of(page) / "agreement-1-pairs.csv").read_text("utf-8").splitlines()
    assert len(table) == 4
    assert float(table[1].split(",")[2]) == pairs[0].mean
    assert f"{pairs[0].mean:.3f}" in Tags(page).text


def test_agreement_within_chance_is_called_that(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = tuple(ImageEntry(f"id{i}", f"{i}.jpg") for i in range(12))
    store = Store.create(tmp_path / "out", Manifest("chance", "chance", images, 12))
    for model in ("a", "b"):
        store.add_model(model, 0, {"digest": model})
        key = store.add_maps(model, "Grad-CAM", "d", (5, 5), {"method": "grad-cam", "finish": "none"})
        block = MapBlock(
            rng.standard_normal((12, 5, 5)).astype(np.float32), np.tile([0.0, 0, 10, 10], (12, 1)),
            np.zeros((12, 2), np.int32), np.full(12, Status.OK, np.uint8),
        )  # fmt: skip
        store.write(model, 0, maps={key: block})
    text = Tags(build_report(store)).text
    assert "That is no more than chance gives." in text
    assert "No pair is above chance." in text
    assert "the store does not say where its pictures are" in text  # and models without predictions are no error


def test_photographs_that_are_gone(study: Store, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "photographs")
    page = build_report(study)
    assert "The photographs are not shown" in Tags(page).text
    assert not any(image["photo"] for image in script(page, "data.js")[0]["images"])
    assert not list(assets_of(page).glob("photo-*"))


def test_photographs_given_by_the_caller(study: Store, tmp_path: Path) -> None:
    (tmp_path / "photographs").rename(tmp_path / "moved")
    page = build_report(study, tmp_path / "elsewhere", images=open_images(tmp_path / "moved"))
    assert page.parent == tmp_path / "elsewhere"
    assert len(list(assets_of(page).glob("photo-*.jpg"))) == 6
    with Image.open(assets_of(page) / "photo-0.jpg") as picture:
        assert picture.size == (60, 50)


def test_an_unfinished_study_says_so(unfinished: Store) -> None:
    text = Tags(build_report(unfinished)).text
    assert "The study is not finished: 18 of these models' maps (33" in text


def test_the_same_store_gives_the_same_page(study: Store, tmp_path: Path) -> None:
    first, second = build_report(study, tmp_path / "a"), build_report(study, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()


def test_a_build_that_dies_leaves_the_old_page(study: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    page = build_report(study)
    before = {path: path.read_bytes() for path in page.parent.rglob("*") if path.is_file()}

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    study.record_failure(Failure("", "Another", "load", "so that the new page differs"))
    for step in ("write_maps", "page_text", "_replace"):
        with monkeypatch.context() as patch:
            patch.setattr(build, step, die)
            with pytest.raises(KeyboardInterrupt):
                build_report(study)
        after = {path: path.read_bytes() for path in page.parent.rglob("*") if path.is_file()}
        assert before.items() <= after.items()
        assert not list(page.parent.rglob(".*"))


def test_what_a_killed_build_left_is_cleared(study: Store) -> None:
    page = build_report(study)
    left = page.parent / "assets" / ".part-killed"
    left.mkdir()
    mine = page.parent / "notes.txt"
    mine.write_text("keep me")
    old = assets_of_all(page)
    study.record_failure(Failure("", "Another", "load", "so that the new page differs"))
    build_report(study)
    assert len(assets_of_all(page)) == len(old) - 1
    assert not left.exists()
    assert mine.exists()


def test_bytes_of_a_coarse_map_have_the_colours_of_an_overlay() -> None:
    rng = np.random.default_rng(1)
    for signed in (False, True):
        values = rng.standard_normal((7, 9)).astype(np.float32)
        limit = float(np.abs(values).max() if signed else values.max())
        table = np.frombuffer(base64.b64decode(colour_table(signed)), np.uint8).reshape(TOP_BYTE + 1, 4)
        index = np.frombuffer(map_bytes(values, signed, limit), np.uint8).reshape(7, 9)
        expected = colourise(values, signed=signed, limit=limit).astype(int)
        assert np.abs(table[index].astype(int) - expected).max() <= 6
    assert np.frombuffer(map_bytes(np.zeros((1, 1), np.float32), True, 1.0), np.uint8)[0] == TOP_BYTE // 2
    assert table[TOP_BYTE // 2, 3] == 0


def test_a_fine_map_is_a_small_png_with_the_mean_of_what_each_pixel_covers() -> None:
    values = np.zeros((2 * CELLS, 2 * CELLS), np.float32)
    values[:2, :2] = [[4, 2], [2, 0]]
    assert reduced(values).shape == (CELLS, CELLS)
    assert reduced(values)[0, 0] == 2
    with Image.open(io.BytesIO(map_png(values, False, 4.0))) as picture:
        pixels = np.asarray(picture.convert("RGBA"))
    assert pixels.shape == (CELLS, CELLS, 4)
    assert pixels[0, 0, 3] == 255
    assert pixels[1:, :, 3].max() == 0


def test_where_nothing_is_to_be_seen_there_is_no_picture() -> None:
    assert map_tile(np.zeros((3, 3), np.float32), signed=True) == ""
    assert map_tile(np.full((3, 3), -1, np.float32), signed=False) == ""
    assert map_tile(np.full((3, 3), -1, np.float32), signed=True) != ""


def test_the_study_file_can_be_read_again() -> None:
    import tomllib

    spec = {
        "study": {"name": 'a "quoted" \\ name\n', "seed": 0, "device": None},
        "models": [{"name": "a", "options": {"pad type": [1, 2.5, True]}, "preprocess": {}}, {"name": "ü"}],
    }
    read = tomllib.loads(study_toml(spec))
    assert read == {
        "study": {"name": 'a "quoted" \\ name\n', "seed": 0},
        "models": [{"name": "a", "options": {"pad type": [1, 2.5, True]}}, {"name": "ü"}],
    }


@pytest.mark.parametrize(
    ("reference", "link"),
    [
        ("Selvaraju et al. 2017, arXiv:1610.02391", "https://arxiv.org/abs/1610.02391"),
        ("doi:10.1109/TIP.2021.3089943", "https://doi.org/10.1109/TIP.2021.3089943"),
        ("https://example.org/x", "https://example.org/x"),
        ("javascript:alert(1)", ""),
        ("a book", ""),
    ],
)
def test_links_of_references(reference: str, link: str) -> None:
    assert reference_link(reference) == link


def test_the_question() -> None:
    assert question(3, 1, ["own"]) == "Do 3 classifiers look at the same places for the class each of them names first?"
    assert question(2, 1, ["label"]).endswith("when asked for the labelled class?")
    assert question(1, 2, ["own", "label"]) == "Do 2 methods point to the same places of a picture?"
