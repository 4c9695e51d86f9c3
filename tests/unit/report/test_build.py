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
from crosslight.report.summary import pairs_of
from crosslight.report.words import question, study_toml
from crosslight.store import Failure, ImageEntry, Manifest, MapBlock, Store


def assets_of(page: Path) -> Path:
    """The one folder of assets."""
    (folder,) = (page.parent / "assets").iterdir()
    return folder


def part(page: Path, name: str) -> Any:
    """What a part of the page hands over."""
    text = (assets_of(page) / f"{name}.js").read_text("ascii")
    called, value = json.loads(f"[{text[text.index('(') + 1 : text.rindex(')')]}]")
    assert called == name
    return value


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


def test_every_map_is_in_its_part(study: Store) -> None:
    page = build_report(study)
    for method in range(3):
        columns = part(page, f"maps-{method}-0")["columns"]
        assert len(columns) == 3
        assert all(len(column["at"]) == 6 for column in columns)
    trouble = part(page, "maps-0-0")["columns"][1]
    assert trouble["status"] == [Status.ZERO, Status.CONSTANT, Status.NONFINITE, Status.FAILED, Status.NO_TARGET, 1]
    assert trouble["at"] == [-1] * 6  # the last one is negative everywhere, and ReLU leaves nothing
    assert trouble["why"] == {"3": "it went <b>wrong</b>"}
    assert trouble["box"][0] == [10, 5, 50, 45]


def test_names_are_text_and_never_html(study: Store) -> None:
    page = Tags(build_report(study))
    inline = [attributes for tag, attributes in page.tags if tag == "script" and "src" not in attributes]
    assert inline == []
    assert "made up <em>study</em>" in page.text
    assert "<img src=x onerror=alert(1)>" in page.text
    assert not any("onerror" in attributes for _, attributes in page.tags)
    assert "b" not in {tag for tag, _ in page.tags}
    assert "Net <i>two</i>" in page.text
    data = part(study.path / "report" / "index.html", "data")
    assert data["images"][0]["name"].startswith("<script>")


def test_scripts_that_hold_data_are_ascii(study: Store) -> None:
    page = build_report(study)
    for path in assets_of(page).glob("*.js"):
        if path.name != "report.js":
            path.read_bytes().decode("ascii")


def test_nothing_leads_off_the_page_by_itself(study: Store) -> None:
    page = build_report(study)
    for tag, attributes in Tags(page).tags:
        for key, value in attributes.items():
            if tag != "a" and value and not value.startswith("data:"):
                assert "//" not in value, f"<{tag} {key}={value[:60]}>"
    ways = r"\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(|@import|url\((?!#)|https?:|\beval\("
    for path in assets_of(page).glob("report.*"):
        text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)  # licences name their addresses
        assert not re.search(ways, text.replace("http://www.w3.org/2000/svg", ""))


def test_the_policy_lets_nothing_out(study: Store) -> None:
    page = Tags(build_report(study))
    (policy,) = (a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    assert not re.search(r"\*|https?:|unsafe-eval", policy)
    assert "'unsafe-inline'" not in rules["script-src"]


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
    assert part(page, "data")["methods"][0]["limit"] == 1


def test_what_the_page_counts(study: Store) -> None:
    text = Tags(build_report(study)).text
    assert "3 models · 3 methods · 6 images" in text
    assert "52 maps made" in text  # 3 models x 3 methods x 6 images, less one failed and one without target
    for words in ("1 all zero", "1 constant", "1 not finite", "1 failed", "1 no target", "1 zero after relu"):
        assert words in text
    assert "unheard of (1 image)" in text
    assert "1 model would not load and is missing here: Broken" in text
    assert "not finished" not in text
    assert "depth = 0.5" in text


def test_pairs_have_the_numbers_of_the_agreement(study: Store) -> None:
    from crosslight.agreement import agree_store

    result = agree_store(study, "Signed")["Signed"]
    pairs = pairs_of(result)
    assert [pair.mean for pair in pairs] == sorted((pair.mean for pair in pairs), reverse=True)
    i, j = result.sets.index(pairs[0].first), result.sets.index(pairs[0].second)
    assert (pairs[0].mean, pairs[0].low, pairs[0].floor) == (result.mean[i, j], result.low[i, j], result.floor[i, j])


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
    assert "the store does not say where its pictures are" in text  # and models without predictions are no error


def test_photographs_that_are_gone(study: Store, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "photographs")
    page = build_report(study)
    assert "The photographs are not shown" in Tags(page).text
    assert not any(image["photo"] for image in part(page, "data")["images"])
    assert not list(assets_of(page).glob("photo-*"))


def test_photographs_given_by_the_caller(study: Store, tmp_path: Path) -> None:
    (tmp_path / "photographs").rename(tmp_path / "moved")
    page = build_report(study, tmp_path / "elsewhere", images=open_images(tmp_path / "moved"))
    assert page.parent == tmp_path / "elsewhere"
    small = part(page, "photographs-0")  # which are all that is needed of pictures as small as these
    assert len(small) == 6
    with Image.open(io.BytesIO(base64.b64decode(small[0]))) as picture:
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
    for step in ("write_maps", "page_text", "replace_file"):
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


def test_the_question() -> None:
    assert question(3, 1, ["own"]) == "Do 3 classifiers look at the same places for the class each of them names first?"
    assert question(2, 1, ["label"]).endswith("when asked for the labelled class?")
    assert question(1, 2, ["own", "label"]) == "Do 2 methods point to the same places of a picture?"
