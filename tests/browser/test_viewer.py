"""The viewer in Chromium against its server, with the embedded classifiers: drop, watch, choose, compare, save."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from .conftest import Listening, Pages, expect

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"


@dataclass(frozen=True)
class Served:
    """A running viewer."""

    url: str
    port: int
    saved: Path

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    saved = tmp_path_factory.mktemp("saved")
    command = [
        sys.executable,
        "-m",
        "crosslight",
        "view",
        "--no-open",
        "--json",
        "--device",
        "cpu",
        "--save",
        str(saved),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line, process.stderr.read() if process.stderr else ""
            facts = json.loads(line)
            yield Served(facts["url"], facts["port"], saved)
        finally:
            process.terminate()
            process.communicate(timeout=20)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three pictures of the embedded world, of different shapes."""
    from crosslight.images.embedded import SceneContent

    folder = tmp_path_factory.mktemp("photographs")
    made = []
    for index, size in enumerate([(160, 120), (120, 120), (90, 120)]):
        picture = Image.open(io.BytesIO(SceneContent(100 + index, "test", "clean").read())).convert("RGB")
        path = folder / f"photo {index}.png"
        picture.resize(size).save(path)
        made.append(path)
    return made


class Visit(Listening):
    """An open page, with everything it said and asked for."""

    def __init__(self, pages: Pages, served: Served, **options: Any):
        self.served = served
        self.jobs: list[dict[str, Any]] = []
        super().__init__(pages, **options)
        self.context = self.page.context
        self.page.set_default_timeout(30_000)
        self.page.goto(served.url)
        self.page.wait_for_selector(".drop")

    def note(self, request: Any) -> None:
        super().note(request)
        if request.method == "POST" and request.url.endswith("/api/jobs"):
            self.jobs.append(request.post_data_json)

    def give(self, *paths: Path) -> None:
        self.page.set_input_files("input[type=file]", [str(path) for path in paths])

    def wait_for_maps(self, count: int) -> None:
        """Wait until so many maps are there, painted over their photographs, and no more."""
        expect(self.page.locator(".cell[data-state=done]")).to_have_count(count)
        expect(self.page.locator(".cell[data-state=done][data-drawn]")).to_have_count(count)

    def method(self, name: str, on: bool = True) -> None:
        self.page.keyboard.press("x")
        self.page.locator(f"[data-method='{name}']").set_checked(on)
        self.page.keyboard.press("Escape")
        self.page.locator("dialog").wait_for(state="detached")

    def pixels(self, cell: int) -> str:
        return str(self.page.locator(".cell canvas").nth(cell).evaluate("canvas => canvas.toDataURL()"))

    def end(self) -> None:
        self.give_back()
        assert [url for url in self.asked if not url.startswith((self.served.origin, "data:", "blob:", "about:"))] == []


@contextmanager
def visiting(pages: Pages, served: Served, **options: Any) -> Iterator[Visit]:
    made = Visit(pages, served, **options)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def visit(pages: Pages, served: Served) -> Iterator[Visit]:
    """A page that must not say any error."""
    with visiting(pages, served) as made:
        yield made
    assert made.said == []


def test_one_click_on_a_sample_shows_what_models_look_at(visit: Visit) -> None:
    page = visit.page
    page.wait_for_function(
        "() => [...document.querySelectorAll('.samples img')].every(i => i.complete && i.naturalWidth > 0)"
    )
    assert page.locator(".chosen").inner_text().count("Grad-CAM") == 1
    models = page.locator(".chosen .tag").count() - 1
    assert models >= 2
    page.locator(".samples button").first.click()
    visit.wait_for_maps(models)
    assert page.locator(".head .answer").count() == 3 * models
    assert len({visit.pixels(cell) for cell in range(models)}) == models


def test_a_dropped_photograph_gets_its_map_at_once(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    data = base64.b64encode(photos[0].read_bytes()).decode()
    page.evaluate(
        """([data, name]) => {
          const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], name, { type: "image/png" }));
          const send = type => document.querySelector(".drop").dispatchEvent(
            new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true }));
          send("dragenter");
          window.veiled = !document.querySelector(".veil").hidden;
          send("dragover");
          send("drop");
        }""",
        [data, "dropped.png"],
    )
    visit.wait_for_maps(3)
    assert page.evaluate("window.veiled")
    assert page.locator(".veil").is_hidden()
    measured = page.evaluate("performance.getEntriesByName('crosslight:drop-to-map').map(one => one.duration)")
    assert len(measured) == 1
    assert measured[0] > 0
    assert "dropped.png" in page.locator(".cell").first.text_content()
    strong = visit.pixels(0)
    page.locator(".looks summary").click()
    page.locator(".looks input[type=range]").fill("0")
    page.wait_for_function("before => document.querySelector('.cell canvas').toDataURL() !== before", arg=strong)


def test_a_pasted_picture_is_taken(visit: Visit, photos: list[Path]) -> None:
    visit.page.evaluate(
        """data => {
          const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "image.png", { type: "image/png" }));
          document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }));
        }""",
        base64.b64encode(photos[0].read_bytes()).decode(),
    )
    visit.wait_for_maps(3)


def test_only_what_is_missing_is_computed(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    visit.give(photos[0])
    visit.wait_for_maps(3)
    assert [len(job["models"]) for job in visit.jobs] == [3]
    page.keyboard.press("m")
    page.get_by_label("Search models").fill("swin")
    box = page.locator("[data-model]")
    assert box.count() == 1
    box.check()
    page.keyboard.press("Escape")
    visit.wait_for_maps(4)
    assert [len(job["models"]) for job in visit.jobs] == [3, 1]
    visit.method("saliency")
    visit.wait_for_maps(8)
    assert [method["name"] for method in visit.jobs[-1]["methods"]] == ["saliency"]
    assert len(visit.jobs[-1]["models"]) == 4
    visit.method("saliency", on=False)
    visit.wait_for_maps(4)
    visit.method("saliency")
    visit.wait_for_maps(8)
    assert len(visit.jobs) == 3


def test_settings_are_sent_and_bad_ones_are_not(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    visit.give(photos[0])
    visit.wait_for_maps(3)
    page.keyboard.press("x")
    page.locator(".method", has=page.locator("[data-method=integrated-gradients]")).locator("summary").click()
    steps = page.locator("#set-integrated-gradients-steps")
    steps.fill("-3")
    steps.blur()
    steps.fill("7")
    steps.blur()
    page.keyboard.press("Escape")
    visit.wait_for_maps(6)
    assert visit.jobs[-1]["methods"] == [{"name": "integrated-gradients", "settings": {"steps": 7}}]
    assert len(visit.jobs) == 2
    assert "steps 7" in page.locator(".rowhead").nth(1).inner_text()


def test_a_class_is_chosen_and_the_maps_follow(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    visit.give(photos[0])
    visit.wait_for_maps(3)
    before = visit.pixels(0)
    page.keyboard.press("t")
    field = page.get_by_role("combobox", name="Explain")
    field.press_sequentially("mush")
    page.locator("[role=option]").first.wait_for()
    assert page.locator("[role=option]").first.inner_text().startswith("mushroom")
    assert field.get_attribute("aria-activedescendant") == "target-0"
    field.press("Enter")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.cell')].every(c => c.textContent.includes('mushroom'))"
    )
    visit.wait_for_maps(3)
    assert visit.jobs[-1]["target"] == {"kind": "class", "name": "mushroom"}
    assert visit.pixels(0) != before
    bar = page.locator(".head .answer[aria-pressed=false]").first
    name = bar.get_attribute("data-class")
    bar.click()
    page.wait_for_function("name => document.querySelector('#target').value === name", arg=name)
    visit.wait_for_maps(3)
    page.get_by_label("Explain each model's own answer").click()
    # Known still: nothing is computed again.
    page.wait_for_function("before => document.querySelector('.cell canvas').toDataURL() === before", arg=before)
    visit.wait_for_maps(3)
    assert [job["target"]["kind"] for job in visit.jobs] == ["own", "class", "class"]


def test_old_maps_are_dimmed_until_the_new_are_there(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    visit.give(photos[0])
    visit.wait_for_maps(3)
    page.route("**/events", lambda route: None)  # what is computed now is never heard of
    page.locator(".head .answer[aria-pressed=false]").nth(1).click()
    page.wait_for_function("() => document.querySelectorAll('.cell.old').length === 3")
    expect(page.locator(".cell .state").nth(1)).to_contain_text("in line")
    page.locator(".progress .cancel").click()


def test_cancel_stops_a_long_method_and_the_next_starts_at_once(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    visit.give(photos[0])
    visit.wait_for_maps(3)
    page.keyboard.press("x")
    page.locator(".method", has=page.locator("[data-method=kernel-shap]")).locator("summary").click()
    samples = page.locator("#set-kernel-shap-samples")
    samples.fill("3000")
    samples.blur()
    page.keyboard.press("Escape")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.state')].some(s => /[1-9]\\d* of [\\d,]+ passes/.test(s.innerText))"
    )
    assert re.search(r"\d of \d+", page.locator(".progress").inner_text())
    with page.expect_response(
        lambda answer: "/api/jobs/" in answer.url and answer.request.method == "DELETE"
    ) as deleted:
        page.locator(".progress .cancel").click()
    assert deleted.value.status == 202
    expect(page.locator(".cell[data-state=stopped]")).to_have_count(3)
    expect(page.locator(".progress")).to_contain_text("Stopped with 3 maps to come")
    visit.method("kernel-shap", on=False)
    visit.method("eigen-cam")
    visit.wait_for_maps(6)


def test_a_model_that_a_method_does_not_fit_says_why(visit: Visit, photos: list[Path]) -> None:
    visit.give(photos[0])
    visit.wait_for_maps(3)
    visit.method("attention-rollout")
    skipped = visit.page.locator(".cell[data-state=skipped]")
    skipped.first.wait_for()
    assert "attention" in skipped.first.inner_text()
    assert "Not possible" in skipped.first.text_content()


def test_bad_files_are_named_and_the_others_go_on(
    pages: Pages, served: Served, photos: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "words.png").write_text("no picture at all\n" * 20)
    (tmp_path / "broken.png").write_bytes(photos[1].read_bytes()[:900])
    with (tmp_path / "large.jpg").open("wb") as file:
        file.truncate(50_000_000)
    with visiting(pages, served) as visit:
        visit.give(*(tmp_path / name for name in ("words.png", "broken.png", "large.jpg")), photos[0])
        visit.wait_for_maps(3)
        notices = visit.page.locator(".notice").all_inner_texts()
        assert len(notices) == 3
        assert "words.png was not taken" in notices[0]
        assert "text" in notices[0]
        assert "broken.png was not taken" in notices[1]
        assert re.search("truncated|broken|damaged", notices[1])
        assert "50 MB" in notices[2]
        assert "32 MB" in notices[2]
        visit.page.locator(".notice .close").first.click()
        assert visit.page.locator(".notice").count() == 2
        # Chromium itself writes refused requests to the console; the page writes nothing.
        assert [text for text in visit.said if "415" not in text] == []


def test_names_of_files_cannot_run(visit: Visit, photos: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "<img src=x onerror=evil=1>.png"
    path.write_bytes(photos[0].read_bytes() + b" ")
    visit.give(path)
    visit.wait_for_maps(3)
    assert "<img src=x" in visit.page.locator(".corner").inner_text()
    assert visit.page.evaluate("window.evil") is None


def test_several_photographs_stand_below_each_other(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    visit.give(*photos)
    visit.wait_for_maps(9)
    assert page.locator(".row:not(.heads)").count() == 3
    assert page.locator(".by-photo .said .p").first.inner_text().endswith("%")
    page.locator(".rowhead button").nth(1).click()
    visit.wait_for_maps(3)
    assert len(visit.jobs) == 1
    assert page.locator(".corner").inner_text() == "photo 1.png"
    page.locator(".still").nth(1).hover()
    page.get_by_label("Remove photo 1.png").click()
    expect(page.locator(".still")).to_have_count(2)
    expect(page.locator(".corner")).to_have_text("photo 2.png")


def test_no_click_is_lost_while_the_page_changes(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    visit.give(*photos[:2])
    visit.wait_for_maps(6)
    page.locator(".still").nth(1).hover()
    page.get_by_label("Remove photo 1.png").hover()
    page.mouse.down()
    visit.give(photos[2])  # it arrives while the button of the mouse is down
    expect(page.locator(".still")).to_have_count(3)
    page.mouse.up()
    expect(page.locator(".still")).to_have_count(2)
    expect(page.get_by_label("Remove photo 1.png")).to_have_count(0)
    visit.wait_for_maps(6)
    page.locator(".looks summary").click()
    page.locator(".cell .said .class").first.hover()
    page.mouse.down()
    page.locator(".still button").first.evaluate("button => button.focus()")
    page.locator(".looks input[type=range]").fill("20")  # every cell is drawn anew
    page.mouse.up()
    expect(page.locator("dialog")).to_be_visible()


def test_two_tabs_do_not_disturb_each_other(pages: Pages, served: Served, photos: list[Path]) -> None:
    with visiting(pages, served) as first, visiting(pages, served) as second:
        first.give(photos[0])
        second.give(photos[1], photos[2])
        first.method("saliency")
        second.wait_for_maps(6)
        first.wait_for_maps(6)
        assert first.page.locator(".still").count() == 1
        assert second.page.locator("#open-methods").inner_text() == "1 method"
        assert first.said + second.said == []
        # A second tab of one window has choices of its own too.
        third = first.context.new_page()
        third.goto(served.url)
        third.wait_for_selector(".drop")
        third.close()


def test_choices_survive_a_reload(visit: Visit, photos: list[Path]) -> None:
    visit.give(photos[0])
    visit.wait_for_maps(3)
    visit.method("eigen-cam")
    visit.wait_for_maps(6)
    visit.page.reload()
    visit.wait_for_maps(6)
    assert visit.page.locator("#open-methods").inner_text() == "2 methods"
    assert visit.page.locator(".corner").inner_text() == "photo 0.png"


def test_the_keyboard_reaches_everything(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    choosers: list[Any] = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    visit.give(photos[0])
    visit.wait_for_maps(3)
    visit.method("eigen-cam")
    visit.wait_for_maps(6)
    page.locator(".cell").first.focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    title = page.locator("#sheet-title")
    # Rows stand in the order of the server's list of methods.
    methods = page.locator(".rowhead strong").all_inner_texts()
    expect(title).to_have_text(f"ViT (class token) · {methods[1]}")
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text(f"ResNet · {methods[1]}")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.classList.contains('cell')")
    assert page.evaluate("document.activeElement.textContent").startswith(f"{methods[1]} of ResNet")
    page.keyboard.press("?")
    expect(title).to_have_text("Keys")
    page.keyboard.press("Escape")
    with page.expect_file_chooser():
        page.keyboard.press("d")
    assert len(choosers) == 1


def test_two_maps_are_compared(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    visit.give(photos[0])
    visit.wait_for_maps(3)
    page.locator(".cell").first.click()
    expect(page.locator(".plates figure:visible")).to_have_count(1)

    def way(name: str) -> None:
        page.locator(f"input[name=compare][value={name}]").check(force=True)

    way("beside")
    expect(page.locator(".plates figure:visible")).to_have_count(2)
    expect(page.locator("#alike")).to_have_text(re.compile(r"cosine of these two maps −?[01]\.\d\d"))
    page.locator("#b-model").select_option(label="LeViT")
    expect(page.locator("figcaption").nth(1)).to_contain_text("LeViT")
    way("flicker")
    flips = page.evaluate(
        """() => new Promise(done => { const times = []; const plate = document.querySelector('.plate');
             const watch = new MutationObserver(() => times.push(performance.now()) === 3 && done(times));
             watch.observe(plate, { attributeFilter: ['data-side'] }) })"""
    )
    assert flips[2] - flips[0] > 1000 / 3  # fewer than 3 cycles in a second
    way("difference")
    first = page.locator(".plate canvas").first
    apart = first.evaluate("canvas => canvas.toDataURL()")
    way("one")
    assert first.evaluate("canvas => canvas.toDataURL()") != apart
    page.locator(".plate").first.hover(position={"x": 200, "y": 150})
    expect(page.locator(".reading")).to_contain_text("of the map's maximum")
    page.locator(".facts .answer").nth(1).click()
    page.wait_for_function("() => document.querySelector('.facts .answer[aria-pressed=true]')")
    visit.wait_for_maps(3)
    assert visit.jobs[-1]["target"]["kind"] == "class"


def test_maps_and_boards_are_saved_as_files(visit: Visit, photos: list[Path], tmp_path: Path) -> None:
    page = visit.page
    visit.give(photos[0])
    visit.wait_for_maps(3)

    def downloaded(button: str) -> Path:
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path

    page.locator(".cell").first.click()
    picture = Image.open(downloaded("PNG of this map"))
    assert picture.size == (1024, 768)
    lines = downloaded("Values as CSV").read_text().splitlines()
    assert lines[0] == "row,column,x,y,value"
    assert len(lines) > 16
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    board = Image.open(downloaded("PNG of this board")).convert("RGB")
    assert board.width > 3 * 260
    assert board.getpixel((2, 2)) == (255, 255, 255)
    assert len(board.resize((200, 200)).getcolors(40_000) or []) > 1000


def test_what_is_seen_is_saved_as_a_study_with_its_report(visit: Visit, photos: list[Path]) -> None:
    page = visit.page
    visit.give(*photos[:2])
    visit.wait_for_maps(6)
    page.keyboard.press("s")
    page.get_by_label("Name").fill("Two photographs")
    page.get_by_label("Name").press("Enter")
    link = page.locator(".saving a")
    link.wait_for(timeout=40_000)
    command = page.locator(".saving pre").inner_text()
    (folder,) = visit.served.saved.iterdir()
    assert command == f"crosslight run {folder.name}/study.toml --out {folder.name}/results"
    assert (folder / "study.toml").is_file()
    assert len(list((folder / "photographs").iterdir())) == 2
    with visit.context.expect_page() as opened:
        link.click()
    report = opened.value
    report.wait_for_load_state()
    assert "Two photographs" in report.inner_text("body")
    report.close()


def test_a_server_that_went_away_is_announced_and_awaited(pages: Pages, served: Served, photos: list[Path]) -> None:
    with visiting(pages, served) as visit:
        visit.give(photos[0])
        visit.wait_for_maps(3)
        visit.context.set_offline(True)
        visit.method("eigen-cam")
        banner = visit.page.locator(".gone")
        banner.wait_for()
        assert "does not answer" in banner.inner_text()
        visit.context.set_offline(False)
        banner.wait_for(state="detached")
        visit.wait_for_maps(6)
        assert [text for text in visit.said if "ERR_INTERNET_DISCONNECTED" not in text] == []


def test_without_the_token_the_page_says_how_to_open_it(chromium: Any, served: Served) -> None:
    context = chromium.new_context()
    page = context.new_page()
    answer = page.goto(served.origin)
    assert answer.status == 403
    assert "token" in page.inner_text("body")
    context.close()


def serious(page: Any) -> list[str]:
    """Barriers of what is shown now, in light; in dark, its contrasts, since all else is the same in every colour."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    found = []
    for scheme, rules in (("dark", ["color-contrast"]), ("light", None)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # or colours are caught on their way
        options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
        found += page.evaluate("options => axe.run(options)", options)["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found if one["impact"] in ("serious", "critical")]


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: npm ci in web/")
def test_axe_finds_nothing_serious(pages: Pages, served: Served, photos: list[Path]) -> None:
    with visiting(pages, served, bypass_csp=True) as visit:
        page = visit.page
        assert serious(page) == []
        visit.give(*photos[:2])
        visit.wait_for_maps(6)
        visit.method("attention-rollout")
        page.locator(".still button").first.click()
        page.locator(".cell[data-state=skipped]").first.wait_for()
        assert serious(page) == []
        page.keyboard.press("t")
        page.locator("[role=option]").nth(9).wait_for()
        assert serious(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        for key in ("m", "x", "s", "?"):
            page.keyboard.press(key)
            page.locator("dialog").wait_for()
            assert serious(page) == []
            page.keyboard.press("Escape")
            page.locator("dialog").wait_for(state="detached")
        page.locator(".cell").first.click()
        page.locator("input[name=compare][value=beside]").check(force=True)
        assert serious(page) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out(pages: Pages, served: Served, photos: list[Path], width: int) -> None:
    with visiting(pages, served, width=width) as visit:
        page = visit.page
        wide = "document.documentElement.scrollWidth"
        assert page.evaluate(wide) <= width
        visit.give(photos[0])
        visit.wait_for_maps(3)
        assert page.evaluate(wide) <= width
        page.keyboard.press("t")
        page.locator("[role=option]").nth(9).wait_for()
        assert page.evaluate(wide) <= width
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        page.locator(".cell").first.click()
        box = page.locator("dialog").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert page.locator("dialog .body").evaluate("body => body.scrollWidth <= body.clientWidth")
