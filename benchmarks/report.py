"""How fast the report's *Look* view is: the first overlays, what is loaded for them, and scrolling the whole grid.

``python -m benchmarks.report`` makes a store of synthetic photographs and maps, builds its report without analysing the
agreement, and opens it in headless Chromium from the disk. The figures are those of the page itself: the time of its
mark ``crosslight:overlays`` after navigation began, and the time stamps of animation frames while the grid is scrolled.
``--section viewer`` measures the viewer instead (`benchmarks.viewer`), ``--section learning`` the view of a training
run (`benchmarks.learning`), and ``--section size --store OUT`` how large the report of a store is, such as that of
``crosslight demo``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
from numpy.typing import NDArray

from . import learning
from .learning import learning_rows
from .rows import Row, as_json, printed
from .viewer import viewer_rows

IMAGES, MODELS, BLOCK = 128, 14, 32
#: of a photograph, and of the square that every model sees of it, in pixels
WIDTH, HEIGHT, CROP = 500, 375, 330
#: cells along a side of fine maps
SIDE = 224
CLASSES = 1000
#: superpixels of an image
SEGMENTS = 50
#: pixels a second; an unhurried reader turns the wheel at about this speed
SPEED = 2000
COLUMNS = ("first s", "loaded MB", "file MB", "frames/s", "blank %")
SECTIONS = ("look", "learning", "viewer", "size")
METHODS = {
    "Grad-CAM": ("grad-cam", 7, {"depth": 1.0}),
    "Gradients": ("saliency", SIDE, {}),
    "Superpixels": ("kernel-shap", SIDE, {"segmentation": "slic"}),
}
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
MARK = "performance.getEntriesByName('crosslight:overlays')[0]?.startTime"

#: Scrolls from end to end; of the frames before each step counts the cells in sight that are not drawn.
SCROLL = """speed => new Promise(done => {
  const frame = document.getElementById('frame'), stamps = [];
  let seen = 0, blank = 0;
  frame.scrollTop = 0;
  const row = document.querySelector('.row.body:not([hidden])').offsetHeight;
  const head = document.querySelector('.row.heads').offsetHeight;
  const columns = document.querySelectorAll('.heading').length;
  const step = now => {
    const first = Math.floor(frame.scrollTop / row);
    const last = Math.min(Math.round(frame.querySelector('.rows').offsetHeight / row) - 1,
                          Math.floor((frame.scrollTop + frame.clientHeight - head - 1) / row));
    for (let at = first; at <= last; at++) {
      seen += columns;
      const found = document.querySelector(`.row.body[data-at="${at}"]:not([hidden])`);
      blank += columns - (found ? found.querySelectorAll('.cell[data-drawn]').length : 0);
    }
    const before = frame.scrollTop;
    if (stamps.length) frame.scrollBy(0, speed * (now - stamps[stamps.length - 1]) / 1000);
    stamps.push(now);
    if (stamps.length > 2 && frame.scrollTop === before) done({ stamps, seen, blank });
    else requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""


@contextmanager
def chromium() -> Iterator[Any]:
    """The system's browser.

    Raises:
        ImportError: Playwright is not installed.
        FileNotFoundError: there is no Chromium.
    """
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError(f"no Chromium: none of {', '.join(names)} is on the PATH")
    with sync_playwright() as control:
        browser = control.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


def report_rows(browser: Any, folder: Path, images: int, models: int, rounds: int) -> Iterator[Row]:
    """How fast the *Look* view of a made-up study is."""
    from crosslight.images import open_images
    from crosslight.report import build_report

    name = f"{images} x {models} x {len(METHODS)}"
    photographs = write_photographs(folder / "photographs", images)
    pictures = open_images(photographs)
    store = write_store(folder / "store", [record.identity for record in pictures], models)
    page = build_report(store, folder / "report", images=pictures, agreements={})
    opened = [_opened(browser, page) for _ in range(rounds)]
    values = {
        "first s": statistics.median(seconds for seconds, _ in opened),
        "loaded MB": opened[0][1] / 1e6,
        "slowest s": max(seconds for seconds, _ in opened),
    }
    goals = {"first s": "<= 1", "loaded MB": "<= 3"}
    yield Row(name, "first screen", values, goals, f"median of {rounds} openings in a browser that runs already")
    for number, label in enumerate(METHODS):
        yield _scrolled(browser, page, number, name, label)


def size_rows(browser: Any, folder: Path, store: Path) -> Iterator[Row]:
    """How large the report of a store is: what its first screen asks for, and all of it in one file."""
    from crosslight.agreement.analysis import analyse
    from crosslight.report import build_report
    from crosslight.report.single import single_file
    from crosslight.store import Store

    study = Store.open(store)
    page = build_report(study, folder / "of-store", analysis=analyse(study))
    view, asked = _asking(browser)
    view.goto(page.as_uri())
    view.wait_for_selector("#striking canvas")
    view.context.close()
    single = single_file(page, folder / "single.html").stat().st_size
    values = {"loaded MB": _weight(asked) / 1e6, "file MB": single / 1e6}
    note = "all that is asked for until the first screen's pictures are drawn; the whole report in one file"
    yield Row(store.name, "report", values, {"loaded MB": "<= 3", "file MB": "<= 15"}, note)


def _asking(browser: Any) -> tuple[Any, list[str]]:
    """A new page, and the addresses that it asks for."""
    view = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    asked: list[str] = []
    view.on("request", lambda request: asked.append(request.url))
    return view, asked


def _weight(asked: list[str]) -> int:
    """Bytes of the files among addresses."""
    files = {Path(unquote(urlsplit(url).path)) for url in asked if url.startswith("file:")}
    return sum(path.stat().st_size for path in files)


def _opened(browser: Any, page: Path) -> tuple[float, int]:
    """Seconds from navigation to the first drawn screen, and the bytes of all files asked for until then."""
    view, asked = _asking(browser)
    view.goto(f"{page.as_uri()}#look")
    seconds = _marked(view)
    view.context.close()
    return seconds, _weight(asked)


def _marked(view: Any) -> float:
    """Seconds from navigation to the mark, once it is there; the page's policy lets no condition be evaluated in it."""
    for _ in range(1000):
        if found := view.evaluate(MARK):
            return float(found) / 1000
        view.wait_for_timeout(20)
    raise TimeoutError("the first screen was not drawn in 20 s")


def _scrolled(browser: Any, page: Path, method: int, name: str, label: str) -> Row:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    view = context.new_page()
    view.goto(f"{page.as_uri()}#look/{method}")
    _marked(view)
    found = view.evaluate(SCROLL, SPEED)
    context.close()
    stamps = np.array(found["stamps"])
    took = np.diff(stamps)
    values = {
        "frames/s": 1000 * len(took) / float(stamps[-1] - stamps[0]),
        "blank %": 100 * found["blank"] / found["seen"],
        "slowest 1 % ms": float(np.percentile(took, 99)),
    }
    note = f"{SPEED} px/s from end to end at once after the first screen, {len(took)} frames"
    return Row(name, f"scrolling {label}", values, {"frames/s": ">= 50", "blank %": "<= 5"}, note)


def write_photographs(folder: Path, count: int) -> Path:
    """Write pictures of the size and weight of photographs: smooth colours, edges, and grain."""
    from PIL import Image

    folder.mkdir(parents=True)
    rng = np.random.default_rng(1)
    for number in range(count):
        coarse = Image.fromarray(rng.integers(0, 255, (6, 8, 3), np.uint8)).resize(
            (WIDTH, HEIGHT), Image.Resampling.BICUBIC
        )
        cells = Image.fromarray(rng.integers(0, 255, (20, 27, 3), np.uint8)).resize(
            (WIDTH, HEIGHT), Image.Resampling.NEAREST
        )
        grain = rng.normal(0, 8, (HEIGHT, WIDTH, 1))
        pixels = 0.75 * np.asarray(coarse, float) + 0.25 * np.asarray(cells, float) + grain
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / f"{number:04}.jpg", quality=85)
    return folder


def write_store(path: Path, identities: list[str], models: int) -> Any:
    """A store with made-up maps and predictions of all models under all methods."""
    from crosslight.core.maps import Status, judge
    from crosslight.store import ImageEntry, Manifest, MapBlock, PredictionBlock, Store

    names = [f"class {number}" for number in range(CLASSES)]
    entries = tuple(ImageEntry(key, f"{i:04}.jpg", names[i % CLASSES]) for i, key in enumerate(identities))
    store = Store.create(path, Manifest("synthetic", "synthetic", entries, BLOCK))
    left, top = (WIDTH - CROP) / 2, (HEIGHT - CROP) / 2
    box = np.array([left, top, left + CROP, top + CROP])
    labels = [i % CLASSES for i in range(len(entries))]
    for model in range(models):
        label = f"Network {model}"
        store.add_model(
            label, CLASSES, {"classes": names, "labels": labels, "facts": {"family": f"family {model % 4}"}}
        )
        keys = {
            title: store.add_maps(
                label, title, "d", (side, side), {"method": method, "finish": "none", "settings": settings}
            )
            for title, (method, side, settings) in METHODS.items()
        }
        for block in range(store.blocks):
            rows = range(len(entries))[store.block_slice(block)]
            rng = np.random.default_rng([model, block])
            maps = {}
            for title, (_, side, _) in METHODS.items():
                values = made_up(title, rng, rows, side)
                boxes, targets = np.tile(box, (len(rows), 1)), np.zeros((len(rows), 2), np.int32)
                maps[keys[title]] = MapBlock(values, boxes, targets, judge(values))
            logits = rng.normal(0, 1, (len(rows), CLASSES)).astype(np.float32)
            logits[np.arange(len(rows)), [labels[row] for row in rows]] += rng.uniform(2, 9, len(rows)).astype(
                np.float32
            )
            sizes = np.tile(np.array([HEIGHT, WIDTH], np.int32), (len(rows), 1))
            said = PredictionBlock(logits, sizes, np.full(len(rows), Status.OK, np.uint8))
            store.write(label, block, predictions=said, maps=maps)
    return store


def made_up(title: str, rng: np.random.Generator, rows: range, side: int) -> NDArray[np.float32]:
    """Maps ``[image, side, side]`` with the grain of a method: blobs, noise within a blob, segments."""
    axis = (np.arange(side) + 0.5) / side
    centres, widths = rng.uniform(0.25, 0.75, (len(rows), 2)), rng.uniform(0.1, 0.3, (len(rows), 1))
    shape = (
        np.exp(-(((axis - centres[:, :1]) / widths) ** 2))[:, :, None]
        * np.exp(-(((axis - centres[:, 1:]) / widths) ** 2))[:, None]
    )
    if title == "Grad-CAM":
        return (shape + rng.normal(0, 0.1, shape.shape)).astype(np.float32)
    if title == "Gradients":
        return np.abs((shape + 0.05) * rng.standard_normal(shape.shape, np.float32)).astype(np.float32)
    values = np.empty(shape.shape, np.float32)
    for i, row in enumerate(rows):
        values[i] = rng.normal(0, 1, SEGMENTS).astype(np.float32)[_segments(row, side)]
    return values


@cache
def _segments(image: int, side: int) -> NDArray[np.uint8]:
    """The number of the segment of every place; an image's own, the same for every model."""
    axis = (np.arange(side) + 0.5) / side
    points = np.random.default_rng(image).uniform(0, 1, (SEGMENTS, 2))
    apart = (axis[:, None, None] - points[:, 0]) ** 2 + (axis[:, None] - points[:, 1]) ** 2
    return apart.argmin(-1).astype(np.uint8)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--images", type=int, help=f"{IMAGES}, in the section learning {learning.IMAGES}")
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--rounds", type=int, help="times a page is opened: 3, in the viewer 5")
    parser.add_argument("--section", choices=SECTIONS, nargs="+", help="what is measured: look, and size with --store")
    parser.add_argument("--store", type=Path, help="results whose report is measured, such as those of the demo")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    options = parser.parse_args(arguments)
    sections = options.section or ["look", *(["size"] if options.store else [])]
    if "size" in sections and options.store is None:
        parser.error("--section size needs --store OUT")
    rows: list[Row] = []

    def kept() -> Iterator[Row]:
        with chromium() as browser, tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            ways = {
                "look": lambda: report_rows(
                    browser, folder, options.images or IMAGES, options.models, options.rounds or 3
                ),
                "learning": lambda: learning_rows(
                    browser, folder, options.images or learning.IMAGES, options.rounds or 3
                ),
                "viewer": lambda: viewer_rows(browser, options.rounds or 5, folder),
                "size": lambda: size_rows(browser, folder, options.store),
            }
            for section in sections:
                for row in ways[section]():
                    rows.append(row)
                    yield row

    if options.json:
        print(json.dumps({"rows": [as_json(row) for row in kept()]}))
    else:
        for line in printed(COLUMNS, kept()):
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
