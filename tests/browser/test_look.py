"""The Look view in Chromium: the grid, what can be chosen, the large view and its comparisons."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crosslight.agreement import agree_store
from crosslight.core.maps import Status
from crosslight.images import open_images
from crosslight.report import build_report
from crosslight.report.single import single_file
from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store

from .conftest import Opened, Pages, expect

#: images of the study
COUNT = 30

#: two frames: what was asked for is drawn, where its data is there
SETTLED = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, made_up: ModuleType) -> Store:
    folder = tmp_path_factory.mktemp("look")
    found: Store = made_up.made_up_study(folder / "out", folder / "photographs", count=COUNT)
    return found


@pytest.fixture(scope="module")
def report(study: Store) -> Path:
    agreement = agree_store(study, "Signed")
    return build_report(study, study.path.parent / "a folder #1 with spaces", agreements=agreement)


@pytest.fixture
def view(pages: Pages, report: Path) -> Iterator[Any]:
    opened = Opened(pages, report, "#look")
    opened.page.wait_for_selector(".cell[data-drawn]")
    yield opened.page
    opened.close()


def go(page: Any, place: str) -> None:
    """Go to another address of the page, as a link would."""
    page.evaluate(
        """place => new Promise(done => {
             if (location.hash === place) return done();
             addEventListener("hashchange", () => setTimeout(done), { once: true });
             location.hash = place; })""",
        place,
    )
    page.evaluate(SETTLED)


def rows(page: Any) -> list[int]:
    """The images of the rows that are there, from the top."""
    found = page.eval_on_selector_all(
        ".row.body:not([hidden])", "rows => rows.map(row => [Number(row.dataset.at), Number(row.dataset.image)])"
    )
    return [image for _, image in sorted(found)]


def cell(page: Any, image: int, column: int) -> Any:
    return page.locator(f".row.body[data-image='{image}']:not([hidden]) .cell").nth(column)


def drawn(page: Any, image: int, column: int) -> None:
    """Bring a cell into view, and wait until its map is there."""
    cell(page, image, column).scroll_into_view_if_needed()
    page.wait_for_selector(f".row.body[data-image='{image}']:not([hidden]) .cell[data-column='{column}'][data-drawn]")
    page.evaluate(SETTLED)


def pixels(page: Any, selector: str) -> int:
    """A number that differs where canvases differ."""
    return hash(page.eval_on_selector(selector, "c => c.toDataURL()"))


def test_cells_say_what_was_predicted_and_whether_it_is_right(view: Any) -> None:
    assert cell(view, 2, 0).locator(".mark.yes").count() == 1
    assert cell(view, 2, 1).locator(".mark.no").count() == 1
    assert "dog" in cell(view, 2, 0).inner_text()
    assert view.locator(".row.body[data-image='1'] .mark").count() == 0  # its label is no class
    assert "dog 87 %, right" in cell(view, 2, 0).get_attribute("aria-label")
    assert view.locator("#count").inner_text() == f"{COUNT} images"
    assert view.locator(".heading").all_inner_texts() == ["Net & Co", "Net <i>two</i>", "Net 3"]


def test_a_map_that_cannot_be_shown_says_why(view: Any) -> None:
    view.locator("#frame").evaluate("frame => { frame.scrollTop = 0 }")
    reasons = ["all zero", "constant", "not finite", "failed", "no target", "zero after relu"]
    for image, reason in enumerate(reasons):
        found = cell(view, image, 1)
        found.scroll_into_view_if_needed()
        view.wait_for_selector(f".row.body[data-image='{image}'] .cell[data-drawn=none]")
        assert found.locator(".note-none").inner_text() == reason
        assert reason in found.get_attribute("aria-label")
    cell(view, 3, 1).click()
    expect(view.locator("#detail-facts")).to_contain_text("it went <b>wrong</b>")
    expect(view.locator("#save-csv")).to_be_disabled()


def test_names_cannot_run(view: Any) -> None:
    assert "<script>window.evil=1</script>" in view.locator(".rowhead .filename").first.inner_text()
    cell(view, 0, 2).click()
    expect(view.locator("#detail-facts")).to_contain_text("<b>cat</b>")
    assert view.locator("#detail-facts").inner_text().count("<b>cat</b>") == 1
    go(view, "#look/0?title=%3Cimg%20src%3Dx%20onerror%3D%22window.evil%3D3%22%3E&search=%3Cb%3E")
    assert "<img src=x" in view.locator("#banner").inner_text()
    assert view.evaluate("window.evil") is None
    assert view.locator("#banner img, #look .rowhead b, #look .heading i:not(.family)").count() == 0


def test_the_value_under_the_pointer_is_the_map_s(view: Any, study: Store) -> None:
    go(view, "#look/1")
    drawn(view, 2, 2)
    box = cell(view, 2, 2).locator(".square").bounding_box()
    wide, high = box["width"], box["height"]
    scale = min(wide / 60, high / 50)
    left, top = box["x"] + (wide - 60 * scale) / 2, box["y"] + (high - 50 * scale) / 2
    stored = _stored(study, "Net 3", "Signed")[2]
    for r, c in ((0, 0), (3, 5), (6, 2)):
        x, y = 10 + 40 * (c + 0.5) / 7, 5 + 40 * (r + 0.5) / 7  # the box is 10, 5, 50, 45
        view.mouse.move(left + x * scale, top + y * scale)
        said = view.locator(".tip").inner_text()
        assert f"row {r + 1} of 7, column {c + 1} of 7" in said
        found = re.search(r"value (\S+), (\S+) %", said)
        assert found is not None
        value, share = (float(text.replace("−", "-")) for text in found.groups())
        assert value == pytest.approx(stored[r, c], rel=6e-3)
        assert share == pytest.approx(100 * stored[r, c] / np.abs(stored).max(), abs=0.6)
        assert "explains tench" in said
    view.mouse.move(left + 3 * scale, top + 25 * scale)
    assert "outside" in view.locator(".tip").inner_text()


def _stored(study: Store, model: str, label: str) -> np.ndarray[Any, Any]:
    from crosslight.report.contents import read_contents

    (group,) = [group for group in read_contents(study).methods if group.label == label]
    return study.maps(model, group.sets[model].key, slice(0, COUNT)).finished().values


def test_a_fine_map_says_that_its_values_are_means(view: Any) -> None:
    go(view, "#look/2")
    drawn(view, 2, 0)
    box = cell(view, 2, 0).locator(".square").bounding_box()
    view.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "mean of 1.3 × 1.3 pixels" in view.locator(".tip").inner_text()


def test_filters_search_order_and_reset(view: Any) -> None:
    view.locator("#filter").select_option("disagree")
    assert rows(view) == [2]
    assert view.locator("#count").inner_text() == f"1 of {COUNT} images"
    view.locator("#filter").select_option("wrong")
    assert rows(view) == [2]
    view.locator("#filter").select_option("right")
    assert 2 not in rows(view)
    view.locator("#reset").click()
    view.keyboard.press("/")
    view.keyboard.type("photo7")
    assert rows(view) == [7]
    assert view.evaluate("document.activeElement.id") == "search"
    view.keyboard.type("nothing")
    assert view.locator(".empty").is_visible()
    view.locator("#reset").click()
    view.locator("#label").select_option("tench")
    assert rows(view) == [0]
    view.locator("#reset").click()
    assert rows(view)[:3] == [0, 1, 2]
    go(view, "#look/1?order=least")
    view.locator(".rowhead .score").first.wait_for()
    alike = [
        float(text.rsplit(" ", 1)[1].replace("−", "-"))
        for text in view.locator(".row:not([hidden]) .score").all_inner_texts()
    ]
    assert len(set(alike)) > 2
    assert sorted(rows(view)) != rows(view)
    first = [
        float(cell(view, image, 0).locator("xpath=..").locator(".score").inner_text().rsplit(" ", 1)[1])
        for image in rows(view)[:5]
    ]
    assert first == sorted(first)


def test_rows_exist_only_near_the_window(view: Any) -> None:
    assert len(rows(view)) < COUNT / 2
    assert view.locator("[role=grid]").get_attribute("aria-rowcount") == str(COUNT + 1)
    view.locator("#frame").evaluate("frame => { frame.scrollTop = frame.scrollHeight }")
    view.wait_for_selector(f".row.body[data-image='{COUNT - 1}'] .cell[data-drawn=map]")
    assert 0 not in rows(view)
    last = view.locator(f".row.body[data-image='{COUNT - 1}']")
    assert last.get_attribute("aria-rowindex") == str(COUNT + 1)


def test_the_keyboard_opens_a_cell_and_comes_back_to_it(view: Any) -> None:
    view.locator(".cell[tabindex='0']").focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        view.keyboard.press(key)
    assert view.locator("#detail-title").inner_text() == "Net <i>two</i> · Grad-CAM"
    for key in ("ArrowLeft", "ArrowDown", "]"):
        view.keyboard.press(key)
    view.wait_for_function("() => document.querySelector('#detail-facts').textContent.includes('completeness gap')")
    assert view.locator("#detail-title").inner_text() == "Net & Co · Signed"
    facts = view.locator("#detail-facts").inner_text()
    assert "completeness gap" in facts
    assert "10, 5, 50, 45 of 60 × 50 pixels" in facts
    view.keyboard.press("Escape")
    view.wait_for_function(
        "() => [document.activeElement.dataset.model, document.activeElement.parentNode.dataset.image].join() === '0,2'"
    )
    view.keyboard.press("?")
    assert view.locator("#key-help").is_visible()


def test_the_cross_hair_reads_by_keyboard_and_the_photograph_alone_by_space(view: Any) -> None:
    go(view, "#look/1?open=2.0")
    view.wait_for_selector("#detail[data-drawn]")
    with_map = pixels(view, ".plate canvas")
    view.locator("#detail-title").focus()
    view.keyboard.down(" ")
    assert pixels(view, ".plate canvas") != with_map
    view.keyboard.up(" ")
    assert pixels(view, ".plate canvas") == with_map
    view.locator(".plate").first.focus()
    view.keyboard.press("ArrowRight")
    first = view.locator("#reading").inner_text()
    assert "value" in first
    view.keyboard.press("ArrowDown")
    assert view.locator("#reading").inner_text() != first
    assert view.locator("#detail-title").inner_text() == "Net & Co · Signed"  # arrows did not walk on


def test_two_maps_beside_each_other_with_one_cross_hair(view: Any) -> None:
    go(view, "#look/1?open=2.0&compare=beside")
    view.wait_for_selector("#detail[data-drawn] .plate >> nth=1")
    box = view.locator(".plate").first.bounding_box()
    view.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    crosses = view.eval_on_selector_all(".plate .cross.down", "all => all.map(e => getComputedStyle(e).left)")
    assert crosses[0] == crosses[1]
    assert view.locator("#reading p").count() == 2
    assert "A: Net & Co" in view.locator("#reading").inner_text()
    assert "B: Net <i>two</i>" in view.locator("#reading").inner_text()
    apart = float(view.locator("#alike").inner_text().rsplit(" ", 1)[1].replace("−", "-"))
    assert 0.2 < apart < 0.9
    view.locator("#b-model").select_option("0")
    view.wait_for_function("() => document.querySelector('#alike').textContent === 'cosine of these two maps 1.00'")


def test_flicker_swipe_and_difference(view: Any) -> None:
    go(view, "#look/1?open=2.0&compare=flicker")
    second = view.locator(".plate canvas.over").first
    second.wait_for(state="attached")
    seen = set()
    for _ in range(40):
        view.wait_for_timeout(50)
        seen.add(second.evaluate("c => getComputedStyle(c).visibility"))
        if len(seen) == 2:
            break
    assert seen == {"visible", "hidden"}
    assert float(view.locator("#rate").get_attribute("max")) < 3
    view.locator("#play").click()
    still = second.evaluate("c => c.style.visibility")
    view.wait_for_timeout(800)
    assert second.evaluate("c => c.style.visibility") == still
    view.locator("#detail").get_by_label("swipe", exact=True).check(force=True)
    view.locator("#swipe").fill("25")
    expect(second).to_have_css("clip-path", "inset(0px 0px 0px 25%)")
    one = view.eval_on_selector(".plate canvas", "c => c.toDataURL()")
    view.locator("#detail").get_by_label("difference", exact=True).check(force=True)
    view.wait_for_function("one => document.querySelector('.plate canvas').toDataURL() !== one", arg=one)
    assert "compare=difference" in view.evaluate("location.hash")


def test_nothing_moves_by_itself_where_motion_is_not_wanted(pages: Pages, report: Path) -> None:
    opened = Opened(pages, report, "#look/1?open=2.0&compare=flicker", reduced_motion="reduce")
    second = opened.page.locator(".plate canvas.over").first
    second.wait_for(state="attached")
    opened.page.wait_for_timeout(700)
    assert opened.page.locator("#play").inner_text() == "Play"
    assert second.evaluate("c => c.style.visibility") == "hidden"
    opened.close()


def test_cells_and_pictures_can_be_saved(view: Any, study: Store) -> None:
    go(view, "#look/1?open=2.0")
    view.wait_for_selector("#detail .facts h3")
    with view.expect_download() as found:
        view.locator("#save-csv").click()
    table = list(csv.DictReader(io.StringIO(Path(found.value.path()).read_text("utf-8"))))
    stored = _stored(study, "Net & Co", "Signed")[2]
    read = np.array([float(line["value"]) for line in table]).reshape(7, 7)
    np.testing.assert_allclose(read, stored, rtol=1e-3, atol=1e-4 * np.abs(stored).max())
    assert float(table[0]["left"]) == 10
    with view.expect_download() as found:
        view.locator("#save-png").click()
    assert Path(found.value.path()).read_bytes()[:4] == b"\x89PNG"


LARGE_IS_DRAWN = """() => {
  const canvas = document.querySelector(".plate canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const reds = data.filter((_, i) => i % 4 === 0);
  return reds.reduce((a, b) => Math.max(a, b)) - reds.reduce((a, b) => Math.min(a, b)) > 200;
}"""


def test_a_saved_picture_has_the_large_photograph(pages: Pages, tmp_path: Path) -> None:
    squares = (np.indices((480, 640)) // 3).sum(0) % 2 * 255  # which are grey in the small one
    (tmp_path / "in").mkdir()
    Image.fromarray(squares.astype(np.uint8)).convert("RGB").save(tmp_path / "in" / "squares.png")
    images = open_images(tmp_path / "in")
    store = _one_model(tmp_path / "out", tuple(ImageEntry(one.identity, one.name) for one in images), (480, 640))
    page = build_report(store, images=images, agreements={})
    single = single_file(page, tmp_path / "one.html")
    for each in (page, single):
        opened = Opened(pages, each, "#look/0?open=0.0&opacity=0")
        view = opened.page
        view.wait_for_selector("#detail .facts h3")
        view.wait_for_function(LARGE_IS_DRAWN)
        with view.expect_download() as found:
            view.locator("#save-png").click()
        with Image.open(found.value.path()) as picture:
            middle = np.asarray(picture.convert("L").crop((200, 200, 800, 800)), float)
        assert middle.std() > 60
        opened.close()


def test_an_address_says_what_is_shown(pages: Pages, report: Path, view: Any) -> None:
    view.locator("#mode").select_option("contour")
    view.locator("#cells").check()
    view.locator("#filter").select_option("disagree")
    view.locator("#look").get_by_label("Fine", exact=True).check(force=True)
    address = view.evaluate("location.hash")
    other = Opened(pages, report, address)
    other.page.wait_for_selector(".cell[data-drawn]")
    assert other.page.locator("#mode").input_value() == "contour"
    assert other.page.locator("#cells").is_checked()
    assert rows(other.page) == [2]
    assert other.page.locator("input[name=method]:checked").get_attribute("value") == "2"
    assert other.page.evaluate("location.hash") == address
    other.close()


def test_a_pair_has_two_columns_and_a_way_back(view: Any) -> None:
    go(view, "#look/1/pair/2/0?order=least")
    assert view.locator(".heading").all_inner_texts() == ["Net 3", "Net & Co"]
    assert "Images by how alike" in view.locator("#banner").inner_text()
    view.locator("#all").click()
    assert view.locator(".heading").count() == 3
    go(view, "#look/1?images=5.3&models=1.0&title=why%20so")
    assert rows(view) == [5, 3]
    assert view.locator(".heading").all_inner_texts() == ["Net <i>two</i>", "Net & Co"]


def test_a_map_is_drawn_in_every_mode(view: Any) -> None:
    go(view, "#look/1")
    drawn(view, 2, 0)
    seen = set()
    for mode in ("heat", "spotlight", "contour", "map"):
        view.locator("#mode").select_option(mode)
        view.evaluate(SETTLED)
        seen.add(pixels(view, ".row.body[data-image='2'] canvas"))
    view.locator("#signed").select_option("red–blue")
    view.evaluate(SETTLED)
    seen.add(pixels(view, ".row.body[data-image='2'] canvas"))
    assert len(seen) == 5
    assert view.locator("#magnitude").count() == 0


def test_one_model_has_its_methods_as_columns_and_superpixels_their_segments(pages: Pages, tmp_path: Path) -> None:
    opened = Opened(pages, build_report(_one_model(tmp_path / "out"), agreements={}), "#look/1")
    page = opened.page
    page.wait_for_selector(".cell[data-drawn=map]")
    assert page.locator(".heading").all_inner_texts() == ["Grad-CAM", "LIME"]
    before = pixels(page, ".row.body canvas")
    page.locator("#mode").select_option("segments")
    page.evaluate(SETTLED)
    assert pixels(page, ".row.body canvas") != before
    assert "segments against the class" in page.locator("#legend").inner_text()
    page.locator("#look .pills").get_by_text("models", exact=True).click(force=True)
    page.locator("#look").get_by_label("Grad-CAM", exact=True).check(force=True)
    assert page.locator("#mode option").all_inner_texts() == ["overlay", "spotlight", "contours", "map alone"]
    opened.close()


TWO = (ImageEntry("a", "a.jpg"), ImageEntry("b", "b.jpg"))


def _one_model(path: Path, images: tuple[ImageEntry, ...] = TWO, size: tuple[int, int] = (10, 10)) -> Store:
    count = len(images)
    store = Store.create(path, Manifest("one", "one", images, count))
    store.add_model("Net", 2, {"digest": "net", "classes": ["cat", "dog"]})
    maps = {}
    for label, side, settings in (("Grad-CAM", 5, {}), ("LIME", 140, {"segmentation": "slic"})):
        key = store.add_maps(
            "Net", label, "d", (side, side), {"method": "lime", "finish": "none", "settings": settings}
        )
        values = np.random.default_rng(3).standard_normal((count, 5, 5)).repeat(side // 5, 1).repeat(side // 5, 2)
        boxes, targets = np.tile([0.0, 0, *size[::-1]], (count, 1)), np.zeros((count, 2), np.int32)
        maps[key] = MapBlock(values.astype(np.float32), boxes, targets, np.full(count, Status.OK, np.uint8))
    sizes, good = np.tile(np.array(size, np.int32), (count, 1)), np.full(count, Status.OK, np.uint8)
    store.write("Net", 0, predictions=PredictionBlock(np.zeros((count, 2), np.float32), sizes, good), maps=maps)
    return store


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out(pages: Pages, report: Path, width: int) -> None:
    opened = Opened(pages, report, "#look/1", width, color_scheme="dark", device_scale_factor=2)
    page = opened.page
    page.wait_for_selector(".cell[data-drawn]")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide, shown = page.eval_on_selector(".row.body canvas", "c => [c.width, c.getBoundingClientRect().width]")
    assert wide == pytest.approx(2 * shown, abs=2)  # sharp
    page.locator(".cell").first.click()
    page.wait_for_selector(".facts h3")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        box = page.locator("#detail").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert page.locator("#detail").evaluate("d => d.scrollWidth <= d.clientWidth")
    opened.close()


def test_every_control_has_a_name(view: Any) -> None:
    cell(view, 2, 0).click()
    view.wait_for_selector("#detail .facts h3")
    nameless = view.eval_on_selector_all(
        "#look button, #look input, #look select, #detail button, #detail input, #detail select",
        """all => all.filter(e => !e.labels?.[0]?.textContent.trim() && !e.getAttribute('aria-label')
                              && !e.textContent.trim()).map(e => e.id)""",
    )
    assert nameless == []
    assert view.locator("#look img:not([alt])").count() == 0
