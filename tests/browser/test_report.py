"""The report in Chromium, opened from the disk: every view opens, says no error, and asks nothing of any network."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crosslight.agreement import agree_store
from crosslight.core.maps import Status
from crosslight.evaluation import save_scores, score
from crosslight.report import build_report
from crosslight.report.single import single_file
from crosslight.store import ImageEntry, Manifest, MapBlock, Store

from .conftest import Opened, Pages, expect

VIEWS = ("overview", "look", "agree", "classes", "right", "how")
#: without `preload`, or axe fetches the style sheets, which the page forbids
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, made_up: ModuleType) -> Path:
    """The page of the made-up study, scored against a mask in the middle."""
    folder = tmp_path_factory.mktemp("report") / "a folder #1 with spaces"
    study = made_up.made_up_study(folder / "out", folder / "photographs", count=30)
    inside = np.zeros((50, 60))
    inside[10:30, 20:40] = 1
    save_scores(score(study, {image.identity: inside for image in study.manifest.images}, draws=1), study)
    return build_report(study)


@pytest.fixture(scope="module")
def single(report: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in one file, far from its folder."""
    return single_file(report, tmp_path_factory.mktemp("sent") / "the report.html")


@pytest.fixture
def opened(pages: Pages, report: Path) -> Iterator[Opened]:
    made = Opened(pages, report)
    made.page.wait_for_selector("#striking canvas")
    yield made
    made.close()


def go(page: Any, view: str) -> None:
    """Go to a view as its link in the bar does, and wait until something of it is drawn."""
    page.evaluate("place => { location.hash = place }", view)
    drawn = {
        "overview": "#striking canvas",
        "look": ".cell[data-drawn]",
        "agree": "#agree-root *",
        "classes": "#classes .mean canvas",
        "right": "#right svg.dots",
        "how": "#how table[data-dressed]",
    }
    page.wait_for_selector(f"#{view}.current")
    page.wait_for_selector(drawn[view], state="attached")


def saved(page: Any, does: Any) -> tuple[str, bytes]:
    """Name and content of what a click saves."""
    with page.expect_download() as info:
        does()
    return info.value.suggested_filename, Path(info.value.path()).read_bytes()


@pytest.mark.parametrize("width", [390, 1280])
def test_each_view_stands_alone_fits_and_tells_what_it_is_for(pages: Pages, report: Path, width: int) -> None:
    made = Opened(pages, report, width=width)
    page = made.page
    for view in VIEWS:
        go(page, view)
        assert [each.get_attribute("id") for each in page.locator(".view:visible").all()] == [view]
        assert page.locator("nav.top a[aria-current]").get_attribute("href").startswith(f"#{view}")
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, view
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (background == "rgb(255, 255, 255)") == (scheme == "light")
        page.locator("#ask").click()
        card = page.locator("dialog[open]")
        assert card.get_attribute("id") == f"about-{view}"
        assert "Why is it used?" in card.inner_text()
        page.keyboard.press("Escape")
        expect(card).to_have_count(0)
        assert page.evaluate("document.activeElement.id") == "ask"
    made.close()


def test_the_first_screen_asks_for_little(opened: Opened, report: Path) -> None:
    names = {url.rsplit("/", 1)[1].split("?")[0] for url in opened.asked if url.startswith("file:")}
    assert names == {"index.html", "report.css", "report.js", "data.js", "overview.js"}


def test_the_pictures_show_the_findings(opened: Opened) -> None:
    page = opened.page
    expect(page.locator("#striking canvas")).to_have_count(
        5
    )  # the photograph, the most alike pair, the least alike pair
    page.wait_for_function(
        """() => [...document.querySelectorAll("#striking canvas")].every((c) => {
             const { data } = c.getContext("2d").getImageData(0, 0, c.width, c.height);
             return new Set(new Uint32Array(data.buffer)).size > 20 })"""
    )
    expect(page.locator(".small-chart svg")).to_have_count(2)
    page.locator(".different-set a").first.click()
    page.wait_for_selector("dialog[open]")
    assert "#look/" in page.url


def test_an_address_within_a_view_leads_there(opened: Opened) -> None:
    opened.page.evaluate("location.hash = 'failed'")
    opened.page.wait_for_selector("#how.current")
    assert opened.page.locator("#failed").is_visible()


def test_the_bar_leads_back_to_where_one_was(opened: Opened) -> None:
    page = opened.page
    go(page, "classes")
    page.locator("#classes").get_by_label("Class", exact=True).select_option(label="dog (28)")
    page.locator("#classes").get_by_label("Method", exact=True).select_option("Fine")
    page.wait_for_function("() => location.hash === '#classes/dog/Fine'")
    page.locator("nav.top a", has_text="Overview").click()
    page.wait_for_selector("#overview.current")
    page.locator("nav.top a", has_text="Classes").click()
    page.wait_for_function("() => location.hash === '#classes/dog/Fine'")


def test_colours_can_be_chosen_and_last(opened: Opened) -> None:
    page, button = opened.page, opened.page.locator("#theme")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    assert light == "rgb(255, 255, 255)"
    button.click()
    assert page.evaluate(background) == light
    button.click()
    assert button.inner_text() == "Dark"
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    page.wait_for_selector("#striking canvas")
    assert page.evaluate(background) == dark
    button.click()
    assert button.inner_text() == "Auto"


def test_without_a_storage_the_colours_still_change(chromium: Any, report: Path) -> None:
    page = chromium.new_context().new_page()
    errors: list[Any] = []
    page.on("pageerror", lambda error: errors.append(error))
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', { get() { throw new Error('no') } })")
    page.goto(report.as_uri())
    page.wait_for_selector("#striking canvas")
    for _ in range(2):
        page.locator("#theme").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    page.context.close()
    assert errors == []


def test_tables_are_sorted_by_click_and_keyboard_and_baselines_stay(opened: Opened) -> None:
    page = opened.page
    go(page, "right")
    table = page.locator("table.scores").first
    labels = [cell.inner_text() for cell in table.locator("tbody").first.locator("th").all()]

    def means() -> list[float]:
        return [float(cell.inner_text()) for cell in table.locator("tbody").first.locator("td.mean").all()]

    table.locator("thead button", has_text="mean").click()
    assert table.locator("thead th").nth(1).get_attribute("aria-sort") == "descending"
    assert means() == sorted(means(), reverse=True)
    page.keyboard.press("Enter")
    assert table.locator("thead th").nth(1).get_attribute("aria-sort") == "ascending"
    assert means() == sorted(means())
    table.locator("thead button", has_text="method").click()
    assert [cell.inner_text() for cell in table.locator("tbody").first.locator("th").all()] == sorted(labels)
    assert table.locator("tbody").last.locator("th").first.inner_text() == "random maps"


def test_a_table_is_saved_with_its_intervals(opened: Opened, report: Path) -> None:
    page = opened.page
    go(page, "right")
    name, content = saved(page, lambda: page.locator("#right p.saves .save").first.click())
    assert name == "scores-energy.csv"
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(rows) == 3 + 3
    cell = page.locator("table.scores").first.locator("tbody tr").first.locator("td").nth(1)
    model = page.locator("table.scores").first.locator("thead th").nth(2).inner_text()
    assert float(rows[0][f"{model} low"]) == float(cell.get_attribute("data-low"))
    assert f"{float(rows[0][model]):.2f}" == cell.inner_text().split("*")[0].strip()
    assert rows[0][f"{model} images"] == cell.get_attribute("data-count")


def test_every_named_table_has_its_file(opened: Opened) -> None:
    page = opened.page
    for view in ("right", "how", "classes"):
        go(page, view)
        names = page.eval_on_selector_all(f"#{view} table[data-name]", "all => all.map(t => t.dataset.name)")
        assert names
        for name in names:
            assert page.locator(f"[aria-label='Save the table {name} as CSV']").count() == 1, name


def test_charts_are_saved_as_svg_png_and_csv(opened: Opened) -> None:
    page = opened.page
    saves = page.locator(".small-chart .saves").first
    name, svg = saved(page, lambda: saves.get_by_text("SVG").click())
    assert name.endswith(".svg")
    assert svg.startswith(b"<svg")
    assert b"var(--" not in svg
    name, png = saved(page, lambda: saves.get_by_text("PNG").click())
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.width > 1000
    name, table = saved(page, lambda: saves.get_by_text("CSV").click())
    assert len(list(csv.DictReader(io.StringIO(table.decode())))) == page.locator(".small-chart").first.locator(
        ".row"
    ).count()  # fmt: skip


def test_right_and_wrong_stand_side_by_side(opened: Opened) -> None:
    page = opened.page
    go(page, "classes")
    page.locator("#classes").get_by_label("Class", exact=True).select_option(label="dog (28)")
    rows = page.locator(".verdicts:not(.heads)")
    assert rows.count() == 3
    assert "28 of 28 right" in rows.nth(0).inner_text()
    assert "27 of 28 right" in rows.nth(1).inner_text()
    wrong = rows.nth(1).locator(".minis").nth(1)
    assert wrong.locator(".mini-map").count() == 1
    assert "</script>" in wrong.inner_text()  # which is what the class is called
    rows.nth(0).get_by_text("+22").click()
    assert page.locator(".verdicts:not(.heads)").nth(0).locator(".mini-map").count() == 28
    page.wait_for_selector("#classes .mean canvas")
    assert page.evaluate("window.evil") is None
    cells = page.locator("table.confusion tr.chosen td")
    assert cells.nth(0).get_attribute("data-value") == str(28 + 27 + 27)


def test_the_command_can_be_copied(opened: Opened) -> None:
    page = opened.page
    go(page, "how")
    page.locator("[data-copy]").click()
    page.wait_for_function("() => ['Copied', 'Selected'].includes(document.querySelector('[data-copy]').textContent)")


def test_twelve_models_fit(pages: Pages, tmp_path: Path) -> None:
    store = Store.create(tmp_path, Manifest("many", "many", (ImageEntry("a", "a.jpg"), ImageEntry("b", "b.jpg")), 2))
    for number in range(12):
        model = f"EfficientNet {number}"
        store.add_model(model, 0, {"digest": model})
        key = store.add_maps(model, "Grad-CAM", "d", (5, 5), {"method": "grad-cam", "finish": "none"})
        values = np.random.default_rng(number).standard_normal((2, 5, 5)).astype(np.float32)
        boxes, targets = np.tile([0.0, 0, 10, 10], (2, 1)), np.zeros((2, 2), np.int32)
        store.write(model, 0, maps={key: MapBlock(values, boxes, targets, np.full(2, Status.OK, np.uint8))})
    made = Opened(pages, build_report(store, agreements=agree_store(store, "Grad-CAM")))
    expect(made.page.locator("#striking canvas")).to_have_count(5)  # without photographs, predictions and classes
    assert made.page.evaluate("document.documentElement.scrollWidth") <= 1280
    made.close()


def test_without_scripts_the_findings_are_there(chromium: Any, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    text = page.locator("main").inner_text()
    assert "Who is right" in text
    assert "look at more similar places of this picture" in text
    assert all(page.locator(f"#{view}").is_visible() for view in VIEWS)
    assert not page.locator("#theme").is_visible()
    context.close()


def test_all_views_are_printed(opened: Opened) -> None:
    page = opened.page
    go(page, "how")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert all(page.locator(f"#{view}").is_visible() for view in VIEWS)
    assert not page.locator("header.masthead").is_visible()
    assert not page.locator("#look-root").is_visible()  # it was not opened, and says so
    page.emulate_media(media="screen")
    go(page, "look")
    page.emulate_media(media="print")
    assert page.locator("#look-root").is_visible()


def test_the_single_file_works_and_asks_for_nothing(pages: Pages, single: Path) -> None:
    made = Opened(pages, single)
    page = made.page
    for view in VIEWS:
        go(page, view)
    assert [url for url in made.asked if not url.startswith(("data:", "blob:"))] == [single.as_uri()]
    go(page, "how")
    page.locator("#how summary", has_text="The study file").click()
    name, content = saved(page, lambda: page.locator("a[data-asset]").click())
    assert name == "study.toml"
    assert b"made up" in content
    made.close()


def test_the_policy_stops_what_tries_to_leave(opened: Opened) -> None:
    blocked = opened.page.evaluate(
        """() => new Promise(done => {
             addEventListener("securitypolicyviolation", event => done(event.effectiveDirective));
             new Image().src = "https://example.org/x.png"; setTimeout(() => done(""), 2000) })"""
    )
    assert blocked == "img-src"
    opened.said.clear()  # the browser says that it was stopped, and names what it did not load
    opened.asked.clear()


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci in web/")
def test_no_view_has_a_serious_barrier(pages: Pages, report: Path) -> None:
    made = Opened(pages, report)
    made.page.evaluate(AXE.read_text("utf-8"))
    dark = {**AXE_OPTIONS, "runOnly": ["color-contrast"]}  # all else is the same in every colour
    for view in VIEWS:
        go(made.page, view)
        for scheme, options in (("dark", dark), ("light", AXE_OPTIONS)):
            made.page.emulate_media(color_scheme=scheme)
            found = made.page.evaluate(f"axe.run(document, {json.dumps(options)})")["violations"]
            serious = [
                (one["id"], one["nodes"][0]["target"]) for one in found if one["impact"] in ("serious", "critical")
            ]
            assert serious == [], f"{view}, {scheme}: {json.dumps(serious)}"
    made.close()
