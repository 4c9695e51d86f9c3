"""The view of units in Chromium: searched by concept, walked through by the keyboard, opened, compared, saved."""

from __future__ import annotations

import csv
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from crosslight.dissection.records import Dissection
from crosslight.report.single import single_file
from crosslight.report.units_page import write_units_page

from .conftest import Opened, Pages, expect

#: without `preload`, or axe fetches the style sheets, which the page forbids
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
#: units of the last layer, more than a window holds
MANY = 300
OTHER = {"stage2": ((3, 4), ("sea", "meadow", "sea", "sea", "fish", "møller i tåge 海", "", ""))}


@pytest.fixture(scope="module")
def made() -> ModuleType:
    file = Path(__file__).parents[1] / "unit" / "dissection" / "made_up.py"
    spec = importlib.util.spec_from_file_location("made_up_units", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pair(made: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> list[Dissection]:
    images = made.write_photographs(tmp_path_factory.mktemp("photographs"))
    layers = {**made.LAYERS, "stage3": ((2, 2), tuple(np.resize(("sail", "red"), MANY)))}
    return [made.made_up_dissection("Clean", images, layers), made.made_up_dissection("Biased & co", images, OTHER)]


@pytest.fixture(scope="module")
def file(pair: list[Dissection], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_units_page(tmp_path_factory.mktemp("units"), pair, command="crosslight dissect --out DIR")


@pytest.fixture
def view(pages: Pages, file: Path) -> Iterator[Any]:
    opened = Opened(pages, file, reduced_motion="reduce")
    opened.page.wait_for_selector(".unit-card canvas[data-drawn]")
    yield opened.page
    opened.close()


def labels(page: Any) -> list[str]:
    found: list[str] = page.locator(".unit-card strong").all_text_contents()
    return found


def search(page: Any, text: str, number: int) -> None:
    page.locator("#units-search").fill(text)
    expect(page.locator("#units-count")).to_contain_text(f"{number} of ")


def test_units_are_found_by_concept_in_all_models(view: Any) -> None:
    search(view, "sea", 6)
    assert sorted(labels(view)) == ["sea"] * 5 + ["seas"]
    expect(view.locator("#units-count")).to_contain_text("Clean 3, Biased & co 3")
    assert view.evaluate("location.hash") == "#units/sea"
    view.locator("#units-model").select_option("1")
    expect(view.locator("#units-count")).to_contain_text("3 of ")
    assert all("Biased & co" in one for one in view.locator(".unit-place").all_text_contents())
    view.locator("#units-model").select_option("")
    search(view, "海", 1)
    search(view, "no such thing", 0)
    expect(view.locator("#units-count")).to_contain_text("Search for another concept")
    assert view.locator(".unit-card").count() == 0


def test_a_list_of_many_has_few_elements(view: Any) -> None:
    assert view.locator(".unit-card").count() < 40
    first = view.locator(".unit-card").first
    assert first.get_attribute("aria-setsize") == str(6 + 8 + MANY + 8)
    view.locator(".unit-frame").evaluate("frame => frame.scrollTo(0, frame.scrollHeight)")
    expect(view.locator(f".unit-card[data-at='{6 + 8 + MANY + 8 - 1}']")).to_be_visible()
    assert view.locator(".unit-card").count() < 60


def test_units_without_a_label_say_why(view: Any) -> None:
    view.locator("#units-kind").select_option("none")
    expect(view.locator("#units-count")).to_contain_text("5 of ")
    assert sorted(labels(view)) == ["no label: dead"] + 4 * ["no label: unstable"]
    view.locator("#units-kind").select_option("polysemantic")
    expect(view.locator("#units-count")).to_contain_text("2 of ")
    assert "polysemantic: 2 groups" in view.locator(".unit-facts").first.inner_text()
    view.locator("#units-kind").select_option("twins")
    expect(view.locator("#units-count")).to_contain_text("4 of ")


def test_a_unit_in_large_and_on_to_the_next(view: Any) -> None:
    search(view, "sea", 6)
    view.locator(".unit-card").first.click()
    dialog = view.locator("#unit-detail")
    expect(dialog.locator("h2")).to_have_text("sea")
    expect(dialog.locator("canvas[data-drawn]")).to_have_count(10)
    text = dialog.inner_text()
    assert "1 of 6" in text
    assert "AUC 0.90" in text
    assert "Concepts that fit best" in text
    assert "?unit=" in view.evaluate("location.hash")
    view.keyboard.press("ArrowRight")
    expect(dialog.locator("header p")).to_contain_text("2 of 6")
    view.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert view.evaluate("location.hash") == "#units/sea"
    assert view.evaluate("document.activeElement.dataset.at") == "0"


def test_an_address_opens_a_unit(pages: Pages, file: Path) -> None:
    opened = Opened(pages, file, "#units/sea?unit=0.1.4")
    dialog = opened.page.locator("#unit-detail")
    expect(dialog.locator("header p")).to_contain_text("unit 4 · Clean · stage2")
    dialog.get_by_text("Show unit 0").click()
    expect(dialog.locator("header p")).to_contain_text("unit 0 · Clean · stage2")
    opened.close()


def test_by_the_keyboard_alone(view: Any) -> None:
    view.keyboard.press("/")
    assert view.evaluate("document.activeElement.id") == "units-search"
    view.locator(".unit-card[tabindex='0']").focus()
    columns = view.evaluate(
        "() => { const all = [...document.querySelectorAll('.unit-card')]; "
        "return all.filter(card => card.style.top === all[0].style.top).length }"
    )
    for key, at in (("ArrowRight", 1), ("ArrowDown", 1 + columns), ("ArrowUp", 1), ("End", 321), ("Home", 0)):
        view.keyboard.press(key)
        assert view.evaluate("document.activeElement.dataset.at") == str(at), key
    view.keyboard.press("Enter")
    expect(view.locator("#unit-detail")).to_be_visible()


def test_what_is_active_is_light_and_the_rest_is_dark(view: Any, pair: list[Dissection]) -> None:
    """The brightest part of a card's first picture is where the map is above the threshold, as far as pixels tell."""
    from crosslight.dissection.pictures import records_of, unit_pictures

    view.evaluate("location.hash = '#units?unit=0.1.3'")
    dialog = view.locator("#unit-detail")
    expect(dialog.locator("canvas[data-drawn]")).to_have_count(10)
    size, pixels = view.evaluate(
        "() => { const c = document.querySelector('#unit-detail canvas'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; return [[c.width, c.height], [...d]] }"
    )
    drawn = np.array(pixels, float).reshape(size[1], size[0], 4)[:, :, :3]
    records, _ = records_of(pair[0])
    one = unit_pictures(pair[0], pair[0].layers[1], 3, records, most=1)[0]
    rows, columns = (np.arange(size[1]) * 50 // size[1]), (np.arange(size[0]) * 60 // size[0])
    region = one.region[np.ix_(rows, columns)]
    photo = np.asarray(one.picture, float)[np.ix_(rows, columns)]
    same = np.abs(drawn - photo).mean(axis=2) < 25
    lit = photo.mean(axis=2) > 90  # where dark pixels would not show it
    assert same[region & lit].mean() > 0.85
    assert same[~region & lit].mean() < 0.15


def test_another_way_of_labelling_and_tables(view: Any) -> None:
    view.locator("#units-score").select_option("soft-wpmi")
    search(view, "sea", 6)
    with view.expect_download() as info:
        view.locator("#units .toolbar .save").click()
    rows = list(csv.reader(Path(info.value.path()).read_text("utf-8").splitlines()))
    assert rows[0] == ["model", "layer", "unit", "description", "similarity"]
    assert len(rows) == 7
    view.locator("#units-model").select_option("1")
    expect(view.locator("#units-count")).to_contain_text("3 of ")
    with view.expect_download() as info:
        view.locator("#units .toolbar .save").click()
    rows = list(csv.reader(Path(info.value.path()).read_text("utf-8").splitlines()))
    assert rows[0] == ["layer", "unit", "description", "similarity"]
    assert {(row[0], row[2]) for row in rows[1:]} == {("stage2", "sea")}
    assert info.value.suggested_filename == "units-sea-soft-wpmi.csv"


def test_bars_and_two_models(view: Any) -> None:
    bars = view.locator("svg.unit-depth")
    said = bars.get_attribute("aria-label")
    assert "Clean, stage1: color 3, material 1, no label 2" in said
    assert "Biased & co, stage2: object 1, scene 5, no label 2" in said
    pair = view.locator("#units-compare")
    assert "3 in both" in pair.locator(".count").inner_text()
    only = pair.locator("section").first
    assert "seas" in only.inner_text()
    pair.get_by_label("count plurals").check()
    assert "seas" not in pair.locator("section").first.inner_text()
    pair.get_by_role("button", name="meadow", exact=True).click()
    expect(view.locator("#units-count")).to_contain_text("2 of ")
    assert labels(view) == ["meadow", "meadow"]


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci in web/")
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_nothing_stands_in_anybodys_way(pages: Pages, file: Path, width: int, scheme: str) -> None:
    opened = Opened(pages, file, width=width, color_scheme=scheme)
    page = opened.page
    page.wait_for_selector(".unit-card canvas[data-drawn]")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(AXE.read_text("utf-8"))
    for place in ("#units", "#units?unit=0.1.0", "#how"):
        page.evaluate("place => { location.hash = place }", place)
        if "unit=" in place:
            page.wait_for_selector("#unit-detail canvas[data-drawn]")
        found = page.evaluate(f"axe.run(document, {json.dumps(AXE_OPTIONS)})")["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found] == [], place
    opened.close()


def test_in_one_file(pages: Pages, file: Path, tmp_path: Path) -> None:
    opened = Opened(pages, single_file(file, tmp_path / "units.html"), "#units/sea")
    opened.page.wait_for_selector(".unit-card canvas[data-drawn]")
    expect(opened.page.locator("#units-count")).to_contain_text("6 of ")
    opened.close()
