"""The report in Chromium, opened from the disk: it works, says no error, and asks nothing of any network."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crosslight.core.maps import Status
from crosslight.report import build_report
from crosslight.store import ImageEntry, Manifest, MapBlock, Store

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no Chromium: none of {', '.join(names)} is on the PATH")
    with playwright.sync_playwright() as control:
        started = control.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the study that the unit tests of the report make up."""
    source = Path(__file__).parents[1] / "unit" / "report" / "conftest.py"
    spec = importlib.util.spec_from_file_location("made_up", source)
    assert spec is not None
    assert spec.loader is not None
    made_up = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made_up)
    folder = tmp_path_factory.mktemp("report") / "a folder #1 with spaces"
    return build_report(made_up.made_up_study(folder / "out", folder / "photographs", count=30))


class Visit:
    """An open page, with everything it said and asked for."""

    def __init__(self, browser: Any, report: Path, width: int = 1280, **options: Any):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(report.as_uri())
        self.page.wait_for_selector(".cell .map")


@pytest.fixture
def visit(browser: Any, report: Path) -> Iterator[Visit]:
    made = Visit(browser, report)
    yield made
    made.context.close()
    assert made.said == []
    assert [url for url in made.asked if not url.startswith(("file:", "data:"))] == []


def rows(page: Any) -> list[str]:
    return page.eval_on_selector_all(".row.body", "rows => rows.map(row => row.dataset.image)")


def test_maps_lie_on_the_box_they_cover(visit: Visit) -> None:
    where = visit.page.eval_on_selector(
        ".cell .crop",
        """crop => { const a = crop.getBoundingClientRect(), b = crop.parentNode.getBoundingClientRect();
                     return [a.left - b.left, a.top - b.top, a.width, a.height].map((v, i) =>
                       v / (i % 2 ? b.height : b.width)) }""",
    )
    assert where == pytest.approx([10 / 60, 5 / 50, 40 / 60, 40 / 50], abs=0.01)


def test_cells_say_what_was_predicted_and_whether_it_is_right(visit: Visit) -> None:
    row = visit.page.locator(".row.body[data-image='2']")
    row.scroll_into_view_if_needed()
    row.locator(".cell .map").first.wait_for()
    cells = row.locator(".cell")
    assert cells.count() == 3
    assert cells.nth(0).locator(".mark.yes").count() == 1
    assert cells.nth(1).locator(".mark.no").count() == 1
    assert "dog" in cells.nth(0).inner_text()
    unlabelled = visit.page.locator(".row.body[data-image='1'] .cell")
    assert unlabelled.locator(".mark").count() == 0


def test_a_map_that_cannot_be_shown_says_why(visit: Visit) -> None:
    reasons = ["all zero", "constant", "not finite", "failed", "no target", "zero after relu"]
    for image, reason in enumerate(reasons):
        cell = visit.page.locator(f".row.body[data-image='{image}'] .cell").nth(1)
        cell.scroll_into_view_if_needed()
        assert cell.locator(".hatched").inner_text() == reason
        assert cell.locator(".map").count() == 0
        assert reason in cell.get_attribute("aria-label")


def test_names_cannot_run(visit: Visit) -> None:
    assert visit.page.evaluate("window.evil") is None
    assert "<script>window.evil=1</script>" in visit.page.locator(".rowhead .file").first.inner_text()
    assert "Net <i>two</i>" in visit.page.locator("#heads").inner_text()
    visit.page.locator(".cell").nth(1).click()
    assert visit.page.locator("#detail-top").inner_text().count("<b>cat</b>") == 1
    assert visit.page.locator("#detail b, #grid i").count() == visit.page.locator("#detail .none b").count()
    assert visit.page.evaluate("window.evil") is None


def test_another_method_is_loaded_when_it_is_chosen(visit: Visit) -> None:
    def maps() -> list[str]:
        return [url.rsplit("/", 1)[1] for url in visit.asked if "/maps-" in url]

    assert maps() == ["maps-0-0.js"]
    visit.page.locator("#look").get_by_label("Fine", exact=True).first.check(force=True)
    visit.page.wait_for_selector(".cell img.map")
    assert maps() == ["maps-0-0.js", "maps-2-0.js"]
    assert visit.page.locator("#bar-magnitude").is_visible()
    visit.page.locator("#look").get_by_label("Signed", exact=True).first.check(force=True)
    visit.page.wait_for_selector(".cell canvas.map")
    assert visit.page.locator("#bar-signed").is_visible()


def test_native_cells_and_opacity(visit: Visit) -> None:
    canvas = visit.page.locator(".cell canvas.map").first
    assert canvas.evaluate("c => c.width") > 5
    visit.page.locator("#cells").check()
    assert visit.page.locator(".cell canvas.map").first.evaluate("c => [c.width, c.height]") == [5, 4]
    visit.page.locator("#opacity").fill("20")
    assert visit.page.locator(".cell canvas.map").first.evaluate("c => getComputedStyle(c).opacity") == "0.2"


def test_a_method_with_a_limit_shows_the_images_it_explains(visit: Visit) -> None:
    page = visit.page
    page.evaluate("crosslight.state.data.methods[2].limit = 4")
    page.locator("#look").get_by_label("Fine", exact=True).first.check(force=True)
    assert rows(page) == ["0", "1", "2", "3"]
    assert page.locator("#count").inner_text() == "4 of 30 images; the method explains the first 4"
    page.wait_for_selector(".cell img.map")
    page.locator("#look").get_by_label("Signed", exact=True).first.check(force=True)
    assert len(rows(page)) == 30
    assert page.locator("#count").inner_text() == "30 images"


def test_twelve_models_stand_beside_each_other(browser: Any, tmp_path: Path) -> None:
    page = build_report(_twelve_models(tmp_path / "out"))
    visit = Visit(browser, page)
    try:
        assert visit.page.evaluate("document.getElementById('frame').classList.contains('wide')") is False
        last = visit.page.locator(".row.body .cell").nth(11).bounding_box()
        assert last["x"] + last["width"] <= 1280
        assert last["width"] > 70
        assert visit.said == []
    finally:
        visit.context.close()


def _twelve_models(path: Path) -> Store:
    store = Store.create(path, Manifest("many", "many", (ImageEntry("a", "a.jpg"), ImageEntry("b", "b.jpg")), 2))
    for number in range(12):
        model = f"EfficientNet {number}"
        store.add_model(model, 0, {"digest": model})
        key = store.add_maps(model, "Grad-CAM", "d", (5, 5), {"method": "grad-cam", "finish": "none"})
        values = np.random.default_rng(number).standard_normal((2, 5, 5)).astype(np.float32)
        boxes, targets = np.tile([0.0, 0, 10, 10], (2, 1)), np.zeros((2, 2), np.int32)
        store.write(model, 0, maps={key: MapBlock(values, boxes, targets, np.full(2, Status.OK, np.uint8))})
    return store


def test_filters_and_order(visit: Visit) -> None:
    page = visit.page
    assert rows(page) == [str(i) for i in range(30)]
    page.locator("#filter").select_option("disagree")
    assert rows(page) == ["2"]
    page.locator("#filter").select_option("wrong")
    assert rows(page) == ["2"]
    page.locator("#filter").select_option("all")
    page.locator("#order").select_option("least")
    for row in page.locator(".row.body").all()[:4]:
        row.scroll_into_view_if_needed()
        row.locator(".score").wait_for()
    alike = [text for text in page.locator(".score").all_inner_texts() if text][:4]
    assert len(set(alike)) > 2
    assert alike == sorted(alike)


def test_rows_far_below_are_not_built_before_they_are_seen(visit: Visit) -> None:
    last = visit.page.locator(".row.body").last
    assert last.locator(".cell").count() == 0
    last.scroll_into_view_if_needed()
    last.locator(".cell .map").first.wait_for()


def test_the_keyboard_opens_a_cell_and_comes_back_to_it(visit: Visit) -> None:
    page = visit.page
    page.locator("#order").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.model") == "0"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#detail").is_visible()
    assert page.locator("#detail-title").inner_text() == "Net <i>two</i> · Grad-CAM"
    page.keyboard.press("ArrowLeft")
    assert page.locator("#detail-title").inner_text() == "Net & Co · Grad-CAM"
    facts = page.locator("#detail-facts").inner_text()
    assert "completeness gap" in facts
    assert "0.001" in facts
    assert "10, 5, 50, 45 of 60 × 50 pixels" in facts
    page.keyboard.press("Escape")
    assert not page.locator("#detail").is_visible()
    # The browser first goes back to where the dialog was opened; the page moves on when it hears of the closing.
    here = "[document.activeElement.dataset.model, document.activeElement.parentNode.dataset.image].join()"
    page.wait_for_function(f"{here} === '0,1'")


def test_one_panel_of_the_agreement_at_a_time(visit: Visit) -> None:
    page = visit.page
    assert [panel.is_visible() for panel in page.locator(".panel").all()] == [True, False, False]
    page.locator("input[name=panel]").nth(1).check(force=True)
    assert [panel.is_visible() for panel in page.locator(".panel").all()] == [False, True, False]
    figure = page.locator(".panel:not([hidden]) figure img").first
    figure.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.panel:not([hidden]) figure img').naturalWidth > 0")


def test_images_that_models_disagree_on_open_in_large_and_give_the_focus_back(visit: Visit) -> None:
    page = visit.page
    page.locator("#filter").select_option("wrong")  # leaves one image, which is brought back where another is asked for
    page.locator("input[name=panel]").nth(1).check(force=True)
    scene = page.locator(".panel:not([hidden]) .scene").first
    scene.scroll_into_view_if_needed()
    tile = scene.locator("button.mini").nth(1)
    tile.locator(".map").wait_for()
    assert scene.locator(".mini").count() == 4  # the photograph and three models
    tile.click()
    assert page.locator("#detail-title").inner_text() == "Net <i>two</i> · Signed"
    name = page.evaluate(f"crosslight.state.data.images[{scene.get_attribute('data-image')}].name")
    assert name in page.locator("#detail-sub").inner_text()
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.matches('.scene button')")
    assert tile.evaluate("button => button === document.activeElement")
    assert page.evaluate("window.evil") is None


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out(browser: Any, report: Path, width: int, scheme: str) -> None:
    visit = Visit(browser, report, width, color_scheme=scheme)
    try:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        background = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light")
        visit.page.locator(".cell").first.click()
        box = visit.page.locator("#detail").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert visit.said == []
    finally:
        visit.context.close()


def test_every_picture_and_control_has_a_name(visit: Visit) -> None:
    page = visit.page
    assert page.locator("img:not([alt])").count() == 0
    nameless = page.eval_on_selector_all(
        "button, input, select",
        "all => all.filter(e => !e.labels?.length && !e.getAttribute('aria-label') && !e.textContent.trim()).length",
    )
    assert nameless == 0
    assert page.locator("h1").count() == 1


def test_without_scripts_the_numbers_are_there(browser: Any, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator("noscript").count() == 1
    assert page.locator(".panel").last.is_visible()
    assert "Who is right" in page.locator("main").inner_text()
    context.close()
