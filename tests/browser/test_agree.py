"""The Agree view in Chromium: drawings that say what agreement found, joined with each other and with the pictures."""

from __future__ import annotations

import csv
import importlib.util
import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crosslight.agreement.analysis import MethodAnalysis
from crosslight.core.maps import Status
from crosslight.report import build_report
from crosslight.store import ImageEntry, Manifest, MapBlock, Store

from .conftest import Opened, Pages

#: images of the study, more than there are in a drawer
COUNT = 12
#: models of a study whose matrix is one picture
MANY = 24


@pytest.fixture(scope="module")
def made_analyses() -> ModuleType:
    """What the unit tests make analyses with."""
    source = Path(__file__).parents[1] / "unit" / "report" / "agreement" / "conftest.py"
    spec = importlib.util.spec_from_file_location("made_analyses", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory, made_up: ModuleType) -> Store:
    folder = tmp_path_factory.mktemp("agree")
    found: Store = made_up.made_up_study(folder / "out", folder / "photographs", count=COUNT)
    return found


@pytest.fixture(scope="module")
def method(study: Store, made_up: ModuleType, made_analyses: ModuleType) -> MethodAnalysis:
    """Of Grad-CAM; the first two models are one network, the third is of another family."""
    images = tuple(image.identity for image in study.manifest.images)
    found: MethodAnalysis = made_analyses.method_of(3, images=images, names=made_up.MODELS)
    return found


@pytest.fixture(scope="module")
def report(study: Store, method: MethodAnalysis, made_analyses: ModuleType) -> Path:
    analysis = made_analyses.analysis_of({"Grad-CAM": method}, images=COUNT)
    return build_report(study, study.path.parent / "report", analysis=analysis)


@pytest.fixture
def view(pages: Pages, report: Path) -> Iterator[Any]:
    opened = Opened(pages, report, "#agree", reduced_motion="reduce")
    opened.page.wait_for_selector(".matrix")
    yield opened.page
    opened.close()


def names(page: Any) -> list[str]:
    """The models of the matrix's rows, from the top."""
    found = page.eval_on_selector_all(
        ".matrix .names > g:nth-child(odd)",
        """rows => rows.map(row => [row.getBoundingClientRect().top, row.textContent])""",
    )
    return [name for _, name in sorted(found)]


def point(page: Any, row: int, column: int) -> None:
    """Put the pointer on a cell of the matrix, by the place of its row and its column."""
    box = cell_box(page, row, column)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def cell_box(page: Any, row: int, column: int) -> dict[str, float]:
    page.locator(".matrix").scroll_into_view_if_needed()
    boxes = page.eval_on_selector_all(
        ".matrix .cells > g > rect",
        """all => all.map(cell => cell.getBoundingClientRect())
                     .map(({ x, y, width, height }) => ({ x, y, width, height }))""",
    )
    side = round(len(boxes) ** 0.5)
    found: dict[str, float] = sorted(boxes, key=lambda box: (round(box["y"]), box["x"]))[row * side + column]
    return found


def number(value: float) -> str:
    return f"{value:.3f}"


def test_a_cell_says_all_that_is_known_of_its_pair(view: Any, method: MethodAnalysis) -> None:
    order = [method.main.sets.index(name) for name in names(view)]
    i, j = order[0], order[1]
    point(view, 0, 1)
    said = view.locator(".tip").inner_text()
    main = method.main
    assert f"{main.sets[i]} – {main.sets[j]}" in said
    for value in (main.mean[i, j], main.sd[i, j], main.floor[i, j]):
        assert number(value) in said
    assert f"{number(main.low[i, j])} to {number(main.high[i, j])}" in said
    assert f"N = {COUNT}" in said
    assert re.search("another seed of one network|different families", said)
    known = "calibrated" if np.isfinite(main.ceiling[i, j]) else "above chance"
    assert known in said
    shown = view.eval_on_selector_all(".matrix .value", "all => all.map(text => text.textContent)")
    assert sorted(shown) == sorted(
        f"{main.mean[a, b]:.2f}".removeprefix("0") for a in range(3) for b in range(3) if a != b
    )


def test_what_is_pointed_at_lights_up_everywhere(view: Any) -> None:
    first, second, third = names(view)
    point(view, 0, 1)
    lit = view.eval_on_selector_all(".matrix .name.lit", "all => all.map(name => name.textContent)")
    assert sorted(lit) == sorted([first, first, second, second])
    assert sorted(view.locator(".map .model.lit").all_text_contents()) == sorted([first, second])
    assert view.locator(".map .join").count() == 1
    assert view.locator(".tree .branch.lit").count() >= 2
    assert view.locator("[data-drawing=pairs] .row.lit .label").all_text_contents()[0].count(" – ") == 1
    view.locator(".map .model", has_text=third).locator(".hit").hover()
    lit = view.eval_on_selector_all(".matrix .name.lit", "all => all.map(name => name.textContent)")
    assert lit == [third, third]
    assert view.locator("[data-drawing=consensus] .row.lit .label").all_text_contents() == [third]
    assert view.locator("[data-drawing=pairs] .row.lit").count() == 2
    view.mouse.move(5, 5)
    assert view.locator(".lit").count() == 0


def test_the_order_colour_and_measure_can_be_changed(view: Any, method: MethodAnalysis, made_up: ModuleType) -> None:
    assert method.support is not None
    assert names(view) == list(method.support.tree.leaves)
    assert view.locator(".tree").count() == 1
    view.locator("#matrix-order").select_option("study")
    assert names(view) == list(made_up.MODELS)
    assert view.locator(".tree").count() == 0
    view.locator("#matrix-order").select_option("accuracy here")
    assert view.locator(".matrix .fact").count() == 3
    view.locator("#matrix-order").select_option("study")
    before = view.locator(".matrix .tone").first.get_attribute("style")
    view.locator("#matrix-colour").select_option("above")
    shown = view.locator(".matrix .value").first.text_content()
    assert shown == f"{method.main.mean[0, 1] - 0.5:.2f}".removeprefix("0")
    view.locator("#matrix-measure").select_option("pearson")
    assert "Pearson" in view.locator(".matrix .key").text_content()
    view.locator("#matrix-scale").focus()
    view.locator("#matrix-scale").select_option("shown")
    assert view.locator(".matrix .tone").first.get_attribute("style") != before
    assert view.evaluate("document.activeElement.id") == "matrix-scale"


def test_a_pair_opens_its_most_and_least_alike_images(view: Any, method: MethodAnalysis) -> None:
    view.locator("#matrix-order").select_option("study")
    point(view, 0, 2)
    view.mouse.down()
    view.mouse.up()
    view.wait_for_selector(".drawer .duo .overlay[data-drawn]")
    assert view.evaluate("location.hash") == "#agree/0/0/2"
    values = method.main.per_image[:, 0, 2]
    ranked = np.argsort(-values, kind="stable").tolist()
    shown = view.eval_on_selector_all(".duo", "all => all.map(one => Number(one.dataset.image))")
    assert shown[:3] == ranked[:3]
    assert shown[3:] == ranked[::-1][:3]
    told = view.eval_on_selector_all(".duo", "all => all.map(one => Number(one.dataset.value))")
    assert told == pytest.approx(values[shown], abs=0.003)
    assert view.locator(".duo").first.locator("canvas").count() == 2
    assert f"over {COUNT} images" in view.locator(".histogram").get_attribute("aria-label")
    assert view.locator(".drawer .histogram .floor").count() == 1
    view.locator(".to-look a").click()
    view.wait_for_selector("#look.current")
    assert view.evaluate("location.hash").startswith("#look/0/pair/0/2")
    assert view.locator(".drawer").count() == 0


def test_the_keyboard_moves_opens_and_comes_back(view: Any) -> None:
    order = names(view)
    view.locator("#matrix-scale").focus()
    for _ in range(8):
        view.keyboard.press("Tab")
        if view.evaluate("document.activeElement.matches('.cursor')"):
            break
    cursor = view.locator(".matrix .cursor")
    assert f"{order[0]} and {order[1]}" in cursor.get_attribute("aria-label")
    assert "95 % interval" in view.locator(".tip").inner_text()
    view.keyboard.press("ArrowDown")
    view.keyboard.press("ArrowDown")
    assert f"{order[2]} and {order[1]}" in cursor.get_attribute("aria-label")
    assert order[2] in view.locator("#live").inner_text()
    view.keyboard.press("Enter")
    view.wait_for_selector(".drawer .duo")
    assert {order[1], order[2]} == set(view.locator("#drawer-title").inner_text().split(" – "))
    view.keyboard.press("Escape")
    view.wait_for_selector(".drawer", state="detached")
    assert view.evaluate("location.hash") == "#agree/0"
    assert view.evaluate("document.activeElement.matches('.matrix .cursor')")


def test_drawings_can_be_taken_along(view: Any, method: MethodAnalysis, tmp_path: Path) -> None:
    drawn = ("matrix", "map", "ladder", "consensus", "pairs", "properties", "choices")
    for name in drawn:
        place = view.locator(f"[data-drawing={name}]")
        for kind in ("SVG", "CSV", "PNG") if name == "matrix" else ("SVG", "CSV"):
            with view.expect_download() as caught:
                place.locator("button.save", has_text=kind).click()
            caught.value.save_as(path := tmp_path / caught.value.suggested_filename)
            assert path.name == f"grad-cam-{name}.{kind.lower()}"
            if kind == "SVG":
                root = ET.fromstring(path.read_text("utf-8"))
                assert root.tag == "{http://www.w3.org/2000/svg}svg"
                assert "var(" not in path.read_text("utf-8").replace("--", "")
            elif kind == "PNG":
                picture = Image.open(path).convert("RGB")
                box = view.locator(".matrix").bounding_box()
                assert picture.size == pytest.approx((3 * box["width"], 3 * box["height"]), abs=3)
                assert len(set(picture.resize((60, 60)).getdata())) > 20
            else:
                rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"))))
                assert len({len(row) for row in rows}) == 1
    rows = list(csv.DictReader((tmp_path / "grad-cam-matrix.csv").open(encoding="utf-8")))
    assert [float(row["mean"]) for row in rows] == pytest.approx(
        sorted(method.main.mean[np.triu_indices(3, 1)], reverse=True), abs=1e-4
    )


def test_a_method_is_chosen_by_its_row_its_pill_and_its_address(view: Any) -> None:
    view.locator("tr[data-method='2'] td").first.click()
    view.wait_for_selector(".panel[data-method='2'] .matrix")
    assert view.evaluate("location.hash") == "#agree/2"
    assert view.locator("input[name=panel]:checked").input_value() == "2"
    view.locator("input[name=panel]").nth(1).check(force=True)
    view.wait_for_selector(".panel[data-method='1'] .matrix")
    assert view.locator("tr.chosen").get_attribute("data-method") == "1"
    view.evaluate("location.hash = '#agree/0/1/0'")
    view.wait_for_selector(".panel[data-method='0'] .matrix")
    view.wait_for_selector(".drawer .duo")
    view.go_back()
    view.wait_for_selector(".drawer", state="detached")
    view.evaluate("location.hash = '#agree/0/7/0'")  # there is no such model
    view.wait_for_timeout(60)
    assert view.locator(".drawer").count() == 0


def test_strips_pairs_and_tables(view: Any) -> None:
    scene = view.locator(".scene").first
    scene.scroll_into_view_if_needed()
    scene.locator(".overlay[data-drawn]").nth(3).wait_for()
    assert scene.locator(".overlay").count() == 4  # the photograph and three models
    view.locator("[data-table=pairs] summary").click()
    view.wait_for_selector("[data-table=pairs] tbody tr >> nth=2")
    assert view.locator("[data-table=pairs] tbody tr").count() == 3
    view.locator("[data-drawing=pairs] .row").last.click()
    view.wait_for_selector(".drawer .duo")
    first = view.locator("[data-drawing=pairs] .row .label").last.text_content()
    assert sorted(view.locator("#drawer-title").inner_text().split(" – ")) == sorted(first.split(" – "))


def test_tables_are_sorted_and_saved(view: Any) -> None:
    view.locator("[data-table=pairs] summary").click()
    table = view.locator("[data-table=pairs] table")
    table.locator("thead button", has_text="mean").click()
    means = [float(cell.inner_text()) for cell in table.locator("tbody td:nth-child(2)").all()]
    assert means == sorted(means, reverse=True)
    table.locator("thead button", has_text="mean").click()
    assert table.locator("tbody td:nth-child(2)").first.inner_text() == f"{means[-1]:.3f}"
    for name in ("grad-cam-pairs-table", "measures-0", "agreement"):
        assert view.locator(f"[aria-label='Save the table {name} as CSV']").count() == 1, name
    with view.expect_download() as caught:
        view.locator("[aria-label='Save the table agreement as CSV']").click()
    heads = next(csv.reader(io.StringIO(Path(caught.value.path()).read_text("utf-8"))))
    assert "above floor" in heads
    assert "floor to mean" not in heads  # bars, of the numbers in other columns


def test_look_opens_with_the_method_of_agree_and_back(view: Any) -> None:
    view.locator("input[name=panel]").nth(1).check(force=True)
    view.wait_for_selector(".panel[data-method='1'] .matrix")
    view.locator("nav.top a", has_text="Look").click()
    view.wait_for_selector(".cell[data-drawn]")
    assert view.locator("input[name=method]:checked").get_attribute("value") == "1"
    view.locator("input[name=method][value='2']").check(force=True)
    view.locator("nav.top a", has_text="Agree").click()
    view.wait_for_selector(".panel[data-method='2'] .matrix")


def test_tables_of_all_methods_tell_more_where_they_are_pointed_at(view: Any) -> None:
    cell = view.locator(".heat td[data-tip]").first
    cell.hover()
    assert "lowest on" in view.locator(".tip").inner_text()
    assert view.locator(".heat .lit").count() == 3


def test_every_drawing_says_what_it_shows(view: Any) -> None:
    for drawing in view.locator("svg.drawing").all():
        grid = drawing.locator("[role=grid]")
        if grid.count():
            assert "arrow keys" in grid.get_attribute("aria-label")
        else:
            assert drawing.get_attribute("role") == "img"
            assert len(drawing.get_attribute("aria-label")) > 30
    small = view.eval_on_selector_all(
        "#agree svg text, #agree p, #agree td, #agree th, #agree button, #agree span",
        """all => all.filter(e => e.textContent.trim() && parseFloat(getComputedStyle(e).fontSize) < 11)
                     .map(e => e.outerHTML)""",
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_of_a_narrow_window(pages: Pages, report: Path, scheme: str) -> None:
    opened = Opened(pages, report, "#agree/0/0/1", width=390, color_scheme=scheme)
    page = opened.page
    page.wait_for_selector(".drawer.open .duo")
    page.locator(".drawer").evaluate("drawer => Promise.all(drawer.getAnimations().map(one => one.finished))")
    box = page.locator(".drawer").bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    page.locator(".drawer .close").click()
    out = page.eval_on_selector_all(
        "#agree *",
        """all => all.filter(e => e.getBoundingClientRect().right > 391 && !e.closest('.scroller, .pills, .hidden'))
                     .map(e => e.outerHTML.slice(0, 80))""",
    )
    assert out == []
    tone = page.locator(".matrix .tone").first.evaluate("e => getComputedStyle(e).fill")
    assert re.fullmatch(r"rgb\(\d+, \d+, \d+\)", tone)
    opened.close()


def test_many_models_are_one_picture_with_the_same_cells(
    pages: Pages, tmp_path: Path, made_analyses: ModuleType
) -> None:
    store = many_models(tmp_path / "out")
    method = made_analyses.method_of(MANY, images=tuple("abcde"), names=tuple(f"Net {i}" for i in range(MANY)))
    analysis = made_analyses.analysis_of({"Grad-CAM": method}, images=5)
    page = build_report(store, analysis=analysis)
    opened = Opened(pages, page, "#agree", color_scheme="dark")
    view = opened.page
    view.wait_for_selector(".matrix image[href^='data:image/png']")
    image = view.locator(".matrix image")
    image.scroll_into_view_if_needed()
    before = image.get_attribute("href")
    box = image.bounding_box()
    leaning = view.locator(".matrix .names text[transform='rotate(-45)']").count()
    assert box["width"] / MANY >= 17 or not leaning  # or the names over the columns stand on each other
    order = [method.main.sets.index(name) for name in names(view)]
    view.mouse.move(box["x"] + 3.5 * box["width"] / MANY, box["y"] + 8.5 * box["height"] / MANY)
    assert number(method.main.mean[order[8], order[3]]) in view.locator(".tip").inner_text()
    with view.expect_download() as caught:
        view.locator("[data-drawing=matrix] button.save", has_text="SVG").click()
    caught.value.save_as(tmp_path / "matrix.svg")
    assert "data:image/png" in (tmp_path / "matrix.svg").read_text("utf-8")
    assert before not in (tmp_path / "matrix.svg").read_text("utf-8")  # it is saved in the colours of paper
    view.wait_for_function(
        "before => document.querySelector('.matrix image').getAttribute('href') === before", arg=before
    )
    view.locator("#matrix-order").select_option("name")
    assert image.get_attribute("href") != before
    assert view.locator("[data-drawing=pairs] .row").count() == 72
    opened.close()


def many_models(path: Path) -> Store:
    """One method, five images without photographs."""
    entries = tuple(ImageEntry(name, f"{name}.jpg") for name in "abcde")
    store = Store.create(path, Manifest("many", "many", entries, 5))
    for number_ in range(MANY):
        model = f"Net {number_}"
        store.add_model(model, 0, {"digest": model})
        key = store.add_maps(model, "Grad-CAM", "d", (5, 5), {"method": "grad-cam", "finish": "none"})
        values = np.random.default_rng(number_).standard_normal((5, 5, 5)).astype(np.float32)
        boxes, targets = np.tile([0.0, 0, 10, 10], (5, 1)), np.zeros((5, 2), np.int32)
        store.write(model, 0, maps={key: MapBlock(values, boxes, targets, np.full(5, Status.OK, np.uint8))})
    return store
