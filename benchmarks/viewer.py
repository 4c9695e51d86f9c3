"""How long the viewer takes from a dropped photograph to the first map that is drawn over it.

``python -m benchmarks.report --section viewer`` starts ``crosslight view`` with its own classifiers, and drops one
photograph after another, each into a new page, in headless Chromium. The figure is the page's own measure
``crosslight:drop-to-map``: from the drop to the first overlay on a canvas.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .networks import SHARED
from .rows import Row

MEASURE = "performance.getEntriesByName('crosslight:drop-to-map')[0]?.duration"

DROP = """([data, name]) => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  document.querySelector(".drop").dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""


def viewer_rows(browser: Any, rounds: int, folder: Path) -> Iterator[Row]:
    """The measurement.

    Args:
        browser: a running Chromium of Playwright.
        rounds: photographs dropped.
        folder: for scenes, where no photographs are here.
    """
    files, kind = photographs(rounds, folder)
    with serving() as address:
        _opened(browser, address).context.close()  # the server reads its first classifier meanwhile
        time.sleep(3)
        seconds = [_dropped(browser, address, file) for file in files]
    values = {"first s": statistics.median(seconds), "slowest s": max(seconds)}
    note = f"median of {len(files)} {kind}, each into a new page, three embedded classifiers"
    yield Row("viewer", "drop to first Grad-CAM", values, {"first s": "<= 1"}, note)


def photographs(count: int, folder: Path) -> tuple[list[Path], str]:
    """Real ones where they are here, else scenes, and what they are called."""
    real = sorted((SHARED / "data" / "imagenet-sample").glob("*.JPEG"))[:count]
    if len(real) == count:
        return real, "photographs"
    from crosslight.images.embedded import SceneContent

    made = [folder / f"scene {number}.png" for number in range(count)]
    for number, path in enumerate(made):
        path.write_bytes(SceneContent(100 + number, "test", "clean").read())
    return made, "scenes"


@contextmanager
def serving() -> Iterator[str]:
    """A running viewer; its address with the token."""
    command = [sys.executable, "-m", "crosslight", "view", "--no-open", "--json", "--device", "cpu"]
    source = str(Path(__file__).parents[1] / "src")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([source, os.environ.get("PYTHONPATH", "")])}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("crosslight view did not start; run it to see why")
            yield json.loads(line)["url"]
        finally:
            process.terminate()
            process.communicate(timeout=20)


def _opened(browser: Any, address: str) -> Any:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector(".drop")
    return page


def _dropped(browser: Any, address: str, file: Path) -> float:
    page = _opened(browser, address)
    page.evaluate(DROP, [base64.b64encode(file.read_bytes()).decode(), file.name])
    for _ in range(3000):
        if found := page.evaluate(MEASURE):
            page.wait_for_timeout(500)  # the other maps of this photograph are no business of the next
            page.context.close()
            return float(found) / 1000
        page.wait_for_timeout(20)
    raise TimeoutError("no map was drawn within a minute")
