"""The Learning view in Chromium: rows by epochs, matrix, pictures, data map and flow, joined; live, and in one file."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from crosslight.dynamics import MISSING, Recorder, confusion, measure_all
from crosslight.report.learning.following import Following
from crosslight.report.learning.page import as_single_file, write_learning_page

from .conftest import Opened, Pages

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
#: without `preload`, or axe fetches the style sheets, which the page forbids
AXE_OPTIONS = {"resultTypes": ["violations"], "preload": False}
DRAWN = "#learning-root[data-drawn]"


@pytest.fixture(scope="module")
def making() -> ModuleType:
    """What the unit tests make runs with."""
    source = Path(__file__).parents[1] / "unit" / "report" / "learning" / "conftest.py"
    spec = importlib.util.spec_from_file_location("made_runs", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def history(making: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Any:
    plain = making.made_up_history()
    folder = making.write_pictures(tmp_path_factory.mktemp("pictures") / "all", plain)
    return making.made_up_history(source=folder)


@pytest.fixture(scope="module")
def report(history: Any, making: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of two runs; of the second, nothing but predictions of many classes is known."""
    other = making.made_up_history(60, 4, classes=40, gaps=False, numbers=False, seed=1)
    return write_learning_page(tmp_path_factory.mktemp("a page #1") / "out", [("First", history), ("Second", other)])


@pytest.fixture
def opened(pages: Pages, report: Path) -> Iterator[Opened]:
    made = Opened(pages, report)
    made.page.wait_for_selector(DRAWN)
    settle(made.page)
    yield made
    made.close()


def settle(page: Any) -> None:
    """Wait until nothing more is drawn."""
    page.evaluate(
        """async () => {
          const root = document.getElementById('learning-root');
          for (let last = ''; last !== root.dataset.drawn; ) {
            last = root.dataset.drawn;
            for (let i = 0; i < 4; i++) await new Promise(requestAnimationFrame);
          }
        }"""
    )


def table(page: Any) -> list[dict[str, str]]:
    """What the rows are, as the page saves them."""
    details = page.locator("#learning-table")
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    with page.expect_download() as info:
        details.locator(".save").click()
    return list(csv.DictReader(Path(info.value.path()).read_text("utf-8").splitlines()))


def pixels(page: Any, selector: str) -> list[list[int]]:
    """The colours of a canvas down one column, from the top."""
    script = """c => { const copy = document.createElement('canvas');
                      [copy.width, copy.height] = [1, c.height];
                      const context = copy.getContext('2d', { willReadFrequently: true });
                      context.drawImage(c, -(c.width >> 2), 0);
                      const d = context.getImageData(0, 0, 1, c.height).data;
                      return Array.from({length: c.height}, (_, i) => [...d.slice(4 * i, 4 * i + 3)]); }"""
    found: list[list[int]] = page.locator(selector).evaluate(script)
    return found


TITLES = {
    "misclassification": "misclassification rate",
    "frequency": "frequency",
    "variability": "variability",
    "forgetting": "forgetting events",
    "confidence": "confidence",
    "probability-variability": "probability variability",
    "aum": "margin (AUM)",
}


def equal(page: Any, history: Any, epochs: tuple[int, int] | None = None) -> None:
    """The measures of the page are those of the package."""
    rows = {row["image"]: row for row in table(page)}
    assert rows.keys() == set(history.ids)
    for name, values in measure_all(history, epochs=epochs, names=TITLES).items():
        shown = [rows[one][TITLES[name]] for one in history.ids]
        found = np.array([float(text) if text else np.nan for text in shown])
        np.testing.assert_allclose(found, values, rtol=1e-12, atol=1e-9, err_msg=name)


def test_measures_are_those_of_the_package_over_any_epochs(opened: Opened, history: Any) -> None:
    page = opened.page
    equal(page, history)
    page.locator("#learning-from").select_option("3")
    page.locator("#learning-to").select_option("7")
    settle(page)
    equal(page, history, (3, 7))
    page.locator("#learning-to").select_option("3")
    settle(page)
    equal(page, history, (3, 3))
    assert "from=3" in page.url


def test_rows_are_sorted_grouped_and_filtered(opened: Opened, history: Any) -> None:
    page = opened.page
    page.locator("#learning-group").select_option("none")
    page.locator("[data-sort=frequency]").click()
    settle(page)
    values = [float(row["frequency"]) for row in table(page) if row["frequency"]]
    assert values == sorted(values, reverse=True)
    assert [row["frequency"] for row in table(page)][-2:] == ["", ""]  # two images were recorded once or never
    page.locator("[data-sort=frequency]").click()
    settle(page)
    values = [float(row["frequency"]) for row in table(page) if row["frequency"]]
    assert values == sorted(values)
    page.locator("#learning-group").select_option("true")
    settle(page)
    order = [row["true class"] for row in table(page)]
    assert list(dict.fromkeys(order)) == [*history.classes, ""]
    page.locator(".filter-fold summary").click()
    page.locator("#learning-truth").select_option(label="bird")
    page.locator("#learning-verdict").select_option("wrong")
    page.locator("#learning-limit").select_option("frequency")
    page.locator("#limit-low").fill("0.3")
    page.locator("#limit-low").press("Enter")
    settle(page)
    rows = table(page)
    frequency = measure_all(history, names=["frequency"])["frequency"]
    last = history.predictions[-1]
    wanted = {
        name
        for name, label, said, value in zip(history.ids, history.labels, last, frequency, strict=True)
        if label == 1 and said not in (1, MISSING) and value >= 0.3
    }
    assert wanted
    assert {row["image"] for row in rows} == wanted
    page.reload()
    page.wait_for_selector(DRAWN)
    settle(page)
    assert {row["image"] for row in table(page)} == wanted  # the address says it all
    page.locator("#clear-filters").click()
    page.locator("#learning-search").fill("picture-0011")
    page.wait_for_function("() => document.querySelector('#learning-count').textContent.startsWith('1 image ')")


def test_colours_say_the_class_or_what_is_wrong(opened: Opened, history: Any) -> None:
    page = opened.page
    page.locator("#learning-group").select_option("none")
    page.locator("#learning-sort").select_option("recorded")
    settle(page)
    cells = {tuple(one) for one in pixels(page, ".heat-below")}
    assert (63, 144, 218) in cells  # of the first class
    page.locator("input[value=right]").check(force=True)
    settle(page)
    assert len({tuple(one) for one in pixels(page, ".heat-below")}) <= 4  # right, wrong, nothing, between rows
    assert page.locator(".class-legend").inner_text().split() == ["right", "wrong"]
    assert "colour=right" in page.url


def test_rows_that_share_a_line_have_their_mean_light(pages: Pages, making: ModuleType, tmp_path: Path) -> None:
    plain = making.made_up_history(4000, 2, classes=2, gaps=False, numbers=False)
    half = replace(plain, predictions=np.tile(np.arange(4000, dtype=np.uint16) % 2, (2, 1)))
    made = Opened(pages, write_learning_page(tmp_path, [("Half", half)]), "#learning/0?group=none&sort=recorded")
    made.page.wait_for_selector(DRAWN)
    settle(made.page)
    light = [(np.array(one) / 255) ** 2.2 for one in ((0x3F, 0x90, 0xDA), (0xFF, 0xA9, 0x0E))]
    wanted = 255 * np.mean(light, axis=0) ** (1 / 2.2)
    shown = np.array([one for one in pixels(made.page, ".heat-below") if any(one)])
    assert np.abs(np.median(shown, axis=0) - wanted).max() < 4
    made.close()


def test_the_epoch_drives_the_matrix_and_plays(opened: Opened, history: Any) -> None:
    page = opened.page
    page.locator("#epoch-slider").fill("2")  # the third epoch
    page.locator(".matrix-panel summary").click()

    def shown() -> list[list[int]]:
        return [
            [int(cell) for cell in row.locator("td").all_inner_texts()]
            for row in page.locator(".matrix-panel tbody tr").all()
        ]

    assert page.locator("#epoch-slider + output").inner_text().startswith("epoch 3,")
    assert shown() == confusion(history, 3).tolist()
    assert "at=3" in page.url
    page.locator(".heat-scroll").scroll_into_view_if_needed()
    box = page.locator(".heat-below").bounding_box()
    frame = page.locator(".curves .grid").first.bounding_box()  # as wide as the epochs
    page.mouse.move(frame["x"] + 0.5 * frame["width"] / 9, box["y"] + 40)
    page.wait_for_function("() => document.querySelector('.matrix-panel h3').textContent.startsWith('Epoch 1:')")
    assert shown() == confusion(history, 1).tolist()
    assert "epoch 1:" in page.locator(".tip").inner_text()
    page.mouse.move(5, 5)
    page.wait_for_function("() => document.querySelector('.matrix-panel h3').textContent.startsWith('Epoch 3:')")
    page.locator("#epoch-play").click()
    page.wait_for_function("() => document.querySelector('#epoch-play').textContent === 'Play'", timeout=15_000)
    assert "at=9" in page.url


def test_a_cell_of_the_matrix_opens_its_images(opened: Opened, history: Any) -> None:
    page = opened.page
    counts = confusion(history, 9)
    np.fill_diagonal(counts, 0)
    truth, said = np.unravel_index(counts.argmax(), counts.shape)
    page.locator(".confused-pair").first.click()
    settle(page)
    assert f"pick=cell_{truth}_{said}_9" in page.url
    there = (history.labels == truth) & (history.predictions[-1] == said)
    assert page.locator(".pictures-panel h3").inner_text().startswith(f"{there.sum()} image")
    page.wait_for_function(
        "n => document.querySelectorAll('.plate-small canvas[data-drawn]').length === n", arg=int(there.sum())
    )
    page.locator("#only").click()
    settle(page)
    assert {row["image"] for row in table(page)} == {name for name, one in zip(history.ids, there, strict=True) if one}
    page.locator("#unpick").click()
    settle(page)
    assert page.locator("#learning-count").inner_text() == "120 images, all of them"
    page.locator(".confusion-map").focus()  # the same by keyboard
    for key in ["ArrowRight", *["ArrowDown"] * int(truth), *["ArrowRight"] * int(said), "Enter"]:
        page.keyboard.press(key)
    settle(page)
    assert f"pick=cell_{truth}_{said}_9" in page.url


def test_rows_that_are_brushed_show_their_pictures_wherever_they_go(opened: Opened) -> None:
    page = opened.page
    order = [row["image"] for row in table(page)]
    page.locator(".heat-scroll").scroll_into_view_if_needed()
    box = page.locator(".heat-scroll").bounding_box()
    each = box["height"] / len(order)
    page.mouse.move(box["x"] + 200, box["y"] + 10.5 * each)
    page.mouse.down()
    page.mouse.move(box["x"] + 210, box["y"] + 14.5 * each, steps=3)
    page.mouse.up()
    settle(page)

    def names() -> set[str]:
        labels = page.eval_on_selector_all(".plate-small", "all => all.map(one => one.ariaLabel)")
        return {label.split(":")[0] for label in labels}

    assert names() == set(order[10:15])
    page.locator("#learning-sort").select_option("recorded")
    settle(page)
    assert names() == set(order[10:15])
    page.locator(".plate-small").first.click()
    assert page.locator(".image-card h4").inner_text().split()[0] in names()
    assert page.locator(".image-card .strip").get_attribute("aria-label").startswith("from epoch 1 ")
    page.reload()
    page.wait_for_selector(DRAWN)
    settle(page)
    assert names() == set(order[10:15])
    page.locator(".heat-scroll").focus()
    page.keyboard.press("Escape")
    settle(page)
    assert page.locator(".plate-small").count() == 0


def test_a_box_of_the_data_map_picks_images_out(opened: Opened, history: Any) -> None:
    page = opened.page
    page.locator(".map-below").scroll_into_view_if_needed()
    box = page.locator(".map-below").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"], steps=3)
    page.mouse.up()
    settle(page)
    found = re.search(r"pick=map_([-.\d_]+)", page.url)
    assert found is not None
    x0, y0, x1, y1 = map(float, found[1].split("_"))
    measured = measure_all(history, names=["confidence", "probability-variability"])
    x, y = measured["confidence"], measured["probability-variability"]
    count = int(((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)).sum())
    assert 0 < count < ((x >= x0) & (x <= x1)).sum()
    assert page.locator(".pictures-panel h3").inner_text().startswith(f"{count} images")
    page.get_by_role("button", name="hard to learn").click()
    settle(page)
    assert page.locator(".pictures-panel h3").inner_text().startswith("39 images")  # a third of those with a number


def test_a_stream_of_the_flow_picks_images_out(opened: Opened, history: Any) -> None:
    page = opened.page
    page.locator("#flow-stages").fill("2, 9")
    page.locator("#flow-stages").press("Enter")
    settle(page)
    assert page.locator(".flow .streams").count() == 1
    there = (history.predictions[1] == 1) & (history.predictions[8] == 0)
    name = f"bird → airplane, epochs 2 to 9: {there.sum()} image"
    page.locator(f'.flow [aria-label^="{name}"]').dispatch_event("click")
    settle(page)
    assert page.locator(".pictures-panel h3").inner_text().startswith(f"{there.sum()} image")
    assert "stages=2_9" in page.url
    assert page.locator(".flow .lit-part").count() == 1


def test_another_run_and_what_is_not_known_of_it(opened: Opened) -> None:
    page = opened.page
    page.get_by_label("Second").check(force=True)
    page.wait_for_function("() => document.querySelector('#learning-count').textContent === '60 images, all of them'")
    assert "#learning/1" in page.url
    heads = page.eval_on_selector_all(".bar-head", "all => all.map(one => one.dataset.sort)")
    assert heads == ["misclassification", "frequency", "variability", "forgetting"]
    assert "No probabilities were recorded" in page.locator(".map-panel").inner_text()
    assert "and 16 more" in page.locator(".class-legend").inner_text()


def test_a_finding_shows_its_images(opened: Opened) -> None:
    page = opened.page
    button = page.locator(".show-images", has_text="show").first
    number = int(re.sub(r"\D", "", button.inner_text()) or 1)
    button.click()
    settle(page)
    assert page.locator(".plate-small").count() == min(number, 96)


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci in web/")
def test_no_serious_barrier_and_no_overflow(pages: Pages, report: Path) -> None:
    for width, scheme in ((1280, "light"), (390, "dark")):
        made = Opened(pages, report, "#learning/0?pick=cell_1_0_9&open=2", width=width, color_scheme=scheme)
        made.page.wait_for_selector(DRAWN)
        settle(made.page)
        made.page.locator("#learning-table summary").click()
        assert made.page.evaluate("document.documentElement.scrollWidth") <= width
        made.page.evaluate(AXE.read_text("utf-8"))
        found = made.page.evaluate(f"axe.run(document, {json.dumps(AXE_OPTIONS)})")["violations"]
        serious = [(one["id"], one["nodes"][0]["target"]) for one in found if one["impact"] in ("serious", "critical")]
        assert serious == []
        made.close()


def test_one_file_works_from_the_disk_and_shows_some_pictures(pages: Pages, history: Any, tmp_path: Path) -> None:
    page = write_learning_page(tmp_path / "page", [("Run", history)], pictures=20)
    single = as_single_file(page, tmp_path / "sent" / "a run.html")
    made = Opened(pages, single, "#learning/0?zoom=4")
    made.page.wait_for_selector(DRAWN)
    settle(made.page)
    equal(made.page, history)
    made.page.locator(".confused-pair").first.click()
    settle(made.page)
    assert "20 of 120 images have a picture here" in made.page.locator(".picture-note").inner_text()
    files = {url for url in made.asked if url.startswith("file:")}
    assert files == {single.as_uri() + "#learning/0?zoom=4"} or len(files) == 1
    made.close()


def test_new_epochs_appear_while_training_runs(pages: Pages, making: ModuleType, tmp_path: Path) -> None:
    whole = making.made_up_history(40, 4, gaps=False)
    recorder = Recorder(tmp_path / "run", whole.classes, facts={"epochs": 4})

    def train(epoch: int) -> None:
        logits = np.eye(len(whole.classes), dtype=np.float32)[whole.predictions[epoch - 1]]
        recorder.log(epoch, whole.ids, logits, whole.labels)
        recorder.log_metrics(epoch, **{"train/loss": 1 / epoch})
        recorder.end_epoch(epoch)

    train(1)
    following = Following([tmp_path / "run"], tmp_path / "page", pictures=0)
    news = following.run(every=0.01)
    assert next(news).startswith("page:")
    assert "1 of 4 epochs" in next(news)
    assert following.page is not None
    made = Opened(pages, following.page, "#learning/0?sort=frequency&pick=list_2_3")
    made.page.wait_for_selector(DRAWN)
    for epoch in (2, 3):
        train(epoch)
        next(news)
    heard = "text => document.querySelector('.live-note').textContent.includes(text)"
    made.page.wait_for_function(heard, arg="3 of 4 epochs", timeout=8000)
    settle(made.page)
    assert made.page.locator("#learning-to option").all_inner_texts() == ["1", "2", "3"]
    assert made.page.locator(".plate-small").count() == 2  # what was picked out still is
    assert "sort=frequency" in made.page.url
    train(4)
    assert "finished" in next(news)
    assert list(news) == []
    recorder.close()
    following.stop()
    made.page.wait_for_function(heard, arg="finished", timeout=8000)
    settle(made.page)
    live = [url for url in made.asked if "latest.js" in url]
    made.page.wait_for_timeout(2000)
    assert [url for url in made.asked if "latest.js" in url] == live  # it asks no more
    made.close()
