"""Make the pictures of the report and of the viewer: the pages themselves in Chromium, at chosen moments.

::

    crosslight demo --out DEMO
    CROSSLIGHT_DATA=/path/to/data python docs/make_pictures.py PHOTOGRAPHS
    python docs/make_screens.py DEMO PHOTOGRAPHS [NAME...]

``DEMO`` holds the embedded study, ``PHOTOGRAPHS`` the study of photographs that ``make_pictures.py`` keeps where a
folder is named; `PHOTOGRAPHS` there says whose they are. Their reports are taken as they lie there: after a change of
the front end, write them again with ``crosslight report``. With names only these pictures are made. It takes some
minutes on two cores.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

from crosslight.viewer.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).resolve().parent / "pictures"
MARGIN = 6  # around parts, in pixels
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--force-color-profile=srgb"]
#: what the viewer shows: classifiers of the photographs' study by their labels, and methods
MODELS = ("MobileNetV1", "MobileNetV2 (TF2)", "SqueezeNet 1.0", "SqueezeNet 1.1")
METHODS = {"grad-cam": {}, "kernel-shap": {"samples": 128}}


@dataclass(frozen=True)
class Screen:
    """A moment of a page.

    Attributes:
        page: the demo's report, that of the photographs, the empty viewer, or the viewer of the photographs' study.
        place: the address within it.
        size: of the window, in pixels.
        ready: a selector of what has to be there.
        act: what a person does then.
        parts: selectors of what is kept; none for the whole window.
        dark: which scheme.
        dither: for photographs in large, whose colours would lie in steps otherwise.
    """

    page: Literal["demo", "photographs", "start", "viewer"]
    place: str = ""
    size: tuple[int, int] = (1200, 800)
    ready: str = "body"
    act: Callable[[Page], None] = lambda page: None
    parts: tuple[str, ...] = ()
    dark: bool = False
    dither: bool = False


def point(page: Page) -> None:
    """Point at a pair of the matrix: what is known of it is told, and it lights up in all drawings."""
    names = page.eval_on_selector_all(".matrix .names > g:nth-child(odd)", "rows => rows.map(row => row.textContent)")
    place = names.index("ResNet") * len(names) + names.index("MobileNetV2")
    page.locator(".matrix .cells > g > rect").nth(place).hover()


def matrix_behind(page: Page) -> None:
    """Have the matrix stand beside the drawer."""
    page.locator("[data-drawing=matrix]").evaluate(
        "card => scrollTo(0, card.getBoundingClientRect().top + scrollY - 70)"
    )


def see_samples(page: Page) -> None:
    """Wait for the pictures to choose from."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('.samples img')].slice(0, 8).every(i => i.naturalWidth)"
    )


def take(page: Page, maps: int) -> None:
    """Take the photograph of the rocket into the viewer, and wait for some maps."""
    page.locator(".samples button", has_text="rocket").click()
    there = "n => document.querySelectorAll('.cell[data-state=done]').length >= n"
    page.wait_for_function(there, arg=maps, timeout=240_000)


def watch(page: Page) -> None:
    """... while the last ones are still being computed."""
    take(page, 2 * len(MODELS) - 2)


def compare(page: Page) -> None:
    """... and hold two of them against each other."""
    take(page, len(MODELS))
    page.locator(".cell").nth(1).click()
    page.get_by_label("swipe", exact=True).check(force=True)


PAIR = ".drawer.open .duo .overlay[data-drawn]"
SCREENS = {
    "report-overview": Screen("demo", "#overview", (1200, 912)),
    "report-look": Screen("photographs", "#look", (1200, 850), ".cell[data-drawn=map]"),
    "report-large": Screen(
        "photographs", "#look/0?open=3.5&beside=7.0&compare=beside", (1040, 800), ".plate >> nth=1", dither=True
    ),
    "report-agree": Screen(
        "demo",
        "#agree",
        (1200, 2600),
        ".matrix",
        point,
        ("[data-drawing=matrix] >> xpath=..", "[data-drawing=map] >> xpath=.."),
    ),
    "report-pair": Screen("demo", "#agree/0/0/8", (1200, 850), PAIR, matrix_behind, dark=True),
    "report-classes": Screen("demo", "#classes", (1200, 882), "#classes canvas"),
    "report-learning": Screen(
        "demo",
        "#learning/3",
        (1280, 1900),
        "#learning-root[data-drawn]",
        parts=(".learning-main",),
    ),
    "report-units": Screen("demo", "#units/sea", (1200, 900), ".unit-card canvas[data-drawn]"),
    "report-right": Screen("demo", "#right", (1200, 2600), "#right table", parts=("#right table >> nth=0",)),
    "viewer-start": Screen("start", size=(1200, 722), ready=".samples img", act=see_samples),
    "viewer-board": Screen("viewer", size=(1200, 806), ready=".samples img", act=watch),
    "viewer-large": Screen("viewer", size=(1040, 720), ready=".samples img", act=compare, dither=True),
}


@contextmanager
def served(results: Path | None) -> Iterator[str]:
    """The address of a viewer while it runs."""
    server, begun = Server(results, machine=False), threading.Event()
    thread = threading.Thread(target=lambda: server.run(lambda address: begun.set()), daemon=True)
    thread.start()
    begun.wait()
    try:
        yield server.address.url
    finally:
        server.stop()
        thread.join()


def chosen(results: Path) -> str:
    """A script that has the viewer begin with `MODELS` and `METHODS`."""
    sections = json.loads((results / "study.json").read_text("utf-8"))["facts"]["spec"]["models"]
    names = {section["label"]: section["name"] for section in sections}
    kept = {
        "models": [f"{names[label]}\n{label}" for label in MODELS],
        "methods": [{"name": name, "settings": settings} for name, settings in METHODS.items()],
    }
    return f"sessionStorage.setItem('crosslight-viewer', {json.dumps(json.dumps(kept))})"


def photograph(browser: Browser, address: str, screen: Screen, script: str = "") -> Image.Image:
    """What the window shows at that moment."""
    width, height = screen.size
    tab = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if screen.dark else "light",
        reduced_motion="reduce",
    )
    if script:
        tab.add_init_script(script)
    tab.goto(address + screen.place)
    tab.wait_for_selector(screen.ready)
    screen.act(tab)
    tab.wait_for_timeout(1500)  # parts that come lazily
    shot = Image.open(BytesIO(tab.screenshot())).convert("RGB")
    boxes = [box for part in screen.parts if (box := tab.locator(part).bounding_box())]
    tab.close()
    if not boxes:
        return shot
    left, top = (min(box[side] for box in boxes) - MARGIN for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
    return shot.crop((max(0, round(left)), max(0, round(top)), min(width, round(right)), min(height, round(bottom))))


def keep(picture: Image.Image, name: str, dither: bool) -> None:
    """Write a small PNG: 256 colours, of which one is the paper's own."""
    found = picture.quantize(255, Image.Quantize.MEDIANCUT, kmeans=1)
    how = Image.Dither.FLOYDSTEINBERG if dither else Image.Dither.NONE
    pixels = np.asarray(picture)
    colours, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    paper = colours[counts.argmax()]
    places = np.where((pixels == paper).all(axis=2), 255, np.asarray(picture.quantize(palette=found, dither=how)))
    sheet = Image.fromarray(places.astype(np.uint8), "P")
    sheet.putpalette([*(found.getpalette() or [])[:765], *paper.tolist()])
    file = PICTURES / f"{name}.png"
    sheet.save(file, optimize=True)
    print(f"{file.name}: {sheet.width} x {sheet.height}, {file.stat().st_size // 1000} kB")


def main() -> None:
    """Make all pictures, or those that are named."""
    if len(sys.argv) < 3:
        sys.exit("name the folder that crosslight demo wrote, and that of docs/make_pictures.py")
    demo, photographs = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve() / "results"
    paths = [path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))]
    if not paths:
        sys.exit("Chromium is needed: apt-get install chromium")
    wanted = {name: SCREENS[name] for name in sys.argv[3:] or SCREENS}
    reports = {"demo": demo, "photographs": photographs}
    with sync_playwright() as control:
        browser = control.chromium.launch(executable_path=paths[0], args=ARGUMENTS)
        for name, screen in wanted.items():
            if screen.page in reports:
                address = (reports[screen.page] / "report" / "index.html").as_uri()
                keep(photograph(browser, address, screen), name, screen.dither)
                continue
            results = photographs if screen.page == "viewer" else None
            with served(results) as address:
                keep(photograph(browser, address, screen, chosen(results) if results else ""), name, screen.dither)
        browser.close()


if __name__ == "__main__":
    main()
