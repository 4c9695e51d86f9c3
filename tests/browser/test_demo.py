"""The demo's report in Chromium, all of it: every view by its link, every method, the large view, comparisons, filters.

``make demo-check`` runs it. ``CROSSLIGHT_DEMO=OUT`` names the results of a demo that was run before; its report is
built anew elsewhere. Without it the demo is run first, which takes many minutes.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from crosslight.report.single import single_file

from .conftest import Opened, Pages, expect

pytestmark = [pytest.mark.slow, pytest.mark.demo, pytest.mark.timeout(7200)]

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
VIEWS = ["Overview", "Look", "Agree", "Classes", "Right?", "Units", "Learning", "How"]
MODELS, METHODS, IMAGES = 12, 18, 64
MOST_SINGLE, MOST_FIRST = 15_000_000, 3_000_000
#: whether there is a picture on a canvas, and not one colour
PAINTED = "c => c.toDataURL().length > 10_000"


def crosslight(*arguments: str | Path) -> None:
    source = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    subprocess.run(
        [sys.executable, "-m", "crosslight", *map(str, arguments)], check=True, env={**os.environ, "PYTHONPATH": source}
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the report in a folder."""
    made = tmp_path_factory.mktemp("demo")
    named = os.environ.get("CROSSLIGHT_DEMO")
    if not named:
        crosslight("demo", "--out", made / "results")
        return made / "results" / "report" / "index.html"
    crosslight("report", Path(named).resolve(), "--out", made / "report")
    return made / "report" / "index.html"


@pytest.fixture(scope="module")
def file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of it in one file."""
    return single_file(folder, tmp_path_factory.mktemp("sent") / "demo.html")


@pytest.fixture(params=["folder", "file"])
def opened(request: pytest.FixtureRequest, pages: Pages) -> Iterator[Opened]:
    made = Opened(pages, request.getfixturevalue(request.param), reduced_motion="reduce")
    made.page.wait_for_selector("#striking canvas")
    yield made
    made.close()


def turn_to(page: Any, title: str) -> None:
    """Click the link in the bar, whose address is that of where one was in its view, and wait for something drawn."""
    page.locator("nav.top a", has_text=title).click()
    drawn = {
        "Overview": "#striking canvas",
        "Look": ".cell[data-drawn]",
        "Agree": ".panel .matrix",
        "Classes": "#classes .mean canvas",
        "Right?": "#right svg.dots",
        "Units": ".unit-card canvas[data-drawn]",
        "Learning": "#learning-root[data-drawn]",
        "How": "#how table[data-dressed]",
    }
    expect(page.locator("nav.top a[aria-current]")).to_contain_text(title)
    page.wait_for_selector(drawn.get(title, f"#{title.lower()}.seen"), state="attached")


def serious(page: Any, scheme: str) -> list[str]:
    """Barriers of what is shown in these colours."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    options = {
        "resultTypes": ["violations"],
        "preload": False,
        **({"runOnly": ["color-contrast"]} if scheme == "dark" else {}),
    }
    found = page.evaluate(f"axe.run(document, {json.dumps(options)})")["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


def test_it_is_small_enough(pages: Pages, folder: Path, file: Path) -> None:
    made = Opened(pages, folder)
    made.page.wait_for_selector("#striking canvas")
    files = {Path(unquote(urlsplit(url).path)) for url in made.asked if url.startswith("file:")}
    made.close()
    first, single = sum(path.stat().st_size for path in files), file.stat().st_size
    print(f"\nfirst screen {first / 1e6:.2f} MB, single file {single / 1e6:.2f} MB")
    assert first <= MOST_FIRST
    assert single <= MOST_SINGLE


def test_every_view_is_clicked_through(opened: Opened) -> None:
    page = opened.page
    titles = [title.split(" ")[0] for title in page.locator("nav.top a").all_inner_texts()]  # without their badges
    assert {*VIEWS} - {"Units", "Learning"} <= {*titles} <= {*VIEWS}  # those two where their results are
    assert all(canvas.evaluate(PAINTED) for canvas in page.locator("#striking canvas").all())
    for title in titles[1:] + titles:
        turn_to(page, title)
        assert [each.get_attribute("id") for each in page.locator(".view:visible").all()] == [title.lower().strip("?")]
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        page.locator("#ask").click()
        expect(page.locator("dialog[open]")).to_contain_text("Why is it used?")
        page.keyboard.press("Escape")


def test_agree_shows_every_method_and_the_images_of_a_pair(opened: Opened) -> None:
    page = opened.page
    turn_to(page, "Agree")
    pills = page.locator("#agree-methods label")
    compared = pills.count()
    assert compared >= METHODS - 4  # not all methods have maps of two models
    for number in range(compared):
        pills.nth(number).click()
        panel = page.locator(f".panel[data-method='{pills.nth(number).locator('input').input_value()}']")
        expect(panel.locator("[data-drawing=matrix] svg")).to_be_visible()
        expect(panel.locator("[data-drawing=pairs] .row").first).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    pills.first.click()
    expect(page.locator(".matrix .cells rect").first).to_be_visible()
    assert page.locator(".map .model").count() == MODELS
    page.locator("[data-drawing=pairs] .row").last.click()
    expect(page.locator(".drawer .duo .overlay[data-drawn]")).to_have_count(12)
    page.locator(".drawer .to-look a").click()
    expect(page.locator("#look .heading")).to_have_count(2)
    page.wait_for_selector(".cell[data-drawn=map]")


def test_look_filters_opens_compares_and_changes_colours(opened: Opened) -> None:
    page = opened.page
    turn_to(page, "Look")
    expect(page.locator("#count")).to_have_text(f"{IMAGES} images")
    assert page.locator("#look .heading").count() == MODELS
    methods = page.locator("input[name=method]")
    assert methods.count() == METHODS
    for number in range(METHODS):
        page.locator("#look .which label", has=page.locator(f"input[name=method][value='{number}']")).click()
        expect(methods.nth(number)).to_be_checked()
        page.wait_for_selector(".cell[data-drawn=map]")
    page.locator("#look .which label", has=page.locator("input[name=method][value='0']")).click()
    first = page.locator(".row.body[data-at='0'] canvas").first
    page.wait_for_selector(".row.body[data-at='0'] .cell[data-drawn=map]")
    for control, value in (("#magnitude", "viridis"), ("#mode", "contour"), ("#mode", "map"), ("#mode", "heat")):
        before = first.evaluate("c => c.toDataURL()")
        page.locator(control).select_option(value)
        page.wait_for_function(
            "before => document.querySelector(\".row.body[data-at='0'] canvas\").toDataURL() !== before",
            arg=before,
        )
    page.locator("#filter").select_option("disagree")
    expect(page.locator("#count")).to_have_text(re.compile(rf"\d+ of {IMAGES} images"))
    page.locator("#reset").click()
    page.locator(".row.body[data-at='1'] .cell").nth(1).click()
    page.wait_for_selector("#detail[data-drawn]")
    title = page.locator("#detail-title").inner_text()
    for way in ("beside", "flicker", "swipe", "difference"):
        page.locator(f"#detail label:has(input[name=compare][value={way}])").click()
        page.wait_for_selector(f"#detail[data-drawn][data-compare={way}]")
        assert page.locator("#detail .plate canvas").first.evaluate(PAINTED)
    expect(page.locator("#alike")).to_have_text(re.compile(r"cosine of these two maps −?[01]\.\d\d"))
    page.locator("#detail-down").click()
    page.locator("#detail-after").click()
    expect(page.locator("#detail-title")).not_to_have_text(title)
    page.wait_for_selector("#detail[data-drawn]")
    page.locator("#detail-close").click()
    expect(page.locator("#detail")).to_be_hidden()


def test_classes_lead_to_their_pictures_and_back(opened: Opened) -> None:
    page = opened.page
    turn_to(page, "Classes")
    choose = page.locator("#classes").get_by_label("Class", exact=True)
    for at in (2, 5):
        choose.select_option(index=at)
        expect(page.locator("#classes .verdicts:not(.heads)")).to_have_count(MODELS)
        page.wait_for_selector("#classes .mean canvas")
    place = page.evaluate("location.hash")
    page.wait_for_function("() => document.querySelector('table.confusion tr.chosen td')")
    assert page.locator("table.confusion tbody tr").count() == choose.locator("option").count() - 1
    page.locator("#classes .mini-map").first.click()
    page.wait_for_selector("#detail[data-drawn]")
    page.keyboard.press("Escape")
    page.locator("nav.top a", has_text="Classes").click()
    page.wait_for_selector("#classes.current")
    assert page.evaluate("location.hash") == place


def test_right_and_how_have_their_tables_and_files(opened: Opened) -> None:
    page = opened.page
    for title in ("Right?", "How"):
        turn_to(page, title)
        view = f"#{title.lower().strip('?')}"
        names = page.eval_on_selector_all(f"{view} table[data-name]", "all => all.map(t => t.dataset.name)")
        assert names
        for name in names:
            button = page.locator(f"{view} [aria-label='Save the table {name} as CSV']")
            expect(button).to_have_count(1)
        for button in page.locator(f"{view} thead button.sort").all()[:4]:
            button.dispatch_event("click")
            assert button.locator("xpath=..").get_attribute("aria-sort") in ("ascending", "descending")
    assert page.locator("#method-cards").count() == 1
    with page.expect_download() as found:
        page.locator("#how .saves .save").first.dispatch_event("click")
    assert found.value.suggested_filename.endswith(".csv")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci in web/")
@pytest.mark.parametrize("title", VIEWS)
def test_no_view_has_a_serious_barrier(pages: Pages, folder: Path, title: str) -> None:
    made = Opened(pages, folder, reduced_motion="reduce")
    if made.page.locator("nav.top a", has_text=title).count() == 0:
        made.close()
        pytest.skip("the results have none")
    turn_to(made.page, title)
    for scheme in ("dark", "light"):
        assert serious(made.page, scheme) == [], scheme
    if title == "Look":
        made.page.locator(".row.body .cell").first.click()
        made.page.wait_for_selector("#detail[data-drawn]")
        for scheme in ("dark", "light"):
            assert serious(made.page, scheme) == [], scheme
    made.close()
