"""How fast the *Learning* view is: a page of 50,000 images over 100 epochs, opened and sorted in headless Chromium.

``python -m benchmarks.report --section learning``. The figures are the page's own: the time of its mark
``crosslight:learning`` after navigation began, when everything was drawn for the first time, and the time from a choice
in a menu to the frame in which its rows are drawn.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .rows import Row

IMAGES, EPOCHS, CLASSES = 50_000, 100, 10
GOALS = {"first s": "<= 2", "sort ms": "<= 100"}
MARK = "performance.getEntriesByName('crosslight:learning')[0]?.startTime"
#: chooses in a menu, and waits until the page has drawn once more
CHOOSE = """([menu, value]) => new Promise(done => {
  const root = document.getElementById('learning-root'), before = root.dataset.drawn;
  const select = document.getElementById(menu), began = performance.now();
  select.value = value;
  select.dispatchEvent(new Event('change'));
  const look = () => root.dataset.drawn === before ? setTimeout(look, 0) : done(performance.now() - began);
  look();
})"""


def made_up_run(images: int, epochs: int, classes: int = CLASSES) -> Any:
    """A run like a real one: most images are learned early, some late or never, and errors are mostly of one kind."""
    from crosslight.dynamics import History

    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, images).astype(np.int32)
    hard, drift = rng.beta(0.9, 2.2, images), rng.normal(0, 1, images)
    near = (labels + np.where(rng.random(images) < 0.5, 1, classes - 1)) % classes
    predictions = np.empty((epochs, images), np.uint16)
    margin = np.empty((epochs, images), np.float32)
    for epoch in range(epochs):
        skill = 1 - np.exp(-5 * (epoch + 1) / epochs)
        drift = 0.8 * drift + 0.6 * rng.normal(0, 1, images)
        margin[epoch] = 4.5 * skill * (1.15 - 1.9 * hard) + 0.9 * drift
        other = np.where(rng.random(images) < 0.35 + 0.55 * skill, near, rng.integers(0, classes, images))
        predictions[epoch] = np.where(margin[epoch] > 0, labels, other)
    return History(
        classes=tuple(f"class {number}" for number in range(classes)),
        ids=tuple(f"picture-{number:05}" for number in range(images)),
        labels=labels,
        epochs=np.arange(1, epochs + 1, dtype=np.int32),
        predictions=predictions,
        probability=(1 / (1 + np.exp(-margin))).astype(np.float16),
        margin=margin,
        metrics={"validation/accuracy": (predictions == labels).mean(axis=1)},
    )


def learning_rows(browser: Any, folder: Path, images: int = IMAGES, rounds: int = 3) -> Iterator[Row]:
    """Everything that is measured.

    Args:
        browser: Chromium.
        folder: for the page.
        images: of the run.
        rounds: times the page is opened.
    """
    from crosslight.report.learning.page import write_learning_page

    began = time.perf_counter()
    page = write_learning_page(folder / "learning", [("made up", made_up_run(images, EPOCHS))], pictures=0)
    wrote = time.perf_counter() - began
    opened, sorts, busy, ranges = [], [], [], []
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        view = context.new_page()
        meter = context.new_cdp_session(view)
        meter.send("Performance.enable", {"timeDomain": "threadTicks"})
        view.goto(page.as_uri())
        opened.append(_marked(view))
        view.wait_for_timeout(3000)  # until probabilities and margins are there, too
        before = _busy(meter)
        for name in ("frequency", "confidence", "aum", "misclassification", "variability"):
            sorts.append(view.evaluate(CHOOSE, ["learning-sort", name]))
            view.wait_for_timeout(100)
        busy.append((_busy(meter) - before) / 5)
        for first in ("10", "30"):
            ranges.append(view.evaluate(CHOOSE, ["learning-from", first]))
            view.wait_for_timeout(100)
        context.close()
    needed = [path for path in page.parent.glob("assets/*/*") if not path.stem.endswith(("probability", "margin"))]
    values = {
        "first s": statistics.median(opened),
        "loaded MB": sum(path.stat().st_size for path in needed) / 1e6,
        "sort ms": statistics.median(sorts),
        "fastest sort ms": min(sorts),
        "sort CPU ms": statistics.median(busy),
        "range ms": statistics.median(ranges),
        "written s": wrote,
    }
    note = f"medians of {rounds} openings, {len(sorts)} sorts with a redrawing of all rows, {len(ranges)} ranges"
    yield Row(f"{images} x {EPOCHS}", "learning", values, GOALS, note)


def _busy(meter: Any) -> float:
    """Milliseconds of processor time that the page's main thread has taken, whatever else the machine does."""
    found = meter.send("Performance.getMetrics")["metrics"]
    return float(1000 * next(one["value"] for one in found if one["name"] == "TaskDuration"))


def _marked(view: Any) -> float:
    """Seconds from navigation to the mark, once it is there; the page's policy lets no condition be evaluated in it."""
    for _ in range(1000):
        if found := view.evaluate(MARK):
            return float(found) / 1000
        view.wait_for_timeout(20)
    raise TimeoutError("the view was not drawn in 20 s")
